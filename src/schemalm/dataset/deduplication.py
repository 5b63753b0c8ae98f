"""Finds which valid documents of a corpus are duplicates or near duplicates of earlier ones.

Memory is bounded: the results for each document are kept in arrays in files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.duplicates import ROWS_AT_ONCE, Int64Array, are_first, find_originals
from schemalm.dataset.examination import VALID
from schemalm.dataset.held_out import Sources
from schemalm.dataset.minhash import Banding
from schemalm.dataset.near_duplicates import NearDuplicates
from schemalm.dataset.origins import note_duplicates
from schemalm.dataset.survey import Survey


@dataclass(frozen=True)
class Deduplication:
    """For each valid document, the numbers of the equal and the near earlier document, or its own number."""

    originals: Int64Array
    near: Int64Array

    def are_kept(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Return which of the documents from `start` to `stop` are kept."""
        return are_first(self.originals, start, stop) & are_first(self.near, start, stop)


def deduplicate(survey: Survey, tables: Iterable[Any], similarity: float) -> Deduplication:
    """Find the duplicates among all valid documents, and record exact ones as left out.

    tables: the columns `kind`, `features` and `keys` of all shards, in order. similarity: 1 keeps near duplicates.
    """
    originals = find_originals(survey.digests, survey.folder / "originals.npy")
    note_duplicates(originals, survey.origins, survey.left_out)
    return Deduplication(originals, _find_near(survey, originals, tables, similarity) if similarity < 1 else originals)


def kept_sources(survey: Survey, deduplication: Deduplication) -> Sources:
    """Return the sources of the documents that are kept."""
    sources = Sources(survey.folder / "sources", survey.num_valid)
    for start in range(0, survey.num_valid, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, survey.num_valid)
        sources.add(survey.draws[start:stop][deduplication.are_kept(start, stop)])
    return sources


def only_valid(table: Any) -> Any:
    """Return the rows of a shard's table whose documents are valid."""
    import pyarrow.compute as pc  # noqa: PLC0415

    return table.filter(pc.equal(table["kind"], VALID))


def _find_near(survey: Survey, originals: Int64Array, tables: Iterable[Any], similarity: float) -> Int64Array:
    num_keys = Banding.of(similarity).num_bands
    near = NearDuplicates(survey.folder / "near", similarity, survey.num_valid, num_keys)
    start = 0
    for table in tables:
        valid = only_valid(table)
        numbers = np.arange(start, start + len(valid))
        start += len(valid)
        is_first = originals[numbers] == numbers
        firsts = valid.filter(is_first)
        found, keys = (firsts[name].combine_chunks() for name in ("features", "keys"))
        sizes = np.asarray(found.value_lengths()).astype(np.int64)
        rows = np.asarray(keys.flatten()).reshape(-1, num_keys)
        near.add(numbers[is_first], rows, np.asarray(found.flatten()), sizes)
    return near.find()
