"""Numbers in expressions, as far as every reader of them agrees: decimal numbers as in JSON, and hexadecimal ones.

A state is a name of what was read and a count of digits. Integers fit 32 bits, and decimal numbers have few digits
before the point and in the exponent, so no reader overflows.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_INTEGER = "2147483647"
MAX_HEXADECIMAL_DIGITS = 8
MAX_WHOLE_DIGITS = 15
MAX_EXPONENT_DIGITS = 2
_DIGITS = frozenset("0123456789")
_BEFORE_POINT = ("zero", "negative zero", "whole")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


class Number(NamedTuple):
    """What was read of a number.

    part: `start`, `sign`, `zero`, `negative zero`, `whole`, `point`, `fraction`, `e`, `exponent sign`, `exponent`,
    `x`, `hexadecimal` or `hexadecimal zero`. digits: how many digits the part has, as far as it matters. order: for
    as many digits as `MAX_INTEGER`, whether they are less (-1), equal or greater (1).
    """

    part: str
    digits: int = 0
    order: int = 0


START = Number("start")
# What completes the number after each part; parts that are not named are complete.
_REST = {"sign": b"0", "point": b"0", "e": b"0", "exponent sign": b"0", "x": b"0"}


def begins_number(char: str) -> bool:
    """Whether a number may begin with the character."""
    return char in _DIGITS or char == "-"


def rest(number: Number) -> bytes:
    """A shortest text that completes the number."""
    if number.part == "whole" and _is_over(number):
        return b"e0"
    return _REST.get(number.part, b"")


def after(number: Number, char: str) -> Number | None:
    """The state after one more character; None if the number cannot go on with it."""
    part = number.part
    if char in _DIGITS and part in ("start", "sign", "whole"):
        return _whole(number, char)
    if char in _DIGITS and part in ("point", "fraction"):
        return Number("fraction")
    if part == "start":
        return Number("sign") if char == "-" else None
    if part in _BEFORE_POINT and char in (".", "x"):
        is_allowed = char == "." or part == "zero"
        return Number("point" if char == "." else "x") if is_allowed else None
    if part in (*_BEFORE_POINT, "fraction") and char in ("e", "E"):
        return Number("e")
    return _after_mark(number, char)


def _after_mark(number: Number, char: str) -> Number | None:
    """Continues an exponent or a hexadecimal number."""
    part = number.part
    if part == "e" and char in ("+", "-"):
        return Number("exponent sign")
    if part in ("e", "exponent sign", "exponent") and char in _DIGITS and number.digits < MAX_EXPONENT_DIGITS:
        return Number("exponent", number.digits + 1)
    if part == "x" and char in _HEXADECIMAL:
        if char == "0":
            return Number("hexadecimal zero")
        # Eight digits fit 32 bits only if the first is at most 7.
        return Number("hexadecimal", 1 if char in "1234567" else 2)
    if part == "hexadecimal" and char in _HEXADECIMAL and number.digits < MAX_HEXADECIMAL_DIGITS:
        return Number("hexadecimal", number.digits + 1)
    return None


def _whole(number: Number, char: str) -> Number | None:
    """Adds a digit before the point."""
    if number.part != "whole" and char == "0":
        return Number("zero" if number.part == "start" else "negative zero")
    if number.digits == MAX_WHOLE_DIGITS:
        return None
    order, digits = number.order, number.digits + 1
    if order == 0 and digits <= len(MAX_INTEGER) and char != MAX_INTEGER[digits - 1]:
        order = -1 if char < MAX_INTEGER[digits - 1] else 1
    return Number("whole", digits, order)


def _is_over(number: Number) -> bool:
    """Whether the digits are no 32-bit integer."""
    return number.digits > len(MAX_INTEGER) or (number.digits == len(MAX_INTEGER) and number.order > 0)
