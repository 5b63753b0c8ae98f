"""Several listeners as one: what shows a run to people, and what keeps or draws it besides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from schemalm.training.progress import Progress, StepReport


class WarningsKept(Progress):
    """A listener that adds every warning to a list."""

    def __init__(self, warnings: list[str]) -> None:
        self._warnings = warnings

    def warning(self, text: str) -> None:
        """Keep it."""
        self._warnings.append(text)


class Listeners(Progress):
    """Tells `shown` and then each of `others` what it hears.

    Nothing that only watches may end a run: one of the others that fails, in whatever way, is told of through `shown`
    and hears nothing more. What `shown` raises goes through.
    """

    def __init__(self, shown: Progress, others: Sequence[Progress]) -> None:
        self._shown = shown
        self._others = list(others)

    def begin(self, step: int, num_steps: int) -> None:
        """Tell all of them."""
        self._tell(lambda listener: listener.begin(step, num_steps))

    def advance(self, report: StepReport) -> None:
        """Tell all of them."""
        self._tell(lambda listener: listener.advance(report))

    def log(self, line: dict[str, Any]) -> None:
        """Tell all of them."""
        self._tell(lambda listener: listener.log(line))

    def saved(self, run: Path, step: int) -> None:
        """Tell all of them."""
        self._tell(lambda listener: listener.saved(run, step))

    def message(self, text: str) -> None:
        """Tell all of them."""
        self._tell(lambda listener: listener.message(text))

    def warning(self, text: str) -> None:
        """Tell all of them."""
        self._tell(lambda listener: listener.warning(text))

    def end(self) -> None:
        """Tell all of them."""
        self._tell(lambda listener: listener.end())

    def _tell(self, tell: Callable[[Progress], None]) -> None:
        tell(self._shown)
        for other in tuple(self._others):
            try:
                tell(other)
            except (Exception, SystemExit) as error:  # of a library that is not ours
                self._others.remove(other)
                self._shown.warning(
                    f"{type(other).__name__} failed and hears no more of this run, which goes on: "
                    f"{type(error).__name__}: {error}"
                )
