from __future__ import annotations

from xml.etree import ElementTree

import pytest

from schemalm.experiments.plots import draw_experiment
from schemalm.experiments.summary import summarize

from .conftest import MakeResult


def test_one_budget_gives_dots_alone(make_result: MakeResult) -> None:
    rows = summarize([make_result(arm="bpe"), make_result()])
    assert set(draw_experiment(rows)) == {"arms-compute-1000"}


@pytest.mark.slow
def test_several_budgets_measures_and_models_give_all_plots(make_result: MakeResult) -> None:
    results = [
        make_result(arm=arm, budget=budget, seed=seed, bits_per_byte=1.5 + seed / 10)
        for arm in ("bpe", "typed", "another")
        for budget in (1000, 2000)
        for seed in (0, 1)
    ]
    results += [make_result(arm=arm, model="small", budget=2000, num_parameters=9_000_000) for arm in ("bpe", "typed")]
    results += [make_result(measure="documents", budget=budget) for budget in (1000, 2000)]
    plots = draw_experiment(summarize(results))
    assert set(plots) == {
        "bits-per-byte",
        "model-size-compute",
        *(f"{name}-{measure}" for name in ("ratio",) for measure in ("compute", "documents")),
        *(f"arms-{measure}-{budget}" for measure in ("compute", "documents") for budget in (1000, 2000)),
    }
    for svg in plots.values():
        ElementTree.fromstring(svg)
    assert "typed (small)" in plots["arms-compute-2000"]
    assert plots == draw_experiment(summarize(results))


@pytest.mark.slow
def test_many_arms_are_drawn(make_result: MakeResult) -> None:
    results = [make_result(arm=arm, budget=budget) for arm in ("bpe", *map(str, range(40))) for budget in (1000, 2000)]
    assert "ratio-compute" in draw_experiment(summarize(results))
