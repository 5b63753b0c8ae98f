"""Training recipes are read, errors name their location, and the recipes of the repository train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from schemalm.dataset.store import read_metadata
from schemalm.errors import ConfigurationError
from schemalm.files.toml_table import read_toml
from schemalm.training import suitable_settings
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.metrics import read_metrics
from schemalm.training.recipe import read_training_recipe

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
NAMES = ("demo", "small-512", "small-1024", "medium", "large")


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


def test_settings_are_read_with_their_types(data: Path, tmp_path: Path) -> None:
    text = 'context_size = 16\n[training]\nmodel = "small"\nnum_steps = 7\nmicro_batch_size = 2\nlearning_rate = 1\n'
    given = {"num_steps": 9, "dtype": "float32"}
    configuration = read_training_recipe(write(tmp_path, text), read_metadata(data), given)
    assert configuration == TrainingConfiguration(num_steps=9, model="small", micro_batch_size=2, learning_rate=1)


def test_the_device_decides_about_a_dtype_that_nobody_names(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suitable_settings, "suitable_dtype", {"cpu": "bfloat16"}.get)
    for line, expected in (("", "bfloat16"), ('dtype = "float32"', "float32")):
        path = write(tmp_path, f"[training]\nnum_steps = 1\n{line}\n")
        assert read_training_recipe(path, read_metadata(data), {}).dtype == expected


def test_a_resumed_run_keeps_what_its_recipe_does_not_name(data: Path, tmp_path: Path) -> None:
    path = write(tmp_path, "[training]\nnum_steps = 1\n")
    for dtype, compiles in (("float32", True), ("bfloat16", False)):
        resumed = TrainingConfiguration(num_steps=1, dtype=dtype, compile=compiles)
        found = read_training_recipe(path, read_metadata(data), {}, resumed)
        assert (found.dtype, found.compile) == (dtype, compiles)


def test_a_model_of_any_shape_is_described_by_its_fields(data: Path, tmp_path: Path) -> None:
    text = "[training]\nnum_steps = 2\n[model]\nnum_layers = 1\nnum_heads = 2\nmodel_width = 16\nlogit_soft_cap = 20\n"
    configuration = read_training_recipe(write(tmp_path, text), read_metadata(data), {"echo": False})
    model = configuration.model_configuration(read_metadata(data))
    assert (model.num_layers, model.num_key_value_heads, model.mlp_width) == (1, 2, 64)
    assert (model.logit_soft_cap, model.vocab_size, model.num_states, model.num_echoes) == (20, 64, 10, 0)
    named = read_training_recipe(write(tmp_path, text), read_metadata(data), {"model": "tiny"})
    assert named.model == "tiny"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[training", "is not TOML"),
        ("context_size = 512\n[training]\n", "has windows of 16: prepare it with --context-size 512"),
        ("[training]\nbatchsize = 2\n", "batchsize is not a setting of training; did you mean batch_size"),
        ('[training]\nbatch_size = "2"\n', "batch_size must be int, got '2'"),
        ('[training]\nmicro_batch_size = "2"\n', "micro_batch_size must be int, got '2'"),
        ("[training]\n[other]\n", "other is not known here"),
        ("name = 1\n", r"training is missing: expected a table"),
        ("[training]\n", r"\[training\] num_steps is missing"),
        ("[training]\nnum_steps = 1\n[model]\nnum_layers = 1\n", r"\[model\]: num_heads is missing"),
        (
            "[training]\nnum_steps = 1\n[model]\nnum_layers = 1\nnum_heads = 1\nmodel_width = 8\nvocab_size = 9\n",
            r"\[model\]: vocab_size is not a field of a model",
        ),
    ],
)
def test_errors_are_named_with_their_location(data: Path, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"recipe\.toml.*{message}"):
        read_training_recipe(write(tmp_path, text), read_metadata(data), {})


def test_every_recipe_of_the_repository_is_tested() -> None:
    experiments = {"tokens", "against-text", "time-to-quality"}  # their own tests read them
    assert {path.stem for path in RECIPES.glob("*.toml")} - experiments == set(NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_of_the_repository_trains_for_a_step(
    make_data: Callable[..., Path], assumed_peak: None, tmp_path: Path, name: str
) -> None:
    path = RECIPES / f"{name}.toml"
    context_size = read_toml(path).count("context_size", None)
    data = make_data(name, context_size=context_size)
    full = read_training_recipe(path, read_metadata(data), {"device": "cpu"})
    # The recipe's width with one layer: the large model would take minutes.
    model = replace(full.model_configuration(read_metadata(data)), num_layers=1)
    here = {"num_steps": 1, "batch_size": 1, "dtype": "float32", "compile": False}
    train(data, tmp_path / "run", replace(full, model=model, **here))
    assert [line["step"] for line in read_metrics(tmp_path / "run")] == [1, 1]
