"""Documents are read from YAML files, folders, and rows with a field `yaml`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from judges.inputs import Document, InputError, read_documents

ROWS = "".join(f"{json.dumps({'yaml': text})}\n" for text in ("on: push", "a\u2028b", "c"))


def test_a_yaml_file_is_one_document(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("on: push\n")
    assert read_documents([path]) == [Document(str(path), "on: push\n")]


def test_a_folder_has_the_documents_of_its_yaml_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("c.yaml", "a.yml", "b/d.yml", "e.txt"):
        (tmp_path / name).write_text(name)
    assert [document.text for document in read_documents([tmp_path])] == ["a.yml", "b/d.yml", "c.yaml"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.zst"])
def test_each_row_is_a_document_and_a_limit_takes_the_first(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = ROWS.encode()
    path.write_bytes(zstandard.compress(content) if name.endswith(".zst") else content)
    assert [document.text for document in read_documents([path])] == ["on: push", "a\u2028b", "c"]
    assert read_documents([path], limit=1) == [Document(f"{path}:1", "on: push")]


@pytest.mark.parametrize("row", ['{"json": {}}', '{"yaml": 1}', "[]"])
def test_a_row_without_a_text_is_refused_with_its_place(tmp_path: Path, row: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"yaml": "a"}}\n{row}\n')
    with pytest.raises(InputError, match=r"a\.jsonl:2"):
        read_documents([path])


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a \.yml"):
        read_documents([tmp_path / "a.txt"])
