"""JSON within a text, read character by character.

A state is what was read of a token and the open brackets; they may be `MAX_DEPTH` deep.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_DEPTH = 16
_SPACE = " \t\r\n"
_DIGITS = "0123456789"
_HEXADECIMAL = "0123456789abcdefABCDEF"
_WORDS = {"t": "rue", "f": "alse", "n": "ull"}
# What may follow each part of a number: characters, and the part they lead to.
_NUMBERS = {
    "minus": (("0", "zero"), ("123456789", "whole")),
    "zero": ((".", "point"), ("eE", "e")),
    "whole": ((_DIGITS, "whole"), (".", "point"), ("eE", "e")),
    "point": ((_DIGITS, "fraction"),),
    "fraction": ((_DIGITS, "fraction"), ("eE", "e")),
    "e": (("+-", "exponent sign"), (_DIGITS, "exponent")),
    "exponent sign": ((_DIGITS, "exponent"),),
    "exponent": ((_DIGITS, "exponent"),),
}
_OPEN_NUMBERS = ("minus", "point", "e", "exponent sign")
_CLOSERS = {"[": "]", "{": "}"}


class Json(NamedTuple):
    """What was read of JSON.

    part: `value`, `first item`, `first key`, `key`, `colon`, `after`, `string`, `escape`, `unicode`, `word` or a part
    of a number. open: the open brackets; a string that is a key counts as `k`. rest: the missing characters of a word
    or the number of missing digits of an escape. kind: the first character of the whole value, `0` for a
    number, empty before it.
    """

    part: str = "value"
    open: str = ""
    rest: str = ""
    kind: str = ""


def rest(state: Json) -> str:
    """A shortest text that completes the value."""
    closing = "".join(_CLOSERS[bracket] for bracket in reversed(state.open) if bracket != "k")
    if state.part in ("string", "escape", "unicode"):
        token = {"escape": '"', "unicode": "0" * len(state.rest)}.get(state.part, "") + '"'
        return token + (":1" if state.open.endswith("k") else "") + closing
    begun = {"value": "1", "key": '"":1', "colon": ":1", "word": state.rest}.get(state.part, "")
    return (begun or ("0" if state.part in _OPEN_NUMBERS else "")) + closing


def after(state: Json, char: str) -> Json | None:
    """The state after one more character; None if JSON cannot go on with it."""
    part = state.part
    if part in ("string", "escape", "unicode"):
        return _in_string(state, char)
    if part == "word":
        return _after_word(state, char)
    if part in _NUMBERS:
        return _in_number(state, char)
    if char in _SPACE:
        return state
    return _value(state, char) if part in ("value", "first item") else _between(state, char)


def _in_number(state: Json, char: str) -> Json | None:
    for characters, longer in _NUMBERS[state.part]:
        if char in characters:
            return state._replace(part=longer)
    return None if state.part in _OPEN_NUMBERS else after(state._replace(part="after"), char)


def _value(state: Json, char: str) -> Json | None:
    if char == "]" and state.part == "first item":
        return _closed(state)
    known = state._replace(kind=state.kind or ("0" if char in "-0123456789" else char))
    if char in _CLOSERS:
        deeper = known._replace(open=state.open + char, part="first item" if char == "[" else "first key")
        return deeper if len(deeper.open) <= MAX_DEPTH else None
    if char == '"':
        return known._replace(part="string")
    if char in _WORDS:
        return known._replace(part="word", rest=_WORDS[char])
    for characters, part in (*_NUMBERS["minus"], ("-", "minus")):
        if char in characters:
            return known._replace(part=part)
    return None


def _between(state: Json, char: str) -> Json | None:
    """Continues between values."""
    if state.part in ("first key", "key") and char == '"':
        return state._replace(part="string", open=state.open + "k")
    if state.part == "colon":
        return state._replace(part="value") if char == ":" else None
    if state.part == "first key" and char == "}":
        return _closed(state)
    if state.part != "after" or not state.open:
        return None
    if char == ",":
        return state._replace(part="value" if state.open[-1] == "[" else "key")
    return _closed(state) if char == _CLOSERS[state.open[-1]] else None


def _closed(state: Json) -> Json:
    return state._replace(part="after", open=state.open[:-1])


def _in_string(state: Json, char: str) -> Json | None:
    if state.part == "unicode":
        left = state.rest[1:]
        return state._replace(part="unicode" if left else "string", rest=left) if char in _HEXADECIMAL else None
    if state.part == "escape":
        longer = state._replace(part="unicode", rest="0000") if char == "u" else state._replace(part="string")
        return longer if char in 'u"\\/bfnrt' else None
    if char == '"':
        is_key = state.open.endswith("k")
        return state._replace(part="colon", open=state.open[:-1]) if is_key else state._replace(part="after")
    if char == "\\":
        return state._replace(part="escape")
    return state if char >= " " else None


def _after_word(state: Json, char: str) -> Json | None:
    if char != state.rest[0]:
        return None
    left = state.rest[1:]
    return state._replace(part="word" if left else "after", rest=left)
