"""Trackers: adapters that hand a run's metrics to tensorboard, trackio or wandb.

In go the lines of metrics.jsonl as they are written, out come curves of the same names: `train/loss`,
`validation/bits_per_byte`. metrics.jsonl stays the record of the run; a tracker shows it elsewhere. Each library is an
extra of this package, is imported only when asked for, and writes where it always does, told of the run's name and
configuration. Where a run is resumed, its curves go on: what wandb and trackio know it by is kept in the run folder,
for other runs may have the same name. tensorboard drops points beyond the checkpoint, wandb ignores them when they come
again, trackio shows them twice (they are the same). Not covered: what becomes of a failing tracker,
which is for `Listeners` to decide.
"""

from __future__ import annotations

import importlib
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from schemalm.errors import ConfigurationError
from schemalm.files.writing import write_atomically
from schemalm.training.progress import Progress
from schemalm.training.run_file import read_config

PROJECT = "schemalm"
_NUM_ID_BYTES = 8
_NOT_MEASURED = frozenset({"kind", "step"})


def make_tracker(name: str, run: Path) -> Progress:
    """The tracker of this name for a run folder that training is about to write.

    Raises `ConfigurationError` where there is no such tracker, and where its package is not installed.
    """
    if name not in TRACKERS:
        raise ConfigurationError(f"there is no tracker {name!r}; choose one of {', '.join(TRACKERS)}")
    return TRACKERS[name](run)


def scalars(line: dict[str, Any]) -> dict[str, float]:
    """What a line of metrics.jsonl measured, by `kind/field`."""
    return {f"{line['kind']}/{name}": number for name, number in line.items() if name not in _NOT_MEASURED}


@contextmanager
def _stdout_is_stderr() -> Iterator[None]:
    """What a library prints goes to stderr, for stdout is for what a command was asked for."""
    with redirect_stdout(sys.stderr):
        yield


class TensorBoardTracker(Progress):
    """Writes event files into RUN/tensorboard: `tensorboard --logdir` of a folder of runs shows them together."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._library = _library("torch.utils.tensorboard", extra="tensorboard")
        self._writer: Any = None

    @_stdout_is_stderr()
    def begin(self, step: int, num_steps: int) -> None:
        """Open the event file; points beyond `step` are taken back."""
        self._writer = self._library.SummaryWriter(str(self._run / "tensorboard"), purge_step=step + 1)
        self._writer.add_text("config", f"```json\n{json.dumps(read_config(self._run), indent=2)}\n```", step)

    @_stdout_is_stderr()
    def log(self, line: dict[str, Any]) -> None:
        """Add a point to each curve."""
        for name, number in scalars(line).items():
            self._writer.add_scalar(name, number, line["step"])

    @_stdout_is_stderr()
    def end(self) -> None:
        """Close the event file."""
        if self._writer is not None:
            self._writer.close()


class TrackioTracker(Progress):
    """Writes into trackio's own folder, where `trackio show` finds the run under the project "schemalm".

    trackio takes no identifier, and resumes the newest run of a name: so each run gets a name that no other has.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        self._library = _library("trackio", extra="trackio")
        self._is_open = False

    @_stdout_is_stderr()
    def begin(self, step: int, num_steps: int) -> None:
        """Open the run under the name of its folder with something after it, kept in RUN/trackio/id.txt."""
        name = self._run.resolve().name
        identifier = _identifier(self._run / "trackio", is_new=step == 0, prefix=f"{name}-")
        self._library.init(
            project=PROJECT,
            name=identifier,
            config=read_config(self._run),
            resume="allow" if step else "never",
        )
        self._is_open = True

    @_stdout_is_stderr()
    def log(self, line: dict[str, Any]) -> None:
        """Add a point to each curve."""
        self._library.log(scalars(line), step=line["step"])

    @_stdout_is_stderr()
    def end(self) -> None:
        """Wait until everything is written."""
        if self._is_open:
            self._library.finish()


class WandbTracker(Progress):
    """Writes into RUN/wandb and sends it to the project "schemalm", or only writes it where WANDB_MODE is offline."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._library = _library("wandb", extra="wandb")
        self._tracked: Any = None

    @_stdout_is_stderr()
    def begin(self, step: int, num_steps: int) -> None:
        """Open the run under the name of its folder, or go on with the one that this folder belongs to."""
        self._tracked = self._library.init(
            project=PROJECT,
            name=self._run.resolve().name,
            id=_identifier(self._run / "wandb", is_new=step == 0),
            resume="allow",
            dir=str(self._run),
            config=read_config(self._run),
            settings=self._library.Settings(console="off"),  # the terminal is left to the progress bar
        )

    @_stdout_is_stderr()
    def log(self, line: dict[str, Any]) -> None:
        """Add a point to each curve."""
        self._tracked.log(scalars(line), step=line["step"])

    @_stdout_is_stderr()
    def end(self) -> None:
        """Wait until everything is sent."""
        if self._tracked is not None:
            self._tracked.finish()


TRACKERS = {"tensorboard": TensorBoardTracker, "trackio": TrackioTracker, "wandb": WandbTracker}


def _identifier(folder: Path, *, is_new: bool, prefix: str = "") -> str:
    """What a tracker knows the run by, kept in a folder of the run; another one where training starts anew."""
    path = folder / "id.txt"
    if is_new or not path.exists():
        write_atomically(path, f"{prefix}{secrets.token_hex(_NUM_ID_BYTES)}".encode())
    return path.read_text()


@_stdout_is_stderr()
def _library(module: str, *, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ConfigurationError(
            f"tracking with {extra} needs a package that is not installed ({error}): pip install 'schemalm[{extra}]'"
        ) from None
    except Exception as error:  # an installation can be broken in any way
        raise ConfigurationError(
            f"tracking with {extra} needs a package that cannot be loaded: {type(error).__name__}: {error}; repair its "
            "installation, or train without --track"
        ) from None
