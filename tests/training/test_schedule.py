"""The learning rate warms up linearly and falls along a cosine."""

from __future__ import annotations

import pytest

from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.schedule import learning_rate

CONFIGURATION = TrainingConfiguration(
    num_steps=110, warmup_steps=10, learning_rate=1e-3, min_learning_rate_fraction=0.1
)


@pytest.mark.parametrize(("step", "expected"), [(1, 1e-4), (5, 5e-4), (10, 1e-3), (60, 5.5e-4), (110, 1e-4)])
def test_the_rate_at_its_landmarks(step: int, expected: float) -> None:
    assert learning_rate(step, CONFIGURATION) == pytest.approx(expected)


def test_the_rate_falls_after_the_warm_up() -> None:
    rates = [learning_rate(step, CONFIGURATION) for step in range(10, 111)]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize(("num_steps", "warmup_steps"), [(1, 0), (1, 50), (5, 5), (5, 50)])
def test_runs_shorter_than_their_warm_up_have_a_rate_at_every_step(num_steps: int, warmup_steps: int) -> None:
    configuration = TrainingConfiguration(num_steps=num_steps, warmup_steps=warmup_steps)
    assert all(
        0 < learning_rate(step, configuration) <= configuration.learning_rate for step in range(1, num_steps + 1)
    )
