"""Arrays larger than memory: one in a file, or rows in several files, *parts*.

There is a part for each number that rows are given. Rows that have to meet, because they are
equal or belong to one document, get the same number.
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
    """A new array in the file `path`; raises `OSError` with the path where there is no room for it."""
    with named_errors(path):
        array: np.memmap[Any, Any] = open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        with path.open("r+b") as file:  # writing where there is no room would end the process without an error
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def append(path: Path, content: bytes) -> None:
    """Write at the end of a file; raises `OSError` with the path."""
    with named_errors(path), path.open("ab") as file:
        file.write(content)


class Parts:
    """Rows of one structured dtype in the new folder `folder`, in one file for each number that rows were given.

    Iterating yields the file of each number, ascending; its rows come in the order in which they were added.
    """

    def __init__(self, folder: Path, dtype: np.dtype[Any]) -> None:
        self._folder, self._dtype = folder, dtype
        folder.mkdir()

    def add(self, numbers: NDArray[np.unsignedinteger[Any]], rows: NDArray[Any]) -> None:
        """Append each row to the file of its number; raises `OSError` where that fails."""
        order = np.argsort(numbers, kind="stable")
        found, starts = np.unique(numbers[order], return_index=True)
        ends = np.append(starts[1:], len(order))
        for number, start, end in zip(found.tolist(), starts, ends[: len(found)], strict=True):
            append(self._folder / f"{number:010}", rows[order[start:end]].tobytes())

    def __iter__(self) -> Iterator[Path]:
        yield from sorted(self._folder.iterdir())

    def blocks(self, part: Path, num_rows: int) -> Iterator[NDArray[Any]]:
        """The rows of one file, so many at a time."""
        size = part.stat().st_size // self._dtype.itemsize
        for start in range(0, size, num_rows):
            yield np.fromfile(part, self._dtype, num_rows, offset=start * self._dtype.itemsize)


def num_parts_bits(num_rows: int, rows_at_once: int) -> int:
    """How many leading bits tell rows apart into files of at most about `rows_at_once`."""
    return max(0, (num_rows - 1) // rows_at_once).bit_length()


def leading_bits(numbers: NDArray[np.uint64], num_bits: int) -> NDArray[np.uint64]:
    """The leading bits of each number of 64."""
    return numbers >> np.uint64(64 - num_bits) if num_bits else np.zeros_like(numbers)
