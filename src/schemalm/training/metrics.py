"""metrics.jsonl: one line per logged step, in order, as if the run had never been interrupted.

A training line has `kind` "train", a validation line "validation"; both have a whole `step` and a `loss`, and whatever
else they have are numbers too. The fields of `MEASURED_FIELDS` are measured on the machine; all others are functions of
the configuration and the data.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from schemalm.errors import CheckpointError
from schemalm.files import naming, write_atomically

METRICS_FILE = "metrics.jsonl"
KINDS = ("train", "validation")
MEASURED_FIELDS = frozenset({"elapsed_seconds", "tokens_per_second", "share_of_peak", "memory_bytes"})


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """All whole lines of a run's metrics; a line torn by a kill is left out, and a missing file is empty.

    Raises `CheckpointError` for a file that is damaged otherwise.
    """
    path = run / METRICS_FILE
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    try:
        return [_checked(json.loads(line)) for line in lines[:-1]]  # what follows the last line feed is empty or torn
    except (ValueError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); repair it or train into another folder") from None


def _checked(line: Any) -> dict[str, Any]:
    numbers = dict(line)
    if numbers.pop("kind", None) not in KINDS or type(numbers.get("step")) is not int or "loss" not in numbers:
        raise ValueError(f"no line of metrics: {line!r:.80}")
    for name, number in numbers.items():
        if type(number) not in (int, float):
            raise ValueError(f"{name} is no number: {number!r:.40}")
    return dict(line)


class Metrics:
    """Appends to a run's metrics, after dropping every line beyond `step`, the step that the run goes on from.

    Of several processes all keep the lines, and the one with `writes` writes them.
    """

    def __init__(self, run: Path, step: int, *, writes: bool = True) -> None:
        self.lines = [line for line in read_metrics(run) if line["step"] <= step]
        self._path = run / METRICS_FILE
        if writes:
            write_atomically(self._path, b"".join(_encode(line) for line in self.lines))
        self._file = self._path.open("ab") if writes else None

    @property
    def validation_losses(self) -> dict[int, float]:
        """Validation loss by step."""
        return validation_losses(self.lines)

    def append(self, line: dict[str, Any]) -> None:
        """Add a line, visible to other processes at once."""
        self.lines.append(line)
        if self._file is not None:
            with naming(self._path):
                self._file.write(_encode(line))
                self._file.flush()

    def sync(self) -> None:
        """Make all lines so far survive a loss of power."""
        if self._file is not None:
            with naming(self._path):
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with naming(self._path):
                self._file.close()


def _encode(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode() + b"\n"


def validation_losses(lines: list[dict[str, Any]]) -> dict[int, float]:
    """Validation loss by step."""
    return {line["step"]: line["loss"] for line in lines if line["kind"] == "validation"}
