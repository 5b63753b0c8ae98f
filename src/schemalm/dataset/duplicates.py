"""Finds exact duplicates among any number of digests, in bounded memory.

Input: digests in the order of their documents. Output: for each digest, the index of the first equal one. Digests are
taken in blocks. Duplicates within a block are found at once; the first of each kind is written to a file chosen by its
leading bits. Equal digests therefore share a file, and each file fits in memory as long as the leading bits of
different digests are evenly distributed, as those of hashes are. The number of duplicates does not matter.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.partitions import Partitions, leading_bits, new_array, num_partition_bits
from schemalm.files.writing import named_errors

DIGEST_BYTES = 16
ROWS_AT_ONCE = 1 << 20  # about 100 MB during the comparison

Int64Array = NDArray[np.int64]
_ROW = np.dtype([("digest", f"S{DIGEST_BYTES}"), ("index", np.int64)])


def find_originals(digests: NDArray[np.uint8], path: Path, *, rows_at_once: int = ROWS_AT_ONCE) -> Int64Array:
    """Return the index of the first digest equal to each of `digests` [num_rows, 16].

    The result is a memory map of the new file `path`. The first digest of each kind gets its own index. Memory is
    bounded by `rows_at_once` rows, whatever the number of digests: `digests` may be a memory map, whose pages the
    system drops when it needs memory. Temporary files beside `path` take 24 bytes a row. Raises `OSError` with the path
    if a file cannot be written.
    """
    with named_errors(path), tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.") as folder:
        originals = new_array(path, np.int64, (len(digests),))
        partitions = Partitions(Path(folder) / "digests", _ROW)
        num_bits = num_partition_bits(len(digests), rows_at_once)
        for start in range(0, len(digests), rows_at_once):
            block = _items(digests[start : start + rows_at_once])
            firsts, originals[start : start + len(block)] = _firsts(block, start)
            rows = np.empty(len(firsts), _ROW)
            rows["digest"], rows["index"] = block[firsts - start], firsts
            partitions.add(_leading(rows["digest"], num_bits), rows)
        for partition in partitions:
            rows = np.fromfile(partition, _ROW)
            indices = rows["index"]
            _, found = _firsts(rows["digest"], 0)
            originals[indices] = indices[found]
        for start in range(0, len(digests), rows_at_once):
            piece = originals[start : start + rows_at_once]
            is_inside = piece >= start  # the first of its block, whose original is known by now
            piece[is_inside] = piece[piece[is_inside] - start]
        originals.flush()
    return originals


def are_first(originals: Int64Array, start: int, stop: int) -> NDArray[np.bool_]:
    """Return which of the rows from `start` to `stop` (or the end, if that comes first) are the first of their kind."""
    found = originals[start:stop]
    return np.equal(found, np.arange(start, start + len(found)))


def _items(digests: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Return each digest as one array item."""
    return np.ascontiguousarray(digests).view(f"S{DIGEST_BYTES}")[:, 0]


def _leading(digests: NDArray[np.bytes_], num_bits: int) -> NDArray[np.uint64]:
    """Return the leading bits of each digest as a number."""
    words = np.ascontiguousarray(digests).view(">u8").reshape(len(digests), -1)[:, 0]
    return leading_bits(words.astype(np.uint64), num_bits)


def _firsts(digests: NDArray[np.bytes_], start: int) -> tuple[Int64Array, Int64Array]:
    """Return the indices of first digests, and for each digest the index of its first; both count from `start`."""
    _, firsts, kinds = np.unique(digests, return_index=True, return_inverse=True)
    return np.sort(firsts) + start, firsts[kinds] + start
