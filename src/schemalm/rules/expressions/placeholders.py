"""The placeholders of a text such as `'{0} of {1}'`, and how many arguments they ask for.

`{{` and `}}` stand for braces. Indexes have at most two digits and no leading zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

MAX_INDEX_DIGITS = 2
# As many arguments as indexes can name.
MAX_ARGUMENTS = 100
_DIGITS = frozenset("0123456789")


class Placeholders(NamedTuple):
    """What was read of a text with placeholders.

    used: the set of indexes as bits if all arguments must be used, else the bit of the highest. digits: the index
    under way. brace: `""` outside of placeholders, `{` after an opening brace, `}` after a closing brace that must
    come twice.
    """

    used: int = 0
    digits: str = ""
    brace: str = ""


def num_arguments(state: Placeholders) -> int:
    """The number of arguments that the placeholders ask for."""
    return state.used.bit_length()


def rest(state: Placeholders, exact: bool, must_count: bool, most: int) -> bytes | None:
    """A shortest text that completes the placeholders; None if no text does.

    must_count: whether an opening brace may not be doubled. most: the greatest number of arguments.
    """
    ends = [
        text + b"".join(b"{%d}" % index for index in _missing(used, exact))
        for text, used in _closings(state, exact, must_count)
        if used.bit_length() <= most
    ]
    return min(ends, key=len, default=None)


def _closings(state: Placeholders, exact: bool, must_count: bool) -> Iterator[tuple[bytes, int]]:
    """Yields ways to close the brace under way, and what is used then."""
    used, digits, brace = state
    if brace != "{":
        yield brace.encode(), used
        return
    if not (digits or must_count):
        yield b"{", used
    # An index that must be used anyway is best; which one of them makes no difference.
    begun = [index for index in _missing(used, exact) if str(index).startswith(digits)]
    for index in (*begun[:1], int(digits or "0")):
        yield str(index)[len(digits) :].encode() + b"}", _with_index(used, index, exact)


def _missing(used: int, exact: bool) -> Iterator[int]:
    """The indexes that must still be used."""
    return (index for index in range(used.bit_length()) if exact and not used >> index & 1)


def after(state: Placeholders, char: str, exact: bool) -> Placeholders | None:
    """The state after one more character; None if the text cannot go on with it."""
    used, digits, brace = state
    if brace == "}":
        return Placeholders(used) if char == "}" else None
    if not brace:
        return Placeholders(used, "", char) if char in "{}" else state
    if char in _DIGITS and digits != "0" and len(digits) < MAX_INDEX_DIGITS:
        return Placeholders(used, digits + char, brace)
    if char == "}" and digits:
        return Placeholders(_with_index(used, int(digits), exact))
    return Placeholders(used) if char == "{" and not digits else None


def _with_index(used: int, index: int, exact: bool) -> int:
    return used | 1 << index if exact else max(used, 1 << index)
