"""Remembers which of the things looked for were seen: memory grows with what is looked for, not with what is read."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Sightings(Generic[T]):
    """A set of things to look for, and those of them that were seen."""

    def __init__(self, wanted: Iterable[T]) -> None:
        self._wanted = frozenset(wanted)
        self._seen: set[T] = set()

    def add(self, things: Iterable[T]) -> None:
        """Note the things that are looked for."""
        self._seen.update(self._wanted.intersection(things))

    def __contains__(self, thing: object) -> bool:
        return thing in self._seen
