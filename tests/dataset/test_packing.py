"""Packed rows contain every window once, are nearly full, and depend only on seed and epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.dataset.echo import Int64Array
from schemalm.dataset.packing import PackedOrder, Packer, count_lengths, num_rows, pack_lengths

CONTEXT_SIZE = 24
some_lengths = st.lists(st.integers(1, CONTEXT_SIZE), min_size=1, max_size=60).map(
    lambda lengths: np.array(lengths, dtype=np.uint8)
)


def log_normal_lengths(num_windows: int, context_size: int) -> Int64Array:
    """Lengths like those of documents: many short ones, and full windows of long ones."""
    drawn = np.random.default_rng(0).lognormal(5.5, 1.0, size=num_windows).astype(np.int64)
    return np.clip(drawn, 1, context_size)


@given(some_lengths)
def test_each_window_is_in_one_row_and_no_row_is_too_long(lengths: Int64Array) -> None:
    plan = pack_lengths(count_lengths(lengths, CONTEXT_SIZE))
    planned = [length for pattern, num_rows in plan.items() for length in pattern * num_rows]
    assert sorted(planned) == sorted(lengths.tolist())
    assert all(sum(pattern) <= CONTEXT_SIZE for pattern in plan)
    assert all(num_rows > 0 for num_rows in plan.values())


@given(some_lengths)
def test_no_two_rows_would_fit_into_one(lengths: Int64Array) -> None:
    plan = pack_lengths(count_lengths(lengths, CONTEXT_SIZE))
    filled = sorted(sum(pattern) for pattern, num_rows in plan.items() for _ in range(num_rows))
    assert len(filled) < 2 or filled[0] + filled[1] > CONTEXT_SIZE


@pytest.mark.parametrize("context_size", [512, 2048])
def test_rows_are_nearly_full_for_the_lengths_of_documents(context_size: int) -> None:
    lengths = log_normal_lengths(5_000, context_size)
    packed, apart = (num_rows(lengths, context_size, packing) for packing in ("documents", "windows"))
    assert apart == 5_000
    assert 1 - lengths.sum() / (packed * context_size) < 0.005


def test_more_windows_of_the_same_lengths_have_the_same_plan() -> None:
    counts = count_lengths(log_normal_lengths(2_000, 512), 512)
    plan, many = pack_lengths(counts), pack_lengths(counts * 1_000_000)
    assert sum(many.values()) <= 1_000_000 * sum(plan.values())
    assert sum(sum(pattern) * num_rows for pattern, num_rows in many.items()) == 1_000_000 * sum(
        sum(pattern) * num_rows for pattern, num_rows in plan.items()
    )


@given(some_lengths, st.integers(0, 3), st.integers(0, 3))
def test_each_epoch_has_each_window_once_and_is_reproducible(lengths: Int64Array, seed: int, epoch: int) -> None:
    order = PackedOrder(lengths, CONTEXT_SIZE, seed)
    rows = order.rows(epoch, 0, order.num_rows)
    assert order.num_rows == num_rows(lengths, CONTEXT_SIZE, "documents")
    assert sorted(np.concatenate(rows).tolist()) == list(range(len(lengths)))
    assert all(lengths[row].sum() <= CONTEXT_SIZE for row in rows)
    again = PackedOrder(lengths, CONTEXT_SIZE, seed)
    again.rows(epoch + 1, 0, 1)
    middle = order.num_rows // 2
    parts = [*again.rows(epoch, 0, middle), *again.rows(epoch, middle, order.num_rows)]
    assert [row.tolist() for row in parts] == [row.tolist() for row in rows]


def test_epochs_and_seeds_have_different_orders() -> None:
    lengths = log_normal_lengths(200, 512)
    rows = {
        tuple(tuple(row) for row in PackedOrder(lengths, 512, seed).rows(epoch, 0, 50))
        for seed in range(3)
        for epoch in range(3)
    }
    assert len(rows) == 9


@given(some_lengths, st.integers(0, 3))
def test_rows_equal_those_put_together_one_by_one(lengths: Int64Array, seed: int) -> None:
    order = PackedOrder(lengths, CONTEXT_SIZE, seed)
    rows = order.rows(0, 0, order.num_rows)
    told = np.arange(len(lengths) * CONTEXT_SIZE * 2).reshape(len(lengths), CONTEXT_SIZE, 2)
    windows = np.concatenate(rows)
    packer = Packer(lengths[windows].astype(np.int64), np.array([len(row) for row in rows]), CONTEXT_SIZE)
    packed = packer.pack(told[windows], -5)
    for index, row in enumerate(rows):
        expected = np.concatenate([told[window, : lengths[window]] for window in row])
        positions = np.concatenate([np.arange(lengths[window]) for window in row])
        assert (packed[index, : len(expected)] == expected).all()
        assert (packed[index, len(expected) :] == -5).all()
        assert (packer.positions_BT[index, : len(expected)] == positions).all()
        padding = packer.positions_BT[index, len(expected) :]
        assert padding.tolist() == list(range(positions[-1] + 1, positions[-1] + 1 + len(padding)))
        assert packer.positions_BT.max() < CONTEXT_SIZE
