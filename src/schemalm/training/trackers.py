"""Trackers: adapters that send a run's metrics to tensorboard, trackio or wandb.

Input: the lines of metrics.jsonl as they are written. Output: curves with the same names: `train/loss`,
`validation/bits_per_byte`. metrics.jsonl remains the record of the run. Each library is an optional extra of this
package, is imported only if requested, and writes to its usual location, with the run's name and configuration. The
curves of a resumed run are continued: wandb and trackio identify it by an id in the run folder, since names are not
unique. tensorboard removes points beyond the checkpoint, wandb ignores them when they are repeated, trackio shows them
twice (they are equal). Not covered: what happens if a tracker fails, which `Listeners` handles.
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
    """Return the tracker of this name for a run folder that training is about to write.

    Raises `ConfigurationError` if there is no such tracker, or if its package is not installed.
    """
    if name not in TRACKERS:
        raise ConfigurationError(f"there is no tracker {name!r}; choose one of {', '.join(TRACKERS)}")
    return TRACKERS[name](run)


def scalars(line: dict[str, Any]) -> dict[str, float]:
    """Return the measurements in a line of metrics.jsonl, by `kind/field`."""
    return {f"{line['kind']}/{name}": number for name, number in line.items() if name not in _NOT_MEASURED}


@contextmanager
def _stdout_is_stderr() -> Iterator[None]:
    """Redirect what a library prints to stderr, since stdout is for a command's result."""
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
        """Open the event file; points beyond `step` are removed."""
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

    trackio takes no id and resumes the newest run of a name, so each run gets a unique name.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        self._library = _library("trackio", extra="trackio")
        self._is_open = False

    @_stdout_is_stderr()
    def begin(self, step: int, num_steps: int) -> None:
        """Open the run under the name of its folder with a random suffix, kept in RUN/trackio/id.txt."""
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
    """Writes into RUN/wandb and sends it to the project "schemalm", unless WANDB_MODE is offline."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._library = _library("wandb", extra="wandb")
        self._tracked: Any = None

    @_stdout_is_stderr()
    def begin(self, step: int, num_steps: int) -> None:
        """Open the run under the name of its folder, or resume the run of this folder."""
        self._tracked = self._library.init(
            project=PROJECT,
            name=self._run.resolve().name,
            id=_identifier(self._run / "wandb", is_new=step == 0),
            resume="allow",
            dir=str(self._run),
            config=read_config(self._run),
            settings=self._library.Settings(console="off"),  # leaves the terminal to the progress bar
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
    """Return the id of a run, kept in a folder of the run; a new one if training starts from nothing."""
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
    except Exception as error:  # a broken installation can raise anything
        raise ConfigurationError(
            f"tracking with {extra} needs a package that cannot be loaded: {type(error).__name__}: {error}; repair its "
            "installation, or train without --track"
        ) from None
