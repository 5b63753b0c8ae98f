from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from schemalm.experiments import cpu_time
from schemalm.experiments.cpu_time import RunClock, StepSeconds
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.progress import Progress, StepReport

WAYS: dict[str, tuple[Path, TrainingConfiguration]] = {
    name: (Path(name), TrainingConfiguration(num_steps=1)) for name in ("fast", "slow")
}


def report(step: int) -> StepReport:
    return StepReport(step, 1.0, 1.0, 1.0, 1.0, 1.0, 1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A process whose CPU time is the last entry of a list."""
    now = [0.0]
    monkeypatch.setattr("schemalm.experiments.cpu_time.time", SimpleNamespace(process_time=lambda: now[-1]))
    return now


def test_the_time_of_a_run_is_that_of_its_steps_over_all_sessions(tmp_path: Path, clock: list[float]) -> None:
    first = RunClock(tmp_path)
    first.begin(0, 4)
    for step, time in enumerate((3.0, 5.0), start=1):
        clock.append(time)
        first.advance(report(step))
    clock.append(9.0)  # the checkpoint took 4 seconds
    first.saved(tmp_path, 2)
    clock.append(10.0)
    first.advance(report(3))  # lost: the process is killed before the next checkpoint
    second = RunClock(tmp_path)
    second.begin(2, 4)
    clock.append(12.0)
    second.advance(report(3))
    second.end()  # interrupted, after its checkpoint was written
    assert second.total == 7.0
    third = RunClock(tmp_path)
    third.begin(3, 4)
    assert third.total == 7.0


def test_steps_are_measured_once_and_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []

    def train(data: Path, _out: Path, _configuration: TrainingConfiguration, *, report: Progress) -> None:
        turns.append(data.name)
        seconds: Any = {"fast": 0.5, "slow": 2.0}
        report.seconds += [99.0] * cpu_time.NUM_COLD_STEPS + [seconds[data.name]] * 5  # type: ignore[attr-defined]

    monkeypatch.setattr(cpu_time, "train", train)
    StepSeconds.read(tmp_path).measure(WAYS)
    assert turns == ["fast", "slow"] * cpu_time.NUM_ROUNDS
    known = StepSeconds.read(tmp_path)
    known.measure(WAYS)
    assert len(turns) == 2 * cpu_time.NUM_ROUNDS
    assert [known.num_steps("fast", 10), known.num_steps("slow", 10), known.num_steps("slow", 0)] == [20, 5, 1]
