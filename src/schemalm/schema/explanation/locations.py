"""The values inside a value, with the results for each, and changes of a value.

A location caches the results of formulas for its value. A changed value shares the locations that did not change, so
only the values around the change are evaluated again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, TypeAlias

from schemalm.schema.explanation.wording import named
from schemalm.schema.formula import Formula

Path: TypeAlias = "tuple[str | int, ...]"


class Hole:
    """An unknown value: the value of a key that a change adds."""


HOLE = Hole()


class Location:
    """A value and its location: under `key` in the value of `parent`; the whole value has no parent.

    depth: the number of keys and indices that lead here. first_failing: for each assertion about members or items, the
    number of those before the first that fails. before: this location before its value was changed.
    """

    __slots__ = ("_before", "_children", "depth", "first_failing", "key", "parent", "results", "value")

    def __init__(
        self, value: Any, parent: Location | None = None, key: str | int = "", before: Location | None = None
    ) -> None:
        self.value = value
        self.parent = parent
        self.key = key
        self._before = before
        self.depth: int = parent.depth + 1 if parent is not None else 0
        self.results: dict[Formula, bool] = {}
        self.first_failing: dict[Formula, int] = {}
        self._children: dict[str | int, Location] = {}

    @property
    def path(self) -> Path:
        """The keys and indices from the whole value to this one."""
        found: list[str | int] = []
        location = self
        while location.parent is not None:
            found.append(location.key)
            location = location.parent
        return tuple(reversed(found))

    def child(self, key: str | int) -> Location:
        """The location of a member or item; the same as before the change if its value did not change."""
        if key not in self._children:
            value, outer = self.value[key], self._before
            before = outer.child(key) if outer is not None and _has(outer.value, key) else None
            stayed = before is not None and before.value is value
            self._children[key] = before if before is not None and stayed else Location(value, self, key, before)
        return self._children[key]


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
        """The value of the location after the change; `value` is the value before."""

    @property
    def guess(self) -> str:
        """What may have been meant, in words; empty if the change is not a guess."""
        return ""


@dataclass(frozen=True, eq=False)
class Remove(Change):
    """Removes a key or an item."""

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
    """Adds a key with an unknown value."""

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
    """Renames a key; `is_guess`: the key is wrong, and this name may have been meant."""

    key: str
    name: str
    is_guess: bool = False

    @property
    def advice(self) -> str:
        """What to do, in words."""
        return f"rename {named(self.key)} to {named(self.name)}"

    @property
    def guess(self) -> str:
        """What may have been meant, in words."""
        return named(self.name) if self.is_guess else ""

    def apply(self, value: Any) -> Any:
        """The value with the other name."""
        return {self.name if name == self.key else name: item for name, item in value.items()}


@dataclass(frozen=True, eq=False)
class Write(Change):
    """Writes another value; `words`: how, for people."""

    value: Any
    words: str
    is_guess: bool = False

    @property
    def advice(self) -> str:
        """What to do, in words."""
        return self.words

    @property
    def guess(self) -> str:
        """What may have been meant, in words."""
        return self.words if self.is_guess else ""

    def apply(self, value: Any) -> Any:
        """The new value."""
        return self.value


def changed(root: Location, change: Change) -> Location:
    """The whole value after a change; the change may come from an earlier version of `root`."""
    location, outer = root, []
    for key in change.location.path:
        outer.append(location.value)
        location = location.child(key)
    value = change.apply(location.value)
    for around, key in zip(reversed(outer), reversed(change.location.path), strict=True):
        copied = around.copy()
        copied[key] = value
        value = copied
    return Location(value, before=root)
