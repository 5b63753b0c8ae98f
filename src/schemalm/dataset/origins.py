"""Keeps where the documents of a corpus come from, by number and in bounded memory, and reports duplicates by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from schemalm.dataset.duplicates import ROWS_AT_ONCE, Int64Array, are_first
from schemalm.dataset.partitions import append
from schemalm.documents import LeftOut
from schemalm.documents.left_out import NUM_KEPT, Duplicate


@dataclass(frozen=True)
class Origin:
    """Where a document comes from: its name in messages, and its file and line."""

    name: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.name} ({self.file}:{self.line})"


class Origins:
    """The origins of documents, kept in files: written once in order, then read by number."""

    def __init__(self, folder: Path) -> None:
        self._texts, self._ends = folder / "origins.jsonl", folder / "origins.ends"
        self._num_bytes = 0

    def add(self, origins: Sequence[Origin]) -> None:
        """Add the origins of the next documents."""
        texts = [json.dumps(asdict(origin)).encode() + b"\n" for origin in origins]
        ends = self._num_bytes + np.cumsum([len(text) for text in texts], dtype=np.int64)
        append(self._texts, b"".join(texts))
        append(self._ends, ends.tobytes())
        self._num_bytes += sum(map(len, texts))

    def __getitem__(self, number: int) -> Origin:
        start = int(np.fromfile(self._ends, np.int64, 1, offset=8 * (number - 1))[0]) if number else 0
        with self._texts.open("rb") as file:
            file.seek(start)
            return Origin(**json.loads(file.readline()))


def duplicate(number: int, originals: Int64Array, origins: Origins) -> Duplicate:
    """Return a document as a duplicate of its original, given the result of `find_originals`."""
    return Duplicate(origins[number].name, origins[int(originals[number])].name)


def note_duplicates(originals: Int64Array, origins: Origins, left_out: LeftOut) -> None:
    """Record all documents that equal an earlier one; the first of them by name."""
    for start in range(0, len(originals), ROWS_AT_ONCE):
        again = start + np.flatnonzero(~are_first(originals, start, start + ROWS_AT_ONCE))
        named = again[: max(0, NUM_KEPT - left_out.num_duplicates)].tolist()
        for number in named:
            left_out.drop(duplicate(number, originals, origins))
        left_out.num_duplicates += len(again) - len(named)
