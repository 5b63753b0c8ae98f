from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.errors import ConfigurationError
from schemalm.experiments.recipe import Recipe, read_recipe
from schemalm.experiments.runs import plan_runs

from .conftest import RECIPE

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


def read(folder: Path, old: str = "", new: str = "") -> Recipe:
    """Return the small recipe with a passage replaced."""
    assert old in RECIPE
    path = folder / "changed.toml"
    path.write_text(RECIPE.replace(old, new, 1) if old else RECIPE + new)
    return read_recipe(path)


def test_arms_have_the_recipe_s_settings_unless_they_say_otherwise(tmp_path: Path) -> None:
    changes = '[[arms]]\nname = "other"\ntokenizer = { kind = "typed", merge_scope = "value" }\nseeds = [0]\n'
    recipe = read(tmp_path, new=changes + "equal_documents = false\ntraining = { mask_loss = false }\n")
    _, typed, other = recipe.arms
    assert typed.training == {"model": "tiny", "batch_size": 4, "warmup_steps": 2}
    assert other.training == {**typed.training, "mask_loss": False}
    assert (typed.budgets, typed.seeds, typed.equal_documents) == ((600,), (0,), True)
    assert not other.equal_documents
    assert other.tokenizer.options == {**typed.tokenizer.options, "vocab_size": 8192, "merge_scope": "value"}
    configuration = other.configuration(40, 3)
    assert (configuration.num_steps, configuration.seed, configuration.mask_loss) == (40, 3, False)
    assert (configuration.evaluate_every, configuration.checkpoint_every) == (40, 10)


def test_paths_are_relative_to_the_recipe_and_can_be_replaced(tmp_path: Path, recipe_file: Path) -> None:
    assert read_recipe(recipe_file).data.train == recipe_file.parent / "train.jsonl"
    replaced = read_recipe(recipe_file, train=tmp_path)
    assert replaced.data.train == tmp_path
    assert replaced.data.validation == recipe_file.parent / "validation.jsonl"


def test_a_schema_may_be_a_file_next_to_the_recipe(tmp_path: Path) -> None:
    assert read(tmp_path).schema == "github-workflow"
    (tmp_path / "own.json").write_text("{}")
    assert read(tmp_path, '"github-workflow"', '"own.json"').schema == str(tmp_path / "own.json")


def test_arms_of_one_name_may_differ_in_the_model_and_are_compared_within_it(tmp_path: Path) -> None:
    small = "".join(
        f'[[arms]]\nname = "{name}"\ntokenizer = {{ kind = "{kind}" }}\ntraining = {{ model = "small" }}\n'
        for name, kind in (("bpe", "byte-bpe"), ("typed", "typed"))
    )
    recipe = read(tmp_path, new=small)
    baselines = [(arm.name, arm.model, recipe.baseline_of(arm).model) for arm in recipe.arms]
    assert baselines[2:] == [("bpe", "small", "small"), ("typed", "small", "small")]


def test_runs_on_equal_documents_leave_out_the_baseline_and_arms_with_its_tokenizer(tmp_path: Path) -> None:
    same = '[[arms]]\nname = "same"\ntokenizer = { kind = "byte-bpe", vocab_size = 400 }\n'
    runs = list(plan_runs(read(tmp_path, new=same)))
    assert [(run.arm.name, run.measure) for run in runs] == [
        *[(name, "compute") for name in ("bpe", "typed", "same")],
        ("typed", "documents"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "small"', "", "name is missing"),
        ('name = "small"', 'name = "../small"', "name must be 1 to 80"),
        ("equal_documents = true", 'equal_documents = "yes"', "equal_documents must be true or false"),
        ("equal_documents = true", "colour = 1", "colour is not known here"),
        ("batch_size = 4", "batch_size = 0", "batch_size must be a whole number from 1 to 65536"),
        ("batch_size = 4", "num_steps = 4", "num_steps is not a setting of training"),
        ("batch_size = 4", 'mask_loss = "yes"', "mask_loss must be bool"),
        ("batch_size = 4", 'model = "huge"', "there is no model size 'huge'"),
        ("context_size = 32", "context_size = 0", r"\[training\]: context_size must be at least 1"),
        ('kind = "typed"', 'kind = "words"', "kind must be one of typed, byte-bpe, character"),
        ("vocab_size = 1200", "colour = 1", "colour is not an option of typed"),
        ("vocab_size = 1200", 'vocab_size = "many"', "vocab_size must be int"),
        ("vocab_size = 1200", 'merge_scope = "line"', "merge_scope must be one of word, value"),
        ('baseline = "bpe"', 'baseline = "none"', "has no none with the model tiny, which is the baseline of bpe"),
        ('name = "typed"', 'name = "bpe"', "has bpe with the model tiny twice"),
        ('name = "typed"', 'name = "typed"\nseeds = [5]', r"has typed with the seeds \[5\]"),
        ('name = "typed"', 'name = "typed"\nrenormalize = "llguidance"', "renormalize requires a byte-bpe tokenizer"),
        ('name = "bpe"', 'name = "bpe"\nrenormalize = "other"', "renormalize must be one of llguidance"),
        ("equal_documents = true", 'budget_unit = "hours"', "budget_unit must be tokens or seconds, got 'hours'"),
        (
            "equal_documents = true",
            'equal_documents = true\nbudget_unit = "seconds"',
            "equal_documents requires budgets",
        ),
        (
            'name = "typed"',
            'name = "typed"\nmasks = ["none"]',
            r"masks must be a list of different masks of \['grammar'\]",
        ),
        ('name = "bpe"', 'name = "bpe"\nmasks = ["none", "none"]', "masks must be a list of different masks"),
        ("[data]", "[writing]\ncolour = 1\n[data]", "colour is not a setting of writing"),
        ("[data]", "[writing]\nnum_documents = 0\n[data]", "writing is invalid: num_samples must be"),
        ('train = "train.jsonl"', "", r"\[data\]: train is missing"),
        ("[data]", "[data", "is not TOML"),
    ],
)
def test_mistakes_are_named_with_the_file_and_the_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"changed\.toml: .*{message}"):
        read(tmp_path, old, new)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_recipe(tmp_path / "none.toml")


def test_the_recipe_of_tokens_is_one() -> None:
    recipe = read_recipe(RECIPES / "tokens.toml")
    assert {arm.tokenizer.kind for arm in recipe.arms} == {"typed", "byte-bpe"}
    assert {run.seed for run in plan_runs(recipe) if run.arm.name == "typed"} == {0, 1, 2}


def test_rules_may_be_a_file_next_to_the_recipe_or_none(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text('{"rules": 1}')
    schema = 'schema = "github-workflow"\n'
    assert read(tmp_path, schema, schema + 'rules = "own.json"\n').rules == str(tmp_path / "own.json")
    assert read(tmp_path, schema, schema + 'rules = "none"\n').rules is None


def test_in_the_recipe_against_text_models_write_under_masks_after_equal_time() -> None:
    recipe = read_recipe(RECIPES / "against-text.toml")
    assert {run.measure for run in plan_runs(recipe)} == {"time"}
    assert recipe.writing is not None
    assert recipe.writing.max_tokens == 512
    masks = {arm.name: arm.masks for arm in recipe.arms}
    assert masks["typed-echo"] == ("grammar",)
    assert masks["text-echo"] == ("none", "llguidance", "xgrammar")


def test_in_the_recipe_of_time_to_quality_the_text_model_is_told_all_the_same() -> None:
    recipe = read_recipe(RECIPES / "time-to-quality.toml")
    assert {run.measure for run in plan_runs(recipe)} == {"time"}
    configurations = {arm.name: arm.configuration(1, 0) for arm in recipe.arms}
    assert configurations["byte-bpe"] == configurations["typed"]
    assert configurations["typed"].recall
    assert configurations["typed"].boosts
