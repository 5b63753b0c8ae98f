"""The ways in which a scalar at the cursor goes on: what each states of the scalar, and the text that follows.

In goes the meaning of what is written of a scalar, and how it is quoted; out come `Choice`s. Their patterns are
ECMA-262 and mean the same to `re`; each decides in linear time.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemalm.documents.core_schema import BOOLEAN, FLOAT, INTEGER, NOT_FINITE, NULL, resolve_plain
from schemalm.documents.cut.escapes import characters_of, form_of
from schemalm.documents.partial import Exactly, NumberLike, TextLike
from schemalm.documents.values import MAX_INTEGER_DIGITS, JSONValue, json_equal
from schemalm.documents.writing import in_double_quotes

# In a class: the characters that no plain or block scalar has, without tabs and spaces.
NOT_PRINTABLE: Final = r"\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff"
NO_ESCAPE: Final = "no character has this escape: write another one, or the character itself"
_LITERALS: Final = tuple(
    (spelling, value)
    for word, value in (("true", True), ("false", False), ("null", None))
    for spelling in (word, word.title(), word.upper())
)
_SCALAR_STARTS: Final = frozenset("nN~tTfF0123456789+-.")  # of plain scalars that may not be text
_OTHER_KINDS: Final = "|".join(pattern.pattern for pattern in (NULL, BOOLEAN, INTEGER, FLOAT, NOT_FINITE))
_MARKER: Final = r"(?:---|\.\.\.)(?:[ \t][\s\S]*)?"
_MUST_GO_ON: Final = re.compile(r"[-?]|---|\.\.\.|[\s\S]*:")  # alone, these would be something other than text
_JSON_NUMBER: Final = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)?")
_OPEN_EXPONENT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?")
_ANY: Final = r"[\s\S]*"
_CAREFUL: Final = re.compile(r"[^0-9A-Za-z]")  # after a line break in quotes, white space and markers mean something


@dataclass(frozen=True)
class Choice:
    """A way in which a scalar goes on: what it states, and the text from the cursor to the end of the scalar."""

    partial: TextLike | NumberLike | Exactly
    suffix: Callable[[JSONValue], str]

    def takes(self, value: JSONValue) -> bool:
        """Return whether a value is stated."""
        partial = self.partial
        match partial:
            case Exactly():
                return json_equal(partial.value, value)
            case NumberLike():
                return is_number(value) and (text := json.dumps(value)).startswith(partial.prefix) and "e" not in text
        return isinstance(value, str) and _is_like(partial, value)


def is_number(value: JSONValue) -> bool:
    """Return whether a value is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_like(partial: TextLike, text: str) -> bool:
    is_excluded = partial.excluded is not None and re.fullmatch(partial.excluded, text)
    has_rest = text.startswith(partial.prefix) and re.fullmatch(partial.rest, text[len(partial.prefix) :])
    return bool(has_rest) and not is_excluded


def exactly(value: str | int | float | bool | None, suffix: str = "") -> Choice:
    """Return the choice of one value."""
    return Choice(Exactly(value), lambda _: suffix)


def number(prefix: str) -> list[Choice]:
    """Return the choices of a number, as JSON writes it or with an exponent."""
    choices: list[Choice] = []
    if _JSON_NUMBER.fullmatch(prefix):
        choices.append(Choice(NumberLike(prefix), lambda value: json.dumps(value)[len(prefix) :]))
    if _OPEN_EXPONENT.fullmatch(prefix):
        numbers = {float(prefix + digit): digit for digit in "9876543210"}
        choices += [exactly(found, digit) for found, digit in numbers.items() if math.isfinite(found)]
    return choices


def plain_values(prefix: str, in_flow: bool) -> list[Choice]:
    """Return the choices of a plain scalar as a value; `prefix`, which is not empty, may end in white space."""
    words = {value: word for word, value in reversed(_LITERALS) if word.startswith(prefix) and word != prefix}
    choices = [_plain_text(prefix, in_flow), *number(prefix)]
    choices += [exactly(value, word[len(prefix) :]) for value, word in words.items()]
    whole = prefix.rstrip(" \t\n")
    is_readable = len(whole) <= MAX_INTEGER_DIGITS or not INTEGER.fullmatch(whole)
    value = resolve_plain(whole) if is_readable else whole
    assert not isinstance(value, dict | list)
    ends_here = whole != prefix or not (isinstance(value, str) or any(choice.takes(value) for choice in choices))
    is_finite = not isinstance(value, float) or math.isfinite(value)
    return [*choices, exactly(value)] if ends_here and is_finite else choices


def plain_keys(prefix: str, in_flow: bool) -> list[Choice]:
    """Return the choices of a plain scalar as a key; `prefix`, which is not empty, may end in white space."""
    choices = [_plain_text(prefix, in_flow, "<<")]
    whole = prefix.rstrip(" \t\n")
    if whole != prefix and isinstance(resolve_plain(whole), str) and whole != "<<":
        choices.append(Choice(TextLike(whole, ""), lambda _: ""))
    return choices


def _plain_text(prefix: str, in_flow: bool, also_excluded: str | None = None) -> Choice:
    """Return the choice of text in one line that YAML reads without quotes."""
    unsafe = rf"\t {NOT_PRINTABLE}" + (r",\[\]{}" if in_flow else "")
    character, last = f"[^{unsafe}]", f"[^{unsafe}:]"  # a colon is content if content follows, a hash if it precedes
    word = f"(?:[^{unsafe}#]{character}*{last}|[^{unsafe}:#])"
    begin = f"(?:{character}*{last})" + ("" if _MUST_GO_ON.fullmatch(prefix) else "?")
    begin = word if prefix[-1] in " \t\n" else begin
    excluded = [_OTHER_KINDS] if prefix[0] in _SCALAR_STARTS else []
    excluded += [_MARKER] if prefix[0] in "-." else []
    excluded += [also_excluded] if also_excluded and also_excluded.startswith(prefix) else []
    pattern = f"^(?:{'|'.join(excluded)})$" if excluded else None
    return Choice(TextLike(prefix, rf"{begin}(?:[ \t]+{word})*", pattern), _text_after(prefix))


def _text_after(prefix: str) -> Callable[[JSONValue], str]:
    return lambda value: str(value)[len(prefix) :]


def single_quoted(prefix: str, is_over_lines: bool, joint: str = "") -> Choice:
    """Return the choice of text in one line after `prefix`, in single quotes; `joint` comes first."""
    rest = f"[^{NOT_PRINTABLE}]*"
    if is_over_lines:
        rest = f"(?:[0-9A-Za-z]{rest})?"
    return Choice(TextLike(prefix, rest), lambda value: joint + str(value)[len(prefix) :].replace("'", "''") + "'")


def double_quoted(prefix: str, escape: str, *, is_json: bool = False, is_over_lines: bool = False) -> Choice:
    r"""Return the choice of any text after `prefix`, in double quotes.

    escape: the escape at the cursor that is not finished, such as `\u00`, and that a character has; empty if none is.
    """

    def suffix(value: JSONValue) -> str:
        rest = str(value)[len(prefix) :]
        first = ""
        if escape or (is_over_lines and _CAREFUL.match(rest)):
            first, rest = form_of(rest[0], escape)[len(escape) :], rest[1:]
        return first + (json.dumps(rest, ensure_ascii=False)[1:-1] if is_json else in_double_quotes(rest)) + '"'

    return Choice(TextLike(prefix, (characters_of(escape) or "") + _ANY), suffix)
