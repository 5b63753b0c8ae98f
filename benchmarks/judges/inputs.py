"""Reads the documents to judge: YAML files, folders of them, and JSON Lines whose rows have the text as `yaml`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from rows import read_rows
from schemalm.errors import SchemaLMError

YAML_SUFFIXES = (".yml", ".yaml")


class InputError(SchemaLMError):
    """A file is not one that can be judged."""


@dataclass(frozen=True)
class Document:
    """The text of a workflow file, and where it comes from."""

    source: str
    text: str


def read_documents(paths: list[Path], limit: int | None = None) -> list[Document]:
    """Reads the documents, of each file at most the first `limit`."""
    return [document for path in paths for document in islice(_read(path), limit)]


def _read(path: Path) -> Iterator[Document]:
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in YAML_SUFFIXES)
        yield from (Document(str(file), file.read_text(encoding="utf-8")) for file in files)
    elif path.suffix in YAML_SUFFIXES:
        yield Document(str(path), path.read_text(encoding="utf-8"))
    elif path.name.endswith((".jsonl", ".jsonl.zst")):
        yield from _rows(path)
    else:
        raise InputError(f"{path}: expected a .yml, .yaml, .jsonl or .jsonl.zst file, or a folder of YAML files")


def _rows(path: Path) -> Iterator[Document]:
    for number, row in enumerate(_values(path), start=1):
        if not isinstance(row, dict) or not isinstance(row.get("yaml"), str):
            raise InputError(f"{path}:{number}: expected an object with the document's text as `yaml`")
        yield Document(f"{path}:{number}", row["yaml"])


def _values(path: Path) -> Iterator[Any]:
    if path.suffix == ".zst":
        yield from read_rows(path)
    else:
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)
