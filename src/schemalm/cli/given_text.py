"""The text that a command goes on from: a file, or standard input."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from schemalm.cli.terminal import Terminal, counted
from schemalm.messages.visible import visible_line

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class GivenText:
    """A text with its name in messages; `is_json`: by its name it must be JSON."""

    text: str
    name: str
    is_json: bool


def read_given(argument: str, *, may_be_cut: bool = False) -> GivenText:
    """Return the text of a file, or of standard input for `-`; raises `DocumentError` if it is no text.

    Raises `BadParameter` if there is no such file.

    may_be_cut: the text may end inside a character, which is then left out with a warning.
    """
    from schemalm.documents.limits import DEFAULT_LIMITS  # noqa: PLC0415
    from schemalm.documents.reading import decode_text, is_json, read_bytes, read_stream  # noqa: PLC0415

    if argument == STANDARD_INPUT:
        name, data = "<stdin>", read_stream(sys.stdin.buffer, "<stdin>", DEFAULT_LIMITS)
    elif not Path(argument).exists():
        raise typer.BadParameter(f"{visible_line(argument)!r}: no such file")
    else:
        name, data = argument, read_bytes(Path(argument), argument, DEFAULT_LIMITS)
    num_cut = _length_of_cut_character(data) if may_be_cut else 0
    if num_cut:
        Terminal.current().warn(f"{name} ends inside a character: its last {counted(num_cut, 'byte')} left out")
    return GivenText(decode_text(data[: len(data) - num_cut], name), name, is_json(name))


def _length_of_cut_character(data: bytes) -> int:
    """Return how many bytes at the end are the beginning of a UTF-8 character."""
    for length in range(1, min(4, len(data) + 1)):
        first = data[-length]
        if first & 0xC0 != 0x80:
            num_needed = 4 if first >= 0xF0 else 3 if first >= 0xE0 else 2 if first >= 0xC0 else 1
            return length if num_needed > length else 0
    return 0
