"""Packing: combines windows of documents into rows of one context that are full, or nearly so.

Only the numbers of windows of each length determine which lengths share a row (histogram packing; Krell et al.,
"Efficient sequence packing without cross-contamination", 2021): from the longest to the shortest, each window goes to
the row in which it leaves the least space. The time does not depend on the number of windows. In each epoch, the
windows of each length are assigned at random to the rows planned for that length, and rows are shuffled.

A window of n tokens takes n positions: the model reads its position token and all its tokens but the last, and predicts
all its tokens. Only NumPy arrays grow with the data: about twenty bytes a window, and briefly a few times that when an
epoch begins.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.echo import Int64Array

PACKINGS = ("windows", "documents")
DEFAULT_PACKING = "documents"
Pattern = tuple[int, ...]
Lengths = NDArray[np.unsignedinteger[Any]]


def pack_lengths(num_of_length: Int64Array) -> dict[Pattern, int]:
    """Return which lengths share a row, and in how many rows, for `num_of_length[n]` windows of n tokens.

    The last entry of `num_of_length` counts the windows that fill a whole row.
    """
    context_size = len(num_of_length) - 1
    rows_with_room: list[dict[Pattern, int]] = [{} for _ in range(context_size)]
    for length in range(context_size, 0, -1):
        missing = int(num_of_length[length])
        while missing:
            room = next((room for room in range(length, context_size) if rows_with_room[room]), context_size)
            lengths, num_rows = rows_with_room[room].popitem() if room < context_size else ((), missing)
            num_each = min(room // length, missing)
            num_filled = min(num_rows, missing // num_each)
            filled = (*lengths, *[length] * num_each)
            rows = rows_with_room[room - num_each * length]
            rows[filled] = rows.get(filled, 0) + num_filled
            if lengths and num_filled < num_rows:
                rows_with_room[room][lengths] = num_rows - num_filled
            missing -= num_filled * num_each
    return {lengths: num_rows for rows in rows_with_room for lengths, num_rows in rows.items()}


def count_lengths(lengths_W: Lengths, context_size: int) -> Int64Array:
    """Return the number of windows of each length from 0 to the context size [context_size + 1]."""
    return np.bincount(lengths_W, minlength=context_size + 1)


def num_rows(lengths_W: Lengths, context_size: int, packing: str) -> int:
    """Return the number of rows in an epoch for windows of these lengths."""
    if packing == "windows":
        return len(lengths_W)
    return sum(pack_lengths(count_lengths(lengths_W, context_size)).values())


class PackedOrder:
    """The packed rows of each epoch, a function of the windows' lengths, the seed and the epoch.

    Each window is in one row of an epoch.
    """

    def __init__(self, lengths_W: Lengths, context_size: int, seed: int) -> None:
        self._lengths_W, self._seed = lengths_W, seed
        plan = pack_lengths(count_lengths(lengths_W, context_size))
        self._sizes_R = np.repeat([len(pattern) for pattern in plan], list(plan.values()))
        planned_lengths_W = np.concatenate([np.tile(pattern, num_rows) for pattern, num_rows in plan.items()])
        self._planned_by_length_W = _narrow(np.argsort(planned_lengths_W, kind="stable"))
        self.num_rows = len(self._sizes_R)
        self._epoch = -1

    def rows(self, epoch: int, begin: int, end: int) -> list[Int64Array]:
        """Return the windows in each of the rows from `begin` to `end` of an epoch."""
        if epoch != self._epoch:
            self._deal(epoch)
        bounds = self._bounds[begin : end + 1].tolist()
        return [self._windows_W[first:last].astype(np.int64) for first, last in pairwise(bounds)]

    def _deal(self, epoch: int) -> None:
        num_windows = len(self._lengths_W)
        bits = random_bits(num_windows + self.num_rows, self._seed, epoch)
        dealt_W = np.empty_like(self._planned_by_length_W)
        dealt_W[self._planned_by_length_W] = np.lexsort((bits[:num_windows], self._lengths_W))
        order_R = np.argsort(bits[num_windows:], kind="stable")
        begins_R = np.cumsum(self._sizes_R) - self._sizes_R
        self._bounds = np.concatenate(([0], np.cumsum(self._sizes_R[order_R])))
        moved_R = begins_R[order_R] - self._bounds[:-1]
        self._windows_W = dealt_W[np.repeat(moved_R, self._sizes_R[order_R]) + np.arange(num_windows)]
        self._epoch = epoch


def random_bits(num: int, seed: int, epoch: int) -> NDArray[np.uint64]:
    """Return random numbers that are a function of (seed, epoch)."""
    # The raw bits of a bit generator are stable across NumPy versions; `Generator.permutation` may change.
    return np.random.PCG64(np.random.SeedSequence((seed, epoch))).random_raw(num)


def _narrow(indices: Int64Array) -> NDArray[Any]:
    """Return the indices in the smallest type that can represent them."""
    return indices.astype(np.min_scalar_type(len(indices)))


class Packer:
    """Copies per-token values of windows [W, T, ...] into packed rows [B, T, ...].

    `positions_BT` counts the positions of each window from 0.
    """

    def __init__(self, lengths_W: Int64Array, num_windows_B: Int64Array, context_size: int) -> None:
        """Each row takes the next `num_windows_B` windows, in order."""
        column_T = np.arange(context_size)
        last_B = np.cumsum(num_windows_B) - 1
        ends_W = np.cumsum(lengths_W)
        num_filled_B = np.diff(ends_W[last_B], prepend=0)
        self._is_token_WT = column_T < lengths_W[:, None]
        self._is_filled_BT = column_T < num_filled_B[:, None]
        columns_WT = np.broadcast_to(column_T, self._is_token_WT.shape)
        # Padding continues the positions of the row's last window, whose tokens do not attend to it.
        padding_BT = column_T - (num_filled_B - lengths_W[last_B])[:, None]
        self.positions_BT = np.where(self._is_filled_BT, self.pack(columns_WT, 0), padding_BT)

    def pack(self, windows_WT: Int64Array, padding: int) -> Int64Array:
        """Return the values at each position of the rows [B, T, ...], and `padding` elsewhere."""
        shape = (*self._is_filled_BT.shape, *windows_WT.shape[2:])
        rows_BT = np.full(shape, padding, dtype=np.int64)
        rows_BT[self._is_filled_BT] = windows_WT[self._is_token_WT]
        return rows_BT
