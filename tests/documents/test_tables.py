"""Parquet as a corpus: rows, columns, damaged files, and tables that expand excessively."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemalm.documents import CorpusRow, DocumentLimits, LeftOut, read_corpus, tables
from schemalm.documents.pieces import TablePiece, count_rows, read_pieces
from schemalm.documents.row_selection import RowSelection
from schemalm.documents.tables import Table
from schemalm.errors import DataError


def write(file: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), file, **options)
    return file


def read(file: Path, **options: Any) -> list[CorpusRow]:
    return list(read_corpus([file], **options))


def test_columns_are_the_fields_of_rows(tmp_path: Path) -> None:
    columns = {
        "json": ['{"a": 1.0}', None, None, '{"a": 12345678901234567890123}'],
        "yaml": [None, "on: push\n---\non: [", None, "ignored: 1"],
        "value": [None, None, {"steps": [{"run": "x"}], "n": 3}, None],
        "repo": ["o/r", "o/r", None, None],
        "path": ["a.yml", "b.yml", None, None],
        "license": ["MIT", None, None, None],
        "kind": ["head", "head", "history", None],
    }
    rows = read(write(tmp_path / "part.PARQUET", columns))
    assert [row.value for row in rows] == [
        {"a": 1.0},
        {"on": "push"},
        None,
        {"steps": [{"run": "x"}], "n": 3},
        {"a": 12345678901234567890123},
    ]
    assert [row.name for row in rows] == [
        *("o/r/a.yml", "o/r/b.yml", "o/r/b.yml#2", "part.PARQUET:3", "part.PARQUET:4"),
    ]
    assert [(row.line, row.license) for row in rows] == [(1, "MIT"), (2, ""), (2, ""), (3, ""), (4, "")]
    assert [row.error is None for row in rows] == [True, True, False, True, True]
    assert rows[0].fields == {"repo": "o/r", "path": "a.yml", "license": "MIT", "kind": "head"}


def test_nested_types_become_json_values(tmp_path: Path) -> None:
    nested = {"map": {"k": [1, None]}, "list": [[], [True]], "text": "é", "none": None, "float": 0.5}
    kind = pa.struct(
        [
            ("map", pa.map_(pa.string(), pa.list_(pa.int8()))),
            ("list", pa.large_list(pa.list_(pa.bool_()))),
            ("text", pa.large_string()),
            ("none", pa.null()),
            ("float", pa.float32()),
        ]
    )
    (row,) = read(write(tmp_path / "a.parquet", {"value": pa.array([nested], kind)}))
    assert row.value == nested


@pytest.mark.parametrize(
    "value",
    [
        datetime.datetime(2026, 1, 1),
        datetime.date(2026, 1, 1),
        b"\xff",
        decimal.Decimal("1.5"),
        float("nan"),
        float("inf"),
        pa.scalar(1, pa.timestamp("ns")),
        pa.scalar(1 << 62, pa.timestamp("us")),
    ],
)
def test_a_value_without_json_is_a_rejection_that_names_the_column(tmp_path: Path, value: object) -> None:
    inner = pa.array([value, None], value.type) if isinstance(value, pa.Scalar) else pa.array([value, None])
    structs = pa.StructArray.from_arrays([inner], ["a"])
    bad, good = read(write(tmp_path / "a.parquet", {"value": structs}))
    assert bad.error is not None and "`value`" in bad.error.message
    assert bad.error.source == f"{tmp_path / 'a.parquet'}:1"
    assert good.value == {"a": None}


def test_invalid_texts_and_rows_without_a_document_are_rejections(tmp_path: Path) -> None:
    texts = pa.array([b"a: 1", b"\xff\xfe", b"b: 2"]).view(pa.utf8())
    first, bad, last = read(write(tmp_path / "a.parquet", {"yaml": texts}))
    assert (first.value, last.value) == ({"a": 1}, {"b": 2})
    assert bad.error is not None and "`yaml` is not UTF-8" in bad.error.message
    empty, number = read(write(tmp_path / "b.parquet", {"yaml": [None, 1], "repo": ["o/r", "o/r"]}))
    assert empty.error is not None and "none of `yaml`" in empty.error.message
    assert number.error is not None and "`yaml` is not a string" in number.error.message


def test_a_table_without_a_column_for_documents_names_those_it_has(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", {"text": ["on: push"], "repo": ["o/r"]})
    with pytest.raises(DataError, match=r"a\.parquet: the table has none of .* but `text`, `repo`: rename `text`"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"a\.parquet: the table"):
        count_rows([tmp_path])


@pytest.mark.parametrize("damage", ["cut", "spoiled", "empty", "text"])
def test_a_damaged_table_is_one_error_with_its_path(tmp_path: Path, damage: str) -> None:
    file = write(tmp_path / "a.parquet", {"json": [f'{{"a": {number}}}' for number in range(5000)]})
    data = file.read_bytes()
    middle = len(data) // 3
    file.write_bytes(
        {
            "cut": data[:middle],
            "spoiled": data[:20] + b"\xff" * middle + data[20 + middle :],
            "empty": b"",
            "text": b'{"json": {}}',
        }[damage]
    )
    with pytest.raises(DataError, match=r"a\.parquet: cannot be read"):
        read(tmp_path)


def test_rows_are_counted_and_chosen_across_row_groups(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", {"json": [str(number) for number in range(2500)]}, row_group_size=700)
    write(tmp_path / "b.parquet", {"json": []})
    left_out = LeftOut()
    pieces = list(read_pieces([tmp_path], left_out))
    assert count_rows([tmp_path]) == sum(piece.num_rows for piece in pieces) == 2500
    assert left_out.passed_over["files without a row"].names == ["b.parquet"]
    assert max(piece.num_rows for piece in pieces) <= 512
    chosen = [0, 699, 700, 2000, 2499]
    numbers = [
        piece.numbers for piece in read_pieces([file], LeftOut(), chosen=chosen) if isinstance(piece, TablePiece)
    ]
    assert [number - 1 for some in numbers for number in some] == chosen


def test_a_row_that_is_too_long_does_not_hide_its_neighbours(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", {"json": ["1", '"' + "x" * 40_000 + '"', '"' + "x" * 400 + '"', "2"]})
    rows = read(file, limits=DocumentLimits(max_bytes=300))
    assert [row.value for row in rows] == [1, None, None, 2]
    assert [row.error is None for row in rows] == [True, False, False, True]
    assert rows[1].error is not None and "larger than 300 bytes" in rows[1].error.message


def packed(file: Path, max_bytes: int = 1 << 24) -> list[tuple[tuple[int, ...], bytes]]:
    return list(Table(file, "it", ("json", "value")).rows(RowSelection(), max_bytes))


def test_a_text_that_many_rows_share_is_expanded_for_a_few_rows_at_a_time(tmp_path: Path) -> None:
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), pa.array(["x" * 1_000_000]))
    found = packed(write(tmp_path / "a.parquet", {"json": shared}, compression="zstd"))
    assert (tmp_path / "a.parquet").stat().st_size < 10_000
    assert sum(len(numbers) for numbers, _ in found) == 100
    assert max(len(content) for _, content in found) < 5_000_000


def test_texts_in_lists_are_not_expanded_before_their_length_is_known(tmp_path: Path) -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array(["x" * 100_000]))
    lists = pa.ListArray.from_arrays([0, 1_000_000, 1_000_000], texts)
    (first, content), (rest, _) = packed(write(tmp_path / "a.parquet", {"value": lists}, compression="zstd"))
    assert (first, content, rest) == ((1,), b"", (2,))


@pytest.mark.parametrize(
    ("limit", "column", "message"),
    [
        ("_LIST_VALUES", pa.array([pa.nulls(50_000)], pa.list_(pa.null())), "50,000 values of lists in a row group"),
        ("_LIST_BYTES", pa.array([["x" * 50_000]]), r"\d\d,\d{3} bytes of lists in a row group"),
        ("_PAGE_BYTES", pa.array(["x" * 50_000]), r"\d\d,\d{3} bytes in one page"),
    ],
)
def test_excessive_sizes_are_refused_before_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, column: pa.Array, message: str
) -> None:
    file = write(tmp_path / "a.parquet", {"value": column}, compression="zstd")
    assert len(packed(file)) == 1
    monkeypatch.setattr(tables, limit, 10_000)
    with pytest.raises(DataError, match=rf"it: {message}.* exceed the limit of 10,000"):
        packed(file)


def test_pages_of_long_texts_are_read_a_few_rows_at_a_time(tmp_path: Path) -> None:
    long = {"json": ["x" * 1_000_000] * 30}
    found = packed(write(tmp_path / "a.parquet", long, use_dictionary=False, data_page_size=1000))
    assert max(len(numbers) for numbers, _ in found) <= 4
