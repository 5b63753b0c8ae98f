"""Partial values: what a prompt, or a document that is cut off, states of a value that is still to be written.

Readers of prompts (`prompt_reader.py`) and of cut documents make them; the grammar (`schema/prompt.py`) turns them into
assertions. All of them are immutable and hashable.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemalm.documents.values import JSONValue, json_equal


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
    """A number whose text begins with a prefix; its text is what `json.dumps` writes, but never has an exponent."""

    prefix: str


@dataclass(frozen=True)
class OneOf:
    """A value that at least one of several partial values states."""

    choices: tuple[Partial, ...]


@dataclass(frozen=True)
class PartialObject:
    """An object with these entries.

    is_open: whether it may have other keys. next_key: it has one more key, which is like this text; for open objects.
    """

    entries: tuple[tuple[str, Partial], ...]
    is_open: bool = False
    next_key: TextLike | None = None


@dataclass(frozen=True)
class PartialArray:
    """A list with these items, in this order; `More` stands for any number of items."""

    items: tuple[Partial | More, ...]


Partial = Anything | Exactly | TextLike | NumberLike | OneOf | PartialObject | PartialArray

ANYTHING, MORE = Anything(), More()


def exactly(value: JSONValue) -> Partial:
    """Return the partial value that states a whole value and nothing else."""
    if isinstance(value, dict):
        return PartialObject(tuple((key, exactly(child)) for key, child in value.items()))
    if isinstance(value, list):
        return PartialArray(tuple(exactly(item) for item in value))
    return Exactly(value)
