"""A corpus in pieces: the same rows in every process, selections, counts, shards and bounds."""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from schemalm.documents import DocumentLimits, LeftOut, read_corpus
from schemalm.documents.pieces import (
    MAX_ROWS,
    FilePiece,
    LinesPiece,
    Piece,
    TablePiece,
    count_rows,
    into_shards,
    read_pieces,
    rows_of,
)
from schemalm.errors import DataError


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus with a file (1 raw row), lines (4 + 1300) and a table (3); some raw rows have 2 documents."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.yml").write_text("a: 1\n---\na: [\n")
    (folder / "b.json").write_text('{"b": 1} // as a comment')
    (folder / "c.jsonl").write_bytes(b'{"value": 1}\n\n{"text": 1}\n[\n{"yaml": "1\\n---\\n2", "repo": "o/r"}\n')
    lines = b"".join(b'{"value": %d}\n' % number for number in range(1300))
    (folder / "d.NDJSON.GZ").write_bytes(gzip.compress(lines))
    table = {"json": ["1", "[", None], "path": ["p", None, None], "license": ["MIT", None, None]}
    pq.write_table(pa.table(table), folder / "e.parquet")
    return folder


NUM_ROWS = 1 + 1 + 4 + 1300 + 3


def read(paths: Sequence[Path], **options: object) -> list[Piece]:
    return list(read_pieces(paths, LeftOut(), **options))  # type: ignore[arg-type]


def test_a_piece_has_the_same_rows_in_any_process_even_if_its_file_changed(corpus: Path) -> None:
    there, here = LeftOut(), LeftOut()
    whole = list(read_corpus([corpus], left_out=here))
    sent = pickle.dumps(read([corpus]))
    for file in corpus.iterdir():
        file.unlink()
    pieces = pickle.loads(sent)
    assert {type(piece) for piece in pieces} == {FilePiece, LinesPiece, TablePiece}
    assert [row for piece in pieces for row in rows_of(piece, left_out=there)] == whole
    assert there == here
    assert there.comments.names == ["b.json"]


def test_raw_rows_are_counted_without_being_parsed(corpus: Path) -> None:
    pieces = read([corpus])
    assert count_rows([corpus]) == sum(piece.num_rows for piece in pieces) == NUM_ROWS
    assert max(piece.num_rows for piece in pieces) == MAX_ROWS
    assert len(list(read_corpus([corpus]))) == NUM_ROWS + 2  # two hold two documents


@pytest.mark.parametrize("chosen", [[], [0], [1, 3, 5, 700, 1305, 1308], range(0, NUM_ROWS, 7), range(5000, 6000)])
def test_chosen_raw_rows_are_those_of_the_whole(corpus: Path, chosen: Sequence[int]) -> None:
    rows = (row for piece in read([corpus]) for row in rows_of(piece))
    raw = [list(group) for _, group in groupby(rows, lambda row: (row.file, row.path.partition("#")[0]))]
    assert len(raw) == NUM_ROWS
    expected = [row for index in chosen if index < NUM_ROWS for row in raw[index]]
    assert [row for piece in read([corpus], chosen=chosen) for row in rows_of(piece)] == expected


def test_files_without_a_chosen_row_are_not_opened(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    opening = Path.open

    def noting(self: Path, *arguments: object, **options: object) -> object:
        opened.append(self.name)
        return opening(self, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", noting)
    read([corpus], chosen=[1])
    assert "b.json" in opened and "a.yml" not in opened


def test_shards_are_pieces_in_order_up_to_some_rows(corpus: Path) -> None:
    pieces = read([corpus])
    shards = list(into_shards(pieces))
    assert [piece for shard in shards for piece in shard] == pieces
    assert all(sum(piece.num_rows for piece in shard) <= MAX_ROWS for shard in shards)
    assert [sum(piece.num_rows for piece in shard) for shard in shards] == [6, 512, 512, 279]
    assert not list(into_shards([]))


def test_pieces_and_shards_are_bounded_in_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes((json.dumps({"value": "x" * 1_000_000}) + "\n").encode() * 10)
    for name in "bcdefg":
        (tmp_path / f"{name}.yml").write_text("x" * 1_000_000)
    shards = list(into_shards(read([tmp_path])))
    assert [sum(piece.num_rows for piece in shard) for shard in shards] == [4, 4, 4, 4]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.ndjson", "a.NDJSON.ZST", "a.jsonl"])
def test_lines_are_read_plain_and_compressed(tmp_path: Path, name: str) -> None:
    text = b'{"value": 1}\n{"value": 2}'
    packed = {"gz": gzip.compress(text), "zst": zstandard.compress(text)}.get(name.lower().split(".")[-1], text)
    (tmp_path / name).write_bytes(packed)
    assert [row.value for row in read_corpus([tmp_path / name])] == [1, 2]


@pytest.mark.parametrize("num_kept", [0, 1, 9, 40, -9, -1])
@pytest.mark.parametrize("is_counted", [True, False])
def test_truncated_gzip_is_refused(tmp_path: Path, num_kept: int, is_counted: bool) -> None:
    lines = b"".join(b'{"value": %d}\n' % number for number in range(9))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines)[:num_kept])
    with pytest.raises(DataError, match=r"a\.jsonl\.gz is truncated: .* after \d whole rows"):
        count_rows([tmp_path]) if is_counted else list(read_corpus([tmp_path]))


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"value": 1}\n')
    for spoiled in (whole[:-8] + b"\0" * 8, whole + b"more", b'{"value": 1}\n'):
        (tmp_path / "a.jsonl.gz").write_bytes(spoiled)
        with pytest.raises(DataError, match=r"a\.jsonl\.gz: cannot be read after \d rows?: .*data"):
            list(read_corpus([tmp_path]))


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "UTF-16"), ("utf-32", "UTF-32")])
def test_marks_of_other_encodings_are_named(tmp_path: Path, encoding: str, name: str) -> None:
    (tmp_path / "a.yml").write_bytes("on: push".encode(encoding))
    (row,) = read_corpus([tmp_path])
    assert row.error is not None and f"byte order mark of {name}" in row.error.message
    (tmp_path / "b.jsonl").write_bytes('{"value": 1}\n{"value": 2}'.encode(encoding))
    with pytest.raises(DataError, match=rf"b\.jsonl: the byte order mark of {name}; save the file in UTF-8"):
        list(read_corpus([tmp_path]))


def test_hostile_rows_are_one_rejection_each(tmp_path: Path) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    texts = [bomb, "[" * 10_000, "x" * 200_000, "a: \0", "- " * 10_000 + "x"]
    rows = b"".join(json.dumps({"yaml": text}).encode() + b"\n" for text in texts)
    (tmp_path / "a.jsonl").write_bytes(
        rows + b'{"yaml": "\xff"}\n{"value": ' + b"[" * 10_000 + b"\n\0\n" + b"x" * 9_000_000
    )
    pq.write_table(pa.table({"yaml": texts}), tmp_path / "b.parquet")
    for number, text in enumerate(texts):
        (tmp_path / f"c{number}.yml").write_text(text)
    (tmp_path / "d.yml").write_bytes(b"a: \xff")
    limits = DocumentLimits(max_bytes=100_000)
    found = list(read_corpus([tmp_path], limits=limits))
    assert len(found) == 3 * len(texts) + 5
    assert all(row.error is not None for row in found)
    rejections = [row.rejection(row.error) for row in found if row.error]
    assert all(rejection.file and rejection.line for rejection in rejections)
    assert [rejection.line for rejection in rejections[:9]] == list(range(1, 10))
