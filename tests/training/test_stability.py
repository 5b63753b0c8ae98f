"""A loss that is not finite, or that has risen far, stops a run; a single bad batch does not."""

from __future__ import annotations

import math

import pytest

from schemalm.training.stability import instability, smoothed


def run(losses: list[float], max_rise: float = 2.0) -> int | None:
    """Return the index of the loss that stops a run, or None."""
    average, lowest = None, math.inf
    for index, loss in enumerate(losses):
        average = smoothed(average, loss)
        lowest = min(lowest, average)
        if instability(loss, 1.0, average, lowest, max_rise) is not None:
            return index
    return None


@pytest.mark.parametrize(("loss", "norm"), [(math.nan, 1.0), (math.inf, 1.0), (2.0, math.nan), (2.0, math.inf)])
def test_a_loss_that_is_not_finite_stops_at_once(loss: float, norm: float) -> None:
    fault = instability(loss, norm, 2.0, 2.0, 2.0)
    assert fault is not None
    assert str(loss) in fault


def test_a_lasting_rise_stops_with_its_size() -> None:
    assert run([9.0] * 3 + [2.0] * 100 + [9.0] * 20) == 103 + 6
    fault = instability(9.0, 1.0, 4.5, 2.0, 2.0)
    assert fault == "the loss is 9.000, and smoothed 4.500, more than max_loss_rise = 2.0 above its lowest value 2.000"


def test_single_bad_batches_and_slow_learning_do_not_stop() -> None:
    assert run([9.0] * 50 + [2.0, 2.0, 9.0, 2.0, 2.0] * 20) is None
