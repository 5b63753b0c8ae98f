"""Value paths such as `/jobs/*/steps/[]/if`, and the tree of all places that the paths of a rules file name.

A step of a path is a key; `*`, every key that no sibling in the tree names; or `[]`, every item. In a key, `~1` stands
for `/`, `~0` for `~`, and a key that is `~*` is literally `*`. The empty path is the whole value.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from schemalm.errors import RulesError
from schemalm.json_pointer import escape, parts_of, pointer_to


class Wildcard(enum.Enum):
    """A step of a path that stands for many keys or items."""

    OTHER = "*"
    ITEM = "[]"


OTHER, ITEM = Wildcard.OTHER, Wildcard.ITEM
Step: TypeAlias = "str | Wildcard"
Steps: TypeAlias = "tuple[Step, ...]"
_WILDCARDS: dict[str, Step] = {wildcard.value: wildcard for wildcard in Wildcard}
_LITERAL_STAR = "~*"


def parse_path(path: str) -> Steps:
    """Return the steps of a value path; raises ValueError if it is neither empty nor begins with a slash."""
    if path and not path.startswith("/"):
        raise ValueError(f"the path {path!r} does not begin with a slash, as /jobs/*/steps/[] does")
    steps = zip(path.split("/")[1:], parts_of(path), strict=True)
    return tuple("*" if part == _LITERAL_STAR else _WILDCARDS.get(part, key) for part, key in steps)


def path_text(steps: Iterable[Step]) -> str:
    """Return the path of steps as text, which `parse_path` reads back."""
    return "".join(f"/{_part(step)}" for step in steps)


def _part(step: Step) -> str:
    if isinstance(step, Wildcard):
        return step.value
    return _LITERAL_STAR if step == "*" else escape(step)


class Place:
    """A node of the tree: the values that one path leads to.

    number: its index in the tree. path: the value path that leads here. named: the places of keys that paths name;
    other: of all other keys; item: of items. names, expression: what the rules say about the place, or None; they are
    set while the rules are compiled.
    """

    __slots__ = ("expression", "item", "named", "names", "number", "other", "path", "steps")

    def __init__(self, number: int, steps: Steps) -> None:
        self.number, self.steps, self.path = number, steps, path_text(steps)
        self.named: dict[str, Place] = {}
        self.other: Place | None = None
        self.item: Place | None = None
        self.names: Any = None
        self.expression: Any = None

    def child(self, key: str) -> Place | None:
        """Return the place of the value under a key of an object here; None if no rule says anything about it."""
        return self.named.get(key, self.other)

    def within(self) -> Iterator[Place]:
        """Yield this place and all below it, each once: places that are alike may lead back to themselves."""
        found = {self.number: self}
        pending = [self]
        while pending:
            place = pending.pop()
            yield place
            inner = (*place.named.values(), place.other, place.item)
            new = {child.number: child for child in inner if child is not None and child.number not in found}
            found |= new
            pending += new.values()

    def __repr__(self) -> str:
        return f"Place({self.number}, {self.path!r})"


class PlaceTree:
    """All places of some paths; the root is the whole value."""

    def __init__(self) -> None:
        self.root = Place(0, ())
        self.places = [self.root]

    @classmethod
    def of(cls, paths: Iterable[str], alike: Mapping[str, Iterable[str]] = MappingProxyType({})) -> PlaceTree:
        """Return the tree of value paths, where places that are alike are one place; so it may lead back to itself.

        alike: by path, the paths of places that are the same. Raises ValueError for a text that is no path, and
        RulesError, with the pointer, if a place that is like another is a place already.
        """
        tree = cls()
        for path in (*paths, *alike):
            tree._add(parse_path(path))
        for path, others in alike.items():
            for index, other in enumerate(others):
                if not tree._join(parse_path(other), tree.at(path)):
                    raise RulesError(
                        f"the values at {other!r} have rules of their own; expected a value path that no other part "
                        "of the file names",
                        pointer=pointer_to(("alike", path, index)),
                    )
        return tree

    def at(self, path: str) -> Place:
        """Return the place of a path of the tree; raises KeyError for another path."""
        place: Place | None = self.root
        for step in parse_path(path):
            place = _after(place, step) if place else None
        if place is None:
            raise KeyError(path)
        return place

    def __iter__(self) -> Iterator[Place]:
        return iter(self.places)

    def _add(self, steps: Steps) -> Place:
        place = self.root
        for length, step in enumerate(steps, start=1):
            place = _after(place, step) or self._grow(place, step, steps[:length])
        return place

    def _join(self, steps: Steps, place: Place) -> bool:
        """Let a path lead to a place; False if it leads elsewhere already."""
        parent = self._add(steps[:-1])
        if not steps or _after(parent, steps[-1]) is not None:
            return False
        _set_after(parent, steps[-1], place)
        return True

    def _grow(self, parent: Place, step: Step, steps: Steps) -> Place:
        place = Place(len(self.places), steps)
        self.places.append(place)
        _set_after(parent, step, place)
        return place


def _after(place: Place, step: Step) -> Place | None:
    """The place that exactly this step leads to."""
    if step is OTHER:
        return place.other
    return place.item if step is ITEM else place.named.get(str(step))


def _set_after(parent: Place, step: Step, place: Place) -> None:
    """Let a step lead to a place."""
    if step is OTHER:
        parent.other = place
    elif step is ITEM:
        parent.item = place
    else:
        assert isinstance(step, str)
        parent.named[step] = place
