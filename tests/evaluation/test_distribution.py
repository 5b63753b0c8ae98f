"""Distributions summarize any numbers, and none."""

from __future__ import annotations

from schemalm.evaluation.distribution import Distribution


def test_mean_and_quantiles() -> None:
    distribution = Distribution.of(range(11))
    assert distribution.mean == 5
    assert distribution.quantile(0.1) == 1
    summary = distribution.to_dict()
    assert (summary["count"], summary["min"], summary["max"]) == (11, 0, 10)
    assert summary["quantiles"] == {"0.1": 1.0, "0.25": 2.5, "0.5": 5.0, "0.75": 7.5, "0.9": 9.0}


def test_nothing_has_no_mean() -> None:
    empty = Distribution.of(())
    assert empty.mean is None
    assert empty.quantile(0.5) is None
    assert empty.to_dict()["count"] == 0
