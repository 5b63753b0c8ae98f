"""The program `schemalm`: its commands in order, and how errors are reported.

Exit codes: 0 for success, even if documents of a corpus were left out; 1 if a check failed, or if a document was
rejected under `--strict`; 2 for wrong usage or unreadable input; after an interruption, 128 plus the number of the
signal (130 for Ctrl-C, 143 for SIGTERM).
Commands do not catch `SchemaLMError`: this module turns it into one message on stderr. Each command imports what it
needs when it runs, so `--help` is fast.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import re
import signal
import sys
import traceback
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

import schemalm
from schemalm.cli.interruption import resume_message
from schemalm.cli.terminal import ARGUMENTS, Terminal, complain
from schemalm.errors import InvalidDocument, SchemaLMError
from schemalm.interruption import handled_signals, raise_interrupted
from schemalm.messages.wording import reason_of
from schemalm.training.launch import is_first_process

REJECTED, UNUSABLE = 1, 2
COLLECTIONS_BETWEEN_WHOLE_ONES = 100  # of garbage; Python's default is 10
_GROUPS = ("tokenizer", "judges", "experiment", "reference")  # of commands
_ORDER = (
    *("demo", "check", "schema", "collect", "tokenizer", "prepare", "train", "generate"),
    *("complete", "judge", "judges", "evaluate", "compare", "runs", "experiment", "reference"),
    *("export", "serve", "lsp"),
)
_WRONG_FOLDER = re.compile(r"^\w+ ('.*') is a directory\.$", re.DOTALL)
_WRONG_FILE = re.compile(r"^\w+ ('.*') is a file\.$", re.DOTALL)
_OUT_OF_MEMORY = ("MemoryError", "OutOfMemoryError")  # the second is torch's, which is not imported here


class Commands(TyperGroup):
    """The group of all commands; it turns errors into messages and exit codes."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands and groups, in the order in which a user needs them."""
        return list(_ORDER)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep the arguments as given, for the message after an interruption."""
        ctx.meta[ARGUMENTS] = list(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the requested command."""
        Terminal()  # replaces the terminal of an earlier command in the same process
        try:
            with handled_signals(raise_interrupted):
                return super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt as interruption:
            code = 128 + getattr(interruption, "number", signal.SIGINT)
            if not is_first_process():
                raise typer.Exit(code) from None
            _end(resume_message(ctx.meta[ARGUMENTS], interruption), interruption, code)
        except SchemaLMError as error:
            _end(f"error: {error}", error, REJECTED if isinstance(error, InvalidDocument) else UNUSABLE)
        except OSError as error:
            _end(f"error: {error.filename or 'input or output'}: {reason_of(error)}", error, UNUSABLE)
        except Exception as error:
            if _is_usage_error(error):
                _name_value(error)
                _describe_wrong_usage(error, ctx.meta[ARGUMENTS])
                raise
            if type(error).__name__ in _OUT_OF_MEMORY:
                message = "error: out of memory; use fewer documents, a smaller model or smaller batches"
            else:
                complain(traceback.format_exc().rstrip())
                message = "error: a bug in SchemaLM, not a fault of your input; please report the lines above"
            _end(message, error, UNUSABLE)


def _end(message: str, error: BaseException, code: int) -> NoReturn:
    """End the command with an error on stderr, and also on stdout if the user asked for JSON."""
    Terminal.current().fail(message, error)
    raise typer.Exit(code) from None


def _is_usage_error(error: Exception) -> bool:
    """Return whether the argument parser raised the error; it shows such errors itself, with exit code 2."""
    return hasattr(error, "exit_code") and hasattr(error, "show")


def _name_value(error: Any) -> None:
    """Rewrite the parser's message so that it states the value found and what was expected."""
    faults: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    found = repr(faults[0].get("input")) if faults else ""
    message = error.message.removeprefix("Value error, ").replace("Input should", "should")
    message = message.partition(", unable to parse")[0]
    message = _WRONG_FOLDER.sub(r"\1 is a folder; expected a file, such as one of the files in it", message)
    message = _WRONG_FILE.sub(r"\1 is a file; expected a folder", message)
    error.message = message if found in message else f"{message}, got {found}"


def _describe_wrong_usage(error: Any, arguments: list[str]) -> None:
    """Write a usage error as JSON if the command was asked for it; it may not have parsed its arguments yet."""
    terminal = Terminal.current()
    terminal.as_json |= "--json" in arguments
    terminal.describe(error.format_message(), error)


def _show_version(wanted: bool) -> None:
    """Print the version and exit; raises typer.Exit."""
    if wanted:
        typer.echo(f"schemalm {schemalm.__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Declare the options of the program itself, which precede a command."""


def program(names: Sequence[str] = _ORDER) -> typer.Typer:
    """Return the program with some of its commands: importing and preparing all of them takes a while."""
    built = typer.Typer(
        name="schemalm",
        cls=Commands,
        help="Train small language models whose every output is a valid document of a given JSON Schema.",
        epilog="Exit codes: 0 success, 1 a check failed (with --strict: a document was rejected), 2 wrong usage or "
        "unreadable input, 130 interrupted, 143 ended by SIGTERM.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    built.callback()(_options)
    for name in names:
        module = importlib.import_module(f"schemalm.cli.{name}")
        if name in _GROUPS:
            built.add_typer(module.app, name=name)
        else:
            built.command(name)(getattr(module, name))
    return built


@cache
def _whole_program() -> typer.Typer:
    return program()


def __getattr__(name: str) -> Any:
    """Return the program with all commands, as `app`."""
    if name == "app":
        return _whole_program()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main(arguments: list[str] | None = None) -> None:
    """Run the program with `arguments`, or with the arguments of this process."""
    # With spinning waits, torch's threads become nine times slower as soon as anything else runs on the machine. Torch
    # reads the variable when it is imported, which no command does before it runs.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Grammars are millions of small objects that live long. By default all of them are searched for garbage again and
    # again while they grow, which took a tenth of the time of a server and of `prepare`.
    gc.set_threshold(*gc.get_threshold()[:2], COLLECTIONS_BETWEEN_WHOLE_ONES)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # some terminals cannot show all of Unicode
    first = (sys.argv[1:] if arguments is None else arguments)[:1]
    run = program(first) if first and first[0] in _ORDER else _whole_program()
    run(arguments, prog_name="schemalm")
