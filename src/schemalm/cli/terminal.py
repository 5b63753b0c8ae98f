"""The output of commands on stdout and stderr.

Results go to stdout: findings, figures, documents. Everything else goes to stderr: the current activity, progress,
warnings, errors, the next command. With `--json`, stdout contains exactly one object, the result with `warnings` or the
`error`; stderr does not change. Progress is a live bar on a terminal, and an occasional plain line elsewhere.
Characters that move, hide or reverse text on a terminal are never written to it, even if names or messages contain
them.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from schemalm.errors import SchemaLMError
from schemalm.messages.visible import printable, shell_word, visible, visible_line
from schemalm.messages.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

    from schemalm.training.progress import Progress

__all__ = ["Terminal", "command_line", "complain", "counted", "printable"]

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_DRAWINGS = 0.1
# The key under which the context of a command keeps the arguments as given.
ARGUMENTS = "schemalm.arguments"


def command_line(*arguments: object) -> str:
    """Return a command of this program, quoted for a shell; a path never looks like an option."""
    return " ".join(shell_word(word) for word in ("schemalm", *map(_argument, arguments)))


def _argument(argument: object) -> str:
    return f"./{argument}" if isinstance(argument, Path) and str(argument).startswith("-") else str(argument)


def complain(text: str) -> None:
    """Write a line to stderr."""
    typer.echo(visible(text), err=True)


_current: ContextVar[Terminal | None] = ContextVar("terminal", default=None)


class Terminal:
    """The output of one command; `as_json` reserves stdout for the object, `is_silent` suppresses all but errors.

    `warnings`: the problems that did not end the command.
    """

    def __init__(self, as_json: bool = False, *, is_silent: bool = False) -> None:
        self.as_json = as_json
        self._is_silent = is_silent
        self.warnings: list[str] = []
        _current.set(self)

    @staticmethod
    def current() -> Terminal:
        """Return the terminal of the running command, or a default one if the command has not made its own."""
        return _current.get(None) or Terminal()

    def say(self, text: str) -> None:
        """Announce what the command is doing."""
        if not self._is_silent:
            complain(text)

    def warn(self, text: str) -> None:
        """Report a problem that does not end the command."""
        if not self._is_silent:
            self.warnings.append(text)
            complain(f"warning: {text}")

    def show(self, text: str) -> None:
        """Write a line of the result."""
        self._write(visible(text))

    def show_document(self, text: str) -> None:
        """Write a document of the result, unchanged but for control characters."""
        self._write(printable(text))

    def _write(self, text: str) -> None:
        if not self._is_silent and not self.as_json:
            typer.echo(text)

    def table(self, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """Write a table, one line per row: the first column is left-aligned, the figures are right-aligned."""
        rows = [tuple(map(visible_line, row)) for row in rows]
        widths = [max(len(row[index]) for row in (columns, *rows)) for index in range(len(columns))]
        for first, *others in (columns, *rows):
            cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
            self.show("  ".join([first.ljust(widths[0]), *cells]).rstrip())

    def finish(self, result: Mapping[str, Any], *, next_command: str) -> None:
        """End the command with its result and warnings as JSON, or with the next command."""
        if self.as_json:
            self._write_object(result)
        else:
            self.say(f"\nnext: {next_command}")

    def fail(self, message: str, error: BaseException) -> None:
        """End the command with an error, which is never silenced; JSON includes the fields of the error."""
        complain(message)
        self.describe(message.removeprefix("error: "), error)

    def describe(self, message: str, error: BaseException) -> None:
        """Write an error as JSON if `--json` was given; the message is already on stderr."""
        if self.as_json:
            self._write_object({"error": {"type": type(error).__name__, "message": message, **_fields(error)}})

    def _write_object(self, content: Mapping[str, Any]) -> None:
        if not self._is_silent:
            typer.echo(json.dumps({**content, "warnings": self.warnings}, indent=2))

    @contextmanager
    def counting(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show progress towards `total`; the callable takes the number of finished steps."""
        if not self._is_live():
            yield _Lines(self, label, total)
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Bar(*columns, console=self._console()) as bar:
            task = bar.add_task(label, total=total)
            yield lambda done: bar.update(task, completed=done)

    @contextmanager
    def drawing(self) -> Iterator[Callable[[Callable[[], str]], None]]:
        """Draw a document on stdout that still changes, and clear it at the end; nothing if stdout is no terminal.

        The callable takes what returns the document's text, and asks it a few times a second. The last lines are drawn.
        """
        if self._is_silent or self.as_json or not sys.stdout.isatty():
            yield lambda _: None
            return
        from rich.console import Console  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        last_drawn = -math.inf
        with Live(console=Console(), auto_refresh=False, transient=True) as live:

            def draw(text: Callable[[], str]) -> None:
                nonlocal last_drawn
                now = time.monotonic()
                if now - last_drawn >= _SECONDS_BETWEEN_DRAWINGS:
                    last_drawn = now
                    lines = printable(text()).splitlines()[1 - live.console.height :]
                    live.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)

            yield draw

    @contextmanager
    def working(self, label: str) -> Iterator[None]:
        """Show that work of unknown length is in progress, and afterwards how long it took."""
        started = time.monotonic()
        if self._is_live():
            with self._console().status(label):
                yield
        else:
            self.say(f"{label} ...")
            yield
        self.say(f"{label}: {time.monotonic() - started:.1f} s")

    def training_progress(self) -> Progress:
        """Return the listener that shows a training run and keeps its warnings."""
        from schemalm.training.listeners import Listeners, WarningCollector  # noqa: PLC0415
        from schemalm.training.progress import Progress, choose_progress  # noqa: PLC0415

        if self._is_silent:
            return Progress()
        return Listeners(choose_progress(self._console()), [WarningCollector(self.warnings)])

    def _is_live(self) -> bool:
        # The library for live displays is slow to import, so it is only asked about terminals.
        return not self._is_silent and sys.stderr.isatty() and self._console().is_terminal

    @staticmethod
    def _console() -> Console:
        """Return the console of stderr for live displays; no environment variable turns a file into a terminal."""
        from rich.console import Console  # noqa: PLC0415

        return Console(stderr=True, force_terminal=None if sys.stderr.isatty() else False)


def _fields(error: BaseException) -> dict[str, Any]:
    """Return the fields of an error, without its message, as plain values."""
    if isinstance(error, OSError):
        return {"file": None if error.filename is None else str(error.filename)}
    fields = vars(error) if isinstance(error, SchemaLMError) else {}
    return {name: value for name, value in fields.items() if name != "message" and not name.startswith("_")}


class _Lines:
    """Progress as plain lines: at most one every ten seconds, and one at the end."""

    def __init__(self, terminal: Terminal, label: str, total: int) -> None:
        self._terminal, self._label, self._total = terminal, label, total
        self._last_line = time.monotonic()

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if done >= self._total or now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            self._terminal.say(f"{self._label}: {done:,} of {self._total:,}")
