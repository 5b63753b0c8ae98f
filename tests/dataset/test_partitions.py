"""Rows in files by number, and arrays in files."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest

from schemalm.dataset.partitions import Partitions, leading_bits, new_array, num_partition_bits

ROW = np.dtype([("number", np.uint64), ("place", np.int64)])


def test_rows_are_read_by_ascending_number_in_the_order_of_adding(tmp_path: Path) -> None:
    partitions = Partitions(tmp_path / "parts", ROW)
    numbers = np.random.default_rng(0).integers(0, 20, 500, dtype=np.uint64)
    rows = np.empty(500, ROW)
    rows["number"], rows["place"] = numbers, np.arange(500)
    for start in range(0, 500, 70):
        partitions.add(numbers[start : start + 70], rows[start : start + 70])
    partitions.add(numbers[:0], rows[:0])
    read = [np.concatenate([*partitions.blocks(partition, 7)]) for partition in partitions]
    assert [len(np.unique(partition["number"])) for partition in read] == [1] * 20
    assert np.concatenate(read).tolist() == sorted(rows.tolist())


@pytest.mark.parametrize(("num_rows", "num_bits"), [(0, 0), (1, 0), (10, 0), (11, 1), (20, 1), (21, 2), (1000, 7)])
def test_partitions_are_expected_to_fit_in_memory(num_rows: int, num_bits: int) -> None:
    assert num_partition_bits(num_rows, 10) == num_bits
    assert num_rows / 2**num_bits <= 10


def test_leading_bits_keep_the_order() -> None:
    numbers = np.array([0, 1 << 62, 1 << 63, 2**64 - 1], np.uint64)
    assert [leading_bits(numbers, bits).tolist() for bits in (0, 1, 2)] == [[0] * 4, [0, 0, 1, 1], [0, 1, 2, 3]]


def test_an_array_without_room_is_an_error_with_the_path(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        with pytest.raises(OSError, match="too large") as caught:
            new_array(tmp_path / "array.npy", np.int64, (1000,))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.filename == str(tmp_path / "array.npy")
    assert new_array(tmp_path / "array.npy", np.int64, (3, 2)).tolist() == [[0, 0]] * 3
    assert new_array(tmp_path / "empty.npy", np.int64, (0,)).tolist() == []
