"""Chooses the sources of a corpus to hold out for validation, by hash and in bounded memory, however many there are.

A source's *draw* is a hash of its name and the seed. Sources are taken by ascending draws until they contain the wanted
share of the documents. The held-out sources are therefore a range of draws, except a few sources that are too large.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.partitions import Partitions, leading_bits, num_partition_bits

ROWS_AT_ONCE = 1 << 20

Draws = NDArray[np.uint64]


def draw_of(source: str, seed: int) -> int:
    """Return the draw of a source: a 64-bit number."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{source}".encode()).digest()[:8], "big")


@dataclass(frozen=True)
class HeldOut:
    """The sources whose draws are between `first` and `last`, inclusive, except `excluded`."""

    first: int
    last: int
    excluded: frozenset[int] = frozenset()

    def contains(self, draws: Draws) -> NDArray[np.bool_]:
        """Return which of the draws belong to held-out sources."""
        inside = (draws >= np.uint64(self.first)) & (draws <= np.uint64(self.last))
        return inside & ~np.isin(draws, np.array(sorted(self.excluded), dtype=np.uint64))


class Sources:
    """The draws of documents' sources, added in any order; files in the new folder `folder` take 8 bytes a document."""

    def __init__(self, folder: Path, num_documents: int, *, rows_at_once: int = ROWS_AT_ONCE) -> None:
        self._partitions = Partitions(folder, np.dtype(np.uint64))
        self._num_bits = num_partition_bits(num_documents, rows_at_once)
        self._rows_at_once = rows_at_once
        self.num_documents = 0

    def add(self, draws: Draws) -> None:
        """Add the draws of the sources of some documents."""
        self.num_documents += len(draws)
        self._partitions.add(leading_bits(draws, self._num_bits), draws)

    def sizes(self) -> Iterator[tuple[Draws, NDArray[np.int64]]]:
        """Yield the draws in ascending order with the number of documents of each, in blocks."""
        for partition in self._partitions:
            draws, counts = np.empty(0, np.uint64), np.empty(0, np.int64)
            for block in self._partitions.blocks(partition, self._rows_at_once):
                both = np.concatenate([draws, block])
                weights = np.concatenate([counts, np.ones(len(block), np.int64)])
                draws, kinds = np.unique(both, return_inverse=True)
                counts = np.bincount(kinds, weights=weights).astype(np.int64)
            yield draws, counts

    def largest(self, number: int) -> dict[int, int]:
        """Return the `number` draws with the most documents, and their numbers of documents, largest first."""
        found: list[tuple[int, int]] = []
        for draws, counts in self.sizes():
            chosen = np.argsort(-counts, kind="stable")[:number]
            found += zip((-counts[chosen]).tolist(), draws[chosen].tolist(), strict=True)
            found = sorted(found)[:number]
        return {draw: -count for count, draw in found}

    def hold_out(self, share: float) -> HeldOut | None:
        """Hold out sources until they contain `share` of the documents: at least one source, but not all.

        A source with more than twice the wanted documents stays in training, unless there is no other. Returns None if
        there are fewer than two sources.
        """
        num_sources = sum(len(draws) for draws, _ in self.sizes())
        if num_sources < 2:
            return None
        wanted = share * self.num_documents
        taken: list[int] = []  # the first and the last of them
        excluded: set[int] = set()
        held = num_taken = 0
        smallest: tuple[int, int] | None = None
        for draw, size in self._pairs():
            if smallest is None or size < smallest[0]:
                smallest = size, draw
            if held >= wanted or num_taken == num_sources - 1:
                if taken:
                    break
            elif held + size <= 2 * wanted:
                taken = [*taken[:1], draw]
                held, num_taken = held + size, num_taken + 1
            else:
                excluded.add(draw)
        if not taken and smallest is not None:
            return HeldOut(smallest[1], smallest[1])
        first, last = taken[0], taken[-1]
        return HeldOut(first, last, frozenset(draw for draw in excluded if first < draw < last))

    def _pairs(self) -> Iterator[tuple[int, int]]:
        for draws, counts in self.sizes():
            yield from zip(draws.tolist(), counts.tolist(), strict=True)
