"""Reading corpora: folders, files, JSON Lines, and what happens to bad rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from schemalm.documents import DocumentLimits, deduplicate, json_equal, load_document, read_corpus
from schemalm.errors import DataError


def test_a_folder_is_read_in_order_and_links_are_not_followed(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "sub").mkdir(parents=True)
    (tmp_path / "outside.yml").write_text("secret: 1\n")
    (corpus / "b.yml").write_text("on: push\n")
    (corpus / "a.json").write_text('{"a": 1}')
    (corpus / "sub" / "c.yaml").write_text("- 1\n")
    (corpus / "notes.txt").write_text("no document")
    (corpus / "link.yml").symlink_to(tmp_path / "outside.yml")
    (corpus / "loop").symlink_to(corpus)
    rows = list(read_corpus([corpus]))
    assert [row.path for row in rows] == ["a.json", "b.yml", "sub/c.yaml"]
    assert [row.value for row in rows] == [{"a": 1}, {"on": "push"}, [1]]
    assert len({row.repository for row in rows}) == 3


def write_rows(file: Path, rows: list[object]) -> Path:
    data = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()
    file.write_bytes(zstandard.compress(data) if file.suffix == ".zst" else data)
    return file


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.zst"])
def test_rows_hold_yaml_json_text_or_values(tmp_path: Path, name: str) -> None:
    rows: list[object] = [
        {"yaml": "on: push", "repo": "o/r", "path": "ci.yml", "other": [1]},
        {"json": '{"a": 1.0}'},
        "",
        {"yaml": "ignored: 1", "json": {"a": 12345678901234567890123}},
        {"value": None},
    ]
    first, *rest = read_corpus([write_rows(tmp_path / name, rows)])
    assert (first.value, first.repository, first.path, first.line) == ({"on": "push"}, "o/r", "ci.yml", 1)
    assert json_equal([row.value for row in rest], [{"a": 1.0}, {"a": 12345678901234567890123}, None])
    assert [row.line for row in rest] == [2, 4, 5]
    assert not any(row.error for row in rest)


def test_bad_rows_are_reported_and_passed_over(tmp_path: Path) -> None:
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
def test_what_is_no_corpus_is_a_data_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "broken.jsonl.zst").write_bytes(b"no zstd")
    with pytest.raises(DataError):
        list(read_corpus([tmp_path / name]))


def test_exact_duplicates_are_dropped_whatever_their_key_order(tmp_path: Path) -> None:
    rows: list[object] = [{"yaml": text} for text in ("{a: 1, b: 2}", "{b: 2, a: 1}", "{a: 1.0, b: 2}", "[", "[")]
    kept = list(deduplicate(read_corpus([write_rows(tmp_path / "rows.jsonl", rows)])))
    assert [row.line for row in kept] == [1, 3, 4, 5]


def test_the_real_sample_is_read_without_errors(shared_data: Path) -> None:
    folder = shared_data / "workflows" / "sample-100"
    rows = list(read_corpus([folder]))
    assert len(rows) == 100 and not any(row.error for row in rows)
    assert json_equal(rows[0].value, load_document(folder / rows[0].path))
