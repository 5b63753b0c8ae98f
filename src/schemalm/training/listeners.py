"""Combines several progress listeners: one that shows a run to people, and others such as trackers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from schemalm.training.progress import Progress, StepReport


class WarningCollector(Progress):
    """A listener that appends every warning to a list."""

    def __init__(self, warnings: list[str]) -> None:
        self._warnings = warnings

    def warning(self, text: str) -> None:
        """Append the warning."""
        self._warnings.append(text)


class Listeners(Progress):
    """Passes every event to `shown` and then to each of `others`.

    Observers must not end a run: if one of the others raises, `shown` gets a warning, and that listener gets no further
    events. What `shown` raises is not caught.
    """

    def __init__(self, shown: Progress, others: Sequence[Progress]) -> None:
        self._shown = shown
        self._others = list(others)

    def begin(self, step: int, num_steps: int) -> None:
        """Pass it on."""
        self._tell(lambda listener: listener.begin(step, num_steps))

    def advance(self, report: StepReport) -> None:
        """Pass it on."""
        self._tell(lambda listener: listener.advance(report))

    def log(self, line: dict[str, Any]) -> None:
        """Pass it on."""
        self._tell(lambda listener: listener.log(line))

    def saved(self, run: Path, step: int) -> None:
        """Pass it on."""
        self._tell(lambda listener: listener.saved(run, step))

    def message(self, text: str) -> None:
        """Pass it on."""
        self._tell(lambda listener: listener.message(text))

    def warning(self, text: str) -> None:
        """Pass it on."""
        self._tell(lambda listener: listener.warning(text))

    def end(self) -> None:
        """Pass it on."""
        self._tell(lambda listener: listener.end())

    def _tell(self, tell: Callable[[Progress], None]) -> None:
        tell(self._shown)
        for other in tuple(self._others):
            try:
                tell(other)
            except (Exception, SystemExit) as error:  # from third-party libraries
                self._others.remove(other)
                self._shown.warning(
                    f"{type(other).__name__} failed and gets no further events; the run continues: "
                    f"{type(error).__name__}: {error}"
                )
