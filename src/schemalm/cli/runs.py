"""`schemalm runs`: list the runs in a folder with their progress, results and differences from their parents."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemalm.cli.options import AsJSON
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.messages.visible import visible_name

if TYPE_CHECKING:
    from schemalm.evaluation.records import RunRecord

_COLUMNS = ("run", "started", "model", "steps", "tokens", "validation loss", "bits per byte")


def runs(
    folders: Annotated[
        list[Path],
        typer.Argument(exists=True, file_okay=False, metavar="FOLDER", help="Run folders, or folders of runs."),
    ],
    as_json: AsJSON = False,
) -> None:
    """List runs and how they differ from their parents."""
    terminal = Terminal(as_json)
    terminal.say(f"looking for runs in {', '.join(map(str, folders))}")
    from schemalm.evaluation.records import find_records, labels  # noqa: PLC0415

    records, problems = find_records(folders)
    described = [_describe(record, name) for record, name in zip(records, labels(records), strict=True)]
    terminal.table(_COLUMNS, [_cells(record, run) for record, run in zip(records, described, strict=True)])
    for run in described:
        if run["parent"] is not None:
            terminal.show(f"{run['name']} against {run['parent']}: {_changes(run['changed'])}")
    for problem in problems:
        terminal.warn(problem)
    terminal.say(counted(len(records), "run"))
    result = {"runs": described, "problems": problems}
    terminal.finish(result, next_command=_next_command(records))
    raise typer.Exit(1 if problems else 0)


def _describe(record: RunRecord, name: str) -> dict[str, Any]:
    parent = None if record.parent is None else os.path.relpath(record.parent)
    return {"name": name, **record.figures(), "parent": parent, "changed": _changed(record)}


def _changed(record: RunRecord) -> dict[str, dict[str, Any]] | None:
    """Return the settings that differ from the parent's; None if there is no parent or it cannot be read."""
    from schemalm.errors import CheckpointError  # noqa: PLC0415
    from schemalm.evaluation.records import differing_settings, read_record  # noqa: PLC0415

    if record.parent is None:
        return None
    try:
        parent = read_record(record.parent)
    except CheckpointError:
        return None
    differing = differing_settings([parent, record])
    return {name: {"parent": before, "run": after} for name, (before, after) in differing.items()}


def _changes(changed: dict[str, dict[str, Any]] | None) -> str:
    if changed is None:
        return "the parent cannot be read"
    described = [visible_name(f"{name} {values['run']} (was {values['parent']})") for name, values in changed.items()]
    return ", ".join(described) or "nothing differs"


def _cells(record: RunRecord, run: dict[str, Any]) -> tuple[str, ...]:
    from schemalm.evaluation.comparison import figure, progress  # noqa: PLC0415

    return (
        run["name"],
        (record.started or "unknown")[:16].replace("T", " "),
        record.model,
        progress(record),
        f"{record.num_tokens:,}",
        figure(record, "loss"),
        figure(record, "bits_per_byte"),
    )


def _next_command(records: list[RunRecord]) -> str:
    """Return the command that compares the newest two runs, evaluates the only one, or trains one."""
    newest = [record.folder for record in records[-2:]]
    if not newest:
        return command_line("train", "--data", "DATA", "--out", "RUN")
    return command_line("compare" if len(newest) > 1 else "evaluate", *newest)
