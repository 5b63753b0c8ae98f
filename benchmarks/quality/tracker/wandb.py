"""Stands in for the library wandb in a training that is measured: notes CPU time and sends nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from quality.cpu_notes import CPUNotes

NOTES = "TIME_TO_QUALITY_NOTES"


class Settings:
    """Accepts any settings."""

    def __init__(self, **_settings: Any) -> None:
        pass


class TrackedRun:
    """A run that notes the CPU time of its steps in the file that the environment names."""

    def __init__(self) -> None:
        self._notes = CPUNotes(Path(os.environ[NOTES]))

    def log(self, measured: dict[str, Any], step: int) -> None:
        """Note a step, or that a validation has ended."""
        if any(name.startswith("train/") for name in measured):
            self._notes.step_done(step)
        else:
            self._notes.validation_done()

    def finish(self) -> None:
        """Do nothing."""


def init(**_settings: Any) -> TrackedRun:
    """Begin to note."""
    return TrackedRun()
