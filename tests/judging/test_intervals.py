"""Wilson's interval of a share, and the interval of one share divided by another."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from schemalm.judging.intervals import ratio_interval, share_interval

COUNTS = st.integers(1, 10**6).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


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


@given(COUNTS, COUNTS)
def test_the_interval_of_a_ratio_contains_the_ratio(share: tuple[int, int], other: tuple[int, int]) -> None:
    found = ratio_interval(share, other)
    if not other[0]:
        assert found is None
        return
    assert found is not None
    ratio = (share[0] / share[1]) / (other[0] / other[1])
    assert 0 <= found[0] <= ratio * (1 + 1e-9)
    assert ratio <= found[1] * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize(("share", "other"), [((0, 0), (5, 10)), ((5, 10), (0, 0)), ((5, 10), (0, 10))])
def test_a_ratio_without_counts_or_to_nothing_has_no_interval(share: tuple[int, int], other: tuple[int, int]) -> None:
    assert ratio_interval(share, other) is None


def test_ratios_of_all_and_none_have_intervals() -> None:
    none, everything = ratio_interval((0, 50), (45, 50)), ratio_interval((50, 50), (50, 50))
    assert none is not None
    assert everything is not None
    assert f"{none[0]}" == "0.0"
    assert 0.05 < none[1] < 0.1
    assert 0.92 < everything[0] < 1 < everything[1] < 1.08


def test_a_share_that_is_known_well_gives_nearly_the_interval_of_the_other() -> None:
    found = ratio_interval((80, 100), (10**9, 10**9))
    assert found == pytest.approx(share_interval(80, 100), abs=1e-4)


@pytest.mark.parametrize(
    ("share", "total", "other", "other_total"),
    [(0.9, 200, 0.92, 300), (0.97, 200, 0.99, 300), (0.5, 40, 0.9, 300), (0.1, 200, 0.2, 100), (0.95, 32, 0.95, 60)],
)
def test_the_interval_of_a_ratio_covers_it_95_times_in_100(
    share: float, total: int, other: float, other_total: int
) -> None:
    generator = np.random.default_rng(0)
    drawn = zip(generator.binomial(total, share, 4000), generator.binomial(other_total, other, 4000), strict=True)
    found = [ratio_interval((int(a), total), (int(b), other_total)) for a, b in drawn]
    covered = [low <= share / other <= high for low, high in filter(None, found)]
    assert 0.935 < np.mean(covered) < 0.98
