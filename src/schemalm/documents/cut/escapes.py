r"""Escapes in double quotes that are cut off: which characters they may mean, and how they end.

An escape at the cursor is a backslash, `\x`, `\u` or `\U` with too few digits, or the first half of a surrogate pair.
"""

from __future__ import annotations

import json
import re
from typing import Final

_MAX_LENGTH: Final = 12  # of the two escapes of a surrogate pair
_NUM_DIGITS: Final = {"x": 2, "u": 4, "U": 8}
_OPEN: Final = re.compile(
    r"(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?"
    r"|\\(?:x[0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7})?)\Z"
)
_HIGH, _LOW, _AFTER = 0xD800, 0xDC00, 0xE000  # the surrogates: of the first half, of the second, and their end
_ASTRAL, _LAST = 0x10000, 0x10FFFF


def open_escape(text: str) -> str:
    """Return the escape that a text in double quotes ends in, if it is not finished; else empty."""
    tail = text[-_MAX_LENGTH:]
    for found in map(re.Match.start, re.finditer(r"\\", tail)):
        start = len(text) - len(tail) + found
        backslashes = start - len(text[:start].rstrip("\\"))
        if backslashes % 2 == 0 and _OPEN.match(tail, found):
            return tail[found:]
    return ""


def characters_of(escape: str) -> str | None:
    """Return the pattern of the characters that an open escape, or none, may begin; None if no character has it."""
    if not escape:
        return ""
    if escape == "\\":
        return r"[\s\S]"
    pieces = [(low, high) for low, high in _code_points(escape[1], escape[2:]) if low <= high]
    return "[" + "".join(f"{_in_class(low)}-{_in_class(high)}" for low, high in pieces) + "]" if pieces else None


def form_of(character: str, escape: str) -> str:
    """Return the escape for a character that begins with an open escape, which may be empty."""
    short = json.dumps(character)[1:-1]
    units = character.encode("utf-16-be").hex()
    forms = [
        *([short] if len(short) == 2 else []),
        "".join(rf"\u{units[start : start + 4]}" for start in range(0, len(units), 4)),
        rf"\x{ord(character):02x}",
        rf"\U{ord(character):08x}",
    ]
    return next(form for form in forms if form[:2].startswith(escape[:2]) and form.lower().startswith(escape.lower()))


def _code_points(kind: str, digits: str) -> list[tuple[int, int]]:
    """Return the ranges of the characters whose escape begins so."""
    first, _, second = digits.partition("\\")
    low, high = _span(first, _NUM_DIGITS[kind])
    if kind != "u":
        return [(low, min(high, _HIGH - 1)), (max(low, _AFTER), min(high, _LAST))]
    if len(first) == _NUM_DIGITS["u"]:
        base = _ASTRAL + (low - _HIGH) * (_AFTER - _LOW) - _LOW
        low, high = _span(second.removeprefix("u"), _NUM_DIGITS["u"])
        return [(base + max(low, _LOW), base + min(high, _AFTER - 1))]
    astral = [_ASTRAL + (unit - _HIGH) * (_AFTER - _LOW) for unit in (max(low, _HIGH), min(high, _LOW - 1) + 1)]
    return [(low, min(high, _HIGH - 1)), (max(low, _AFTER), high), (astral[0], astral[1] - 1)]


def _span(digits: str, width: int) -> tuple[int, int]:
    return int(digits.ljust(width, "0"), 16), int(digits.ljust(width, "f"), 16)


def _in_class(code: int) -> str:
    return rf"\u{code:04x}" if code < _ASTRAL else chr(code)
