"""What a partial value states, the plain way: whether it states a value, and values that it states."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import strategies as st

from schemalm.documents import JSONValue, json_equal
from schemalm.documents.partial import (
    Anything,
    Exactly,
    More,
    NumberLike,
    OneOf,
    Partial,
    PartialArray,
    PartialObject,
    TextLike,
)

# Texts that YAML cannot write without care.
WORDS = ["a", "on", "true", "1", "é", "null", "~", "1.5", "a:", "a b", "x: y", "a #b", "", "\\"]
MARKS = [
    "#c",
    "'q'",
    '"d"',
    "[",
    "{a}",
    "<<",
    "*x",
    "&y",
    "!t",
    "%d",
    "---",
    "...",
    "- n",
    "  lead",
    "tab\there",
    "\x07",
]
TEXTS = st.sampled_from([*WORDS, *MARKS, "\n", "a\n", "a\nb\n", "a\n\n\nb\n\n"])
FLOATS = st.floats(-1000, 1000).filter(lambda value: "e" not in repr(value))  # a cut number gets no exponent
SCALARS = st.one_of(TEXTS, st.integers(-20, 200), FLOATS, st.booleans(), st.none())
VALUES = st.recursive(
    SCALARS, lambda child: st.lists(child, max_size=3) | st.dictionaries(TEXTS, child, max_size=3), max_leaves=6
)
_CHARACTERS = st.characters(exclude_categories=["Cs"])
_DIGITS = st.sampled_from(["", "0", "1", "25", ".5", "1.25", "0.0"])


def states(partial: Partial, value: JSONValue) -> bool:  # noqa: PLR0911
    """Whether a partial value states a value."""
    match partial:
        case Anything():
            return True
        case Exactly():
            return json_equal(partial.value, value)
        case OneOf():
            return any(states(choice, value) for choice in partial.choices)
        case NumberLike():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return is_number and (text := json.dumps(value)).startswith(partial.prefix) and "e" not in text
        case TextLike():
            return isinstance(value, str) and _states_text(partial, value)
        case PartialObject():
            return isinstance(value, dict) and _states_object(partial, value)
        case PartialArray():
            items = [item for item in partial.items if not isinstance(item, More)]
            return (
                isinstance(value, list)
                and (len(value) == len(items) or (len(value) > len(items) and partial.items[-1] == More()))
                and all(states(item, child) for item, child in zip(items, value, strict=False))
            )


def _states_text(partial: TextLike, text: str) -> bool:
    rest = text[len(partial.prefix) :]
    is_excluded = partial.excluded is not None and re.search(partial.excluded, text)
    return text.startswith(partial.prefix) and bool(re.fullmatch(partial.rest, rest)) and not is_excluded


def _states_object(partial: PartialObject, value: dict[str, Any]) -> bool:
    given = dict(partial.entries)
    new = [key for key in value if key not in given]
    return (
        all(key in value and states(child, value[key]) for key, child in given.items())
        and (partial.is_open or not new)
        and (partial.next_key is None or any(states(partial.next_key, key) for key in new))
    )


def stated_values(partial: Partial) -> st.SearchStrategy[Any]:  # noqa: PLR0911
    """Values that a partial value states, with the keys of objects in any order."""
    match partial:
        case Anything():
            return VALUES
        case Exactly():
            return st.just(partial.value)
        case OneOf():
            return st.one_of([stated_values(choice) for choice in partial.choices])
        case NumberLike():
            return _DIGITS.map(lambda digits: _number(partial.prefix + digits)).filter(
                lambda value: states(partial, value)
            )
        case TextLike():
            return _stated_texts(partial)
        case PartialObject():
            return _stated_objects(partial)
        case PartialArray():
            return _stated_arrays(partial)


def _number(text: str) -> int | float | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, int | float) else None


def _stated_texts(partial: TextLike) -> st.SearchStrategy[str]:
    rest = TEXTS | st.from_regex(partial.rest, fullmatch=True, alphabet=_CHARACTERS)
    return rest.map(lambda text: partial.prefix + text).filter(lambda text: states(partial, text))


@st.composite
def _stated_objects(draw: st.DrawFn, partial: PartialObject) -> dict[str, Any]:
    value = {key: draw(stated_values(child)) for key, child in partial.entries}
    if partial.next_key is not None:
        value[draw(_stated_texts(partial.next_key).filter(lambda key: key not in value))] = draw(VALUES)
    for key, child in draw(st.dictionaries(TEXTS, VALUES, max_size=2 * partial.is_open)).items():
        value.setdefault(key, child)
    return {key: value[key] for key in draw(st.permutations(list(value)))}


@st.composite
def _stated_arrays(draw: st.DrawFn, partial: PartialArray) -> list[Any]:
    value: list[Any] = []
    for item in partial.items:
        value += draw(st.lists(VALUES, max_size=2)) if isinstance(item, More) else [draw(stated_values(item))]
    return value
