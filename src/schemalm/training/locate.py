"""Finds run folders in and below a folder, and the one that is meant by a folder above it.

Only names and config.json files are read. Other programs use that file name too; their files are ignored.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from schemalm.errors import CheckpointError
from schemalm.messages.suggestions import close_names, did_you_mean
from schemalm.training.run_file import CONFIG_FILE, is_run_config, read_config

# How deep to search below a folder, so that a search in the wrong place ends.
MAX_DEPTH = 5
MAX_NAMED = 10


def find_run(folder: Path) -> Path:
    """Return `folder` if it is a run folder, else the only one below it, such as in the output of `schemalm demo`.

    Raises `CheckpointError` if there is none, or more than one.
    """
    if (folder / CONFIG_FILE).exists() and _is_a_run(folder, if_damaged=True):
        return folder
    found = list(run_folders(folder))
    certain = [run for run in found if _is_a_run(run)] or found
    if len(certain) > 1:
        named = [*map(str, certain[:MAX_NAMED]), *(["..."] if len(certain) > MAX_NAMED else [])]
        raise CheckpointError(f"{folder} is not a run folder, but contains several: choose one of {', '.join(named)}")
    if not certain:
        raise CheckpointError(f"{folder} is not a run folder: {_what_it_is(folder)}")
    return certain[0]


def _what_it_is(folder: Path) -> str:
    above = next((path for path in folder.resolve().parents if _is_a_run(path)), None)
    if above is not None:
        return f"it is inside one, use {above}"
    if not folder.exists():
        beside = close_names(folder.name, (run.name for run in run_folders(folder.parent)))
        guesses = [str(folder.with_name(name)) for name in beside]
        return "it does not exist" + (f"; {did_you_mean(guesses, [])}" if guesses else "")
    if not folder.is_dir():
        return "it is a file; use the folder that `schemalm train` wrote"
    return f"neither it nor a folder below it has a run's {CONFIG_FILE}; use the folder that `schemalm train` wrote"


def run_folders(top: Path) -> Iterator[Path]:
    """Yield folders whose config.json is a run's or cannot be read; run folders are not searched."""
    for path, names, files in os.walk(top):
        folder = Path(path)
        names[:] = sorted(name for name in names if not name.startswith("."))
        if CONFIG_FILE in files and _is_a_run(folder, if_damaged=True):
            names.clear()
            yield folder
        if len(folder.relative_to(top).parts) >= MAX_DEPTH:
            names.clear()


def _is_a_run(folder: Path, *, if_damaged: bool = False) -> bool:
    try:
        return is_run_config(read_config(folder))
    except CheckpointError:
        return if_damaged
