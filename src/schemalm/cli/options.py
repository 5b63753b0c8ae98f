"""Options that several commands share, so that they are called and explained alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from schemalm.cli.terminal import Terminal

AsJSON = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
SchemaName = Annotated[
    str, typer.Option("--schema", metavar="S", help="A schema file, or a built-in name such as github-workflow.")
]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="Equal seeds give equal results on one machine.")]
MaxFiles = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Take so many documents, spread evenly over the corpus.")
]
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder that `schemalm train` wrote, or one above it.")
]
DEFAULT_SCHEMA = "github-workflow"
# What to do where the folder to write cannot be written.
CHOOSE_OUT = "choose another folder with --out"


def chosen_run(terminal: Terminal, folder: Path) -> Path:
    """The run that a folder is, or the only one that it holds, which is said; raises `CheckpointError` otherwise."""
    from schemalm.training.locate import find_run  # noqa: PLC0415

    run = find_run(folder)
    if run != folder:
        terminal.say(f"taking the run {run}")
    return run
