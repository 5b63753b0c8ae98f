"""The features by which documents are compared, and the keys that near duplicates have in common.

A document's *features* are the multiset of its scalars, each with its path of keys. Positions in lists are ignored, and
each line of a longer text is a feature of its own. Features are hashed by CRC-32, which is the same everywhere but not
collision-resistant: an author who crafts colliding texts gets their own documents treated as near duplicates. MinHash
turns features into keys: the smallest values of several hash functions, grouped into bands.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from schemalm.documents.values import JSONValue

NUM_HASHES = 128
_MISSED = 5e-3  # the largest share of pairs at the threshold to miss
_LINE_CHARACTERS = 200  # longer lines are split into words
_FEATURES_AT_ONCE = 1 << 12
_OCCURRENCE = np.uint32(0x9E3779B1)  # odd: distinguishes repeated occurrences of a feature

Features = NDArray[np.uint32]
Keys = NDArray[np.uint64]


def features(value: JSONValue) -> Features:
    """Return the distinct hashes of a value's features, ascending; each occurrence of a feature gets its own hash."""
    hashes = np.array(_hashes(value), np.uint32)
    hashes.sort()
    is_again = np.append(False, hashes[1:] == hashes[:-1])
    if not is_again.any():
        return hashes
    positions = np.arange(len(hashes))
    occurrence = positions - np.maximum.accumulate(np.where(is_again, 0, positions))
    return np.unique(hashes ^ (occurrence.astype(np.uint32) * _OCCURRENCE))


def _hashes(value: JSONValue) -> list[int]:
    """Return the hash of each scalar and empty container with its path; the hash of a path seeds those below it."""
    found: list[int] = []
    open_nodes: list[tuple[JSONValue, int]] = [(value, 0)]
    while open_nodes:
        node, path = open_nodes.pop()
        if isinstance(node, str):
            if len(node) <= _LINE_CHARACTERS and "\n" not in node:
                found.append(crc32(node.encode(), path))
            else:
                found += [crc32(piece.encode(), path) for piece in _pieces(node)]
        elif isinstance(node, dict) and node:
            for key, below in node.items():
                open_nodes.append((below, crc32(key.encode() + b"\0", path)))
        elif isinstance(node, list) and node:
            inside = crc32(b"[", path)
            open_nodes += [(below, inside) for below in node]
        else:
            found.append(crc32(b"\0" + repr(node).encode(), path))
    return found


def _pieces(text: str) -> list[str]:
    """Return the features of a longer text: its lines without surrounding white space, and the words of long lines."""
    pieces: list[str] = []
    for line in text.split("\n"):
        pieces += [line.strip()] if len(line) <= _LINE_CHARACTERS else line.split()
    return [piece for piece in pieces if piece] or [""]


@dataclass(frozen=True)
class Banding:
    """The number of hashes in a band: documents that share all hashes of a band are compared."""

    num_bands: int
    rows: int

    @classmethod
    @cache
    def of(cls, similarity: float) -> Banding:
        """Return the banding with the longest bands that misses at most one in 200 pairs of this similarity."""
        fitting = [rows for rows in range(1, 33) if (1 - similarity**rows) ** (NUM_HASHES // rows) <= _MISSED]
        rows = max(fitting, default=1)
        return cls(NUM_HASHES // rows, rows)

    def keys(self, found: Features) -> Keys:
        """Return a key for each band [num_bands]: equal if the MinHashes of two documents in that band are equal."""
        hashes = _min_hashes(found)[: self.num_bands * self.rows].reshape(self.num_bands, self.rows)
        factors = _drawn(b"keys", self.rows + 1)
        keys: Keys = np.arange(self.num_bands, dtype=np.uint64) * factors[0]
        keys += (hashes * factors[1:]).sum(axis=1, dtype=np.uint64)
        return keys


def _min_hashes(found: Features) -> NDArray[np.uint32]:
    """Return the smallest value of each hash function over the features [128]."""
    factors = _drawn(b"factors", NUM_HASHES).astype(np.uint32)
    summands = _drawn(b"summands", NUM_HASHES).astype(np.uint32)
    smallest = np.full(NUM_HASHES, np.iinfo(np.uint32).max, np.uint32)
    for start in range(0, len(found), _FEATURES_AT_ONCE):
        block = found[start : start + _FEATURES_AT_ONCE, None]
        smallest = np.minimum(smallest, (block * factors + summands).min(axis=0))
    return smallest


@cache
def _drawn(purpose: bytes, number: int) -> Keys:
    """Return fixed odd numbers, the same on every machine."""
    drawn = np.frombuffer(hashlib.shake_128(b"schemalm near duplicates: " + purpose).digest(8 * number), "<u8")
    return drawn.astype(np.uint64) | np.uint64(1)
