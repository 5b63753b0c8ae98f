"""The CPU time of training steps: measured along a run, kept beside it, and used to plan as many steps as fit in it.

Equal CPU time means that each arm trains as many steps as it can make in so many seconds, so an arm whose steps cost
more makes fewer. A schedule needs the number of steps beforehand. So the step of each arm is timed once before the
first run, in rounds in which all arms take turns: another program's load then hits all of them. The result is kept in
`OUT/step_seconds.json`, and a continued experiment plans the same steps. What a run then takes is measured as well.
Seconds are CPU seconds of the whole process. Validation and checkpoints do not count.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from schemalm.errors import DataError
from schemalm.files.typed_json import CheckedFile
from schemalm.files.writing import write_atomically
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.progress import Progress, StepReport

NUM_ROUNDS, NUM_STEPS, NUM_COLD_STEPS = 3, 30, 10
STEP_SECONDS_FILE, RUN_FILE = "step_seconds.json", "cpu_seconds.json"


class StepClock(Progress):
    """A listener that measures the CPU seconds of each step."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._started = 0.0

    def begin(self, step: int, num_steps: int) -> None:
        """Start the clock."""
        self._started = time.process_time()

    def advance(self, report: StepReport) -> None:
        """Note the time of the step."""
        now = time.process_time()
        self.seconds.append(now - self._started)
        self._started = now

    def saved(self, run: Path, step: int) -> None:
        """Start again after a checkpoint was written."""
        self._started = time.process_time()


class RunClock(StepClock):
    """A step clock that keeps the CPU seconds up to each checkpoint in the folder of its run, over interruptions."""

    def __init__(self, run: Path) -> None:
        super().__init__()
        self._file = CheckedFile(run, RUN_FILE, DataError, "delete the run's folder to train it again")
        self._before, self._step = 0.0, 0

    @property
    def total(self) -> float:
        """The CPU seconds of all steps so far."""
        return self._before + sum(self.seconds)

    def begin(self, step: int, num_steps: int) -> None:
        """Go on from the seconds up to the checkpoint with which the run goes on."""
        self._before = self._read().get(str(step), 0.0)
        super().begin(step, num_steps)

    def advance(self, report: StepReport) -> None:
        """Note the time of the step."""
        super().advance(report)
        self._step = report.step

    def saved(self, run: Path, step: int) -> None:
        """Keep the seconds up to this checkpoint."""
        self._keep()
        super().saved(run, step)

    def end(self) -> None:
        """Keep the seconds up to the last step, whose checkpoint an interrupted run has written."""
        if self.seconds:
            self._keep()

    def _keep(self) -> None:
        kept = {**self._read(), str(self._step): self.total}
        write_atomically(self._file.folder / RUN_FILE, json.dumps(kept).encode())

    def _read(self) -> dict[str, float]:
        return self._file.read(dict[str, float]) if (self._file.folder / RUN_FILE).exists() else {}


@dataclass(frozen=True)
class StepSeconds:
    """The CPU seconds that one step of each way of training takes, by a name of the way; kept in the folder `out`."""

    out: Path
    known: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, out: Path) -> StepSeconds:
        """Return what was measured before."""
        file = CheckedFile(out, STEP_SECONDS_FILE, DataError, "delete it to measure again", max_bytes=1 << 20)
        return cls(out, file.read(dict[str, float]) if (out / STEP_SECONDS_FILE).exists() else {})

    def num_steps(self, way: str, seconds: int) -> int:
        """Return how many steps fit in so many seconds, at least one."""
        return max(1, round(seconds / self.known[way]))

    def measure(self, ways: Mapping[str, tuple[Path, TrainingConfiguration]]) -> None:
        """Measure the ways that are not known yet, each given by its data and configuration."""
        missing = {way: ways[way] for way in ways if way not in self.known}
        seconds: dict[str, list[float]] = {way: [] for way in missing}
        for _ in range(NUM_ROUNDS):
            for way, (data, configuration) in missing.items():
                seconds[way] += _time_steps(data, configuration)
        if missing:
            self.known.update((way, median(found)) for way, found in seconds.items())
            write_atomically(self.out / STEP_SECONDS_FILE, json.dumps(self.known, indent=2).encode())


def _time_steps(data: Path, configuration: TrainingConfiguration) -> list[float]:
    clock = StepClock()
    with TemporaryDirectory() as folder:
        train(data, Path(folder) / "run", configuration, report=clock)
    return clock.seconds[NUM_COLD_STEPS:]
