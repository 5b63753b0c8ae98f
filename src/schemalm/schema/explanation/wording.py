"""The sentences of explanations: what was found, and what was expected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from schemalm.messages.visible import visible_line
from schemalm.messages.wording import counted
from schemalm.schema.assertions import Assertion, IsInteger, kind_of
from schemalm.schema.keywords.arrays import MaxItems, MinItems
from schemalm.schema.keywords.numbers import Maximum, Minimum, MultipleOf, NumberIn
from schemalm.schema.keywords.objects import MaxProperties, MinProperties
from schemalm.schema.keywords.strings import Format, MaxLength, MinLength, Pattern, StringIn

MAX_SHOWN = 60
MAX_LISTED = 8
MAX_SPELLINGS = 4  # of one number


def message(atom: Assertion, value: Any) -> str:
    """The message for a value that has the kind of an assertion but does not satisfy it."""
    if isinstance(atom, StringIn):
        return not_one_of(value, map(json_text, atom.texts[: MAX_LISTED + 1]))
    if isinstance(atom, NumberIn):
        return not_one_of(value, distinct_numbers(atom))
    if isinstance(atom, IsInteger):
        return f"expected an integer, found {shown(value)}"
    return f"{shown(value)} {_reason(atom, value)}"


def distinct_numbers(atom: NumberIn) -> list[str]:
    """The first allowed numbers, each in one of its spellings."""
    spellings = atom.texts[: MAX_LISTED * MAX_SPELLINGS]
    return list({Decimal(text).normalize(): text for text in reversed(spellings)}.values())[::-1]


def _reason(atom: Assertion, value: Any) -> str:
    if isinstance(atom, Pattern):
        return f"does not match the pattern {pattern(atom.source)}"
    if isinstance(atom, Format):
        return f"is not of the format {atom.name}"
    if isinstance(atom, Minimum | Maximum):
        return f"is {_out_of_bounds(atom)}"
    if isinstance(atom, MultipleOf):
        return f"is not a multiple of {atom.parts[0]}"
    noun, bound = _COUNTED[type(atom)]
    return f"has {counted(len(value), noun)}; the {bound} is {atom.parts[0]}"


_COUNTED: dict[type[Assertion], tuple[str, str]] = {
    MinLength: ("character", "minimum"),
    MaxLength: ("character", "maximum"),
    MinProperties: ("key", "minimum"),
    MaxProperties: ("key", "maximum"),
    MinItems: ("item", "minimum"),
    MaxItems: ("item", "maximum"),
}


def _out_of_bounds(atom: Minimum | Maximum) -> str:
    bound, is_exclusive = atom.parts
    if isinstance(atom, Minimum):
        return f"too small: it must be more than {bound}" if is_exclusive else f"too small: the minimum is {bound}"
    return f"too large: it must be less than {bound}" if is_exclusive else f"too large: the maximum is {bound}"


def not_one_of(value: Any, texts: Iterable[str]) -> str:
    """The message for a value that is none of several constants, given as JSON text."""
    first = list(dict.fromkeys(texts))
    if len(first) == 1:
        return f"expected {_cut(first[0])}, found {described(value)}"
    return f"{shown(value)} is not one of {listed(map(_cut, first))}"


def wrong_kind(value: Any, kinds: Sequence[str]) -> str:
    """The message for a value of a kind that is not allowed."""
    return f"expected {' or '.join(kinds)}, found {described(value)}"


def listed(texts: Iterable[str]) -> str:
    """The first of some texts, in one line."""
    first = list(texts)
    return ", ".join(first[:MAX_LISTED]) + (", ..." if len(first) > MAX_LISTED else "")


def joined(texts: Sequence[str], word: str) -> str:
    """Texts joined as in speech: `a`, `a and b`, `a, b and c`."""
    if len(texts) > MAX_LISTED:
        return listed(texts)
    return f" {word} ".join(part for part in (", ".join(texts[:-1]), *texts[-1:]) if part)


def named(key: object) -> str:
    """A key in quotes; a long one is shortened."""
    return _cut(repr(key))


def pattern(source: str) -> str:
    """The expression of a pattern, in one line."""
    return _cut(source.replace("\n", "\\n").replace("\r", "\\r"))


def described(value: Any) -> str:
    """A value with its kind."""
    return "null" if value is None else f"{kind_of(value)} {shown(value)}"


def shown(value: Any) -> str:
    """The beginning of a value's JSON text, at little cost for large values."""
    text = ""
    try:
        for piece in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
            text += piece
            if len(text) > MAX_SHOWN:
                break
    except (TypeError, ValueError, RecursionError):
        return f"a {type(value).__name__}, which is not JSON"
    return _cut(text)


def json_text(text: str) -> str:
    """A string as JSON text."""
    return json.dumps(text, ensure_ascii=False)


def _cut(text: str) -> str:
    """The text, shortened to what a message may quote, with invisible characters escaped."""
    return visible_line(text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "...")
