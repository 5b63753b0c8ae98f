"""Promises: references to names that are declared later, as demands on what is still to come.

The demand for a name is added to the rest of the object in which it will be declared, or of an object around it. The
grammar then admits the end of that object only after the name, and knows the cheapest way to declare it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.nonterminals import Nonterminal
from schemalm.grammar.place_values import after
from schemalm.grammar.states import Key, Object
from schemalm.grammar.symbols import FREE_KEY, KEY_END
from schemalm.machine.choices import Rest
from schemalm.machine.name_state import NamedMachine
from schemalm.machine.registers import NOWHERE, Names
from schemalm.rules.names import Kind
from schemalm.rules.paths import ITEM, OTHER, Place, Steps, Wildcard
from schemalm.rules.places import Promised, PromisedValue
from schemalm.schema.formula import TRUE, Formula, any_of
from schemalm.schema.keywords.arrays import contains

# The most promises of one kind that wait at once.
MAX_PROMISES = 64
# The kinds of values that are no containers.
SCALARS = ("null", "boolean", "number", "string")
# The texts of a key that are tried for a name that is not in use.
MAX_TEXTS = 200


class NewNames(NamedTuple):
    """The names that may still be declared: those that are listed, and the texts of the free keys `keys`."""

    listed: frozenset[bytes]
    keys: Rest | None


class _Demand(NamedTuple):
    """A demand on the rest at a height, which it makes another nonterminal."""

    height: int
    nonterminal: int


class _Way(NamedTuple):
    """The keys that lead from the rest of an object or array to an object inside it."""

    nonterminal: int
    path: tuple[str, ...]


class Promises:
    """Adds promises to machines of one grammar. `closable`: the kinds and places that can be closed."""

    def __init__(self, grammar: Grammar, closable: frozenset[str]) -> None:
        self._grammar, self._closable = grammar, closable
        self._containers: dict[_Way, int | None] = {}
        self._needs: dict[_Way, frozenset[str]] = {}
        self._named: dict[int, list[str]] = {}
        self._samples: dict[tuple[int, int], tuple[bytes, ...]] = {}
        self._found: dict[tuple[int, tuple[str, ...], str], int | None] = {}

    def add(self, machine: NamedMachine, kind: Kind, keys: tuple[bytes, ...], name: bytes) -> bool:
        """Demands that a name be declared later; False if that is impossible. `keys`: lead to its scope."""
        for steps in _reachable(kind):
            found = None if NOWHERE in keys else self._demand(machine, kind, steps, keys, name)
            if found is not None:
                machine.stack[found.height] = machine.tables.like(machine.stack[found.height], found.nonterminal)
                return True
        return False

    def new_names(self, machine: NamedMachine, kind: Kind, keys: tuple[bytes, ...]) -> NewNames | None:
        """The new names that may still be declared; None if there are none."""
        assert machine.names is not None
        known = machine.names.registers.names((kind.number, keys))
        if not kind.may_be_promised or len(known.promised) >= MAX_PROMISES or NOWHERE in keys:
            return None
        for steps in _reachable(kind):
            found = self._new_names_at(machine, kind, steps, keys, known)
            if found is not None:
                return found
        return None

    def _new_names_at(
        self, machine: NamedMachine, kind: Kind, steps: Steps, keys: tuple[bytes, ...], known: Names
    ) -> NewNames | None:
        """The new names that may still be keys of the object at `steps`."""
        way = self._way_to(machine, steps, _concrete(steps, kind, keys))
        if way is None or (container := self._container(way)) is None:
            return None
        used = {name.lower() for name in (*known.taken, *known.promised)}
        grammar, outcomes = self._grammar, set()
        named = [*map(str.encode, {*self._named_keys(container, machine, steps), *self._needed(way)})]
        listed = frozenset(
            name
            for name in named
            if name.lower() not in used and self._demand(machine, kind, steps, keys, name) is not None
        )
        step = grammar.step(container, grammar.symbols.ids[FREE_KEY])
        if step is not None:
            # One name stands for all that are not listed.
            used.update(map(bytes.lower, named))
            node = grammar.nonterminals[step.opened[0]]
            assert isinstance(node.state, Key)
            for outcome in node.accepts:
                texts = self._texts(node.state.dfa_state, outcome)
                name = next((text for text in texts if text.lower() not in used), None)
                if name is not None and self._demand(machine, kind, steps, keys, name) is not None:
                    outcomes.add(outcome)
            if outcomes:
                return NewNames(listed, Rest(grammar.automaton, node.state.dfa_state, frozenset(outcomes)))
        return NewNames(listed, None) if listed else None

    def _texts(self, dfa_state: int, outcome: int) -> tuple[bytes, ...]:
        """The first texts of a key: more than can be in use."""
        key = (dfa_state, outcome)
        if key not in self._samples:
            texts = self._grammar.automaton.texts(dfa_state, frozenset([outcome]))
            self._samples[key] = tuple(islice(texts, MAX_TEXTS))
        return self._samples[key]

    def _named_keys(self, container: int, machine: NamedMachine, steps: Steps) -> list[str]:
        """The keys of an object that the schema names, and that are names of the kind."""
        if container not in self._named:
            known = machine.tables.place_at(steps).named
            keys = self._grammar.symbols.keys
            possible = [name for name in keys if self._grammar.step(container, keys[name]) is not None]
            self._named[container] = [name for name in possible if name not in known]
        return self._named[container]

    def _container(self, way: _Way) -> int | None:
        """The nonterminal of the rest of the object that a way leads to; None if it cannot come any more."""
        if way not in self._containers:
            # A promise or a stated key that waits may not keep the way to this one from being seen.
            bare = self._grammar.without_prompt(self._grammar.without_names(way.nonterminal))
            self._containers[way] = self._walk(bare, way.path)
        return self._containers[way]

    def _needed(self, way: _Way) -> frozenset[str]:
        """The keys that are needed in the object that a way leads to, such as those that a prompt states."""
        if way not in self._needs:
            rest = self._walk(self._grammar.without_names(way.nonterminal), way.path)
            state = self._grammar.nonterminals[rest].state if rest is not None else None
            self._needs[way] = state.obligation.needed_keys if isinstance(state, Object) else frozenset()
        return self._needs[way]

    def _way_to(self, machine: NamedMachine, steps: Steps, path: list[str]) -> _Way | None:
        """The way to the object that a path leads to, from the innermost rest around it; None if there is none."""
        height = self._innermost(machine, steps, path)
        if height is None:
            return None
        place = machine.stack[height].place
        assert place is not None
        return _Way(self._settled(machine, height), tuple(path[len(place.steps) :]))

    def _settled(self, machine: NamedMachine, height: int) -> int:
        """The nonterminal at a height, as if what is above it had ended."""
        grammar = self._grammar
        nonterminal: int = machine.stack[height].nonterminal
        if not grammar.needs_outcome(nonterminal):
            return nonterminal
        return grammar.settle(nonterminal, grammar.nonterminals[machine.stack[height + 1].nonterminal].accepts[0])

    def _walk(self, nonterminal: int, path: tuple[str, ...]) -> int | None:
        """The nonterminal of the object that a path leads to from here."""
        grammar, ids = self._grammar, self._grammar.symbols.ids
        node = grammar.nonterminals[nonterminal]
        if isinstance(node.state, Key):
            return None if path else grammar.number(Nonterminal(node.state.owner, node.owner_accepts))
        for name in path:
            key = grammar.symbols.keys.get(name)
            found = after(grammar, nonterminal, "object", [key]) if key is not None else None
            if found is None:
                found = after(grammar, nonterminal, "object", [ids[FREE_KEY], *name.encode(), ids[KEY_END]])
            if found is None:
                return None
            nonterminal = found
        return after(grammar, nonterminal, "object", [])

    def _demand(
        self, machine: NamedMachine, kind: Kind, steps: Steps, keys: tuple[bytes, ...], name: bytes
    ) -> _Demand | None:
        """The rest that has to change, and what it becomes; None if the name cannot be declared."""
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
        before = self._settled(machine, height)
        demand = partial(_demand_at, kind, keys, name, entry.place, partial(self._is_past, before))
        settled = self._with_demand(before, path[depth:], kind, demand)
        if settled is None or not self._is_possible_alone(settled):
            return None
        found = self._with_demand(entry.nonterminal, path[depth:], kind, demand)
        return None if found is None else _Demand(height, found)

    def _is_possible_alone(self, nonterminal: int) -> bool:
        """Whether a name is possible without further references, which could lead on without an end.

        The references of a prompt are few, so they do not count.
        """
        bare = self._grammar.without_prompt(nonterminal)
        return self._grammar.with_names(bare, self._closable, are_closed=True) is not None

    def _is_past(self, nonterminal: int, step: str | Wildcard) -> bool:
        """Whether a key of the schema cannot come any more in an object."""
        rest = self._walk(self._grammar.without_names(nonterminal), ())
        key = self._grammar.symbols.keys.get(str(step))
        if not isinstance(step, str) or key is None or rest is None:
            return False
        return after(self._grammar, rest, "object", [key]) is None

    def _with_demand(self, nonterminal: int, path: list[str], kind: Kind, demand: Callable[[], Formula]) -> int | None:
        key = (nonterminal, tuple(path), kind.name)
        if key not in self._found:
            self._found[key] = self._grammar.with_promise(nonterminal, demand())
        return self._found[key]

    def _innermost(self, machine: NamedMachine, steps: Steps, path: list[str]) -> int | None:
        """The height of the innermost rest that leads to the object at `steps`, in the scope of `path`."""
        assert machine.names is not None
        levels = {level.height: (level.depth, level.key) for level in machine.names.levels}
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


def _demand_at(
    kind: Kind, keys: tuple[bytes, ...], name: bytes, place: Place, is_past: Callable[[str | Wildcard], bool]
) -> Formula:
    """The demand of the rest of an object at a place: that a name is declared, or that every name counts as declared.

    is_past: whether a key cannot come any more there.
    """
    declared = PromisedValue(("object",), Promised(name.decode(), TRUE, kind.ignore_case))
    options = [(steps, declared) for steps in kind.declared_keys]
    options += [(steps, PromisedValue(SCALARS, TRUE)) for steps in kind.unknown]
    depth = len(place.steps)
    found = [
        _along(path, last)
        for steps, last in options
        if steps[:depth] == place.steps and (path := _way(steps, depth, kind, keys)) is not None
        if not path or last is declared or not is_past(path[0])
    ]
    return any_of(found)


def _way(steps: Steps, depth: int, kind: Kind, keys: tuple[bytes, ...]) -> list[str | Wildcard] | None:
    """The steps from a depth on, with the keys of the scope; None if other keys would have to be known."""
    given = dict(zip(kind.levels, keys, strict=True))
    way = [given[index].decode() if index in given else step for index, step in enumerate(steps)][depth:]
    return None if OTHER in way else way


def _along(way: list[str | Wildcard], last: PromisedValue) -> Formula:
    """The demand of an object or array whose parts on the way lead to a value that fulfils the last demand."""
    if not way:
        found: Formula = last.parts[1]
        return found
    first, *others = way
    inner = PromisedValue(("array" if others[0] is ITEM else "object",), _along(others, last)) if others else last
    return contains(inner, 1, None) if first is ITEM else Promised(str(first), inner, False)
