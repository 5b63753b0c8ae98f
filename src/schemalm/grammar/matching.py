"""A bipartite matching: each item takes a value of its own among the values of its kind.

It grows item by item along augmenting paths. If all values of a kind are taken, another kind gives up a value and takes
a free one instead. Source: Kuhn, "The Hungarian method for the assignment problem" (1955), applied to kinds instead of
single items.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Container, Hashable, Iterable, Iterator
from dataclasses import dataclass

from schemalm.grammar.states import State
from schemalm.grammar.value_sets import ValueSet


@dataclass(frozen=True)
class Kind:
    """The kind of an item: a state, and the outcome that its value ends with."""

    state: State
    outcome: int


class Matching:
    """Which value each item of a path takes. Items of one kind are interchangeable."""

    def __init__(self, seen_items: Container[Hashable]) -> None:
        self._seen_items = seen_items
        # Values that may not be assigned at the moment.
        self._forbidden: set[Hashable] = set()
        self._value_sets: dict[Kind, ValueSet] = {}
        self.counts: Counter[Kind] = Counter()
        self._untried: dict[Kind, Iterator[Hashable]] = {}
        self._held: dict[Kind, set[Hashable]] = {}
        self._owners: dict[Hashable, Kind] = {}

    @property
    def scarce_values(self) -> frozenset[Hashable]:
        """All values of the kinds on the path that have few values."""
        return frozenset(value for kind, num in self.counts.items() if num for value in self._value_sets[kind].forms)

    def add(self, kind: Kind, value_set: ValueSet) -> bool:
        """Adds an item of a kind. Returns False if no value is left for it."""
        if kind not in self._value_sets:
            self._value_sets[kind] = value_set
            self._held[kind] = set()
            self._untried[kind] = iter(value_set.forms)
        value = next((value for value in self._untried[kind] if self._is_free(value)), None)
        if value is not None:
            self._assign(value, kind)
        elif not self._augment(kind):
            return False
        self.counts[kind] += 1
        return True

    def remove(self, kind: Kind) -> None:
        """Removes an item of a kind."""
        self.counts[kind] -= 1
        del self._owners[self._held[kind].pop()]

    def indices(self, kinds: Iterable[Kind | None]) -> dict[Hashable, int]:
        """Returns the taken values, each with the index in `kinds` of an item that takes it."""
        held = {kind: [*held] for kind, held in self._held.items()}
        return {held[kind].pop(): index for index, kind in enumerate(kinds) if kind is not None and held.get(kind)}

    def can_avoid(self, value: Hashable) -> bool:
        """Whether every item can have a value of its own without this value."""
        owner = self._owners.pop(value, None)
        if owner is None:
            return True
        self._held[owner].discard(value)
        self._forbidden.add(value)
        found = self._augment(owner)
        self._forbidden.discard(value)
        if not found:
            self._assign(value, owner)
        return found

    def _is_free(self, value: Hashable) -> bool:
        return value not in self._seen_items and value not in self._forbidden and value not in self._owners

    def _assign(self, value: Hashable, kind: Kind) -> None:
        if value in self._owners:
            self._held[self._owners[value]].discard(value)
        self._owners[value] = kind
        self._held[kind].add(value)

    def _augment(self, start: Kind) -> bool:
        """Finds a value for one more item of a kind by moving other items to other values."""
        came_from: dict[Kind, tuple[Kind, Hashable] | None] = {start: None}
        queue = deque([start])
        while queue:
            kind = queue.popleft()
            for value in self._value_sets[kind].forms:
                if value in self._seen_items or value in self._forbidden:
                    continue
                owner = self._owners.get(value)
                if owner is None:
                    self._apply_path(kind, value, came_from)
                    return True
                if owner not in came_from:
                    came_from[owner] = (kind, value)
                    queue.append(owner)
        return False

    def _apply_path(self, kind: Kind, value: Hashable, came_from: dict[Kind, tuple[Kind, Hashable] | None]) -> None:
        """Assigns a free value to the last kind of an augmenting path. Every other kind gets its successor's value."""
        while (before := came_from[kind]) is not None:
            self._assign(value, kind)
            kind, value = before
        self._assign(value, kind)
