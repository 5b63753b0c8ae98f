"""Partial values: what a prompt, or a document that is cut off, states of a value that is still to be written.

Readers of prompts (`prompt_reader.py`) and of cut documents make them; the grammar (`schema/prompt.py`) turns them into
assertions. All of them are immutable and hashable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from schemalm.documents.limits import DEFAULT_LIMITS
from schemalm.documents.values import find_fault, json_equal
from schemalm.errors import PromptError
from schemalm.json_pointer import pointer_to


@dataclass(frozen=True)
class Anything:
    """Any value that the schema allows."""


@dataclass(frozen=True)
class More:
    """An item of a list: any number of items may stand here, also none."""


@dataclass(frozen=True, eq=False)
class Exactly:
    """A string, a number, a boolean or null; `1` and `1.0` differ."""

    value: str | int | float | bool | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exactly) and json_equal(self.value, other.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


@dataclass(frozen=True)
class TextLike:
    """A string that begins with a prefix.

    rest: a pattern (ECMA-262, without look-around) that the whole text after the prefix must match. excluded: a pattern
    that the whole string, prefix included, must not match; None excludes nothing.
    """

    prefix: str
    rest: str = r"[\s\S]*"
    excluded: str | None = None


@dataclass(frozen=True)
class NumberLike:
    """A number whose text begins with a prefix; its text is what Python's `repr` writes."""

    prefix: str


@dataclass(frozen=True)
class OneOf:
    """A value that at least one of several partial values states."""

    choices: tuple[Partial, ...]


@dataclass(frozen=True)
class PartialObject:
    """An object with these entries.

    is_open: whether it may have other keys. next_key: it has one more key, which is like this text; for open objects.
    others_last: whether named keys that are not stated come after those that are, in canonical order.
    """

    entries: tuple[tuple[str, Partial], ...]
    is_open: bool = False
    next_key: TextLike | None = None
    others_last: bool = False


@dataclass(frozen=True)
class PartialArray:
    """A list with these items, in this order; `More` stands for any number of items."""

    items: tuple[Partial | More, ...]


Partial = Anything | Exactly | TextLike | NumberLike | OneOf | PartialObject | PartialArray

ANYTHING, MORE = Anything(), More()


def partial_of(value: Any, *, is_open: bool = False) -> Partial:
    """Return what a value with `...` in it states.

    `...` as a value is anything, as an item any number of items, as a key with the value `...` any other keys; the
    value False under it says that there are none. is_open: whether other keys or items may follow those of the
    outermost object or list that does not say so itself. Raises `PromptError` for what is no JSON value.
    """
    return _partial(value, (), is_open)


def _partial(value: Any, path: tuple[str | int, ...], is_open: bool) -> Partial:
    if len(path) > DEFAULT_LIMITS.max_depth:
        raise _no_prompt(path, f"nested more than {DEFAULT_LIMITS.max_depth} levels deep")
    if value is ...:
        return ANYTHING
    if isinstance(value, dict):
        return _partial_object(value, path, is_open)
    if isinstance(value, list):
        items = [MORE if item is ... else _partial(item, (*path, at), False) for at, item in enumerate(value)]
        return PartialArray((*items, MORE) if is_open and MORE not in items else tuple(items))
    if fault := find_fault(value, DEFAULT_LIMITS):
        raise _no_prompt(path, fault)
    return Exactly(value)


def _partial_object(value: dict[Any, Any], path: tuple[str | int, ...], is_open: bool) -> Partial:
    entries = []
    for key, child in value.items():
        if key is ...:
            if child is not ... and child is not None and child is not False:
                raise _no_prompt(path, f"the key ... takes ... (other keys) or false (no other keys), not {child!r}")
            is_open = child is not False
        elif fault := find_fault({key: None}, DEFAULT_LIMITS):
            raise _no_prompt(path, fault)
        else:
            entries.append((key, _partial(child, (*path, key), False)))
    return PartialObject(tuple(entries), is_open)


def opened(partial: Partial) -> Partial:
    """Return what is stated if other keys and items may be added everywhere."""
    if isinstance(partial, PartialObject):
        return replace(partial, entries=tuple((key, opened(child)) for key, child in partial.entries), is_open=True)
    if isinstance(partial, PartialArray):
        return PartialArray((*(MORE if isinstance(item, More) else opened(item) for item in partial.items), MORE))
    return partial


def with_others_last(partial: Partial) -> Partial:
    """Return what is stated if open objects only get keys that usually follow those that they have."""
    if isinstance(partial, PartialObject) and partial.is_open:
        entries = tuple((key, with_others_last(child)) for key, child in partial.entries)
        return replace(partial, entries=entries, others_last=True)
    if isinstance(partial, PartialArray):
        return PartialArray(tuple(item if isinstance(item, More) else with_others_last(item) for item in partial.items))
    if isinstance(partial, OneOf):
        return OneOf(tuple(map(with_others_last, partial.choices)))
    return partial


def _no_prompt(path: tuple[str | int, ...], fault: str) -> PromptError:
    return PromptError(f"not a partial JSON value: {fault}", pointer=pointer_to(path))
