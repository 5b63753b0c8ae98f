"""How the commands here become the product's: options under a script's names, everything else as it is.

Options that are not named here are handed to the product's command, which knows them or says that it does not.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import NoReturn

from schemalm.cli.application import UNUSABLE, main
from schemalm.cli.terminal import complain
from schemalm.training.launch import is_first_process


class _Parser(ArgumentParser):
    """A parser that ends in one sentence, without the list of all options before it."""

    def error(self, message: str) -> NoReturn:
        refuse(f"{message}; --help tells more")


def parser_of(module: str, description: str, command: str) -> ArgumentParser:
    """A parser for the options of a module here, whose other options are those of `schemalm COMMAND`."""
    return _Parser(
        prog=f"python -m schemalm.integrations.nanochat.{module}",
        description=description,
        epilog=f"Other options are those of `schemalm {command}`.",
        allow_abbrev=False,
    )


def at_least(least: int) -> Callable[[str], int]:
    """What reads a whole number of at least `least` from a command line."""

    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"must be a whole number of at least {least}, got {text!r}")
        return int(text)

    return whole_number


def run_product(command: str, options: dict[str, object], *others: str) -> None:
    """Run `schemalm COMMAND` with these options, those that are None left out, then the others; end as it does."""
    given = [text for name, value in options.items() if value is not None for text in (name, str(value))]
    main([command, *given, *others])


def refuse(message: str) -> NoReturn:
    """End the command with one sentence, as the product does for wrong usage; of several processes one tells it."""
    if is_first_process():
        complain(f"error: {message}")
    raise SystemExit(UNUSABLE)
