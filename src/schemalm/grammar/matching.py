"""A matching of items and values: each item takes a value of its own, of those that its kind has.

It grows item by item along augmenting paths: where all values of a kind are held, another kind gives one up for one
that is free. Source: Kuhn, "The Hungarian method for the assignment problem" (1955), on kinds instead of single items.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Container, Hashable, Iterable, Iterator
from dataclasses import dataclass

from schemalm.grammar.states import State
from schemalm.grammar.value_sets import ValueSet


@dataclass(frozen=True)
class Kind:
    """What an item of a way is: a value of a state that ends with an outcome."""

    state: State
    outcome: int


class Matching:
    """Which value each item of a way takes; items of one kind are alike."""

    def __init__(self, seen_items: Container[Hashable]) -> None:
        self._seen_items = seen_items
        # What is not to be given for now.
        self._forbidden: set[Hashable] = set()
        self._value_sets: dict[Kind, ValueSet] = {}
        self.counts: Counter[Kind] = Counter()
        self._untried: dict[Kind, Iterator[Hashable]] = {}
        self._held: dict[Kind, set[Hashable]] = {}
        self._owners: dict[Hashable, Kind] = {}

    @property
    def scarce_values(self) -> frozenset[Hashable]:
        """The values of all kinds on the way that have few."""
        return frozenset(value for kind, num in self.counts.items() if num for value in self._value_sets[kind].forms)

    def add(self, kind: Kind, value_set: ValueSet) -> bool:
        """One more item of a kind; False where it can have no value."""
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
        """One item of a kind fewer."""
        self.counts[kind] -= 1
        del self._owners[self._held[kind].pop()]

    def steps(self, kinds: Iterable[Kind | None]) -> dict[Hashable, int]:
        """The values that are taken, each with the index in `kinds` of an item that takes it; equal kinds are alike."""
        held = {kind: [*held] for kind, held in self._held.items()}
        return {held[kind].pop(): step for step, kind in enumerate(kinds) if kind is not None and held.get(kind)}

    def can_avoid(self, value: Hashable) -> bool:
        """Whether every item can have a value of its own without this one."""
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
        """Finds a value for one more item of a kind where others can take other values instead."""
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
        """Gives a free value to a kind, and along the path that led to it to each kind what the next one had."""
        while (before := came_from[kind]) is not None:
            self._assign(value, kind)
            kind, value = before
        self._assign(value, kind)
