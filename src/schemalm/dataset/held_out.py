"""Which sources of a corpus are held out for validation, drawn by hash in bounded memory, however many there are.

A source's *draw* is a number that its name and the seed alone decide. Sources are taken by ascending draws until they
hold the share that is wanted. So what is held out is a range of draws, without the few sources that are too large.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.parts import Parts, leading_bits, num_parts_bits
from schemalm.errors import ConfigurationError

ROWS_AT_ONCE = 1 << 20

Draws = NDArray[np.uint64]


def check_train_split(train_split: float) -> None:
    """Raise `ConfigurationError` unless the share of documents in training leaves some for validation."""
    if not 0 < train_split < 1:
        raise ConfigurationError(f"train_split must lie between 0 and 1, got {train_split}")


def draw_of(source: str, seed: int) -> int:
    """The draw of a source: a number of 64 bits."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{source}".encode()).digest()[:8], "big")


@dataclass(frozen=True)
class HeldOut:
    """The sources whose draws lie from `first` to `last`, `left` aside."""

    first: int
    last: int
    left: frozenset[int] = frozenset()

    def contains(self, draws: Draws) -> NDArray[np.bool_]:
        """Which of the draws are those of sources held out."""
        inside = (draws >= np.uint64(self.first)) & (draws <= np.uint64(self.last))
        return inside & ~np.isin(draws, np.array(sorted(self.left), dtype=np.uint64))


class Sources:
    """The draws of documents' sources, added in any order; files of the new folder `folder` hold 8 bytes for each."""

    def __init__(self, folder: Path, num_documents: int, *, rows_at_once: int = ROWS_AT_ONCE) -> None:
        self._parts = Parts(folder, np.dtype(np.uint64))
        self._num_bits = num_parts_bits(num_documents, rows_at_once)
        self._rows_at_once = rows_at_once
        self.num_documents = 0

    def add(self, draws: Draws) -> None:
        """Take the draws of the sources of some documents."""
        self.num_documents += len(draws)
        self._parts.add(leading_bits(draws, self._num_bits), draws)

    def sizes(self) -> Iterator[tuple[Draws, NDArray[np.int64]]]:
        """Yield draws, ascending, with the number of documents of each, some at a time."""
        for part in self._parts:
            draws, counts = np.empty(0, np.uint64), np.empty(0, np.int64)
            for block in self._parts.blocks(part, self._rows_at_once):
                both = np.concatenate([draws, block])
                weights = np.concatenate([counts, np.ones(len(block), np.int64)])
                draws, kinds = np.unique(both, return_inverse=True)
                counts = np.bincount(kinds, weights=weights).astype(np.int64)
            yield draws, counts

    def largest(self, number: int) -> dict[int, int]:
        """The draws with the most documents, with how many each has; the most first."""
        found: list[tuple[int, int]] = []
        for draws, counts in self.sizes():
            chosen = np.argsort(-counts, kind="stable")[:number]
            found += zip((-counts[chosen]).tolist(), draws[chosen].tolist(), strict=True)
            found = sorted(found)[:number]
        return {draw: -count for count, draw in found}

    def hold_out(self, share: float) -> HeldOut | None:
        """The sources that are held out: until they hold `share` of the documents, one at least, and not all.

        One that would hold more than twice the share is left to training, unless there is no other. None where there
        are fewer than two sources.
        """
        num_sources = sum(len(draws) for draws, _ in self.sizes())
        if num_sources < 2:
            return None
        wanted = share * self.num_documents
        taken: list[int] = []  # of them the first and the last
        left: set[int] = set()
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
                left.add(draw)
        if not taken and smallest is not None:
            return HeldOut(smallest[1], smallest[1])
        first, last = taken[0], taken[-1]
        return HeldOut(first, last, frozenset(draw for draw in left if first < draw < last))

    def _pairs(self) -> Iterator[tuple[int, int]]:
        for draws, counts in self.sizes():
            yield from zip(draws.tolist(), counts.tolist(), strict=True)
