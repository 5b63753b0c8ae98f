"""Stretches of tokens: the hash of each window of a document, and the tokens that some windows cover.

A hash is 64 bits of a binary tree over the window: neighbours are joined and mixed until one number is left. Equal
windows have equal hashes. Two different ones have the same with a chance of about 2 ** -64, so hits are not compared
token by token: for 20 million training tokens and 300,000 tokens of documents, one wrong hit comes with a chance of
about 3 in 10 million.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Odd constants with irregular bits, as in splitmix64 (Steele, Lea and Flood, 2014), whose finalizer this resembles.
_STEP, _LEFT, _MIX = (np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_SHIFT = np.uint64(31)


@dataclass(frozen=True)
class Coverage:
    """What some stretches cover in each of some documents.

    num_tokens: of each document. spans: of each document, from the first to after the last token of each run of
    covered tokens.
    """

    num_tokens: tuple[int, ...]
    spans: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def share(self) -> float | None:
        """The share of tokens that are covered, 0 to 1; None if there are none."""
        num_covered = sum(end - begin for spans in self.spans for begin, end in spans)
        return num_covered / sum(self.num_tokens) if sum(self.num_tokens) else None

    @property
    def mean_share(self) -> float | None:
        """The mean share of a document, in which giant documents count no more than others; None without any."""
        shares = [
            sum(end - begin for begin, end in spans) / max(num_tokens, 1)
            for num_tokens, spans in zip(self.num_tokens, self.spans, strict=True)
        ]
        return sum(shares) / len(shares) if shares else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        spans = [[list(span) for span in spans] for spans in self.spans]
        return {"share": self.share, "mean_share": self.mean_share, "spans": spans}


def window_hashes(tokens: ArrayLike, size: int) -> NDArray[np.uint64]:
    """Return the hash of each window of `size` tokens, a power of 2: [T - size + 1], empty for fewer tokens."""
    hashes = _mixed(np.asarray(tokens, dtype=np.uint64) * _STEP + _STEP)
    width = 1
    while width < size and len(hashes):
        hashes = _mixed(hashes[:-width] * _LEFT + hashes[width:])
        width *= 2
    return hashes


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    hashes ^= hashes >> _SHIFT
    hashes *= _MIX
    hashes ^= hashes >> _SHIFT
    return hashes


def covered_spans(starts: ArrayLike, size: int, num_tokens: int) -> tuple[tuple[int, int], ...]:
    """Return the runs of tokens that windows of `size` tokens with these starts cover, as (begin, end)."""
    change = np.zeros(num_tokens + 1, dtype=np.int64)
    begins = np.asarray(starts, dtype=np.int64)
    np.add.at(change, begins, 1)
    np.add.at(change, begins + size, -1)
    is_covered = np.cumsum(change)[:-1] > 0
    edges = np.flatnonzero(np.diff(is_covered, prepend=False, append=False))
    return tuple(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
