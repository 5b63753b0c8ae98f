from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schemalm.errors import ConfigurationError
from schemalm.experiments import llguidance_masks
from schemalm.experiments.llguidance_masks import in_canonical_order
from schemalm.experiments.recipe import Recipe
from schemalm.experiments.results import read_results
from schemalm.experiments.runner import RunFilter, run_experiment


def with_masks(recipe: Recipe) -> Recipe:
    baseline, *others = recipe.arms
    return replace(recipe, arms=(replace(baseline, renormalize="llguidance"), *others))


def test_masks_make_the_same_model_better(recipe: Recipe, tmp_path: Path) -> None:
    pytest.importorskip("llguidance")
    run_experiment(with_masks(recipe), tmp_path, run_filter=RunFilter(arms=["bpe"]))
    (result,) = read_results(tmp_path)
    scores = result.renormalized
    assert scores is not None
    assert (scores["num_documents"], scores["left_out"]) == (2, [])
    assert scores["plain_bits_per_byte"] == pytest.approx(result.bits_per_byte, rel=1e-5)
    assert scores["bits_per_byte"] < scores["plain_bits_per_byte"]


def test_without_llguidance_the_arm_says_what_to_install(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llguidance_masks, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"install schemalm\[compare\]"):
        run_experiment(with_masks(recipe), tmp_path)


def test_properties_have_the_order_of_the_smallest_set_that_has_them() -> None:
    orders = {frozenset(order): tuple(order) for order in ("cab", "abcd")}
    schema = {"anyOf": [{"properties": {"a": {}, "c": {}}}, {"properties": {"z": {}, "a": {}}}]}
    first, second = in_canonical_order(schema, orders)["anyOf"]
    assert list(first["properties"]) == ["c", "a"]
    assert list(second["properties"]) == ["z", "a"]
