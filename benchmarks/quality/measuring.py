"""Runs of contenders: each is made once, kept, and found again when the benchmark is started again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from quality.cpu_notes import noted_seconds, num_interruptions
from quality.documents import Documents
from quality.ladder import Point, next_steps
from quality.turns import Command, run_in_turns
from schemalm.errors import DataError
from schemalm.files.writing import write_atomically

RESULT = "result.json"


class Contender(Protocol):
    """What is measured."""

    @property
    def name(self) -> str:
        """Its name in the results."""

    @property
    def documents(self) -> Documents:
        """What it trains on and is scored on."""

    @property
    def folder(self) -> Path:
        """Where its files are."""

    @property
    def description(self) -> dict[str, Any]:
        """What determines the runs, as plain values."""

    def prepare(self) -> None:
        """Make what training needs, unless it is there."""

    def command(self, seed: int, steps: int, run: Path) -> Command:
        """Return the command that trains a run, or goes on with it."""


@dataclass(frozen=True)
class PlannedRun:
    """A run of a contender with a seed and a planned length."""

    contender: Contender
    seed: int
    steps: int

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return _seed_folder(self.contender, self.seed) / str(self.steps)

    def begin(self) -> Command:
        """Return the command that makes the run, or goes on with it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = self.contender.command(self.seed, self.steps, self.folder / "run")
        return replace(command, environment={**command.environment, **_compilation(self.folder / "compiled")})

    def finish(self) -> None:
        """Keep the result of a run that has ended, and remove the rest; raises `DataError` for other documents."""
        lines = (self.folder / "run" / "metrics.jsonl").read_text().splitlines()
        *_, last = (line for line in map(json.loads, lines) if line["kind"] == "validation")
        wanted = self.contender.documents.num_bytes
        if last["step"] != self.steps or last["num_bytes"] != wanted:
            raise DataError(
                f"{self.contender.name} was scored at step {last['step']} on {last['num_bytes']} bytes, not at step "
                f"{self.steps} on {wanted} bytes, as all contenders must be"
            )
        notes = self.folder / "cpu.jsonl"
        result = {
            **asdict(Point(self.steps, noted_seconds(notes, self.steps), last["bits_per_byte"])),
            "first_step_seconds": noted_seconds(notes, 1),
            "num_validation_tokens": last["num_tokens"],
            "num_validation_bytes": last["num_bytes"],
            "num_interruptions": num_interruptions(notes),
        }
        write_atomically(self.folder / RESULT, json.dumps(result).encode() + b"\n")
        for name in ("run", "compiled"):
            shutil.rmtree(self.folder / name, ignore_errors=True)


def _compilation(cache: Path) -> dict[str, str]:
    """Return settings of torch: every run compiles anew, in its own process, so that the cost is counted."""
    return {"TORCHINDUCTOR_CACHE_DIR": str(cache), "TORCHINDUCTOR_COMPILE_THREADS": "1"}


def results_of(contender: Contender, seed: int) -> list[dict[str, Any]]:
    """Return the results of the finished runs with a seed, shortest first."""
    found = _seed_folder(contender, seed).glob(f"*/{RESULT}")
    return sorted((json.loads(path.read_text()) for path in found), key=lambda result: result["steps"])


def points_of(contender: Contender, seed: int) -> list[Point]:
    """Return the finished runs with a seed, shortest first."""
    names = Point.__dataclass_fields__
    return [Point(**{name: result[name] for name in names}) for result in results_of(contender, seed)]


def _seed_folder(contender: Contender, seed: int) -> Path:
    return contender.folder / "runs" / f"seed{seed}"


@dataclass(frozen=True)
class Search:
    """The search for a mark: `mark` in bits per byte, the length of the first runs, and the limit of every run."""

    mark: float
    first_steps: int
    limit_seconds: float

    def run(self, contenders: Sequence[Contender], peer: Contender | None, seed: int) -> None:
        """Make the runs that find the marks of all contenders with a seed, those of each round in turns.

        peer: a contender whose best score is a second mark for the others, once its runs are done.
        """
        while planned := list(self._next(contenders, peer, seed)):
            for run in planned:
                print(f"{run.contender.name}, seed {seed}: {run.steps} steps", flush=True)
            run_in_turns([run.begin() for run in planned])
            for run in planned:
                run.finish()

    def _next(self, contenders: Sequence[Contender], peer: Contender | None, seed: int) -> Iterable[PlannedRun]:
        for contender in contenders:
            for mark in self.marks(contender, peer, seed):
                steps = self._next_steps(contender, seed, mark)
                if steps is not None:
                    yield PlannedRun(contender, seed, steps)
                    break

    def marks(self, contender: Contender, peer: Contender | None, seed: int) -> list[float]:
        """Return the marks of a contender with a seed."""
        if peer is None or contender is peer or self._next_steps(peer, seed, self.mark) is not None:
            return [self.mark]
        return [self.mark, best_of(peer, seed)]

    def _next_steps(self, contender: Contender, seed: int, mark: float) -> int | None:
        return next_steps(points_of(contender, seed), mark, self.first_steps, self.limit_seconds)


def best_of(contender: Contender, seed: int) -> float:
    """Return the lowest bits per byte of the finished runs with a seed, all of which are planned within the limit."""
    return min(point.bits_per_byte for point in points_of(contender, seed))
