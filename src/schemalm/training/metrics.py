"""metrics.jsonl: one line per logged step, in order, as if the run had never been interrupted.

A training line has the `kind` "train", a validation line "validation"; both have an integer `step` and a `loss`, and
all further fields are numbers too. `MEASURED_FIELDS` depend on the machine; all others are functions of the
configuration and the data.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from schemalm.errors import CheckpointError
from schemalm.files.typed_json import Amount, CheckedFile, Count
from schemalm.files.writing import named_errors, write_atomically

METRICS_FILE = "metrics.jsonl"
_Field = int | float | Literal["train", "validation"]
_ADVICE = "repair it or train into another folder"
_MAX_BYTES = 1 << 28
MEASURED_FIELDS = frozenset({"elapsed_seconds", "tokens_per_second", "share_of_peak", "memory_bytes"})


class _Line(msgspec.Struct, frozen=True):
    """The fields that are used for computation; any others are numbers."""

    kind: Literal["train", "validation"]
    step: Count
    loss: float
    num_tokens: Count = 0
    num_bytes: Count = 0
    elapsed_seconds: Amount = 0.0
    tokens_per_second: Amount = 0.0


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """Return all complete lines of a run's metrics; a line cut off by a kill is skipped, a missing file has none.

    Raises `CheckpointError` for a file that is damaged in another way.
    """
    file = CheckedFile(run, METRICS_FILE, CheckpointError, _ADVICE, max_bytes=_MAX_BYTES)
    lines = file.content().split(b"\n") if os.path.lexists(run / METRICS_FILE) else []
    # What follows the last line feed is empty or cut off.
    return [_read_line(file, number, line) for number, line in enumerate(lines[:-1], start=1)]


def _read_line(file: CheckedFile, number: int, line: bytes) -> dict[str, Any]:
    file = replace(file, line=number)
    numbers = file.parse(line, dict[str, _Field], constants=True)
    file.convert({name: numbers[name] for name in _Line.__struct_fields__ if name in numbers}, _Line)
    return numbers


class Metrics:
    """Appends to a run's metrics, after removing the lines beyond `step`, from which the run is resumed.

    All processes keep the lines; only one with `writes` writes them.
    """

    def __init__(self, run: Path, step: int, *, writes: bool = True) -> None:
        self.lines = [line for line in read_metrics(run) if line["step"] <= step]
        self._path = run / METRICS_FILE
        if writes:
            write_atomically(self._path, b"".join(_encode(line) for line in self.lines))
        self._file = self._path.open("ab") if writes else None

    @property
    def validation_losses(self) -> dict[int, float]:
        """The validation losses by step."""
        return validation_losses(self.lines)

    def append(self, line: dict[str, Any]) -> None:
        """Add a line, which other processes can read at once."""
        self.lines.append(line)
        if self._file is not None:
            with named_errors(self._path):
                self._file.write(_encode(line))
                self._file.flush()

    def sync(self) -> None:
        """Flush all lines to disk, so that they survive a power failure."""
        if self._file is not None:
            with named_errors(self._path):
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with suppress(OSError):  # all lines were flushed; the rest could not be written before either
                self._file.close()


def _encode(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode() + b"\n"


def validation_losses(lines: list[dict[str, Any]]) -> dict[int, float]:
    """Return the validation losses by step."""
    return {line["step"]: line["loss"] for line in lines if line["kind"] == "validation"}
