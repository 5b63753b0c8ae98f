"""The commands that give a report again: complete, and safe to copy into a shell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from schemalm.cli.application import app
from schemalm.evaluation.evaluate import Evaluation
from schemalm.evaluation.report.commands import COMMAND_OPTIONS, commands, flattened
from schemalm.training.configuration import TrainingConfiguration

HOSTILE = "a'; touch /tmp/x #\n```\n| x |\u202e\u200b$(id)`id`"
Commands = Callable[..., list[str]]


@pytest.fixture
def lines(run_folder: Path, evaluation: Evaluation, tmp_path: Path) -> Commands:
    """The commands with some settings of the training changed."""
    configuration = json.loads((run_folder / "config.json").read_bytes())

    def make(data: str = "/some/data", **changes: Any) -> list[str]:
        training = configuration["training"] | {"model": "tiny", "batch_size": 8} | changes
        changed = {**configuration, "training": training, "environment": {"data": data}}
        return commands(changed, evaluation, tmp_path / "a run")

    return make


def test_the_settings_of_the_sampling_are_those_of_the_report(
    run_folder: Path, evaluation: Evaluation, tmp_path: Path
) -> None:
    sampling = replace(evaluation.sampling, temperature=1.25, min_p=0.1)
    configuration = json.loads((run_folder / "config.json").read_bytes())
    *_, command = commands(configuration, replace(evaluation, sampling=sampling), tmp_path / "run")
    assert command == "schemalm evaluate run --samples 8 --temperature 1.25 --min-p 0.1"


def test_what_differs_from_the_defaults_is_named(lines: Commands) -> None:
    assert lines(seed=7, mask_loss=False, warmup_steps=1, weight_decay=0.2) == [
        "# only from Python: model=tiny, weight_decay=0.2",
        "schemalm train --data data --model tiny --out 'a run' --steps 4 --warmup-steps 1 --seed 7 --no-mask-loss "
        "--log-every 1 --evaluate-every 2",
        "schemalm evaluate 'a run' --samples 8",
    ]


def test_every_option_of_training_is_known() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    flags = {flag for parameter in group.commands["train"].params for flag in parameter.opts}
    settings = {field.name for field in fields(TrainingConfiguration)} - {"model"}
    assert {*COMMAND_OPTIONS} == {name for name in settings if f"--{name.replace('_', '-')}" in flags}


def test_a_value_stays_one_word_of_a_shell_command(lines: Commands) -> None:
    found = lines(f"/data/{HOSTILE.replace('/', '_')}", model=HOSTILE, optimizer=HOSTILE, dtype="-x; id", beta1=0.5)
    assert [line.split(" ")[0] for line in found] == ["#", "schemalm", "schemalm"]
    assert not {"\n", "\u202e", "\u200b"} & {*"".join(found)}
    shell = ["bash", "-c", f"printf '%s\\0' {found[1]}"]
    words = subprocess.run(shell, capture_output=True, check=True).stdout.decode().split("\0")
    assert words[words.index("--model") + 1] == HOSTILE
    assert words[words.index("--dtype") + 1] == "-x; id"


def test_a_configuration_is_flat_and_visible() -> None:
    content = {"a": {"b": 1, "c\u202e": {"d": None}}, "e": "x"}
    assert [*flattened(content)][::2] == [("a.b", "1"), ("e", "x")]
    assert "\u202e" not in [*flattened(content)][1][0]
