"""Configuration files of contenders."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from quality.configuration import Configuration, command_options
from schemalm.errors import ConfigurationError
from time_to_quality import DEFAULT


def read(tmp_path: Path, text: str) -> Configuration:
    path = tmp_path / "configuration.toml"
    path.write_text(text)
    return Configuration.read(path)


def test_the_recipe_has_the_settings_of_the_file_beside_those_of_the_benchmark(tmp_path: Path) -> None:
    recipe = tomllib.loads(read(tmp_path, '[training]\nschedule = "linear"\ncompile = false\n').recipe())
    assert recipe["training"] == {
        "model": "tiny",
        "batch_size": 8,
        "dtype": "bfloat16",
        "compile": False,
        "schedule": "linear",
        "device": "cpu",
        "log_every": 1,
        "evaluate_every": 1_000_000_000,
        "num_evaluation_documents": 1_000_000_000,
    }


def test_a_model_of_its_own_replaces_the_named_size(tmp_path: Path) -> None:
    recipe = tomllib.loads(read(tmp_path, "[model]\nnum_layers = 2\nnum_heads = 2\nmodel_width = 64\n").recipe())
    assert recipe["model"] == {"num_layers": 2, "num_heads": 2, "model_width": 64}
    assert "model" not in recipe["training"]


def test_tables_of_options_become_options_of_commands() -> None:
    options = command_options({"vocab-size": 4096, "rules": "none", "merge-keys": False})
    assert options == ["--vocab-size", "4096", "--rules", "none", "--no-merge-keys"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[training]\nnum_steps = 3\n", r"configuration.toml: \[training\] num_steps is set by the benchmark"),
        ("[prepare]\ncontext-size = 256\n", r"\[prepare\] context-size is set by the benchmark"),
        ("[trainings]\n", r"\[trainings\] is unknown: expected tokenizer, prepare, training, model"),
        ("training = 3\n", r"\[training\] is unknown"),
        ("[training", "configuration.toml: Expected ']'"),
    ],
)
def test_what_a_file_may_not_set_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, text)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "configuration.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match=r"configuration\.toml"):
        Configuration.read(path)


def test_the_default_configuration_is_readable() -> None:
    assert Configuration.read(DEFAULT).tokenizer == {"rules": "none"}
