"""Promises: references to names that are declared later, as demands on what is still to come.

The demand for a name is added to the rest of the object in which it will be declared, or of an object around it. The
grammar then admits the end of that object only after the name, and knows the cheapest way to declare it.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from schemalm.grammar.grammar import Grammar
from schemalm.rules.names import Kind
from schemalm.rules.paths import Steps, Wildcard
from schemalm.rules.places import Promised
from schemalm.schema.assertions import of_kind
from schemalm.schema.formula import TRUE, Formula, all_of, any_of

if TYPE_CHECKING:
    from schemalm.machine.machine import Machine

# The most promises of one kind that wait at once.
MAX_PROMISES = 32


class Promises:
    """Adds promises to machines of one grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._found: dict[tuple[int, tuple[str, ...], str], int | None] = {}

    def add(self, machine: Machine, kind: Kind, keys: tuple[bytes, ...], name: bytes) -> bool:
        """Demands that a name be declared later; False if that is impossible. `keys`: lead to its scope."""
        for steps in kind.declared_keys:
            found = self._demand(machine, kind, steps, keys, name)
            if found is not None:
                height, nonterminal = found
                entry = machine.stack[height]
                machine.stack[height] = machine.tables.entry(nonterminal, entry.path, entry.place)
                return True
        return False

    def are_possible(self, machine: Machine, kind: Kind, keys: tuple[bytes, ...]) -> bool:
        """Whether a new name may still be declared."""
        if not kind.may_be_promised:
            return False
        known = machine.names.registers.names((kind.number, keys))
        if len(known.promised) >= MAX_PROMISES:
            return False
        used = {*known.taken, *known.promised}
        name = next(name for number in count() if (name := b"n%d" % number) not in used)
        return any(self._demand(machine, kind, steps, keys, name) is not None for steps in kind.declared_keys)

    def _demand(
        self, machine: Machine, kind: Kind, steps: Steps, keys: tuple[bytes, ...], name: bytes
    ) -> tuple[int, int] | None:
        """The height of the rest that has to change and what it becomes; None if the name cannot be declared."""
        path = [*_concrete(steps, kind, keys), name.decode()]
        height = self._innermost(machine, steps, path)
        if height is None:
            return None
        entry = machine.stack[height]
        assert entry.place is not None
        depth = len(entry.place.steps)
        taken = machine.keys.get(height)
        if taken is not None and path[depth].encode().decode("latin-1") in taken:
            return None
        key = (entry.nonterminal, tuple(path[depth:]), kind.name)
        if key not in self._found:
            demand = _demand_at(kind, path, depth)
            self._found[key] = self._grammar.with_promise(entry.nonterminal, demand)
        found = self._found[key]
        return None if found is None else (height, found)

    def _innermost(self, machine: Machine, steps: Steps, path: list[str]) -> int | None:
        """The height of the innermost rest that leads to the object at `steps`, in the scope of `path`."""
        assert machine.names is not None
        levels = {height: (depth, key) for height, depth, key in machine.names.levels}
        found = None
        for height, entry in enumerate(machine.stack):
            place = entry.place
            if place is None or place.steps != steps[: len(place.steps)]:
                break
            found = height
            if height in levels and path[levels[height][0]].encode() != levels[height][1]:
                break
        return found


def _concrete(steps: Steps, kind: Kind, keys: tuple[bytes, ...]) -> list[str]:
    """A path with the keys that lead to one scope."""
    given = dict(zip(kind.levels, keys, strict=True))
    return [given[index].decode() if isinstance(step, Wildcard) else step for index, step in enumerate(steps)]


def _demand_at(kind: Kind, path: list[str], depth: int) -> Formula:
    """The demand of an object, `depth` steps from the root, for what `path` leads to."""
    demand = Promised(path[-1], TRUE)
    for index in range(len(path) - 2, depth - 1, -1):
        inner: Formula = demand
        if index + 1 == len(kind.scope):
            inner = any_of([demand, *(_has(steps[len(kind.scope) :]) for steps in kind.unknown)])
        demand = Promised(path[index], all_of([of_kind("object"), inner]))
    return demand


def _has(steps: Steps) -> Formula:
    """The demand for a value at some steps."""
    demand: Formula = TRUE
    for step in reversed(steps):
        demand = Promised(str(step), demand)
    return demand
