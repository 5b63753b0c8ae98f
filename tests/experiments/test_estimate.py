from __future__ import annotations

import pytest

from schemalm.experiments.estimate import Estimate


def test_one_value_has_no_interval() -> None:
    assert Estimate.of([1.5]) == Estimate(1.5, None, 1)


def test_the_interval_is_student_s() -> None:
    estimate = Estimate.of([1.0, 2.0, 3.0])
    assert estimate.mean == 2.0
    assert estimate.half_width == pytest.approx(4.303 / 3**0.5)


def test_many_values_take_the_last_quantile() -> None:
    values = [float(index % 2) for index in range(100)]
    assert Estimate.of(values).half_width == pytest.approx(2.086 * 0.050252, rel=1e-4)
