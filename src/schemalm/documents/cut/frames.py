"""The open lists and mappings on the way to the cursor, and the readings of what stands there.

A reading gives its partial value; several readings share what they agree on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from schemalm.documents.cut.choices import Choice
from schemalm.documents.partial import ANYTHING, MORE, OneOf, Partial, PartialArray, PartialObject, TextLike, partial_of
from schemalm.documents.value_paths import Path
from schemalm.documents.values import JSONValue


@dataclass(frozen=True)
class Frame:
    """An open list or mapping.

    given: its children that are complete. key: of the child at the cursor, in a mapping. start: its offset. column: of
    its entries, in a block of YAML. is_pair: it is a mapping of one pair, `[key: value]`.
    """

    given: dict[str, JSONValue] | list[JSONValue]
    start: int
    key: str | None = None
    column: int | None = None
    is_pair: bool = False

    def child_of(self, container: JSONValue) -> tuple[JSONValue, ...]:
        """Return the child at the cursor in a value for this frame; empty if it has none."""
        if isinstance(container, dict):
            return (container[self.key],) if self.key is not None and self.key in container else ()
        return tuple(container[len(self.given) :][:1]) if isinstance(container, list) else ()


class Place(Enum):
    """What stands at the cursor: a scalar value or a key that goes on, a value to come, or nothing."""

    VALUE = auto()
    KEY = auto()
    SLOT = auto()
    BETWEEN = auto()


@dataclass(frozen=True)
class Reading:
    """What the cursor may mean.

    text: the given text, and what must follow. frames: from the outermost to the innermost. choices: of the value or
    key at the cursor; none for a key of which nothing is written. root: the whole value, where no frame is open and
    nothing is to come. needs_comma, needs_colon: before the next entry, before the value at the cursor. is_explicit:
    the key at the cursor follows `? `, so its colon has a line of its own. begins_entry: an entry must come, and stands
    where its layout wants it.
    """

    text: str
    frames: tuple[Frame, ...]
    place: Place
    choices: tuple[Choice, ...] = ()
    root: JSONValue = None
    needs_comma: bool = False
    needs_colon: bool = False
    is_explicit: bool = False
    begins_entry: bool = False

    @property
    def path(self) -> Path:
        """The path of the value at the cursor, or of the innermost frame if none is at the cursor."""
        within = [frame for index, frame in enumerate(self.frames) if self.has_child(index)]
        return tuple(len(frame.given) if frame.key is None else frame.key for frame in within)

    @property
    def takes_key(self) -> bool:
        """Whether the cursor is in a key, or in an object where one may come."""
        is_in_object = bool(self.frames) and isinstance(self.frames[-1].given, dict)
        return self.place is Place.KEY or (self.place is Place.BETWEEN and is_in_object)

    def has_child(self, index: int) -> bool:
        """Return whether a child of this frame is at the cursor or around it."""
        return index < len(self.frames) - 1 or self.place in (Place.VALUE, Place.SLOT)

    def partial(self, depth: int = 0) -> Partial:
        """Return what is stated of the value at a depth: of a frame, or of the value at the cursor."""
        if depth < len(self.frames):
            return self.around(depth, self.partial(depth + 1) if self.has_child(depth) else None)
        if self.place is Place.VALUE:
            return _one_of([choice.partial for choice in self.choices])
        return ANYTHING if self.place is Place.SLOT else partial_of(self.root)

    def around(self, depth: int, child: Partial | None) -> Partial:
        """Return what is stated of a frame's value; `child`: of the child at the cursor, or None."""
        frame = self.frames[depth]
        if isinstance(frame.given, list):
            children = () if child is None else (child,)
            return PartialArray((*map(partial_of, frame.given), *children, MORE))
        entries = tuple((key, partial_of(value)) for key, value in frame.given.items())
        if child is not None and frame.key is not None:
            return PartialObject((*entries, (frame.key, child)), is_open=not frame.is_pair)
        if self.place is not Place.KEY or not self.choices:
            return PartialObject(entries, is_open=True)
        keys = [choice.partial for choice in self.choices if isinstance(choice.partial, TextLike)]
        return _one_of([PartialObject(entries, is_open=True, next_key=key) for key in keys])


def stated_by(readings: Sequence[Reading], depth: int = 0) -> Partial:
    """Return what at least one of several readings states; at least one."""
    first = readings[0]
    if len(readings) == 1:
        return first.partial(depth)
    if all(_shares(first, reading, depth) for reading in readings):
        return first.around(depth, stated_by(readings, depth + 1))
    return _one_of([reading.partial(depth) for reading in readings])


def _shares(first: Reading, second: Reading, depth: int) -> bool:
    """Return whether two readings have the same frame at a depth, with the cursor in the same child."""
    if not all(depth < len(reading.frames) and reading.has_child(depth) for reading in (first, second)):
        return False
    one, other = first.frames[depth], second.frames[depth]
    return (one.start, one.key, len(one.given)) == (other.start, other.key, len(other.given))


def _one_of(choices: Sequence[Partial]) -> Partial:
    """Return what at least one of several partial values states."""
    flat = [part for choice in choices for part in (choice.choices if isinstance(choice, OneOf) else (choice,))]
    different = tuple(dict.fromkeys(flat))
    return different[0] if len(different) == 1 else OneOf(different)
