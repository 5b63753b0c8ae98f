"""The learning rate warms up linearly and falls along a cosine or a line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.schedule import share_of_peak

CONFIGURATION = TrainingConfiguration(num_steps=110, warmup_steps=10, schedule="cosine", min_learning_rate_fraction=0.1)


@pytest.mark.parametrize(("step", "expected"), [(1, 0.1), (5, 0.5), (10, 1.0), (60, 0.55), (110, 0.1)])
def test_the_rate_at_its_landmarks(step: int, expected: float) -> None:
    assert share_of_peak(step, CONFIGURATION) == pytest.approx(expected)


@pytest.mark.parametrize(("step", "expected"), [(5, 0.5), (10, 1.0), (60, 1.0), (70, 1.0), (90, 0.55), (110, 0.1)])
def test_a_linear_warm_down_stays_at_the_peak_before_it(step: int, expected: float) -> None:
    configuration = replace(CONFIGURATION, schedule="linear", warmdown_fraction=0.4)
    assert share_of_peak(step, configuration) == pytest.approx(expected)


def test_without_warm_down_the_rate_stays_at_its_peak() -> None:
    configuration = replace(CONFIGURATION, schedule="linear", warmdown_fraction=0.0)
    assert [share_of_peak(step, configuration) for step in (10, 60, 110)] == [1.0, 1.0, 1.0]


def test_the_rate_falls_after_the_warm_up() -> None:
    rates = [share_of_peak(step, CONFIGURATION) for step in range(10, 111)]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize(("num_steps", "warmup_steps"), [(1, 0), (1, 50), (5, 5), (5, 50)])
def test_runs_shorter_than_their_warm_up_have_a_rate_at_every_step(num_steps: int, warmup_steps: int) -> None:
    configuration = TrainingConfiguration(num_steps=num_steps, warmup_steps=warmup_steps)
    assert all(0 < share_of_peak(step, configuration) <= 1 for step in range(1, num_steps + 1))
