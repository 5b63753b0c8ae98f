"""The CPU seconds of every step of a training, noted by the process that trains, over interruptions.

`schemalm train --track wandb` tells a tracker of every logged step and every validation. `tracker/wandb.py` stands in
for that library and notes the CPU time. So a revision is measured from inside through nothing but its command line.
Counted is everything from the start of training (after the data is loaded and the model made) to the end of the last
step, compilation and checkpoints included, validation not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of the processes that it has waited for, such as compilers."""
    return sum(os.times()[:4])


class CPUNotes:
    """Appends a line per step to a file; make it when training starts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._append("\n")  # ends a line that a killed process has left
        self._is_first = True
        self._mark = cpu_seconds()

    def step_done(self, step: int) -> None:
        """Note the seconds since the step before, or since the last validation."""
        note = StepNote(step, cpu_seconds() - self._mark, self._is_first)
        self._append(json.dumps(asdict(note)) + "\n")
        self._is_first = False
        self._mark = cpu_seconds()

    def validation_done(self) -> None:
        """Leave out the time since the last step."""
        self._mark = cpu_seconds()

    def _append(self, text: str) -> None:
        with self._path.open("a") as file:
            file.write(text)


@dataclass(frozen=True)
class StepNote:
    """The CPU seconds of a step; `is_first`: the first one after training started, or went on."""

    step: int
    seconds: float
    is_first: bool


def noted_seconds(path: Path, num_steps: int) -> float:
    """Return the CPU seconds of the steps 1 to `num_steps`.

    A step that was repeated after an interruption counts as it was first noted. The first step after one, if it was not
    noted before, counts as much as the median step, since it includes what only interrupted runs do twice: compilation.
    Raises `RuntimeError` if a step is missing.
    """
    notes = list(_notes(path))
    known = {note.step: note.seconds for note in reversed(notes) if not note.is_first or note.step == 1}
    resumed = {note.step for note in notes} - known.keys()
    steps = range(1, num_steps + 1)
    if missing := [step for step in steps if step not in known and step not in resumed]:
        raise RuntimeError(f"{path}: the CPU time of {len(missing)} steps is missing, first of step {missing[0]}")
    usual = median([seconds for step, seconds in known.items() if step > 1] or known.values())
    return sum(known.get(step, usual) for step in steps)


def num_interruptions(path: Path) -> int:
    """Return how often the training was interrupted."""
    return max(0, sum(note.is_first for note in _notes(path)) - 1)


def _notes(path: Path) -> Iterator[StepNote]:
    """Yield the notes of a file, without a line that a killed process has left unfinished."""
    for line in path.read_text().splitlines():
        if line.startswith("{") and line.endswith("}"):
            yield StepNote(**json.loads(line))
