"""A plain matcher of partial values, and random partial values of a given value."""

from __future__ import annotations

import json
import random
import re
from typing import Any

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
