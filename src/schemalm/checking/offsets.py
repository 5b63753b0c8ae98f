"""Finds the offset in a YAML or JSON text at which a character of a scalar is written.

Styles differ in the white space that they drop and add, so only the other characters are counted: they are written in
the order of the value. Those with escapes are decoded. Where a text does not agree with the value, there is no offset.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_WRITTEN = re.compile(r"\S")
_IN_SINGLE_QUOTES = re.compile(r"''|\S")
_IN_DOUBLE_QUOTES = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|\S", re.DOTALL)
_ANCHOR = re.compile(r"(?:&\S+\s+)?")
_HEADER = re.compile(r"[|>][^\r\n]*")


def offset_in_source(source: str, start: int, text: str, offset: int) -> int | None:
    """Return the offset in `source` of the character `text[offset]`; None if the scalar is written in another way.

    start: where the scalar begins in `source`. If the character is white space, or there is none, the result is the end
    of what is written before it.
    """
    before = "".join(_WRITTEN.findall(text[:offset]))
    is_at_character = offset < len(text) and not text[offset].isspace()
    wanted = before + text[offset] if is_at_character else before
    start = after_anchor(source, start)
    begin = end = start + 1 if source[start : start + 1] in ("'", '"') else start
    written = written_characters(source, start)
    for expected in wanted:
        found = next(written, None)
        if found is None or found[0] != expected:
            return None
        _, begin, end = found
    return begin if is_at_character else end


def after_anchor(source: str, start: int) -> int:
    """Return where a scalar begins, after its anchor if it has one."""
    anchor = _ANCHOR.match(source, start)
    return anchor.end() if anchor else start


def written_characters(source: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Yield each character that is not white space, with the offsets where it begins and ends.

    They go on after the end of the scalar that begins at `start`.
    """
    first = source[start : start + 1]
    header = _HEADER.match(source, start)
    if header:
        start = header.end()
    pattern = {"'": _IN_SINGLE_QUOTES, '"': _IN_DOUBLE_QUOTES}.get(first, _WRITTEN)
    for token in pattern.finditer(source, start + 1 if pattern is not _WRITTEN else start):
        character = _decoded(token[0])
        if not character.isspace():
            yield character, token.start(), token.end()


def _decoded(token: str) -> str:
    """Return the character that a token stands for; white space for an escaped line break, the token if unknown."""
    if len(token) == 1:
        return token
    if token == "''":
        return "'"
    if token[1].isspace():
        return " "
    try:
        return str(json.loads(f'"{token}"'))
    except ValueError:  # an escape that only YAML has
        return token
