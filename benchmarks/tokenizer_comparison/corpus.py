"""The documents to measure, and selections of them that do not overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rows import read_rows
from schemalm.dataset.selection import evenly_spaced
from schemalm.documents import canonical_json

# Size classes by lines of a document's original YAML: the name, and the exclusive upper bound.
SIZE_CLASSES = {"under 50 lines": 50, "50 to 200 lines": 201, "over 200 lines": 1 << 60}


@dataclass(frozen=True)
class Document:
    """A schema-valid row: its value, its original YAML, and its repository."""

    value: Any
    yaml: str
    repository: str

    @cached_property
    def json(self) -> str:
        """Returns compact canonical JSON, the text to which all figures per byte refer."""
        return canonical_json(self.value).decode()

    @property
    def num_bytes(self) -> int:
        return len(self.json.encode())

    @property
    def size_class(self) -> str:
        num_lines = len(self.yaml.splitlines())
        return next(name for name, bound in SIZE_CLASSES.items() if num_lines < bound)


def read_valid(path: Path, num_documents: int | None = None) -> Iterator[Document]:
    """Yields the valid rows of a corpus, or an evenly spaced selection if a number is given."""
    wanted = None
    if num_documents is not None:
        num_valid = sum(1 for row in read_rows(path) if row["valid"])
        wanted = set(evenly_spaced(num_valid, num_documents).tolist())
    valid = (row for row in read_rows(path) if row["valid"])
    for index, row in enumerate(valid):
        if wanted is None or index in wanted:
            yield Document(row["json"], row["yaml"], row["repo"])


def choose(documents: Sequence[Document], num_documents: int) -> list[Document]:
    return [documents[index] for index in evenly_spaced(len(documents), num_documents)]


def slices(documents: Sequence[Document], num_slices: int, num_documents: int) -> list[list[Document]]:
    """Returns selections of these sizes; no document is in two of them."""
    chosen = choose(documents, num_slices * num_documents)
    return [chosen[start::num_slices] for start in range(num_slices)]
