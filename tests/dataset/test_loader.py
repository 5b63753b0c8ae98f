"""Loaders return each window once per epoch and the same batches for any number of processes, and resume exactly."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from schemalm.dataset.loader import CPU, Loader, LoaderState, Rows, batches_once, read_rows, rows_once
from schemalm.dataset.packing import PACKINGS
from schemalm.dataset.windows import Windows, scoring_windows
from schemalm.errors import ConfigurationError, DataError
from schemalm.model.inputs import IGNORED_TARGET

from .test_windows import make_split

PAD, CONTEXT_SIZE, STRIDE = 0, 12, 6
LENGTHS = tuple(np.random.default_rng(0).integers(1, 40, size=50).tolist())


@cache
def make_windows(lengths: tuple[int, ...] = LENGTHS) -> Windows:
    return Windows(make_split(lengths), CONTEXT_SIZE, STRIDE, PAD)


def make_loader(batch_size: int = 5, **options: Any) -> Loader:
    return Loader(make_windows(), batch_size, **options)


def drawn(loader: Loader, num_batches: int) -> list[Rows]:
    return [rows for _ in range(num_batches) for rows in next(loader)]


def are_equal(one: Rows, other: Rows) -> bool:
    pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(Rows)]
    return all(torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b for a, b in pairs)


def tokens_of(rows: Rows) -> list[int]:
    """The targets, which identify their windows; windows overlap, so some occur twice."""
    return rows.targets_BT[rows.targets_BT != IGNORED_TARGET].tolist()


@pytest.mark.parametrize("packing", PACKINGS)
def test_each_epoch_has_each_window_once(packing: str) -> None:
    windows = make_windows()
    expected = windows.rows(np.arange(len(windows))).targets_BT
    loader = Loader(windows, 1, packing=packing)
    for epoch in range(2):
        found: list[int] = []
        while loader.state.epoch == epoch:
            found += tokens_of(next(loader)[0])
        assert sorted(found) == sorted(expected[expected != IGNORED_TARGET].tolist())


@pytest.mark.slow
@pytest.mark.parametrize("packing", PACKINGS)
@given(num_drawn=st.integers(0, 30), batch_size=st.integers(1, 60))
def test_a_loader_resumes_to_the_exact_next_batch(packing: str, num_drawn: int, batch_size: int) -> None:
    loader = make_loader(batch_size, seed=7, packing=packing)
    drawn(loader, num_drawn)
    resumed = make_loader(batch_size, seed=7, packing=packing, state=replace(loader.state))
    for one, other in zip(drawn(loader, 4), drawn(resumed, 4), strict=True):
        assert are_equal(one, other)
    assert loader.state == resumed.state


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize(("num_processes", "micro_batch_size"), [(1, None), (2, None), (3, 1), (5, 2), (1, 2)])
def test_any_number_of_processes_share_the_same_batches(
    packing: str, num_processes: int, micro_batch_size: int | None
) -> None:
    whole = make_loader(7, packing=packing)
    loaders = [
        make_loader(7, packing=packing, rank=rank, num_processes=num_processes, micro_batch_size=micro_batch_size)
        for rank in range(num_processes)
    ]
    for _ in range(12):
        (expected,) = next(whole)
        for rank, loader in enumerate(loaders):
            batches = next(loader)
            assert all(len(rows.inputs_BT) <= (micro_batch_size or 7) for rows in batches)
            for name in ("inputs_BT", "targets_BT", "nonterminals_BT", "states_BT2", "echoes_BTE", "positions_BT"):
                parts, all_of = [getattr(rows, name) for rows in batches], getattr(expected, name)
                if all_of is None:
                    assert parts == [None] * len(parts)
                else:
                    assert torch.equal(torch.cat(parts), all_of[rank::num_processes])
            assert sum(rows.num_targets for rows in batches) == len(
                [token for rows in batches for token in tokens_of(rows)]
            )
            assert loader.state == whole.state
            assert loader.documents() == whole.documents()


def test_the_order_of_windows_is_pinned() -> None:
    bits = np.random.PCG64(np.random.SeedSequence((3, 1))).random_raw(len(make_windows()))
    (rows,) = next(make_loader(5, seed=3, state=LoaderState(1, 10)))
    expected = make_windows().rows(np.argsort(bits, kind="stable")[10:15])
    assert rows.inputs_BT.tolist() == expected.tokens_BT[:, :-1].tolist()
    assert rows.positions_BT is None


@pytest.mark.slow
def test_a_packed_row_concatenates_its_windows() -> None:
    windows, loader = make_windows(), make_loader(1, packing="documents")
    known = windows.rows(np.arange(len(windows)))
    lengths = windows.lengths(np.arange(len(windows)))
    window_of = {int(known.targets_BT[i, 0]): i for i in range(len(windows))}
    for _ in range(1000):
        (rows,) = next(loader)
        assert rows.positions_BT is not None
        (begins,) = (rows.positions_BT[0] == 0).nonzero(as_tuple=True)
        filled = 0
        for begin in begins.tolist():
            window = window_of[int(rows.targets_BT[0, begin])]
            length = int(lengths[window])
            places = slice(begin, begin + length)
            assert rows.inputs_BT[0, places].tolist() == known.tokens_BT[window, :length].tolist()
            assert rows.targets_BT[0, places].tolist() == known.targets_BT[window, :length].tolist()
            for packed, apart in (
                (rows.nonterminals_BT, known.nonterminals_BT),
                (rows.states_BT2, known.states_BT2),
                (rows.echoes_BTE, known.echoes_BTE),
            ):
                assert packed is not None
                assert apart is not None
                assert packed[0, places].tolist() == apart[window, :length].tolist()
            filled = begin + length
        assert (rows.targets_BT[0, filled:] == IGNORED_TARGET).all()
        assert (rows.inputs_BT[0, filled:] == PAD).all()


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("batch_size", [1, 4, 1000])
def test_scoring_reads_each_token_once(packing: str, batch_size: int) -> None:
    windows = scoring_windows(make_split(LENGTHS), CONTEXT_SIZE, STRIDE, PAD)
    tokens = [token for rows in rows_once(windows, batch_size, packing) for token in tokens_of(rows)]
    assert sorted(tokens) == list(range(1, sum(LENGTHS) + 1))


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_targets_of_a_batch_stand_in_the_order_of_its_windows(packing: str) -> None:
    windows = scoring_windows(make_split(LENGTHS), CONTEXT_SIZE, STRIDE, PAD)
    for batch in batches_once(windows, 4, packing):
        targets_BT = read_rows(windows, batch, packing).targets_BT
        expected = windows.targets(np.concatenate(batch)) + 1
        assert targets_BT[targets_BT != IGNORED_TARGET].tolist() == expected.tolist()


def test_data_without_a_grammar_is_packed_too() -> None:
    windows = Windows(make_split(LENGTHS, with_grammar=False), CONTEXT_SIZE, STRIDE, PAD)
    (rows,) = next(Loader(windows, 3, packing="documents"))
    assert rows.nonterminals_BT is None
    assert rows.states_BT2 is None


@pytest.mark.parametrize("packing", PACKINGS)
def test_loading_ahead_in_a_thread_changes_neither_batches_nor_states(packing: str) -> None:
    # Tensors of this device have no content, but they are loaded in a thread, as for a GPU.
    ahead = make_loader(8, packing=packing, device=torch.device("meta"))
    plain = make_loader(8, packing=packing, device=CPU)
    for _ in range(10):
        (found,), (expected,) = next(ahead), next(plain)
        assert found.inputs_BT.shape == expected.inputs_BT.shape
        assert found.num_targets == expected.num_targets
        assert ahead.state == plain.state
        assert ahead.documents() == plain.documents()
    ahead.close()


def test_what_cannot_be_loaded_is_refused() -> None:
    with pytest.raises(DataError, match="no documents"):
        Loader(make_windows(()), 4)
    with pytest.raises(ConfigurationError, match="less than one row for each of 3 processes"):
        make_loader(2, num_processes=3)
    with pytest.raises(ConfigurationError, match="packing must be one of windows, documents, got 'rows'"):
        make_loader(2, packing="rows")
