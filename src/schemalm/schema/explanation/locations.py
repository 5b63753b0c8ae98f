"""The values inside a value, each with what was found out about it, and changes of a value.

A location remembers the verdicts of formulas on its value. A changed value shares the locations of all that
stayed the same, so that only what lies around the change is judged again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, TypeAlias

from schemalm.schema.explanation.wording import named
from schemalm.schema.formula import Formula

Path: TypeAlias = "tuple[str | int, ...]"


class Hole:
    """A value that is not known yet: that of a key which a change adds."""


HOLE = Hole()


class Location:
    """A value, and where it stands: under `key` in the value of `parent`; the whole value has neither.

    depth: how many keys and indices lead here. first_failing: how many members or items come before the first that does
    not satisfy an assertion about each. before: this location before its value was changed.
    """

    __slots__ = ("_before", "_inside", "depth", "first_failing", "key", "parent", "value", "verdicts")

    def __init__(
        self, value: Any, parent: Location | None = None, key: str | int = "", before: Location | None = None
    ) -> None:
        self.value = value
        self.parent = parent
        self.key = key
        self._before = before
        self.depth: int = parent.depth + 1 if parent is not None else 0
        self.verdicts: dict[Formula, bool] = {}
        self.first_failing: dict[Formula, int] = {}
        self._inside: dict[str | int, Location] = {}

    @property
    def path(self) -> Path:
        """The keys and indices that lead here from the whole value."""
        found: list[str | int] = []
        location = self
        while location.parent is not None:
            found.append(location.key)
            location = location.parent
        return tuple(reversed(found))

    def inside(self, key: str | int) -> Location:
        """The location of a member or item; where a change left that as it is, the location that it had before."""
        if key not in self._inside:
            value, outer = self.value[key], self._before
            before = outer.inside(key) if outer is not None and _has(outer.value, key) else None
            stayed = before is not None and before.value is value
            self._inside[key] = before if before is not None and stayed else Location(value, self, key, before)
        return self._inside[key]


def _has(value: Any, key: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(key, int) and key < len(value)
    return isinstance(value, dict) and key in value


@dataclass(frozen=True, eq=False)
class Change(ABC):
    """A change of the value at a location."""

    location: Location

    @property
    @abstractmethod
    def advice(self) -> str:
        """What to do, in words."""

    @abstractmethod
    def apply(self, value: Any) -> Any:
        """The value of the location after the change, where it is `value` before."""

    @property
    def guess(self) -> str:
        """What may have been meant instead, in words; empty where the change is no guess at a slip."""
        return ""


@dataclass(frozen=True, eq=False)
class Remove(Change):
    """Takes a key away, or an item."""

    key: str | int

    @property
    def advice(self) -> str:
        """What to do, in words."""
        return f"remove {named(self.key)}" if isinstance(self.key, str) else "remove it"

    def apply(self, value: Any) -> Any:
        """The value without it."""
        if isinstance(self.key, int):
            return [item for index, item in enumerate(value) if index != self.key]
        return {name: item for name, item in value.items() if name != self.key}


@dataclass(frozen=True, eq=False)
class Add(Change):
    """Adds a key, with whatever value."""

    key: str

    @property
    def advice(self) -> str:
        """What to do, in words."""
        return f"add {named(self.key)}"

    def apply(self, value: Any) -> Any:
        """The value with it."""
        return {**value, self.key: HOLE}


@dataclass(frozen=True, eq=False)
class Rename(Change):
    """Gives a key another name; `is_guess`: the key is the fault, and this may be what it was meant to be."""

    key: str
    name: str
    is_guess: bool = False

    @property
    def advice(self) -> str:
        """What to do, in words."""
        return f"rename {named(self.key)} to {named(self.name)}"

    @property
    def guess(self) -> str:
        """What may have been meant instead, in words."""
        return named(self.name) if self.is_guess else ""

    def apply(self, value: Any) -> Any:
        """The value with the other name."""
        return {self.name if name == self.key else name: item for name, item in value.items()}


@dataclass(frozen=True, eq=False)
class Write(Change):
    """Writes another value; `words` say how."""

    value: Any
    words: str
    is_guess: bool = False

    @property
    def advice(self) -> str:
        """What to do, in words."""
        return self.words

    @property
    def guess(self) -> str:
        """What may have been meant instead, in words."""
        return self.words if self.is_guess else ""

    def apply(self, value: Any) -> Any:
        """The other value."""
        return self.value


def changed(root: Location, change: Change) -> Location:
    """The whole value after a change, or after another one of a value that `root` was changed from."""
    location, outer = root, []
    for key in change.location.path:
        outer.append(location.value)
        location = location.inside(key)
    value = change.apply(location.value)
    for around, key in zip(reversed(outer), reversed(change.location.path), strict=True):
        copied = around.copy()
        copied[key] = value
        value = copied
    return Location(value, before=root)
