"""Growing memory stops a run with figures; a failed evaluation does not lose the training."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from schemalm.errors import TrainingError
from schemalm.reference.guards import MemoryGuard, persist_then_evaluate, resident_mebibytes


def test_memory_may_grow_while_it_settles_and_by_its_share_afterwards() -> None:
    sizes: Iterator[float] = iter([*range(10, 110, 10), 120.0, 149.0, 150.0])
    guard = MemoryGuard(0.5, lambda: next(sizes))
    for step in range(1, 14):
        guard.check(step)


def test_memory_that_grows_further_is_an_error_with_the_figures() -> None:
    guard = MemoryGuard(0.2, iter([100.0] * 10 + [121.0]).__next__)
    for step in range(1, 11):
        guard.check(step)
    with pytest.raises(
        TrainingError, match="from 100 MiB after step 10 to 121 MiB after step 11, by more than the 20%"
    ):
        guard.check(11)


def test_resident_memory_is_that_of_this_process() -> None:
    before = resident_mebibytes()
    ballast = bytearray(b"1" * (64 << 20))
    assert resident_mebibytes() - before > 48
    del ballast


def test_persisting_comes_first_and_survives_a_failure() -> None:
    done: list[str] = []

    def fail() -> dict[str, float]:
        assert done == ["written"]
        raise RuntimeError("no evaluation")

    with pytest.raises(RuntimeError, match="no evaluation"):
        persist_then_evaluate(lambda: done.append("written"), fail)
    assert persist_then_evaluate(lambda: None, lambda: {"loss": 1.0}) == {"loss": 1.0}
