"""The key of a run's result does not change when settings are added."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from schemalm.experiments.recipe import read_recipe
from schemalm.experiments.runs import plan_runs

RECIPE = """
name = "small"
schema = "github-workflow"
baseline = "bpe"
seeds = [0]
budgets = [600]

[data]
train = "train.jsonl"
validation = "validation.jsonl"

[training]
batch_size = 4
TRAINING

[[arms]]
name = "bpe"
tokenizer = { kind = "byte-bpe", vocab_size = 400 }
"""


# What earlier versions did by default.
EARLIER = """\
packing = "windows"
recall = false
boosts = false
schedule = "cosine"
min_learning_rate_fraction = 0.1
warmup_steps = 50
"""


def keys(folder: Path, training: str) -> list[str]:
    (folder / "recipe.toml").write_text(RECIPE.replace("TRAINING", training))
    recipe = read_recipe(folder / "recipe.toml")
    (planned,) = plan_runs(recipe)
    return planned.keys(recipe, SimpleNamespace(digest="d"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("training", "known"),
    [
        # The keys of earlier versions for the same recipe: before packing, recall and boosts, and before Muon.
        (EARLIER, "889bb2f0fbc8"),
        (EARLIER + 'optimizer = "adamw"', "092e5868f374"),
    ],
)
def test_results_of_earlier_versions_are_found_by_their_keys(tmp_path: Path, training: str, known: str) -> None:
    assert known in keys(tmp_path, training)


def test_other_settings_are_other_runs(tmp_path: Path) -> None:
    found = [
        keys(tmp_path, training)[0]
        for training in ('packing = "windows"', 'packing = "documents"', 'packing = "windows"\nschedule = "cosine"')
    ]
    assert len(set(found)) == 3
