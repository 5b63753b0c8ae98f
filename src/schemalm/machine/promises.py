"""Promises: references to names that are declared later, as demands on what is still to come.

The demand for a name is added to the rest of the object in which it will be declared, or of an object around it. The
grammar then admits the end of that object only after the name, and knows the cheapest way to declare it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.nonterminals import Nonterminal
from schemalm.grammar.states import Key, Value
from schemalm.grammar.symbols import AS_KIND, FREE_KEY, KEY_END
from schemalm.rules.names import Kind
from schemalm.rules.paths import Steps, Wildcard
from schemalm.rules.places import Promised
from schemalm.schema.assertions import of_kind
from schemalm.schema.formula import TRUE, Formula, all_of, any_of

if TYPE_CHECKING:
    from schemalm.machine.machine import Machine

# The most promises of one kind that wait at once.
MAX_PROMISES = 16


class Promises:
    """Adds promises to machines of one grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._key_nonterminals: dict[tuple[int, tuple[str, ...]], int | None] = {}
        self._found: dict[tuple[int, tuple[str, ...], str], int | None] = {}

    def add(self, machine: Machine, kind: Kind, keys: tuple[bytes, ...], name: bytes) -> bool:
        """Demands that a name be declared later; False if that is impossible. `keys`: lead to its scope."""
        for steps in _reachable(kind):
            found = self._demand(machine, kind, steps, keys, name)
            if found is not None:
                height, nonterminal = found
                entry = machine.stack[height]
                machine.stack[height] = machine.tables.like(entry, nonterminal)
                return True
        return False

    def are_possible(self, machine: Machine, kind: Kind, keys: tuple[bytes, ...]) -> bool:
        """Whether a new name may still be declared."""
        return self.new_keys(machine, kind, keys) is not None

    def new_keys(self, machine: Machine, kind: Kind, keys: tuple[bytes, ...]) -> int | None:
        """The nonterminal of the keys with which a new name may still be declared; None if there are none."""
        assert machine.names is not None
        known = machine.names.registers.names((kind.number, keys))
        if not kind.may_be_promised or len(known.promised) >= MAX_PROMISES:
            return None
        used = {name.lower() for name in (*known.taken, *known.promised)}
        for steps in _reachable(kind):
            found = self._keys(machine, steps, _concrete(steps, kind, keys))
            if found is None:
                continue
            name = next((text for text in self._texts(found) if text.lower() not in used), None)
            if name is not None and self._demand(machine, kind, steps, keys, name) is not None:
                return found
        return None

    def _texts(self, key: int) -> Iterator[bytes]:
        node = self._grammar.nonterminals[key]
        assert isinstance(node.state, Key)
        return self._grammar.automaton.texts(node.state.dfa_state, frozenset(node.accepts))

    def _keys(self, machine: Machine, steps: Steps, path: list[str]) -> int | None:
        """The nonterminal of a free key of the object that a path leads to; None if that object cannot come any more."""
        height = self._innermost(machine, steps, path)
        if height is None:
            return None
        place = machine.stack[height].place
        assert place is not None
        key = (self._settled(machine, height), tuple(path[len(place.steps) :]))
        if key not in self._key_nonterminals:
            self._key_nonterminals[key] = self._walk(*key)
        return self._key_nonterminals[key]

    def _settled(self, machine: Machine, height: int) -> int:
        """The nonterminal at a height, as if what is above it had ended."""
        grammar, nonterminal = self._grammar, machine.stack[height].nonterminal
        if not grammar.needs_outcome(nonterminal):
            return nonterminal
        return grammar.settle(nonterminal, grammar.nonterminals[machine.stack[height + 1].nonterminal].accepts[0])

    def _walk(self, nonterminal: int, path: tuple[str, ...]) -> int | None:
        """The nonterminal of a free key of the object that a path leads to from here."""
        grammar, ids = self._grammar, self._grammar.symbols.ids
        if isinstance(grammar.nonterminals[nonterminal].state, Key):
            return self._first_key(nonterminal) if not path else None
        for name in path:
            symbols = [grammar.symbols.keys[name]] if name in grammar.symbols.keys else []
            if not symbols or grammar.step(nonterminal, symbols[0]) is None:
                symbols = [ids[FREE_KEY], *name.encode(), ids[KEY_END]]
            after = self._after(nonterminal, symbols)
            if after is None:
                return None
            nonterminal = after
        return self._after(nonterminal, [ids[FREE_KEY]])

    def _first_key(self, nonterminal: int) -> int | None:
        """The nonterminal of the next free key of an object whose key is under way."""
        node = self._grammar.nonterminals[nonterminal]
        assert isinstance(node.state, Key)
        owner = self._grammar.number(Nonterminal(node.state.owner, node.owner_accepts))
        return self._after(owner, [self._grammar.symbols.ids[FREE_KEY]])

    def _after(self, nonterminal: int, symbols: list[int]) -> int | None:
        """What is on top after some symbols; of a value of several kinds, the object."""
        grammar = self._grammar
        if isinstance(grammar.nonterminals[nonterminal].state, Value):
            symbols = [grammar.symbols.ids[AS_KIND["object"]], *symbols]
        for symbol in symbols:
            step = grammar.step(nonterminal, symbol)
            if step is None or not step.opened:
                return None
            nonterminal = step.opened[0]
        return nonterminal

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
        demand = partial(_demand_at, kind, path, depth)
        if self._with_demand(self._settled(machine, height), path[depth:], kind, demand) is None:
            return None
        found = self._with_demand(entry.nonterminal, path[depth:], kind, demand)
        return None if found is None else (height, found)

    def _with_demand(
        self, nonterminal: int, path: list[str], kind: Kind, demand: Callable[[], Formula]
    ) -> int | None:
        key = (nonterminal, tuple(path), kind.name)
        if key not in self._found:
            self._found[key] = self._grammar.with_promise(nonterminal, demand())
        return self._found[key]

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
            depth, key = levels.get(height, (len(path), b""))
            if depth < len(path) and path[depth].encode() != key:
                break
        return found


def _reachable(kind: Kind) -> Iterator[Steps]:
    """The paths of objects in which a name may be promised: those that the scope's keys determine."""
    for steps in kind.declared_keys:
        if all(index in kind.levels for index, step in enumerate(steps) if isinstance(step, Wildcard)):
            yield steps


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
