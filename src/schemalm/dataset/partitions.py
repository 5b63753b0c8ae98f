"""Arrays larger than memory: a memory-mapped array in one file, or rows in several files, the *partitions*.

Each row is added with a number, and there is one partition for each number. Rows that must be processed together,
because they are equal or belong to one document, get the same number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from schemalm.files.writing import named_errors


def new_array(path: Path, dtype: np.dtype[Any] | type[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Create an array in the file `path`; raises `OSError` with the path if the disk is full."""
    with named_errors(path):
        array: np.memmap[Any, Any] = open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        with path.open("r+b") as file:  # on a full disk, writing to the map would kill the process without an error
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def append(path: Path, content: bytes) -> None:
    """Append to a file; raises `OSError` with the path."""
    with named_errors(path), path.open("ab") as file:
        file.write(content)


class Partitions:
    """Rows of one structured dtype in the new folder `folder`, in one file per partition number.

    Iterating yields the files by ascending number; rows keep the order in which they were added.
    """

    def __init__(self, folder: Path, dtype: np.dtype[Any]) -> None:
        self._folder, self._dtype = folder, dtype
        folder.mkdir()

    def add(self, numbers: NDArray[np.unsignedinteger[Any]], rows: NDArray[Any]) -> None:
        """Append each row to the file of its number; raises `OSError` with the path if writing fails."""
        order = np.argsort(numbers, kind="stable")
        found, starts = np.unique(numbers[order], return_index=True)
        ends = np.append(starts[1:], len(order))
        for number, start, end in zip(found.tolist(), starts, ends[: len(found)], strict=True):
            append(self._folder / f"{number:010}", rows[order[start:end]].tobytes())

    def __iter__(self) -> Iterator[Path]:
        yield from sorted(self._folder.iterdir())

    def blocks(self, partition: Path, num_rows: int) -> Iterator[NDArray[Any]]:
        """Yield the rows of one file in blocks of `num_rows`."""
        size = partition.stat().st_size // self._dtype.itemsize
        for start in range(0, size, num_rows):
            yield np.fromfile(partition, self._dtype, num_rows, offset=start * self._dtype.itemsize)


def num_partition_bits(num_rows: int, rows_at_once: int) -> int:
    """Return the number of leading bits that divide rows into files of about `rows_at_once` or fewer."""
    return max(0, (num_rows - 1) // rows_at_once).bit_length()


def leading_bits(numbers: NDArray[np.uint64], num_bits: int) -> NDArray[np.uint64]:
    """Return the leading bits of each 64-bit number."""
    return numbers >> np.uint64(64 - num_bits) if num_bits else np.zeros_like(numbers)
