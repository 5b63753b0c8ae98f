"""`schemalm judges`: list the independent judges of a schema's documents, and install their programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from schemalm.cli.options import DEFAULT_SCHEMA, AsJSON, SchemaName
from schemalm.cli.terminal import Terminal, command_line, complain, counted
from schemalm.messages.visible import visible

if TYPE_CHECKING:
    from schemalm.judging import Judge

app = typer.Typer(
    help="List the judges of a schema's documents, or install their programs.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
FAILED = 1


@app.callback()
def judges(context: typer.Context, schema: SchemaName = DEFAULT_SCHEMA, as_json: AsJSON = False) -> None:
    """List the judges of a schema's documents: installed, or what is missing."""
    if context.invoked_subcommand is not None:
        return
    terminal = Terminal(as_json)
    terminal.say(f"looking for the judges of the schema {schema}")
    from schemalm.compilation import compile_schema  # noqa: PLC0415
    from schemalm.judging import judges_for  # noqa: PLC0415

    known = judges_for(compile_schema(schema))
    missing = [judge for judge in known if judge.why_not]
    for judge in known:
        terminal.show(f"{judge.name}: {judge.title}; {judge.meaning}")
        terminal.show(f"    {f'missing: {judge.why_not}' if judge.why_not else 'installed'}")
    ask = command_line("judge", "FILES", "--schema", schema)
    following = command_line("judges", "install") if missing else ask
    terminal.finish({"schema": schema, "judges": [_described(judge) for judge in known]}, next_command=following)


@app.command("install")
def install(as_json: AsJSON = False) -> None:
    """Install the programs of the judges for this user: the pinned npm and Python packages.

    They go into a folder of the user's data, or the one that the variable SCHEMALM_JUDGES names. Node.js 20 or newer
    and npm are needed for some. Exits with 1 if a part cannot be installed; the other one is.
    """
    terminal = Terminal(as_json)
    from schemalm.judging.installing import install_judges  # noqa: PLC0415

    parts = install_judges(terminal.say)
    for part in parts:
        if part.failure:
            complain(f"error: {part.part} packages: {visible(part.failure)}")
        else:
            terminal.show(f"{part.part} packages: {part.folder}")
    failed = [part for part in parts if part.failure]
    terminal.say(f"{counted(len(parts) - len(failed), 'part')} of {len(parts)} installed")
    result = {"parts": [{"part": each.part, "folder": str(each.folder), "failure": each.failure} for each in parts]}
    terminal.finish(result, next_command=command_line("judges"))
    raise typer.Exit(FAILED if failed else 0)


def _described(judge: Judge) -> dict[str, Any]:
    return {"name": judge.name, "title": judge.title, "meaning": judge.meaning, "why_not": judge.why_not}
