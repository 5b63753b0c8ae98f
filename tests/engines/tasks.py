"""Tasks for workers, which import them from here."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from schemalm.errors import InvalidDocument


@dataclass(frozen=True)
class Add:
    """Adds a number; records each start in `folder`."""

    number: int
    folder: Path | None = None

    def start(self) -> Callable[[int], int]:
        if self.folder is not None:
            (self.folder / f"start {os.getpid()} {time.monotonic_ns()}").touch()
        return lambda item: item + self.number


@dataclass(frozen=True)
class Refuse:
    """Raises errors that cross processes in different ways."""

    def start(self) -> Callable[[str], str]:
        return _refuse


def _refuse(kind: str) -> Any:
    if kind == "ours":
        raise InvalidDocument("no such key", pointer="/a", keyword="required")
    if kind == "theirs":
        raise ZeroDivisionError("by zero")
    if kind == "no exception":
        raise SystemExit(3)
    if kind == "unpicklable":
        return lambda: 0
    return kind


@dataclass(frozen=True)
class Vital:
    """Kills its worker at the item `deadly` the first `num_times` times, and counts them in `folder`."""

    folder: Path
    deadly: int
    num_times: int

    def start(self) -> Callable[[int], int]:
        return self._work

    def _work(self, item: int) -> int:
        if item == self.deadly and len(list(self.folder.iterdir())) < self.num_times:
            (self.folder / str(time.monotonic_ns())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return item


@dataclass(frozen=True)
class Slow:
    """Records its process in `folder`, then works for `seconds`."""

    folder: Path
    seconds: float

    def start(self) -> Callable[[int], int]:
        return self._work

    def _work(self, item: int) -> int:
        (self.folder / str(os.getpid())).touch()
        time.sleep(self.seconds)
        return item


@dataclass(frozen=True)
class Describe:
    """Returns the settings that a worker sees, and an array."""

    def start(self) -> Callable[[int], dict[str, Any]]:
        return lambda item: {"threads": os.environ["OMP_NUM_THREADS"], "array": np.zeros(item)}


@dataclass(frozen=True)
class Named:
    """An item with a description."""

    description: str
    number: int


@dataclass(frozen=True)
class Deadly:
    """Kills its worker at every item."""

    def start(self) -> Callable[[Any], None]:
        return lambda item: os._exit(9)
