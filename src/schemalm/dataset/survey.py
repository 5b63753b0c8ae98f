"""Gathers what is known about all documents of a corpus, in one pass over its examined shards (`examination`).

Valid documents are numbered from 0. Memory is bounded whatever their number: data about each is kept in files.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.collect_settings import SplitBy
from schemalm.dataset.duplicates import DIGEST_BYTES
from schemalm.dataset.examination import REJECTED, SECRET, VALID, comments_of
from schemalm.dataset.held_out import draw_of
from schemalm.dataset.origins import Origin, Origins
from schemalm.dataset.partitions import append
from schemalm.dataset.sources import source_of
from schemalm.documents import CorpusRow, LeftOut, Rejection


@dataclass
class Survey:
    """The result of one pass over all examined shards: counts, and `left_out` with the rejected documents."""

    folder: Path
    split_by: SplitBy
    seed: int
    left_out: LeftOut
    num_documents: int = 0
    num_valid: int = 0
    num_secret: int = 0
    secrets: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.origins = Origins(self.folder)

    def source_of(self, row: dict[str, Any]) -> str:
        """Return the source of a row of a shard's table."""
        return source_of(row["repo"], row["path"], self.split_by)

    def add(self, table: Any) -> None:
        """Add the table of the next shard; the columns `features` and `keys` are not needed."""
        self.left_out.extend(comments_of(table.schema))
        rows = table.to_pylist()
        self.num_documents += len(rows)
        valid = [row for row in rows if row["kind"] == VALID]
        self.num_valid += len(valid)
        self.origins.add([Origin(name_of(row), row["file"], row["line"]) for row in valid])
        draws = [draw_of(self.source_of(row), self.seed) for row in valid]
        append(self.folder / "digests", b"".join(bytes.fromhex(row["sha256"])[:DIGEST_BYTES] for row in valid))
        append(self.folder / "draws", np.array(draws, np.uint64).tobytes())
        for row in rows:
            if row["kind"] == REJECTED:
                self.left_out.reject(rejection_of(row))
            elif row["kind"] == SECRET:
                self.num_secret += 1
            if row["secrets"]:
                self.secrets.update(json.loads(row["secrets"]))

    @property
    def digests(self) -> NDArray[np.uint8]:
        """The digest of each valid document [num_valid, 16]; there must be at least one."""
        return np.memmap(self.folder / "digests", np.uint8, "r").reshape(-1, DIGEST_BYTES)

    @property
    def draws(self) -> NDArray[np.uint64]:
        """The draw of each valid document's source [num_valid]; there must be at least one."""
        return np.memmap(self.folder / "draws", np.uint64, "r")


def name_of(row: dict[str, Any]) -> str:
    """Return the name in messages of the document in a row of a shard's table."""
    return CorpusRow(None, None, row["repo"], row["path"]).name


def rejection_of(row: dict[str, Any]) -> Rejection:
    """Return the rejection in a row of a shard's table."""
    return Rejection(name_of(row), row["reason"], row["keyword"], row["file"], row["line"], row["pointer"])
