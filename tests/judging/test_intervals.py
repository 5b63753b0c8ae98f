"""Wilson's interval of a share."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from schemalm.judging.intervals import share_interval


@pytest.mark.parametrize(
    ("successes", "total", "expected"),
    [
        (0, 0, (0.0, 1.0)),
        (0, 10, (0.0, 0.2775)),
        (10, 10, (0.7225, 1.0)),
        (296, 300, (0.9663, 0.9948)),
        (50, 100, (0.4038, 0.5962)),
    ],
)
def test_known_intervals(successes: int, total: int, expected: tuple[float, float]) -> None:
    assert share_interval(successes, total) == pytest.approx(expected, abs=1e-4)


@given(st.integers(1, 10**9).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_the_interval_contains_the_share_and_mirrors_that_of_failures(counts: tuple[int, int]) -> None:
    successes, total = counts
    low, high = share_interval(successes, total)
    assert 0 <= low <= successes / total <= high <= 1
    assert share_interval(total - successes, total) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(("successes", "total"), [(-1, 2), (3, 2), (0, -1)])
def test_impossible_counts_are_refused(successes: int, total: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        share_interval(successes, total)
