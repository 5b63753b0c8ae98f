"""Training learns, is reproducible, resumes correctly and refuses to mix two runs."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from schemalm.dataset.packing import PACKINGS
from schemalm.errors import CheckpointError, DataError, TrainingError
from schemalm.training import loop
from schemalm.training.checkpoint import checkpoint_folder, checkpoint_steps
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import RunSummary, train
from schemalm.training.metrics import MEASURED_FIELDS, read_metrics, validation_losses
from schemalm.training.progress import Progress, StepReport
from schemalm.training.run import load_checkpoint, read_config, run_lock

from .models import SMALL_MODEL

pytestmark = pytest.mark.usefixtures("assumed_peak")

CONFIGURATION = TrainingConfiguration(
    num_steps=40,
    model=SMALL_MODEL,
    batch_size=4,
    packing="windows",
    learning_rate=1e-2,
    warmup_steps=5,
    log_every=3,
    evaluate_every=20,
    checkpoint_every=10,
    keep_checkpoints=2,
)


class Listener(Progress):
    """Records events."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


class KilledError(Exception):
    """Raised instead of a kill."""


class Interrupter(Progress):
    """Ends the run once `step` is done, before it is logged or saved."""

    def __init__(self, step: int) -> None:
        self._step = step

    def advance(self, report: StepReport) -> None:
        if report.step == self._step:
            raise KilledError


def metrics_without_clock(run: Path) -> list[dict[str, Any]]:
    return [{key: line[key] for key in line.keys() - MEASURED_FIELDS} for line in read_metrics(run)]


@pytest.fixture(scope="module")
def runs(original_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs that tests copy."""
    folder = tmp_path_factory.mktemp("runs")
    train(original_data, folder / "whole", CONFIGURATION)
    with pytest.raises(KilledError):
        train(original_data, folder / "interrupted", CONFIGURATION, report=Interrupter(35))
    return folder


@pytest.fixture
def interrupted(runs: Path, tmp_path: Path) -> Path:
    """A run that was interrupted at step 35, with checkpoints of 20 and 30."""
    run = shutil.copytree(runs / "interrupted", tmp_path / "run")
    assert checkpoint_steps(run) == [20, 30]
    return run


@pytest.fixture
def whole(runs: Path, tmp_path: Path) -> Path:
    """The same run, uninterrupted."""
    return shutil.copytree(runs / "whole", tmp_path / "whole")


def test_a_run_folder_holds_what_the_contract_lists(data: Path, whole: Path) -> None:
    assert (whole / "tokenizer.json").read_bytes() == (data / "tokenizer.json").read_bytes()
    assert {path.name for path in checkpoint_folder(whole, 40).iterdir()} == {
        "model.safetensors",
        "optimizer.safetensors",
        "training.json",
        "manifest.json",
    }
    config = read_config(whole)
    assert config["model"]["num_states"] == 10
    assert config["training"]["seed"] == 0
    assert config["data_sha256"] == hashlib.sha256((data / "metadata.json").read_bytes()).hexdigest()
    assert [line["step"] for line in read_metrics(whole) if line["kind"] == "train"] == [*range(3, 40, 3), 40]
    assert [line["step"] for line in read_metrics(whole) if line["kind"] == "validation"] == [20, 40]


def test_training_learns_and_returns_a_summary(data: Path, tmp_path: Path) -> None:
    summary = train(data, tmp_path / "run", replace(CONFIGURATION, num_steps=120))
    first, last = read_metrics(tmp_path / "run")[0], read_metrics(tmp_path / "run")[-1]
    assert isinstance(summary, RunSummary)
    assert summary.validation_loss == last["loss"] < 0.9 * first["loss"]
    assert summary.bits_per_byte == pytest.approx(
        last["loss"] * last["num_tokens"] / math.log(2) / last["num_bytes"], rel=1e-6
    )
    assert last["num_bytes"] == 3 * last["num_tokens"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"grammar_state": False},
        {"mask_loss": False},
        {"dtype": "bfloat16"},
        {"optimizer": "adamw"},
        {"schedule": "linear"},
        {"activation_checkpointing": True},
        {"packing": "documents"},
        {"packing": "documents", "dtype": "bfloat16"},
        {"dropout": 0.2},
    ],
)
def test_every_switch_trains(data: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    model = replace(SMALL_MODEL, num_states=0) if "grammar_state" in settings else SMALL_MODEL
    model = replace(model, dropout=settings.pop("dropout", 0.0))
    summary = train(data, tmp_path / "run", replace(CONFIGURATION, model=model, num_steps=5, **settings))
    assert math.isfinite(summary.validation_loss)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{"micro_batch_size": 1}, {"micro_batch_size": 3}, {"activation_checkpointing": True}]
)
@pytest.mark.parametrize("packing", PACKINGS)
def test_how_a_step_is_computed_changes_nothing_but_last_digits(
    data: Path, tmp_path: Path, settings: dict[str, Any], packing: str
) -> None:
    configuration = replace(CONFIGURATION, packing=packing, num_steps=12)
    train(data, tmp_path / "whole", configuration)
    train(data, tmp_path / "run", replace(configuration, **settings))
    losses, expected = ([line["loss"] for line in read_metrics(tmp_path / name)] for name in ("run", "whole"))
    assert losses == pytest.approx(expected, abs=1e-3)


def test_a_run_resumes_with_other_execution_fields(data: Path, interrupted: Path, whole: Path) -> None:
    summary = train(data, interrupted, replace(CONFIGURATION, micro_batch_size=2), resume="auto")
    assert summary.validation_loss == pytest.approx(validation_losses(read_metrics(whole))[40], abs=1e-3)


def test_data_without_a_grammar_trains(make_data: Callable[..., Path], tmp_path: Path) -> None:
    data = make_data("text", with_grammar=False)
    summary = train(data, tmp_path / "run", replace(CONFIGURATION, model=replace(SMALL_MODEL, num_states=0)))
    assert math.isfinite(summary.validation_loss)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_run_and_another_seed_another(data: Path, whole: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "again", CONFIGURATION)
    train(data, tmp_path / "other", replace(CONFIGURATION, seed=1))
    assert metrics_without_clock(tmp_path / "again") == metrics_without_clock(whole)
    assert metrics_without_clock(tmp_path / "other") != metrics_without_clock(whole)


@pytest.mark.parametrize("resume", ["auto", 20, "30"])
def test_a_resumed_run_equals_an_uninterrupted_one(
    data: Path, interrupted: Path, whole: Path, resume: str | int
) -> None:
    train(data, interrupted, CONFIGURATION, resume=resume)
    assert metrics_without_clock(interrupted) == metrics_without_clock(whole)
    weights, expected = load_checkpoint(interrupted)[0].state_dict(), load_checkpoint(whole)[0].state_dict()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


@pytest.mark.slow
@pytest.mark.parametrize("dropout", [0.0, 0.2])
@pytest.mark.parametrize("settings", [{"packing": "documents"}, {"packing": "documents", "micro_batch_size": 3}, {}])
def test_packed_rows_and_dropout_are_the_same_in_a_resumed_run(
    data: Path, tmp_path: Path, dropout: float, settings: dict[str, Any]
) -> None:
    configuration = replace(CONFIGURATION, model=replace(SMALL_MODEL, dropout=dropout), num_steps=20, **settings)
    train(data, tmp_path / "whole", configuration)
    with pytest.raises(KilledError):
        train(data, tmp_path / "run", configuration, report=Interrupter(14))
    train(data, tmp_path / "run", configuration, resume="auto")
    assert metrics_without_clock(tmp_path / "run") == metrics_without_clock(tmp_path / "whole")
    weights, expected = (load_checkpoint(tmp_path / name)[0].state_dict() for name in ("run", "whole"))
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_a_run_from_before_packing_resumes_with_windows(data: Path, interrupted: Path, whole: Path) -> None:
    config = json.loads((interrupted / "config.json").read_bytes())
    del config["training"]["packing"], config["model"]["dropout"]
    (interrupted / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"training\.packing was windows, now documents"):
        train(data, interrupted, replace(CONFIGURATION, packing="documents"), resume="auto")
    train(data, interrupted, CONFIGURATION, resume="auto")
    assert metrics_without_clock(interrupted) == metrics_without_clock(whole)


def test_a_run_interrupted_before_its_first_checkpoint_starts_again(data: Path, whole: Path, tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        train(data, tmp_path / "run", CONFIGURATION, report=Interrupter(5))
    (tmp_path / "run" / ".config.json.torn").touch()
    train(data, tmp_path / "run", CONFIGURATION, resume="auto")
    assert metrics_without_clock(tmp_path / "run") == metrics_without_clock(whole)
    assert not (tmp_path / "run" / ".config.json.torn").exists()


def test_a_run_killed_between_saving_and_evaluating_evaluates_when_resumed(
    data: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(loop, "score_documents", fail)
        train(data, tmp_path / "run", CONFIGURATION)
    assert checkpoint_steps(tmp_path / "run") == [10, 20]
    train(data, tmp_path / "run", CONFIGURATION, resume="auto")
    assert metrics_without_clock(tmp_path / "run") == metrics_without_clock(whole)


def test_a_finished_run_resumes_to_its_own_end(data: Path, whole: Path) -> None:
    before = metrics_without_clock(whole)
    summary = train(data, whole, CONFIGURATION, resume="auto")
    assert summary.num_steps == 40
    assert metrics_without_clock(whole) == before


@pytest.mark.parametrize("name", ["model.safetensors", "manifest.json"])
def test_a_damaged_newest_checkpoint_is_reported_and_skipped(
    data: Path, interrupted: Path, whole: Path, name: str
) -> None:
    path = checkpoint_folder(interrupted, 30) / name
    path.write_bytes(path.read_bytes()[:-10])
    listener = Listener()
    train(data, interrupted, CONFIGURATION, resume="auto", report=listener)
    assert "000030 is damaged" in listener.messages[0]
    assert "going back to step 20" in listener.messages[1]
    assert metrics_without_clock(interrupted) == metrics_without_clock(whole)


def test_a_run_without_an_undamaged_checkpoint_is_not_restarted(data: Path, interrupted: Path) -> None:
    for step in (20, 30):
        (checkpoint_folder(interrupted, step) / "manifest.json").unlink()
    with pytest.raises(CheckpointError, match=r"no checkpoint of .* can be read"):
        train(data, interrupted, CONFIGURATION, resume="auto")
    assert checkpoint_steps(interrupted) == [20, 30]


def test_a_folder_that_is_not_empty_is_not_used(data: Path, interrupted: Path) -> None:
    before = read_metrics(interrupted)
    with pytest.raises(CheckpointError, match="not empty: resume the run"):
        train(data, interrupted, CONFIGURATION)
    assert read_metrics(interrupted) == before


def test_a_folder_that_is_not_a_run_is_not_resumed(data: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").touch()
    with pytest.raises(CheckpointError, match="not a run folder"):
        train(data, tmp_path / "run", CONFIGURATION, resume="auto")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"thesis.tex", ".lock"}


@pytest.mark.parametrize("resume", ["newest", "-1", 7])
def test_a_step_without_checkpoint_is_refused(data: Path, interrupted: Path, resume: str | int) -> None:
    with pytest.raises(CheckpointError, match=r"resume must be|no checkpoint of step 7; it has: 20, 30"):
        train(data, interrupted, CONFIGURATION, resume=resume)


def test_another_configuration_is_refused_by_field(data: Path, interrupted: Path) -> None:
    other = replace(CONFIGURATION, learning_rate=0.5, model=replace(SMALL_MODEL, mlp_width=64))
    with pytest.raises(CheckpointError, match=r"mlp_width was 32, now 64; training\.learning_rate was 0\.01, now 0\.5"):
        train(data, interrupted, other, resume="auto")


def test_other_data_is_refused(make_data: Callable[..., Path], interrupted: Path) -> None:
    with pytest.raises(CheckpointError, match="data_sha256 was"):
        train(make_data("other", seed=5), interrupted, CONFIGURATION, resume="auto")


def test_a_run_resumes_after_its_data_moved(data: Path, interrupted: Path, tmp_path: Path) -> None:
    shutil.move(data, tmp_path / "elsewhere")
    assert train(tmp_path / "elsewhere", interrupted, CONFIGURATION, resume="auto").num_steps == 40


def test_padding_causes_one_warning_before_training(make_data: Callable[..., Path], tmp_path: Path) -> None:
    listener, data = Listener(), make_data("wide", context_size=256)
    model = replace(SMALL_MODEL, context_size=256)
    train(data, tmp_path / "run", replace(CONFIGURATION, num_steps=1, model=model), report=listener)
    assert "are padding" in listener.messages[0]
    assert sum("are padding" in message for message in listener.messages) == 1


def test_two_processes_cannot_write_one_run(data: Path, tmp_path: Path) -> None:
    with run_lock(tmp_path / "run"), pytest.raises(CheckpointError, match="another process is training"):
        train(data, tmp_path / "run", CONFIGURATION)
    assert train(data, tmp_path / "run", replace(CONFIGURATION, num_steps=1)).num_steps == 1


def test_damaged_data_is_found_before_training(data: Path, tmp_path: Path) -> None:
    content = bytearray((data / "train" / "blocks.zst").read_bytes())
    content[4] ^= 1
    (data / "train" / "blocks.zst").write_bytes(content)
    with pytest.raises(DataError, match=r"blocks\.zst is damaged"):
        train(data, tmp_path / "run", CONFIGURATION)
    assert not (tmp_path / "run").exists()


def test_an_empty_validation_split_is_reported_at_the_start(make_data: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no validation documents"):
        train(make_data("few", num_documents=2), tmp_path / "run", CONFIGURATION)


def test_divergence_names_the_step_the_documents_and_how_to_reproduce_it(data: Path, tmp_path: Path) -> None:
    wild = replace(CONFIGURATION, optimizer="adamw", learning_rate=1e11, warmup_steps=0, weight_decay=1e9)
    with pytest.raises(
        TrainingError,
        match=r"diverged at step \d+, on the training documents \[\d+, \d+, \d+, \d+\]: .*; .* reproduces it",
    ):
        train(data, tmp_path / "run", wild)


def test_checkpoints_load_by_name_and_step(whole: Path) -> None:
    losses = {line["step"]: line["loss"] for line in read_metrics(whole) if line["kind"] == "validation"}
    best = min(losses, key=lambda step: losses[step])
    latest, by_step = load_checkpoint(whole)[0], load_checkpoint(whole, 40)[0]
    assert torch.equal(latest.head.weight, by_step.head.weight)
    assert torch.equal(load_checkpoint(whole, "best")[0].head.weight, load_checkpoint(whole, best)[0].head.weight)
    assert latest.configuration == SMALL_MODEL
    assert not latest.training


def test_what_cannot_be_loaded_is_named(whole: Path, interrupted: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a run folder"):
        load_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="latest, best or a step"):
        load_checkpoint(whole, "nicest")
    with pytest.raises(CheckpointError, match="no checkpoint of step 33"):
        load_checkpoint(whole, 33)
    config = json.loads((interrupted / "config.json").read_text())
    config["model"]["num_layers"] = 2
    (interrupted / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="does not fit"):
        load_checkpoint(interrupted)
    (interrupted / "metrics.jsonl").write_text("")
    with pytest.raises(CheckpointError, match="was evaluated yet"):
        load_checkpoint(interrupted, "best")
