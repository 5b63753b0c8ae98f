from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schemalm.experiments.recipe import Recipe
from schemalm.experiments.results import read_results
from schemalm.experiments.runner import RunFilter, run_experiment


@pytest.mark.parametrize("engine", ["llguidance", "xgrammar"])
def test_masks_make_the_same_model_better(recipe: Recipe, tmp_path: Path, engine: str) -> None:
    pytest.importorskip(engine)
    baseline, *others = recipe.arms
    masked = replace(recipe, arms=(replace(baseline, renormalize=engine), *others))
    run_experiment(masked, tmp_path, run_filter=RunFilter(arms=["bpe"]))
    (result,) = read_results(tmp_path)
    scores = result.renormalized
    assert scores is not None
    assert (scores["num_documents"], scores["left_out"]) == (2, [])
    assert scores["plain_bits_per_byte"] == pytest.approx(result.bits_per_byte, rel=1e-5)
    assert scores["bits_per_byte"] < scores["plain_bits_per_byte"]
