"""`schemalm export`: write a run's model as a folder that other programs load."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from schemalm.cli.options import CHOOSE_OUT, AsJSON, RunFolder, chosen_run
from schemalm.cli.terminal import Terminal
from schemalm.files.writing import check_writable, has_content


class Target(StrEnum):
    """What a model is exported for."""

    transformers = "transformers"


def export(
    run: RunFolder,
    *,
    to: Annotated[Target, typer.Option(help="The library that loads the folder.")],
    out: Annotated[Path, typer.Option(file_okay=False, metavar="DIR", help="The folder to write, new or empty.")],
    checkpoint: Annotated[str, typer.Option(metavar="STEP", help="latest, best, or the step of a checkpoint.")] = (
        "latest"
    ),
    as_json: AsJSON = False,
) -> None:
    """Write a run's model as a folder that another library loads.

    The written model is loaded again and compared with the run's. The folder's README.md is the model card.
    """
    terminal = Terminal(as_json)
    if has_content(out):
        raise typer.BadParameter(f"{out} is not empty; choose another folder", param_hint="--out")
    terminal.say(f"exporting the model of {run} for {to}, to {out}")
    check_writable(out, advice=CHOOSE_OUT)
    folder = chosen_run(terminal, run)
    from schemalm.export.exporting import export_run  # noqa: PLC0415

    with terminal.working("exporting"):
        exported = export_run(folder, out, checkpoint)
    terminal.show(f"{exported.architecture} at step {exported.step:,}: {out}")
    terminal.show(f"largest difference of logits from the run's own, in float32: {exported.difference:.1e}")
    terminal.finish({"out": str(out), **exported.to_dict()}, next_command=f"cat {shlex.quote(str(out / 'README.md'))}")
