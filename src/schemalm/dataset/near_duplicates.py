"""Finds near duplicates among any number of documents, in bounded memory and at a bounded cost per document.

Two documents are near duplicates if the Jaccard similarity of their features (`minhash`) reaches a threshold.
Candidates are pairs that share a key; their features are then compared exactly, so there are no false positives. A
document is dropped if it is near to an earlier one that is kept, so a chain of small changes may keep more than one.

To bound the cost, each document is compared only with the first documents that share its key and with those just before
it. In a large group of similar documents not all pairs are compared, so a few near duplicates may be kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.minhash import Features, Keys
from schemalm.dataset.partitions import Partitions, append, leading_bits, new_array, num_partition_bits

ROWS_AT_ONCE = 1 << 19
NUM_FIRST = NUM_PRECEDING = 4  # the documents with the same key that each is compared with
_COMPARED_AT_ONCE = 1 << 20  # features of both documents, summed over the pairs of a batch
_DOCUMENTS_AT_ONCE, _MAX_PARTS = 1 << 14, 1 << 10

Int64Array = NDArray[np.int64]
_KEYED = np.dtype([("key", np.uint64), ("document", np.int64)])
_PAIR = np.dtype([("later", np.int64), ("earlier", np.int64)])


class NearDuplicates:
    """Takes documents in order, with temporary files in the new folder `folder`; `find` returns the near duplicates.

    similarity: the least Jaccard similarity of near duplicates. num_documents: the largest number of documents.
    num_keys: the number of keys of each document.
    """

    def __init__(
        self, folder: Path, similarity: float, num_documents: int, num_keys: int, *, rows_at_once: int = ROWS_AT_ONCE
    ) -> None:
        folder.mkdir()
        self._folder = folder
        self._similarity = similarity
        self._rows_at_once = rows_at_once
        self._num_bits = num_partition_bits(num_documents * num_keys, rows_at_once)
        self._documents_at_once = max(_DOCUMENTS_AT_ONCE, num_documents // _MAX_PARTS)
        self._keyed = Partitions(folder / "keys", _KEYED)
        self._pairs = Partitions(folder / "pairs", _PAIR)
        self._num_features = 0
        # The first feature of each document, and the end of its features.
        self._bounds = new_array(folder / "bounds.npy", np.int64, (num_documents, 2))

    def add(self, documents: Int64Array, keys: Keys, found: Features, sizes: Int64Array) -> None:
        """Add documents by number, ascending, with their keys [n, num_keys] and their concatenated features.

        sizes: the number of features of each document. Raises `OSError` if the disk is full.
        """
        rows = np.empty(keys.shape, _KEYED)
        rows["key"], rows["document"] = keys, documents[:, None]
        self._keyed.add(leading_bits(keys.ravel(), self._num_bits), rows.ravel())
        ends = self._num_features + np.cumsum(sizes)
        self._bounds[documents, 0], self._bounds[documents, 1] = ends - sizes, ends
        self._num_features += len(found)
        append(self._folder / "features.bin", found.astype(np.uint32).tobytes())

    def find(self) -> Int64Array:
        """Return for each document the earlier one that it is near to, or its own number, as a memory map."""
        originals = new_array(self._folder / "originals.npy", np.int64, (len(self._bounds),))
        originals[:] = np.arange(len(originals))
        if self._num_features:
            self._pair()
            for partition in self._pairs:
                self._decide(np.fromfile(partition, _PAIR), originals)
        return originals

    def _pair(self) -> None:
        """Write the candidate pairs, grouped by their later documents."""
        for partition in self._keyed:
            kept = np.empty(0, _KEYED)
            for block in self._keyed.blocks(partition, self._rows_at_once):
                rows = np.concatenate([kept, block])
                rows = rows[np.argsort(rows["key"], kind="stable")]
                starts = _starts(rows["key"])
                pairs = _different(_pairs(rows["document"], starts))
                self._pairs.add(pairs["later"].astype(np.uint64) // np.uint64(self._documents_at_once), pairs)
                # A key shared by many documents fills more than one block: keep its first documents for the next block.
                kept = rows[np.arange(len(rows)) < starts + NUM_FIRST]

    def _decide(self, pairs: NDArray[np.void], originals: Int64Array) -> None:
        """Record which later documents of pairs are dropped; earlier partitions are already decided."""
        pairs = _different(pairs)
        pairs = pairs[originals[pairs["earlier"]] == pairs["earlier"]]
        for later, earlier in pairs[self._are_near(pairs)].tolist():
            if originals[later] == later and originals[earlier] == earlier:
                originals[later] = earlier

    def _are_near(self, pairs: NDArray[np.void]) -> NDArray[np.bool_]:
        """Return which pairs reach the similarity [num_pairs]."""
        bounds = self._bounds[np.stack([pairs["later"], pairs["earlier"]], axis=1)]  # [num_pairs, 2, 2]
        sizes = bounds[..., 1] - bounds[..., 0]
        may_be = sizes.min(axis=1) >= self._similarity * sizes.max(axis=1)
        near = np.zeros(len(pairs), np.bool_)
        features = np.memmap(self._folder / "features.bin", np.uint32, "r")
        for chosen in _batches(np.flatnonzero(may_be), sizes.sum(axis=1)):
            total = sizes[chosen].sum(axis=1)
            shared = _count_shared(features, bounds[chosen])
            near[chosen] = shared >= self._similarity * (total - shared)
        return near


def _starts(keys: Keys) -> Int64Array:
    """Return for each of the sorted keys where its run of equal keys begins."""
    is_start = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
    positions = np.arange(len(keys))
    return np.maximum.accumulate(np.where(is_start, positions, 0))


def _pairs(documents: Int64Array, starts: Int64Array) -> NDArray[np.void]:
    """Return the pairs of each document with the first ones of its run and with those just before it."""
    positions = np.arange(len(documents))
    partners = [positions - distance for distance in range(1, NUM_PRECEDING + 1)]
    partners += [starts + number for number in range(NUM_FIRST)]
    found = []
    for partner in partners:
        is_one = (partner >= starts) & (partner < positions)
        pairs = np.empty(int(is_one.sum()), _PAIR)
        pairs["later"], pairs["earlier"] = documents[is_one], documents[partner[is_one]]
        found.append(pairs)
    return np.concatenate(found)


def _different(pairs: NDArray[np.void]) -> NDArray[np.void]:
    """Return the distinct pairs, sorted by the later document, then by the earlier one."""
    pairs = pairs[np.lexsort((pairs["earlier"], pairs["later"]))]
    changes = np.diff(pairs["later"]) + np.abs(np.diff(pairs["earlier"]))
    different: NDArray[np.void] = pairs[np.append(True, changes > 0)[: len(pairs)]]
    return different


def _batches(chosen: Int64Array, sizes: Int64Array) -> Iterator[Int64Array]:
    """Yield the chosen pairs in batches whose features fit in memory; a batch has at least one pair."""
    numbers = np.cumsum(sizes[chosen]) // _COMPARED_AT_ONCE
    yield from np.split(chosen, np.flatnonzero(numbers[1:] != numbers[:-1]) + 1)


def _count_shared(features: Features, bounds: Int64Array) -> Int64Array:
    """Count the features that both documents of each pair share; `bounds` [num_pairs, 2, 2] are their bounds."""
    sizes = (bounds[..., 1] - bounds[..., 0]).ravel()
    ends = np.cumsum(sizes)
    positions = np.arange(ends[-1] if len(ends) else 0) + np.repeat(bounds[..., 0].ravel() - (ends - sizes), sizes)
    pair = np.repeat(np.arange(len(sizes), dtype=np.uint64) // np.uint64(2), sizes)
    rows = np.sort((pair << np.uint64(32)) | features[positions])
    twice = rows[1:][rows[1:] == rows[:-1]] >> np.uint64(32)
    return np.bincount(twice.astype(np.int64), minlength=len(bounds))
