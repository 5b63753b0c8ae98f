"""Exact duplicates among any number of digests, in bounded memory.

In go digests in the order of their documents; out comes, for each, the index of the first one that is equal to it.
Digests are taken some at a time: equal ones among these are found at once, and the first of each go into files by their
leading bits, so that equal ones meet in one file and no file holds more than fits into memory. That holds whatever is
repeated how often, as long as the leading bits of different digests are spread evenly, as those of hashes are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from schemalm.files import named_errors

DIGEST_BYTES = 16
ROWS_AT_ONCE = 1 << 20  # about 100 MB while they are compared

Int64Array = NDArray[np.int64]
_ROW = np.dtype([("digest", f"S{DIGEST_BYTES}"), ("index", np.int64)])


def find_originals(digests: NDArray[np.uint8], path: Path, *, rows_at_once: int = ROWS_AT_ONCE) -> Int64Array:
    """The index of the first digest equal to each of `digests` [num_rows, 16], as a memory map of the new file `path`.

    A digest is the first of its kind where its own index stands. Memory is that of `rows_at_once` rows, whatever the
    number of digests, which may be a memory map (of maps the system drops pages as it needs them); files beside `path` hold 24 bytes a row meanwhile. Raises `OSError`
    with the path where a file cannot be written.
    """
    with named_errors(path), tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.") as folder:
        originals = open_memmap(path, mode="w+", dtype=np.int64, shape=(len(digests),))
        parts = _Parts(Path(folder), len(digests), rows_at_once)
        for start in range(0, len(digests), rows_at_once):
            block = _items(digests[start : start + rows_at_once])
            firsts, originals[start : start + len(block)] = _firsts(block, start)
            parts.add(block[firsts - start], firsts)
        for rows in parts:
            indices = rows["index"]
            _, found = _firsts(rows["digest"], 0)
            originals[indices] = indices[found]
        for start in range(0, len(digests), rows_at_once):
            part = originals[start : start + rows_at_once]
            is_inside = part >= start  # the first one of its block, whose own original is known by now
            part[is_inside] = part[part[is_inside] - start]
        originals.flush()
    return originals


def is_first(originals: Int64Array) -> NDArray[np.bool_]:
    """Which rows are the first of their kind, by what `find_originals` found."""
    return np.equal(originals, np.arange(len(originals)))


def _items(digests: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """The digests as one item each."""
    return np.ascontiguousarray(digests).view(f"S{DIGEST_BYTES}")[:, 0]


def _firsts(digests: NDArray[np.bytes_], start: int) -> tuple[Int64Array, Int64Array]:
    """The indices of the first of each kind, in order, and for each digest its first's; they count from `start`."""
    _, firsts, kinds = np.unique(digests, return_index=True, return_inverse=True)
    return np.sort(firsts) + start, firsts[kinds] + start


class _Parts:
    """Rows in files of a folder by the leading bits of their digests; iterating reads them, a file at a time."""

    def __init__(self, folder: Path, num_rows: int, rows_at_once: int) -> None:
        self._num_bits = max(0, (num_rows - 1) // rows_at_once).bit_length()
        self._folder = folder

    def add(self, digests: NDArray[np.bytes_], indices: Int64Array) -> None:
        rows = np.empty(len(digests), dtype=_ROW)
        rows["digest"], rows["index"] = digests, indices
        numbers = self._numbers(digests)
        for number in np.unique(numbers).tolist():
            with (self._folder / f"{number}.rows").open("ab") as file:
                file.write(rows[numbers == number].tobytes())

    def _numbers(self, digests: NDArray[np.bytes_]) -> NDArray[np.uint32]:
        leading = np.ascontiguousarray(digests).view(">u4").reshape(len(digests), -1)[:, 0]
        return leading.astype(np.uint64) >> np.uint64(32 - self._num_bits)

    def __iter__(self) -> Iterator[NDArray[np.void]]:
        for path in sorted(self._folder.iterdir()):
            yield np.fromfile(path, dtype=_ROW)
