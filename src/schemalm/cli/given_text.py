"""The text that a command goes on from: a file, or standard input."""

from __future__ import annotations

import codecs
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
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    decoder.decode(data)
    return len(decoder.getstate()[0])
