"""A Sphinx extension that adds to pages what they need on the site but not on GitHub.

The index is plain Markdown with links. On the site, the links below each heading become a part of the navigation. The
page of decisions also gets the decisions, and the page of the command line the help of every command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from schemalm.cli.application import app as program

INDEX = "index"
DECISIONS = "decisions/README"
COMMAND_LINE = "reference/command-line"
HELP_COLUMNS = 88
HEADING = re.compile(r"^## (.+)$", flags=re.MULTILINE)
LINK_TO_PAGE = re.compile(r"\]\(([\w./-]+)\.md\)")


def setup(app: Any) -> dict[str, bool]:
    """Registers the extension."""
    app.connect("source-read", _complete)
    return {"parallel_read_safe": True}


def _complete(_: Any, page: str, source: list[str]) -> None:
    if page == INDEX:
        source[0] += "".join(_navigation(source[0]))
    if page == DECISIONS:
        source[0] += _contents(":glob:", "0*")
    if page == COMMAND_LINE:
        source[0] += "".join(_commands("schemalm", typer.main.get_command(program), None))


def _navigation(text: str) -> Iterator[str]:
    """Yields the hidden tables of contents of a page: one for each heading with links below it."""
    _, *parts = HEADING.split(text)
    for caption, body in zip(parts[::2], parts[1::2], strict=True):
        yield _contents(f":caption: {caption}", *LINK_TO_PAGE.findall(body))


def _contents(option: str, *pages: str) -> str:
    return "\n".join(["\n\n```{toctree}", ":hidden:", option, "", *pages, "```\n"])


def _commands(name: str, command: Any, parent: Any) -> Iterator[str]:
    """Yields a section for a command and for each of its subcommands, in the order of its help."""
    context = command.make_context(name.rpartition(" ")[2], [], parent=parent, resilient_parsing=True)
    context.terminal_width = HELP_COLUMNS
    yield f"\n\n## `{name}`\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, TyperGroup):
        for inner in command.list_commands(context):
            yield from _commands(f"{name} {inner}", command.commands[inner], context)
