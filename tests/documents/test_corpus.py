"""Reading corpora: folders, files, JSON Lines, and what happens to bad rows."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import zstandard

from schemalm.documents import DocumentLimits, LeftOut, deduplicate, json_equal, load_document, read_corpus
from schemalm.documents.corpus_files import LINKS_INSIDE
from schemalm.documents.left_out import Duplicate
from schemalm.errors import DataError


def test_a_folder_is_read_in_order_and_its_links_are_followed(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "sub").mkdir(parents=True)
    (tmp_path / "outside.yml").write_text("more: 1\n")
    (corpus / "b.yml").write_text("on: push\n")
    (corpus / "a.json").write_text('{"a": 1}')
    (corpus / "sub" / "c.yaml").write_text("- 1\n")
    (corpus / "notes.txt").write_text("no document")
    (corpus / "link.yml").symlink_to(tmp_path / "outside.yml")
    (corpus / "loop").symlink_to(corpus)
    left_out = LeftOut()
    rows = list(read_corpus([corpus], left_out=left_out))
    assert [row.path for row in rows] == ["a.json", "b.yml", "link.yml", "sub/c.yaml"]
    assert [row.value for row in rows] == [{"a": 1}, {"on": "push"}, {"more": 1}, [1]]
    assert len({row.repository for row in rows}) == 4
    assert left_out.passed_over[LINKS_INSIDE].names == ["loop"]
    assert left_out.passed_over[".txt files"].names == ["notes.txt"]


@pytest.mark.parametrize("name", ["a.YML", "a.Yaml", "a.JSON", "a.JsonL", "a.JSONL.ZST", "a.jsonl.Zst"])
@pytest.mark.parametrize("is_named", [True, False])
def test_suffixes_are_recognized_in_any_case(tmp_path: Path, name: str, is_named: bool) -> None:
    text = b'{"json": {"a": 1}}'
    (tmp_path / name).write_bytes(zstandard.compress(text) if name.lower().endswith(".zst") else text)
    (row,) = read_corpus([tmp_path / name if is_named else tmp_path])
    assert row.value == ({"a": 1} if "jsonl" in name.lower() else {"json": {"a": 1}})


def test_shards_in_a_folder_are_read_with_the_documents_as_separate_sources(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "part.jsonl").write_text('{"value": 1}\n{"value": 2, "repo": "o/r", "path": "x.yml"}\n')
    (tmp_path / "b" / "part.jsonl.zst").write_bytes(zstandard.compress(b'{"value": 3}\n'))
    (tmp_path / "b" / "plain.yml").write_text("4")
    rows = list(read_corpus([tmp_path]))
    assert [row.value for row in rows] == [1, 2, 3, 4]
    assert [row.name for row in rows] == ["a/part.jsonl:1", "o/r/x.yml", "b/part.jsonl.zst:1", "b/plain.yml"]
    assert len({row.repository for row in rows}) == 4


def test_shards_without_a_row_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("a: 1")
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "blank.jsonl.zst").write_bytes(zstandard.compress(b"\n\n"))
    left_out = LeftOut()
    assert len(list(read_corpus([tmp_path], left_out=left_out))) == 1
    assert left_out.passed_over["files without a row"].names == ["blank.jsonl.zst", "empty.jsonl"]


def test_hidden_folders_are_read_except_those_of_git(tmp_path: Path) -> None:
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".github" / "workflows" / "ci.yml").write_text("on: push")
    (tmp_path / ".git" / "refs").mkdir(parents=True)
    (tmp_path / ".git" / "refs" / "fix.yml").write_text("0123abc")
    left_out = LeftOut()
    assert [row.path for row in read_corpus([tmp_path], left_out=left_out)] == [".github/workflows/ci.yml"]
    assert left_out.passed_over["folders of Git"].names == [".git"]


def test_pipes_in_a_folder_are_passed_over_without_waiting_for_them(tmp_path: Path) -> None:
    for name in ("pipe.yml", "pipe.jsonl", "manifest.json"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "a.yml").write_text("a: 1")
    left_out = LeftOut()
    assert len(list(read_corpus([tmp_path], left_out=left_out))) == 1
    assert left_out.passed_over["pipes, sockets and devices"].count == 3


def test_a_link_that_is_given_is_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.yml").write_text("a: 1")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    (tmp_path / "link.yml").symlink_to(tmp_path / "folder" / "a.yml")
    (tmp_path / "latest").symlink_to(tmp_path / "folder" / "a.yml")
    (tmp_path / "dangling.yml").symlink_to(tmp_path / "gone")
    (tmp_path / "loop.yml").symlink_to(tmp_path / "loop.yml")
    assert [row.path for row in read_corpus([tmp_path / "link", tmp_path / "link.yml"])] == ["a.yml", "link.yml"]
    assert [row.value for row in read_corpus([tmp_path / "latest"])] == [{"a": 1}]
    for name in ("dangling.yml", "loop.yml"):
        with pytest.raises(DataError, match="leads nowhere"):
            list(read_corpus([tmp_path / name]))


def test_a_folder_without_documents_says_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("x")
    (tmp_path / "table.CSV").write_text("x")
    (tmp_path / "a.yml").symlink_to(tmp_path / "gone")
    with pytest.raises(DataError) as caught:
        list(read_corpus([tmp_path]))
    for part in (
        str(tmp_path),
        "cannot be followed (1): a.yml",
        ".csv files (1): table.CSV",
        "without a suffix (1): README",
    ):
        assert part in str(caught.value)


def test_several_documents_of_a_file_or_row_are_rows_of_one_source(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("a: 1\n---\nb: [\n---\nc: 3\n")
    write_rows(tmp_path / "rows.jsonl", [{"yaml": "1\n---\n2", "repo": "o/r", "path": "b.yml"}, {"yaml": "3\n---\n4"}])
    rows = list(read_corpus([tmp_path]))
    assert [row.name for row in rows] == [
        *("a.yml", "a.yml#2", "a.yml#3"),
        *("o/r/b.yml", "o/r/b.yml#2", "rows.jsonl:2", "rows.jsonl:2#2"),
    ]
    assert [row.value for row in rows] == [{"a": 1}, None, {"c": 3}, 1, 2, 3, 4]
    assert [row.repository for row in rows] == ["a.yml"] * 3 + ["o/r"] * 2 + ["rows.jsonl:2"] * 2
    assert [row.line for row in rows] == [1, 2, 4, 1, 1, 2, 2]
    assert [row.error is None for row in rows] == [True, False, True, True, True, True, True]


def test_json_with_comments_is_read_and_noted_once_for_the_corpus(tmp_path: Path) -> None:
    (tmp_path / "a.JSONC").write_text('{"a": 1, // the first\n}')
    (tmp_path / "b.json").write_text('// first\n{"b": 1}')
    (tmp_path / "c.json").write_text('{"c": 1}')
    left_out = LeftOut()
    rows = list(read_corpus([tmp_path], left_out=left_out))
    assert [row.value for row in rows] == [{"a": 1}, {"b": 1}, {"c": 1}]
    assert left_out.comments.names == ["a.JSONC", "b.json"]


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize("is_compressed", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        MARK + b'{"value": 1}\n{"value": 2}\n',
        MARK + b'\n\n{"value": 1}\n  \n\t\r\n{"value": 2}',
        b'{"value": 1}\r\n{"value": 2}\r\n',
        MARK + b'{"value": 1}\n' + MARK + b'{"value": 2}\n',  # two files concatenated
    ],
)
def test_marks_blank_lines_and_line_ends_lose_no_row(tmp_path: Path, text: bytes, is_compressed: bool) -> None:
    file = tmp_path / ("rows.jsonl.zst" if is_compressed else "rows.jsonl")
    file.write_bytes(zstandard.compress(text) if is_compressed else text)
    rows = list(read_corpus([file]))
    assert [(row.value, row.error) for row in rows] == [(1, None), (2, None)]


@pytest.mark.parametrize("is_at_a_rows_end", [True, False])
def test_a_truncated_compressed_file_is_refused(tmp_path: Path, is_at_a_rows_end: bool) -> None:
    compressor = zstandard.ZstdCompressor().compressobj()
    begun = compressor.compress(b'{"value": 1}\n{"value": 2}\n' + (b"" if is_at_a_rows_end else b'{"value":'))
    begun += compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    file = tmp_path / "rows.jsonl.zst"
    file.write_bytes(begun)
    rows = []
    with pytest.raises(DataError, match=r"rows\.jsonl\.zst is truncated: .* after 2 whole rows"):
        rows.extend(read_corpus([tmp_path]))
    file.write_bytes(zstandard.compress(b'{"value": 1}\n') + b"spoiled")
    with pytest.raises(DataError, match=r"rows\.jsonl\.zst: cannot be read after 1 row: "):
        list(read_corpus([file]))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "on: push", "repo": "o/r"}, "but `text`, `repo`: rename `text` to `yaml` (or `json`)"),
        ({"id": 1, "content": "on: push"}, "but `id`, `content`: rename `content` to `yaml` (or `json`)"),
        ({"on": "push", "jobs": {}}, "but `on`, `jobs`: name the document's text `yaml` or `json`; a row that is"),
        ({"YAML": "on: push"}, "but `YAML`: rename `YAML` to `yaml` (or `json`)"),
        ({"text": None, "Document": {"on": "push"}}, "rename `Document` to `value`"),
        ({str(number): 1 for number in range(100)}, "`7`, …: name"),
        ({}, "no fields; it needs one of `yaml`, `json` and `value`"),
    ],
)
def test_a_row_without_a_document_says_which_fields_it_has_and_what_to_rename(
    tmp_path: Path, row: object, message: str
) -> None:
    (read,) = read_corpus([write_rows(tmp_path / "rows.jsonl", [row])])
    assert read.error is not None
    assert message in read.error.message


def write_rows(file: Path, rows: list[object]) -> Path:
    data = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()
    file.write_bytes(zstandard.compress(data) if file.suffix == ".zst" else data)
    return file


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.zst"])
def test_rows_contain_yaml_json_text_or_values(tmp_path: Path, name: str) -> None:
    rows: list[object] = [
        {"yaml": "on: push", "repo": "o/r", "path": "ci.yml", "other": [1]},
        {"json": '{"a": 1.0}'},
        "",
        {"yaml": "ignored: 1", "json": {"a": 12345678901234567890123}},
        {"value": None},
        {"json": None, "yaml": "a: 2", "value": None},
    ]
    first, *rest = read_corpus([write_rows(tmp_path / name, rows)])
    assert (first.value, first.repository, first.path, first.line) == ({"on": "push"}, "o/r", "ci.yml", 1)
    assert json_equal([row.value for row in rest], [{"a": 1.0}, {"a": 12345678901234567890123}, None, {"a": 2}])
    assert [row.line for row in rest] == [2, 4, 5, 6]
    assert not any(row.error for row in rest)


def test_rows_have_their_text_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("a: 1\n---\n# b\nb: 2\n")
    rows = [{"json": {"a": 3}, "yaml": "a: 3 # three"}, {"json": '{"a": 4}'}, {"value": {"a": 5}}, {"yaml": "["}]
    write_rows(tmp_path / "b.jsonl", rows)
    texts = [row.text for row in read_corpus([tmp_path])]
    assert texts == ["a: 1\n", "---\n# b\nb: 2\n", "a: 3 # three", '{"a": 4}', "", "["]


def test_bad_rows_are_reported_and_skipped(tmp_path: Path) -> None:
    limits = DocumentLimits(max_bytes=50, max_nodes=5)
    rows: list[object] = [
        "{truncated",
        "[1]",
        {"repo": "o/r"},
        {"yaml": 1},
        {"yaml": "a: 1\na: 2", "repo": "o/r", "path": "ci.yml"},
        {"value": [1] * 9},
        {"json": {"a": "\ud800"}},
        {"yaml": "x" * 2000},
        {"repo": 1, "yaml": "a"},
        '{"json": {"a": 1, "a": 2}}',
        {"yaml": "good: 1"},
    ]
    file = write_rows(tmp_path / "rows.jsonl", rows)
    read = list(read_corpus([file], limits=limits))
    assert [row.line for row in read] == list(range(1, 12))
    assert [row.error is None for row in read] == [False] * 10 + [True]
    assert all(row.error.source == f"{file}:{row.line}" for row in read if row.error)
    assert (read[4].repository, read[4].error and read[4].error.line) == ("o/r", 2)


def test_a_bad_file_does_not_stop_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"\xff\xfe")
    (tmp_path / "b.yml").write_text("ok: 1")
    bad, good = read_corpus([tmp_path])
    assert bad.error is not None and bad.error.source == str(tmp_path / "a.yml")
    assert good.value == {"ok": 1}


@pytest.mark.parametrize("name", ["missing.yml", "notes.txt", "empty", "empty.jsonl", "broken.jsonl.zst"])
def test_other_files_than_a_corpus_are_a_data_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "broken.jsonl.zst").write_bytes(b"no zstd")
    with pytest.raises(DataError):
        list(read_corpus([tmp_path / name]))


def test_exact_duplicates_are_dropped_whatever_their_key_order(tmp_path: Path) -> None:
    rows: list[object] = [{"yaml": text} for text in ("{a: 1, b: 2}", "{b: 2, a: 1}", "{a: 1.0, b: 2}", "[", "[")]
    left_out = LeftOut()
    kept = list(deduplicate(read_corpus([write_rows(tmp_path / "rows.jsonl", rows)]), left_out))
    assert [row.line for row in kept] == [1, 3, 4, 5]
    assert left_out.duplicates == [Duplicate("rows.jsonl:2", "rows.jsonl:1")]


def test_the_real_sample_is_read_without_errors(shared_data: Path) -> None:
    folder = shared_data / "workflows" / "sample-100"
    rows = list(read_corpus([folder]))
    assert len(rows) == 100 and not any(row.error for row in rows)
    assert json_equal(rows[0].value, load_document(folder / rows[0].path))
