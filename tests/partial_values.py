"""A plain matcher of partial values, random partial values of a given value, and random values of a partial value."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from hypothesis import strategies as st

from schemalm.documents.partial import (
    ANYTHING,
    MORE,
    Anything,
    Exactly,
    More,
    NumberLike,
    OneOf,
    Partial,
    PartialArray,
    PartialObject,
    TextLike,
    partial_of,
)
from schemalm.documents.values import json_equal

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


def satisfies(value: Any, partial: Partial | More) -> bool:
    """Whether a value is what a partial value states, decided by `re` and by trying every split of a list."""
    match partial:
        case OneOf():
            found = any(satisfies(value, choice) for choice in partial.choices)
        case PartialObject():
            found = isinstance(value, dict) and _object_satisfies(value, partial)
        case PartialArray():
            found = isinstance(value, list) and _items_satisfy(value, partial.items)
        case TextLike():
            found = isinstance(value, str) and is_like(value, partial)
        case NumberLike():
            found = type(value) in (int, float) and repr(value).startswith(partial.prefix)
        case Exactly():
            found = json_equal(value, partial.value)
        case _:
            found = True
    return found


def is_like(text: str, like: TextLike) -> bool:
    """Whether a text is like a `TextLike`."""
    if not text.startswith(like.prefix) or not re.fullmatch(like.rest, text[len(like.prefix) :]):
        return False
    return like.excluded is None or not re.fullmatch(like.excluded, text)


def _object_satisfies(value: dict[str, Any], partial: PartialObject) -> bool:
    stated = dict(partial.entries)
    others = [key for key in value if key not in stated]
    if not all(key in value and satisfies(value[key], child) for key, child in stated.items()):
        return False
    if partial.next_key is not None:
        return any(is_like(key, partial.next_key) for key in others)
    return partial.is_open or not others


def _items_satisfy(values: list[Any], items: tuple[Partial | More, ...]) -> bool:
    if not items:
        return not values
    if isinstance(items[0], More):
        return any(_items_satisfy(values[start:], items[1:]) for start in range(len(values) + 1))
    return bool(values) and satisfies(values[0], items[0]) and _items_satisfy(values[1:], items[1:])


def partial_from(value: Any, chance: random.Random) -> Partial:
    """Returns a random partial value that `value` satisfies."""
    if chance.random() < 0.15:
        return ANYTHING
    if chance.random() < 0.1:
        return OneOf((partial_of(chance.choice([None, 1, "x"])), partial_from(value, chance)))
    if isinstance(value, dict | list):
        return _partial_object(value, chance) if isinstance(value, dict) else _partial_array(value, chance)
    if chance.random() < 0.6 or value is None or isinstance(value, bool):
        return Exactly(value)
    if isinstance(value, str):
        return TextLike(value[: chance.randint(0, len(value))])
    return NumberLike(repr(value)[: chance.randint(1, 3)])


def _partial_array(value: list[Any], chance: random.Random) -> PartialArray:
    items: list[Partial | More] = []
    for item in value:
        if chance.random() < 0.25:
            items.append(MORE)
        if not items or not isinstance(items[-1], More) or chance.random() < 0.5:
            items.append(partial_from(item, chance))
    return PartialArray(tuple(items))


def _partial_object(value: dict[str, Any], chance: random.Random) -> PartialObject:
    if chance.random() < 0.5:
        return PartialObject(tuple((key, partial_from(child, chance)) for key, child in value.items()))
    keys = list(value)  # stated free keys come before others, so the first ones are kept
    kept, left = (keys[: (cut := chance.randint(0, len(keys)))], keys[cut:])
    next_key = None
    if left and chance.random() < 0.5:
        key = chance.choice(left)
        next_key = TextLike(key[: chance.randint(0, len(key))])
    return PartialObject(tuple((key, partial_from(value[key], chance)) for key in kept), True, next_key)


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
            numbers = _DIGITS.map(lambda digits: _number(partial.prefix + digits))
            return numbers.filter(lambda value: satisfies(value, partial) and "e" not in repr(value))
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
    return rest.map(lambda text: partial.prefix + text).filter(lambda text: satisfies(text, partial))


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


def described(partial: Partial | More) -> str:
    """Returns a partial value in a short form, for messages of failed tests."""
    if isinstance(partial, PartialObject):
        inner = [f"{json.dumps(key)}: {described(child)}" for key, child in partial.entries]
        inner += [f"KEY {partial.next_key}"] if partial.next_key else []
        return "{" + ", ".join([*inner, *(["..."] if partial.is_open else [])]) + "}"
    if isinstance(partial, PartialArray):
        return "[" + ", ".join(map(described, partial.items)) + "]"
    if isinstance(partial, Anything | More):
        return "..." if isinstance(partial, Anything) else "MORE"
    return str(partial)
