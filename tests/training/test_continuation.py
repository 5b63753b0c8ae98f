"""A run may be resumed with more steps or other execution settings, which its configuration records."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemalm.errors import CheckpointError
from schemalm.interruption import TrainingInterrupted
from schemalm.training.checkpoint import checkpoint_steps
from schemalm.training.configuration import EXECUTION_FIELDS, TrainingConfiguration
from schemalm.training.continuation import recorded_configuration
from schemalm.training.loop import train
from schemalm.training.metrics import MEASURED_FIELDS, read_metrics
from schemalm.training.progress import Progress, StepReport
from schemalm.training.run import read_config
from schemalm.training.schedule import share_of_peak

from .conftest import write_data
from .models import SMALL_MODEL

pytestmark = pytest.mark.usefixtures("assumed_peak")
CONFIGURATION = TrainingConfiguration(
    num_steps=10,
    model=SMALL_MODEL,
    batch_size=4,
    warmup_steps=2,
    log_every=2,
    evaluate_every=5,
    checkpoint_every=5,
    num_evaluation_documents=4,
)
LONGER = replace(CONFIGURATION, num_steps=16)


class Listener(Progress):
    """Records messages, and interrupts the run after a step."""

    def __init__(self, last_step: int | None = None) -> None:
        self.messages: list[str] = []
        self._last_step = last_step

    def message(self, text: str) -> None:
        self.messages.append(text)

    def advance(self, report: StepReport) -> None:
        if report.step == self._last_step:
            signal.raise_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data") / "data")


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("finished") / "run"
    train(data, run, CONFIGURATION)
    return run


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A finished run of 10 steps, with checkpoints of 5 and 10."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def lines(run: Path) -> list[dict[str, Any]]:
    return [{key: line[key] for key in line.keys() - MEASURED_FIELDS} for line in read_metrics(run)]


def rates(run: Path) -> dict[int, float]:
    return {line["step"]: line["learning_rate"] for line in read_metrics(run) if line["kind"] == "train"}


def lengths(run: Path) -> list[tuple[int, int]]:
    return [(length["after_step"], length["num_steps"]) for length in read_config(run)["lengths"]]


def test_a_finished_run_gets_more_steps_at_the_rates_of_the_longer_run(data: Path, run: Path) -> None:
    before, listener = lines(run), Listener()
    assert train(data, run, LONGER, resume="auto", report=listener).num_steps == 16
    assert lines(run)[: len(before)] == before
    assert lengths(run) == [(0, 10), (10, 16)]
    assert read_config(run)["training"]["num_steps"] == 16
    for step, rate in rates(run).items():
        assert rate == LONGER.learning_rate * share_of_peak(step, LONGER if step > 10 else CONFIGURATION)
    said = listener.messages[0]
    assert "from 10 to 16 steps: after step 10, learning rates are those of a run of 16 steps" in said
    assert f"the next is {share_of_peak(11, LONGER):.0%} of its peak (1% before)" in said


def test_the_same_change_gives_the_same_run_even_if_interrupted(data: Path, run: Path, tmp_path: Path) -> None:
    again = Path(shutil.copytree(run, tmp_path / "again"))
    train(data, run, LONGER, resume="auto")
    with pytest.raises(TrainingInterrupted):
        train(data, again, LONGER, resume="auto", report=Listener(13))
    assert checkpoint_steps(again)[-1] == 13
    train(data, again, LONGER, resume="auto")
    assert lines(again) == lines(run)
    assert lengths(again) == lengths(run)


def test_returning_to_an_earlier_step_discards_later_lengths(data: Path, run: Path) -> None:
    train(data, run, LONGER, resume="auto")
    train(data, run, replace(LONGER, num_steps=12), resume=10)
    assert lengths(run) == [(0, 10), (10, 12)]
    assert rates(run)[12] == pytest.approx(0.01 * LONGER.learning_rate)


def test_fewer_steps_than_done_are_refused(data: Path, run: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has already done 10 steps, more than the 8 requested.*--resume STEP"):
        train(data, run, replace(CONFIGURATION, num_steps=8), resume="auto")
    assert checkpoint_steps(run) == [5, 10]
    assert lengths(run) == [(0, 10)]
    assert train(data, run, replace(CONFIGURATION, num_steps=8), resume=5).num_steps == 8


def test_a_run_without_a_checkpoint_starts_with_its_new_length(data: Path, tmp_path: Path) -> None:
    class Early(Progress):
        def begin(self, step: int, num_steps: int) -> None:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(TrainingInterrupted):
        train(data, tmp_path / "run", CONFIGURATION, report=Early())
    train(data, tmp_path / "run", LONGER, resume="auto")
    assert lengths(tmp_path / "run") == [(0, 16)]
    train(data, tmp_path / "at once", LONGER)
    assert lines(tmp_path / "run") == lines(tmp_path / "at once")


def test_reporting_and_saving_may_change_and_are_recorded(data: Path, run: Path) -> None:
    other = replace(LONGER, log_every=3, evaluate_every=4, checkpoint_every=2, keep_checkpoints=1, micro_batch_size=2)
    assert other.device == "cpu"
    assert {"device", "log_every", "evaluate_every", "checkpoint_every", "keep_checkpoints"} <= EXECUTION_FIELDS
    train(data, run, other, resume="auto")
    later = [(line["kind"], line["step"]) for line in read_metrics(run) if line["step"] > 10]
    assert [step for kind, step in later if kind == "train"] == [12, 15, 16]
    assert [step for kind, step in later if kind == "validation"] == [12, 16]
    assert recorded_configuration(read_config(run)) == other


def test_another_device_is_not_another_configuration(data: Path, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = read_config(run)
    config["training"]["device"] = "cuda"
    (run / "config.json").write_text(json.dumps(config))
    train(data, run, CONFIGURATION, resume="auto")
    assert read_config(run)["training"]["device"] == "cpu"


def test_where_the_data_is_now_is_recorded(data: Path, run: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(data, tmp_path / "moved"))
    train(moved, run, LONGER, resume="auto")
    assert read_config(run)["environment"]["data"] == str(moved.resolve())


def test_a_run_from_before_lengths_were_recorded_can_be_resumed(data: Path, run: Path) -> None:
    config = {name: value for name, value in read_config(run).items() if name not in ("lengths", "from")}
    (run / "config.json").write_text(json.dumps(config))
    train(data, run, LONGER, resume="auto")
    assert lengths(run) == [(0, 10), (10, 16)]


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda config: config.pop(name)


@pytest.mark.parametrize(
    "damage",
    [
        without("training"),
        lambda config: config["training"].pop("num_steps"),
        lambda config: config.update(lengths=[3]),
        lambda config: config.update(lengths=[{}]),
        lambda config: config.update(environment=[]),
        lambda config: config.update({"from": {"run": 3}}),
    ],
)
def test_a_damaged_configuration_is_reported(data: Path, run: Path, damage: Callable[[dict[str, Any]], None]) -> None:
    config = read_config(run)
    damage(config)
    shutil.rmtree(run / "checkpoints")
    (run / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError):
        train(data, run, LONGER, resume="auto")
