"""Records of runs: the settings of a run, its progress and results, and its differences from other runs.

`read_record` reads only config.json and metrics.jsonl of a run folder, and returns plain values. A run that has logged
nothing yet gives a record without figures. Not covered: whether its checkpoints can be read.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from schemalm.errors import CheckpointError
from schemalm.training.locate import run_folders
from schemalm.training.metrics import read_metrics
from schemalm.training.run_file import CONFIG_FILE, is_run_config, read_config

ABSENT = "absent"
_CUSTOM = "custom"
_HASH_CHARACTERS = 8


@dataclass(frozen=True)
class RunRecord:
    """One run: `config` is the content of config.json, `lines` are the lines of metrics.jsonl."""

    folder: Path
    config: dict[str, Any]
    lines: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """The name of the run's folder."""
        return self.folder.resolve().name

    @property
    def started(self) -> str | None:
        """The time when the run began, ISO 8601 in UTC; None if it was not recorded."""
        started: str | None = self._section("environment").get("started")
        return started

    @property
    def model(self) -> str:
        """The name of the model's size, or "custom"."""
        return str(self._section("training").get("model", _CUSTOM))

    @property
    def parent(self) -> Path | None:
        """The folder of the run that this run is a variation of; None if there is none."""
        path = self.config.get("parent")
        return None if path is None else Path(os.path.normpath(self.folder.resolve() / path))

    @property
    def step(self) -> int:
        """The last step that was logged."""
        return max((line["step"] for line in self.lines), default=0)

    @property
    def num_steps(self) -> int | None:
        """The planned number of steps; None if it was not recorded."""
        num_steps: int | None = self._section("training").get("num_steps")
        return num_steps

    @property
    def num_tokens(self) -> int:
        """The number of training tokens, as of the last line that records it."""
        return max((line["num_tokens"] for line in self._lines("train", "num_tokens")), default=0)

    @property
    def elapsed_seconds(self) -> float:
        """The time spent on training and validation, over all sessions."""
        return max((line["elapsed_seconds"] for line in self.lines if "elapsed_seconds" in line), default=0.0)

    @property
    def tokens_per_second(self) -> float | None:
        """The median over the logged steps; None if nothing was logged."""
        found = [line["tokens_per_second"] for line in self._lines("train", "tokens_per_second")]
        return float(np.median(found)) if found else None

    @property
    def best(self) -> dict[str, Any]:
        """The validation line with the lowest loss, the earliest if several are equal; empty without validation."""
        found = [line for line in self._lines("validation", "loss") if math.isfinite(line["loss"])]
        return min(found, key=lambda line: (line["loss"], line["step"]), default={})

    @property
    def validation(self) -> tuple[Any, Any, Any]:
        """What identifies the validation documents: their number, their bytes, and the bytes that were scored.

        Bytes are of compact canonical JSON, so they do not depend on the tokenizer. None if not recorded.
        """
        data, lines = self._section("data"), self._lines("validation", "num_bytes")
        scored = lines[-1]["num_bytes"] if lines else None
        return data.get("num_validation_documents"), data.get("num_validation_bytes"), scored

    @property
    def num_validated(self) -> int | None:
        """The number of documents of each validation during training, evenly spaced; None if not recorded."""
        wanted = self._section("training").get("num_evaluation_documents")
        there = self._section("data").get("num_validation_documents")
        return None if wanted is None or there is None else min(wanted, there)

    def settings(self) -> dict[str, Any]:
        """Return everything that determined the run, by name; hashes are shortened.

        The sizes of a named model are omitted.
        """
        found, data = dict(self._section("training")), self._section("data")
        if self.model == _CUSTOM:
            found |= {f"model.{name}": value for name, value in self._section("model").items()}
        found |= {name: data[name] for name in ("context_size", "stride") if name in data}
        found |= {name: str(self.config.get(f"{name}_sha256"))[:_HASH_CHARACTERS] for name in ("data", "tokenizer")}
        return found | {f"version of {name}": value for name, value in self._section("versions").items()}

    def figures(self) -> dict[str, Any]:
        """Return the run's identity, progress and results as plain values; None for unknown ones."""
        return {
            "folder": str(self.folder),
            "started": self.started,
            "model": self.model,
            "step": self.step,
            "num_steps": self.num_steps,
            "num_tokens": self.num_tokens,
            "tokens_per_second": self.tokens_per_second,
            "elapsed_seconds": self.elapsed_seconds,
            "num_validated_documents": self.num_validated,
            "best_step": self.best.get("step"),
            "validation_loss": self.best.get("loss"),
            "bits_per_byte": self.best.get("bits_per_byte"),
        }

    def curve(self, kind: str, field: str, over: str) -> list[tuple[float, float]]:
        """Return the points of a `field` in lines of a kind, over training "num_tokens" or over "elapsed_seconds".

        Validation lines do not record the number of training tokens: it is interpolated between training lines.
        """
        lines = self._lines(kind, field)
        if over == "num_tokens":
            known = self._lines("train", over)
            steps, tokens = ([0, *(line[name] for line in known)] for name in ("step", over))
            positions = np.interp([line["step"] for line in lines], steps, tokens).tolist()
            return [(position, line[field]) for position, line in zip(positions, lines, strict=True) if known]
        return [(line[over], line[field]) for line in lines if over in line]

    def _lines(self, kind: str, field: str) -> list[dict[str, Any]]:
        """Return the lines of a kind that have a field."""
        return [line for line in self.lines if line["kind"] == kind and field in line]

    def _section(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.config.get(name, {})
        return found


def read_record(folder: Path) -> RunRecord:
    """Return the record of a run folder; raises `CheckpointError` if it is not a run folder or is damaged."""
    config = read_config(folder)
    if not is_run_config(config):
        raise CheckpointError(f"{folder} is not a run folder: its {CONFIG_FILE} describes no training")
    return RunRecord(folder, config, read_metrics(folder))


def find_records(folders: Iterable[Path]) -> tuple[list[RunRecord], list[str]]:
    """Return the runs in and under folders, oldest first, and the problems of those that cannot be read.

    Raises `CheckpointError` for a folder without any run.
    """
    records: dict[Path, RunRecord] = {}
    problems: list[str] = []
    for folder in folders:
        runs = list(run_folders(folder))
        if not runs:
            raise CheckpointError(
                f"{folder} contains no run: name a folder that `schemalm train` wrote, or one above it"
            )
        for run in runs:
            try:
                records[run.resolve()] = read_record(run)
            except CheckpointError as error:
                problems.append(str(error))
    return sorted(records.values(), key=lambda record: (record.started or "", str(record.folder))), problems


def differing_settings(records: Sequence[RunRecord]) -> dict[str, list[Any]]:
    """Return the settings that are not the same in all runs, with the value of each run."""
    settings = [record.settings() for record in records]
    names = dict.fromkeys(name for found in settings for name in found)
    rows = {name: [found.get(name, ABSENT) for found in settings] for name in names}
    return {name: values for name, values in rows.items() if any(value != values[0] for value in values)}


def have_same_validation(records: Sequence[RunRecord]) -> bool:
    """Return whether the runs were validated on the same documents; values that were not recorded are ignored."""
    columns = zip(*(record.validation for record in records), strict=True)
    known = [[value for value in column if value is not None] for column in columns]
    return all(value == values[0] for values in known for value in values)


def labels(records: Sequence[RunRecord]) -> list[str]:
    """Return a name for each run: the fewest last parts of its path that no other run has."""
    parts = [record.folder.resolve().parts for record in records]
    return [_printable("/".join(own[-_num_parts(own, parts) :])) for own in parts]


def _printable(name: str) -> str:
    """Return a file name with unprintable characters replaced, which pages and pictures cannot contain."""
    return "".join(character if character.isprintable() else "\ufffd" for character in name)


def _num_parts(own: tuple[str, ...], parts: Sequence[tuple[str, ...]]) -> int:
    counts = range(1, len(own) + 1)
    return next((count for count in counts if sum(other[-count:] == own[-count:] for other in parts) == 1), len(own))
