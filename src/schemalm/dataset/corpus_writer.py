"""Writes the files of a collected corpus: each document goes to its split, or to rejected.jsonl with the reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.collected import COLUMNS, TableWriter
from schemalm.dataset.deduplication import Deduplication
from schemalm.dataset.examination import REJECTED, SECRET, VALID
from schemalm.dataset.held_out import HeldOut
from schemalm.dataset.origins import Origin
from schemalm.dataset.store import TRAIN, VAL, hash_file
from schemalm.dataset.survey import Survey, name_of
from schemalm.documents import Rejection
from schemalm.documents.collected import REJECTED_FILE
from schemalm.files.writing import named_errors, sync_file

DUPLICATE, NEAR_DUPLICATE = "duplicate", "near duplicate"
_NUM_LICENSES = 1000  # counted separately; all further ones count as "others"
_OTHERS, _UNKNOWN = "others", "unknown"


def kinds_of(secrets: Mapping[str, int]) -> str:
    """Return the kinds of secrets with their counts, for messages."""
    return ", ".join(f"{kind} ({count:,})" for kind, count in secrets.items())


@dataclass
class SplitCounts:
    """The counts of one split; `num_bytes` is the size of the JSON texts."""

    num_documents: int = 0
    num_sources: int = 0
    num_bytes: int = 0
    licenses: dict[str, int] = field(default_factory=dict)

    def add(self, table: Any) -> None:
        """Count the documents in a table."""
        self.num_documents += len(table)
        self.num_bytes += sum(len(text.encode()) for text in table["json"].to_pylist())
        for license, count in Counter(table["license"].to_pylist()).items():
            name = license or _UNKNOWN
            name = name if name in self.licenses or len(self.licenses) < _NUM_LICENSES else _OTHERS
            self.licenses[name] = self.licenses.get(name, 0) + count


@dataclass
class WrittenCorpus:
    """What was written: counts of each split, numbers of documents left out by reason, and hashes of files."""

    splits: dict[str, SplitCounts] = field(default_factory=lambda: {TRAIN: SplitCounts(), VAL: SplitCounts()})
    left_out: Counter[str] = field(default_factory=Counter)
    largest: dict[int, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


class CorpusWriter:
    """Writes the splits and the rejected documents into `folder`, shard by shard.

    largest: the draws of the sources whose names are wanted.
    """

    def __init__(
        self,
        folder: Path,
        survey: Survey,
        deduplication: Deduplication,
        held_out: HeldOut,
        largest: Collection[int] = (),
    ) -> None:
        self._survey, self._deduplication, self._held_out = survey, deduplication, held_out
        self._nameless = set(largest)
        self._folder = folder
        self._writers = {name: TableWriter(folder / name) for name in (TRAIN, VAL)}
        self._start = 0  # number of the next valid document
        self.done = WrittenCorpus()

    def write(self, tables: Iterable[Any], unread: Iterable[Rejection] = ()) -> WrittenCorpus:
        """Write the documents in the shards' tables, in order, after the files that could not be read.

        Raises `OSError` with the path.
        """
        path = self._folder / REJECTED_FILE
        with named_errors(path), path.open("wb") as rejected:
            for rejection in unread:
                _write_line(rejected, _unread(rejection))
            for table in tables:
                self._add(table, rejected)
        sync_file(path)
        for name, writer in self._writers.items():
            self.done.files |= {f"{name}/{file}": digest for file, digest in writer.finish().items()}
        self.done.files[REJECTED_FILE] = hash_file(path)
        return self.done

    def _add(self, table: Any, rejected: BinaryIO) -> None:
        is_valid = np.array(table["kind"].to_pylist()) == VALID
        numbers = np.cumsum(is_valid) - 1 + self._start  # meaningful for valid documents only
        stop = self._start + int(is_valid.sum())
        stays, is_val = np.zeros((2, len(table)), np.bool_)
        stays[is_valid] = self._deduplication.are_kept(self._start, stop)
        draws = self._survey.draws[self._start : stop]
        is_val[is_valid] = self._held_out.contains(draws)
        self._name_sources(table.filter(is_valid), draws)
        self._start = stop
        for name, chosen in ((TRAIN, stays & ~is_val), (VAL, stays & is_val)):
            part = table.select(list(COLUMNS)).filter(chosen)
            self._writers[name].add(part)
            self.done.splits[name].add(part)
        left = table.drop(["json", "sha256"]).filter(~stays).to_pylist()
        for number, row in zip(numbers[~stays].tolist(), left, strict=True):
            described = self._describe(row, number)
            self.done.left_out[described["why"]] += 1
            _write_line(rejected, described)

    def _name_sources(self, valid: Any, draws: NDArray[np.uint64]) -> None:
        """Record the names of the wanted sources, by their draws."""
        for index in np.flatnonzero(np.isin(draws, list(self._nameless))).tolist() if self._nameless else ():
            draw = int(draws[index])
            row = valid.slice(index, 1).select(["repo", "path"]).to_pylist()[0]
            self.done.largest.setdefault(draw, self._survey.source_of(row))
            self._nameless.discard(draw)

    def _describe(self, row: dict[str, Any], number: int) -> dict[str, Any]:
        """Return the row of a document that is left out; `number` is its number if it is valid."""
        why, reason, original = row["kind"], row["reason"], None
        if why == SECRET:
            reason = f"it holds secrets: {kinds_of(json.loads(row['secrets']))}"
        elif why == VALID:
            why, original = self._original_of(number)
            reason = f"its value is that of {original}" if why == DUPLICATE else f"it is nearly the same as {original}"
        return {
            "why": why,
            "name": name_of(row),
            **{name: row[name] for name in ("repo", "path", "license", "file", "line")},
            **_broken(row["pointer"], row["keyword"]),
            "reason": reason,
            "original": original and asdict(original),
        }

    def _original_of(self, number: int) -> tuple[str, Origin]:
        """Return whether a dropped document is a duplicate or a near duplicate, and the document that it repeats."""
        original = int(self._deduplication.originals[number])
        if original != number:
            return DUPLICATE, self._survey.origins[original]
        return NEAR_DUPLICATE, self._survey.origins[int(self._deduplication.near[number])]


def _unread(rejection: Rejection) -> dict[str, Any]:
    """Return the row of a file or folder that cannot be read."""
    return {
        "why": REJECTED,
        "name": rejection.name,
        **dict.fromkeys(("repo", "path", "license")),
        "file": rejection.file,
        "line": rejection.line,
        **_broken(rejection.pointer, rejection.keyword),
        "reason": rejection.reason,
        "original": None,
    }


def _broken(pointer: str, keyword: str) -> dict[str, str | None]:
    """Return the pointer and the keyword that a document violates; the pointer to the whole document is empty."""
    return {"pointer": pointer if keyword else None, "keyword": keyword or None}


def _write_line(file: BinaryIO, described: dict[str, Any]) -> None:
    file.write(json.dumps(described, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
