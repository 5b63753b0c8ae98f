"""A cursor in a block scalar of YAML, or after its last line: where its lines begin, and how it goes on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from schemalm.documents.cut.block_texts import block_text
from schemalm.documents.cut.choices import Choice, exactly
from schemalm.documents.cut.frames import Place, Reading
from schemalm.documents.cut.lines import last_line
from schemalm.documents.cut.yaml_probe import Leaf, Position
from schemalm.documents.writing import DASH_WIDTH
from schemalm.documents.yaml_scalars import BlockHeader, block_header

_END: Final = "\0\0"  # of the texts that scalars are read from
_TO_HEADER = re.compile(r"(?:&[^ \t\r\n,\[\]{}]++(?:[ \t\r\n]++|#[^\r\n]*+)*+)?")


@dataclass(frozen=True)
class BlockCursor:
    """A cursor in a block scalar.

    joint: what must follow before the next character of a line. column: of its lines. is_first: whether the next line
    determines it. in_header: the cursor ends the line of the header.
    """

    header: BlockHeader
    column: int
    joint: str
    is_first: bool
    in_header: bool = False


def after_block_text(text: str, end: Position, step: int) -> BlockCursor | None:
    """Return how the block scalar before the cursor may go on; None if no block scalar is the last thing there.

    step: of the indentation where no line of the scalar shows it.
    """
    header = _header(text, end.last) if end.last else None
    if header is None:
        return None
    line = last_line(text)
    in_header = header.end == len(text) and line != ""
    if not in_header and line.strip(" "):
        return None
    column, is_first = header.column(text + _END, end.column), _is_first(text, header)
    if is_first:
        in_list = bool(end.frames) and isinstance(end.frames[-1].given, list)
        column = max(column, max(end.column, 0) + (DASH_WIDTH if in_list else step))
    joint = "\n" + " " * column if in_header else " " * (column - len(line))
    return BlockCursor(header, column, joint, is_first, in_header)


def in_block_text(text: str, found: Position, leaf: Leaf, end: Position | None, cursor: BlockCursor | None) -> Reading:
    """Return the reading in which a block scalar goes on.

    found: where it is, with a scalar that goes on by one character. end: what is there if nothing goes on. cursor: None
    if the character may stand directly at the cursor.
    """
    cursor = cursor or _in_line(text, found, leaf)
    prefix = leaf.text[:-1]
    at_line = not last_line(text + cursor.joint).strip(" \t")
    choices: list[Choice] = []
    for mark, chomping in _chompings(text, cursor):
        choices.append(
            block_text(
                prefix,
                mark + cursor.joint,
                cursor.column,
                chomping,
                is_folded=cursor.header.is_folded,
                at_line=at_line,
                is_first=cursor.is_first,
            )
        )
    if at_line and end and end.last and len(last_line(text)) <= cursor.column:
        # A line of spaces is a blank line as soon as another one follows, and then the scalar may keep its break.
        kept = "\n" if cursor.header.chomping == "+" and last_line(text) and not cursor.in_header else ""
        choices.append(exactly(end.last.text + kept, kept))
    return Reading(text, found.frames, Place.KEY if found.is_key else Place.VALUE, tuple(choices), is_explicit=True)


def _in_line(text: str, found: Position, leaf: Leaf) -> BlockCursor:
    header = _header(text, leaf)
    assert header is not None  # the scalar is no other one
    return BlockCursor(header, header.column(f"{text}x{_END}", found.column), "", _is_first(text, header))


def _chompings(text: str, cursor: BlockCursor) -> list[tuple[str, str | None]]:
    """Return the marks that may end the header, each with what it means."""
    given = cursor.header.chomping
    is_open = cursor.in_header and not given and text[-1] not in " \t"
    return [("", given), *([("-", "-"), ("+", "+")] if is_open else [])]


def _header(text: str, leaf: Leaf) -> BlockHeader | None:
    start = _TO_HEADER.match(text, leaf.start).end()  # type: ignore[union-attr]
    is_block = not leaf.is_plain and text[start : start + 1] in ("|", ">")
    return block_header(text + _END, start) if is_block else None


def _is_first(text: str, header: BlockHeader) -> bool:
    return not header.digit and not text[header.end :].strip(" \t\r\n")
