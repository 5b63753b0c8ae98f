"""Progress: what a training run reports to people while it is running.

On a terminal, a live bar shows loss, rate and time left; elsewhere a plain line appears every ten seconds. Nothing here
affects the run. `Progress` is the interface, and a silent listener; callers may pass their own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from schemalm.training.memory import gibibytes

_SECONDS_BETWEEN_LINES = 10.0


@dataclass(frozen=True)
class StepReport:
    """The result of an update: the loss in nats per token, the gradient norm before clipping, and the cost.

    `share_of_peak` is the share of the machine's peak speed of matrix products, `memory_bytes` the most memory used so
    far.
    """

    step: int
    loss: float
    gradient_norm: float
    learning_rate: float
    tokens_per_second: float
    share_of_peak: float
    memory_bytes: int

    def __str__(self) -> str:
        return (
            f"loss {self.loss:.3f}  {self.tokens_per_second:,.0f} tokens/s  {self.share_of_peak:.0%} of peak  "
            f"gradient {self.gradient_norm:.2f}  rate {self.learning_rate:.1e}  {gibibytes(self.memory_bytes)}"
        )


class Progress:
    """A listener that ignores everything."""

    def begin(self, step: int, num_steps: int) -> None:
        """Training starts or resumes at `step` of `num_steps`."""

    def advance(self, report: StepReport) -> None:
        """An update is done."""

    def log(self, line: dict[str, Any]) -> None:
        """A line was added to the run's metrics."""

    def saved(self, run: Path, step: int) -> None:
        """A checkpoint is on disk."""

    def message(self, text: str) -> None:
        """A message for people."""

    def warning(self, text: str) -> None:
        """A problem that does not end the run; a message by default."""
        self.message(text)

    def end(self) -> None:
        """Training has finished or failed."""


class PrintingProgress(Progress):
    """A listener that prints for people and labels warnings."""

    def warning(self, text: str) -> None:
        """Print a line."""
        self.message(f"warning: {text}")


class TerminalProgress(PrintingProgress):
    """A live bar on a terminal."""

    def __init__(self, console: Console) -> None:
        self._bar = Bar(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[report]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task: TaskID | None = None

    def begin(self, step: int, num_steps: int) -> None:
        """Show the bar."""
        self._bar.start()
        self._task = self._bar.add_task("training", total=num_steps, completed=step, report="")

    def advance(self, report: StepReport) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bar.update(self._task, completed=report.step, report=str(report))

    def message(self, text: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(text, markup=False, highlight=False)

    def end(self) -> None:
        """Stop the bar, leaving it visible."""
        self._bar.stop()


class LogProgress(PrintingProgress):
    """Plain lines, one every ten seconds, with rate and time left."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._num_steps = self._first_step = 0
        self._started = self._last_line = time.monotonic()

    def begin(self, step: int, num_steps: int) -> None:
        """Print where training starts."""
        self._first_step, self._num_steps = step, num_steps
        self._started = self._last_line = time.monotonic()
        self.message(f"training from step {step} to {num_steps}")

    def advance(self, report: StepReport) -> None:
        """Print a line if the last one is old enough."""
        now, step = time.monotonic(), report.step
        if now - self._last_line < _SECONDS_BETWEEN_LINES and step < self._num_steps:
            return
        self._last_line = now
        seconds_left = (now - self._started) / (step - self._first_step) * (self._num_steps - step)
        self.message(f"step {step}/{self._num_steps}  {report}  {seconds_left:.0f} s left")

    def message(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def choose_progress(console: Console) -> Progress:
    """Return a bar for a terminal, plain lines otherwise."""
    return TerminalProgress(console) if console.is_terminal else LogProgress(console)
