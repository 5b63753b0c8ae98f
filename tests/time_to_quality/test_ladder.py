"""The search for a mark with runs of planned lengths."""

from __future__ import annotations

import pytest

from quality.ladder import Point, next_steps, seconds_to


def runs(*scores: tuple[int, float]) -> list[Point]:
    """Runs of so many steps, at two seconds a step, and their scores."""
    return [Point(steps, 2.0 * steps, score) for steps, score in scores]


def test_the_first_run_has_the_first_length() -> None:
    assert next_steps([], 1.0, 250, 3600) == 250


def test_lengths_double_until_a_run_reaches_the_mark() -> None:
    assert next_steps(runs((250, 1.4)), 1.0, 250, 3600) == 500
    assert next_steps(runs((250, 1.4), (500, 1.2)), 1.0, 250, 3600) == 1000


def test_lengths_halve_while_the_shortest_run_reaches_the_mark() -> None:
    assert next_steps(runs((250, 0.9)), 1.0, 250, 3600) == 125
    assert next_steps(runs((1, 0.9)), 1.0, 250, 3600) is None


def test_two_runs_around_the_mark_are_enough() -> None:
    assert next_steps(runs((250, 1.4), (500, 1.0)), 1.0, 250, 3600) is None


def test_the_last_run_fits_the_limit() -> None:
    assert next_steps(runs((1000, 1.4)), 1.0, 250, 3600) == 1800
    assert next_steps(runs((1000, 1.4), (1800, 1.3)), 1.0, 250, 3600) is None


@pytest.mark.parametrize("exponent", [-0.1, -0.3])
def test_the_search_finds_the_seconds_of_a_smooth_curve(exponent: float) -> None:
    points: list[Point] = []
    while (steps := next_steps(points, 1.0, 250, 1e6)) is not None:
        points.append(Point(steps, 2.0 * steps, (steps / 777) ** exponent))
    assert seconds_to(1.0, points) == pytest.approx(2 * 777, rel=0.005)


def test_a_mark_that_no_run_reached_has_no_seconds() -> None:
    assert seconds_to(1.0, runs((250, 1.4), (500, 1.1))) is None


def test_a_mark_that_every_run_reached_has_no_seconds() -> None:
    assert seconds_to(1.0, runs((250, 0.9), (500, 0.8))) is None


def test_the_shortest_run_that_reaches_the_mark_counts_though_a_longer_one_is_worse() -> None:
    assert seconds_to(1.0, runs((250, 1.1), (500, 1.0), (1000, 1.05), (2000, 0.9))) == pytest.approx(1000)
