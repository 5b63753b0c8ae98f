"""A new run starts with the weights of another one, which must fit, and records which one."""

from __future__ import annotations

import hashlib
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from schemalm.errors import CheckpointError
from schemalm.interruption import TrainingInterrupted
from schemalm.training.checkpoint import checkpoint_folder, remove_checkpoints
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.initial_weights import read_initial_weights
from schemalm.training.loop import train
from schemalm.training.metrics import MEASURED_FIELDS, read_metrics, validation_losses
from schemalm.training.progress import Progress
from schemalm.training.run import load_checkpoint, read_config

from .conftest import write_data
from .models import SMALL_MODEL

pytestmark = pytest.mark.usefixtures("assumed_peak")
CONFIGURATION = TrainingConfiguration(
    num_steps=12,
    model=SMALL_MODEL,
    batch_size=4,
    warmup_steps=2,
    log_every=1,
    evaluate_every=4,
    checkpoint_every=4,
    num_evaluation_documents=4,
)
NEW = replace(CONFIGURATION, num_steps=3, seed=1, learning_rate=1e-3)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data") / "data")


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("trained") / "base"
    train(data, run, CONFIGURATION)
    return run


@pytest.fixture
def base(trained: Path, tmp_path: Path) -> Path:
    """A finished run, with checkpoints of 4, 8 and 12."""
    return Path(shutil.copytree(trained, tmp_path / "runs" / "base"))


def train_losses(run: Path) -> list[float]:
    return [line["loss"] for line in read_metrics(run) if line["kind"] == "train"]


def test_a_run_starts_with_the_best_weights_of_another_and_nothing_else(data: Path, base: Path, tmp_path: Path) -> None:
    run, losses = tmp_path / "run", validation_losses(read_metrics(base))
    best = min(losses, key=lambda step: losses[step])
    train(data, run, NEW, start_from=base)
    content = (checkpoint_folder(base, best) / "model.safetensors").read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    assert read_config(run)["from"] == {"run": "../runs/base", "step": best, "sha256": sha256}
    assert read_config(run)["parent"] == "../runs/base"
    expected, found = load_checkpoint(base, "best")[0].state_dict(), read_initial_weights(run)
    assert found is not None
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    train(data, tmp_path / "scratch", NEW)
    assert train_losses(run)[0] < train_losses(tmp_path / "scratch")[0] - 0.3
    assert [line["step"] for line in read_metrics(run) if line["kind"] == "train"] == [1, 2, 3]
    assert read_metrics(run)[0]["learning_rate"] == NEW.learning_rate / 2


def test_other_data_of_the_same_tokenizer_is_accepted(base: Path, tmp_path: Path) -> None:
    other = write_data(tmp_path / "other", seed=3)
    train(other, tmp_path / "run", NEW, start_from=base)
    assert read_config(tmp_path / "run")["data_sha256"] != read_config(base)["data_sha256"]


def test_the_newest_weights_are_used_if_none_was_validated(data: Path, base: Path, tmp_path: Path) -> None:
    (base / "metrics.jsonl").unlink()
    train(data, tmp_path / "run", NEW, start_from=base)
    assert read_config(tmp_path / "run")["from"]["step"] == 12


def test_a_parent_may_be_another_run(data: Path, base: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(base, base.with_name("other")))
    train(data, tmp_path / "runs" / "run", NEW, start_from=base, parent=other)
    config = read_config(tmp_path / "runs" / "run")
    assert (config["from"]["run"], config["parent"]) == ("../base", "../other")


def test_a_model_or_tokenizer_that_does_not_fit_is_refused_by_field(data: Path, base: Path, tmp_path: Path) -> None:
    wider = replace(NEW, model=replace(SMALL_MODEL, mlp_width=64))
    with pytest.raises(CheckpointError, match=r"do not fit this run: model\.mlp_width was 32, now 64\."):
        train(data, tmp_path / "run", wider, start_from=base)
    other = write_data(tmp_path / "other", tokenizer="another")
    with pytest.raises(CheckpointError, match="tokenizer_sha256 was"):
        train(other, tmp_path / "run", NEW, start_from=base)
    assert not (tmp_path / "run").exists()


def test_a_folder_without_a_run_or_weights_is_refused(data: Path, base: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a run folder"):
        train(data, tmp_path / "run", NEW, start_from=tmp_path)
    remove_checkpoints(base, [4, 8, 12])
    with pytest.raises(CheckpointError, match="no checkpoint to start from"):
        train(data, tmp_path / "run", NEW, start_from=base)


class Asker(Progress):
    """Interrupts the run before or after its first step."""

    def __init__(self, *, before: bool) -> None:
        self._before = before

    def begin(self, step: int, num_steps: int) -> None:
        if self._before:
            signal.raise_signal(signal.SIGINT)

    def advance(self, report: object) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.slow
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_an_interrupted_run_resumes_exactly_with_the_same_options_or_without(
    data: Path, base: Path, tmp_path: Path, before: bool, again: bool
) -> None:
    run, whole = (tmp_path / "runs" / name for name in ("run", "whole"))
    train(data, whole, NEW, start_from=base)
    with pytest.raises(TrainingInterrupted) as stopped:
        train(data, run, NEW, start_from=base, report=Asker(before=before))
    train(data, run, NEW, start_from=base if again else None, resume=stopped.value.resume)
    lines = [
        [{key: line[key] for key in line.keys() - MEASURED_FIELDS} for line in read_metrics(folder)]
        for folder in (run, whole)
    ]
    assert lines[0] == lines[1]


def test_weights_that_have_changed_are_not_used(data: Path, base: Path, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "run"
    with pytest.raises(TrainingInterrupted):
        train(data, run, NEW, start_from=base, report=Asker(before=True))
    shutil.rmtree(base)
    with pytest.raises(CheckpointError, match="are missing or have changed: train into another folder"):
        train(data, run, NEW, resume="auto")


def test_a_run_from_random_weights_is_not_resumed_with_other_weights(data: Path, base: Path) -> None:
    other = Path(shutil.copytree(base, base.with_name("other")))
    with pytest.raises(
        CheckpointError, match=r"was not started with the weights of \.\./base: resume it without --from"
    ):
        train(data, other, CONFIGURATION, start_from=base, resume="auto")
