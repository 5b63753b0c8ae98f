"""Helpers of the nanochat commands: translate a script's options and run SchemaLM's own command.

Options without a translation are passed to SchemaLM's command unchanged, which accepts or rejects them.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import NoReturn

from schemalm.cli.application import UNUSABLE, main
from schemalm.cli.terminal import complain
from schemalm.training.launch import is_first_process


class _Parser(ArgumentParser):
    """A parser that reports an error in one sentence, without listing all options."""

    def error(self, message: str) -> NoReturn:
        refuse(f"{message}; see --help")


def parser_of(module: str, description: str, command: str) -> ArgumentParser:
    """Return a parser for the options of a command module; all other options are those of `schemalm COMMAND`."""
    return _Parser(
        prog=f"python -m schemalm.integrations.nanochat.{module}",
        description=description,
        epilog=f"All options of `schemalm {command}` can be used too.",
        allow_abbrev=False,
    )


def at_least(least: int) -> Callable[[str], int]:
    """Return a parser of whole numbers of at least `least`, for use as the type of an option."""

    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"must be a whole number of at least {least}, got {text!r}")
        return int(text)

    return whole_number


def run_schemalm(command: str, options: dict[str, object], *others: str) -> None:
    """Run `schemalm COMMAND` with the options that are not None, then the other arguments; exit as it does."""
    given = [text for name, value in options.items() if value is not None for text in (name, str(value))]
    main([command, *given, *others])


def refuse(message: str) -> NoReturn:
    """End the command with an error message and the exit code for wrong usage; only the first process prints it."""
    if is_first_process():
        complain(f"error: {message}")
    raise SystemExit(UNUSABLE)
