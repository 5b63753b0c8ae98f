"""What two documents are compared by: the features of a value, and the keys that near ones have in common.

A document's *features* are the multiset of its scalars, each with the path of keys that leads to it; places in lists do
not count, and of longer texts each line counts for itself. Features are hashed by CRC-32, the same everywhere: whoever
makes texts of equal hashes has his own documents called alike. MinHash makes keys of them: the smallest values of some
hash functions, taken together as bands.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from schemalm.documents.values import JSONValue

NUM_HASHES = 128
_MISSED = 5e-3  # of the pairs at the threshold itself, at most
_LINE_CHARACTERS = 200  # longer lines count word by word
_FEATURES_AT_ONCE = 1 << 12
_OCCURRENCE = np.uint32(0x9E3779B1)  # odd: tells the second occurrence of a feature from the first
_MIX = np.uint64(0x9E3779B97F4A7C15)

Features = NDArray[np.uint32]
Keys = NDArray[np.uint64]


def features(value: JSONValue) -> Features:
    """The hashes of a value's features, ascending and different: each occurrence of a feature has its own."""
    hashes = np.sort(np.fromiter(_hashes(value), np.uint32))
    is_new = np.append(True, hashes[1:] != hashes[:-1])
    positions = np.arange(len(hashes))
    occurrence = positions - np.maximum.accumulate(np.where(is_new, positions, 0))
    return np.unique(hashes ^ (occurrence.astype(np.uint32) * _OCCURRENCE))


def _hashes(value: JSONValue) -> Iterator[int]:
    """Yield the hash of each scalar and empty container with its path; a path's hash goes on in those below it."""
    open_nodes: list[tuple[JSONValue, int]] = [(value, 0)]
    while open_nodes:
        node, path = open_nodes.pop()
        if isinstance(node, dict) and node:
            open_nodes.extend((below, zlib.crc32(key.encode() + b"\0", path)) for key, below in node.items())
        elif isinstance(node, list) and node:
            inside = zlib.crc32(b"[", path)
            open_nodes.extend((below, inside) for below in node)
        elif isinstance(node, str):
            yield from (zlib.crc32(piece.encode(), path) for piece in _pieces(node))
        else:
            yield zlib.crc32(b"\0" + repr(node).encode(), path)


def _pieces(text: str) -> list[str]:
    """What of a text counts for itself: its lines, white space at their ends aside, and the words of long lines."""
    if len(text) <= _LINE_CHARACTERS and "\n" not in text:
        return [text]
    pieces: list[str] = []
    for line in text.split("\n"):
        pieces += [line.strip()] if len(line) <= _LINE_CHARACTERS else line.split()
    return [piece for piece in pieces if piece] or [""]


@dataclass(frozen=True)
class Banding:
    """How many hashes make a band: documents that share all hashes of a band are compared."""

    num_bands: int
    rows: int

    @classmethod
    @cache
    def of(cls, similarity: float) -> Banding:
        """The banding with the longest bands in which pairs of this similarity meet but for one in 200."""
        fitting = [rows for rows in range(1, 33) if (1 - similarity**rows) ** (NUM_HASHES // rows) <= _MISSED]
        rows = max(fitting, default=1)
        return cls(NUM_HASHES // rows, rows)

    def keys(self, found: Features) -> Keys:
        """A key for each band [num_bands]: equal for documents whose MinHashes in that band are."""
        hashes = _min_hashes(found)[: self.num_bands * self.rows].reshape(self.num_bands, self.rows)
        keys = np.arange(1, self.num_bands + 1, dtype=np.uint64) * _MIX
        for column in hashes.T:
            keys = (keys ^ column) * _MIX
            keys ^= keys >> np.uint64(29)
        return keys


@cache
def _multipliers() -> tuple[Keys, Keys]:
    """What makes 128 hash functions out of one: odd factors and summands [128]."""
    drawn = np.frombuffer(hashlib.shake_128(b"schemalm near duplicates").digest(16 * NUM_HASHES), "<u8")
    factors, summands = drawn.astype(np.uint64).reshape(2, NUM_HASHES)
    return factors | np.uint64(1), summands


def _min_hashes(found: Features) -> Keys:
    """The smallest value of each hash function over the features [128]."""
    factors, summands = _multipliers()
    smallest = np.full(NUM_HASHES, np.iinfo(np.uint64).max)
    for start in range(0, len(found), _FEATURES_AT_ONCE):
        block = found[start : start + _FEATURES_AT_ONCE, None].astype(np.uint64)
        smallest = np.minimum(smallest, (block * factors + summands).min(axis=0))
    return smallest >> np.uint64(32)
