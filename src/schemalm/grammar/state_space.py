"""The symbols that lead from one state to the next.

`StateSpace` computes, on demand, the symbols that may begin a state and what each of them opens. `costs.py` decides
whether a state can be finished at all. Here a symbol is excluded only if its formula is clearly false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import eq

from schemalm.grammar.key_scopes import KeyScopes
from schemalm.grammar.obligation import Obligation, split_at_child
from schemalm.grammar.states import (
    Array,
    Close,
    Enter,
    Key,
    KeyOrder,
    Object,
    Open,
    State,
    Target,
    Text,
    Value,
    may_repeat,
)
from schemalm.grammar.symbols import (
    ARRAY_END,
    AS_KIND,
    CONST,
    FALSE_SYMBOL,
    FREE_KEY,
    ITEM,
    KEY,
    NULL,
    OBJECT_END,
    TRUE_SYMBOL,
    Symbol,
)
from schemalm.limits import Budget
from schemalm.regular.automaton import DEAD
from schemalm.rules.places import with_stated_names
from schemalm.rules.precedence import Pair, in_precedence
from schemalm.schema.assertions import KINDS, Assertion, Is, KeyTest
from schemalm.schema.formula import FALSE, TRUE, Atom, Formula
from schemalm.schema.keywords.arrays import ArrayAssertion, Unique
from schemalm.schema.keywords.objects import Has, Members, ObjectAssertion, PropertyNames
from schemalm.schema.keywords.strings import StringIn
from schemalm.schema.shapes import Shapes

# Work of an edge between states, and of each node of its formulas.
UNITS_OF_EDGE, UNITS_OF_NODE = 20, 2


class StateSpace:
    """Makes states and edges. `key_orders` maps the set of an object's names to their canonical order."""

    def __init__(
        self,
        shapes: Shapes,
        budget: Budget,
        key_orders: Mapping[frozenset[str], tuple[str, ...]],
        precedence: Sequence[Pair] = (),
    ) -> None:
        """precedence: pairs of keys whose order differs from the canonical order if necessary."""
        self._precedence = precedence
        self._shapes = shapes
        self._budget = budget
        self._key_orders = key_orders
        self._orders: dict[tuple[str, ...], KeyOrder] = {}
        self._edges: dict[tuple[State, Symbol], Target | None] = {}
        self._members: dict[tuple[Obligation, KeyOrder, str | None, tuple[bool, ...]], Open | None] = {}
        self._repeated: dict[Open, Open | None] = {}
        self._scopes = KeyScopes(budget)
        self._settled: dict[tuple[Object | Array, int], Object | Array | None] = {}
        self._values: dict[Obligation, State | None] = {}
        self._value_targets: dict[Value, dict[Symbol, Target]] = {}

    @property
    def num_states(self) -> int:
        """The number of states and edges found so far."""
        return len(self._edges) + len(self._members) + len(self._values)

    @property
    def key_names(self) -> list[tuple[str, ...]]:
        """The names of the objects found so far, each in its order."""
        return [names for names in self._orders if names]

    def value(self, obligation: Obligation) -> State | None:
        """Returns the state of a value; if only one kind is possible, of this kind. None if no value is possible."""
        if obligation not in self._values:
            stated = Obligation(tuple(map(with_stated_names, obligation.formulas)), obligation.allowed)
            self._values[obligation] = self._find_value(stated)
        return self._values[obligation]

    def _find_value(self, obligation: Obligation) -> State | None:
        self._spend(obligation)
        targets = dict(self._find_value_targets(obligation))
        state: State | None = Value(obligation) if targets else None
        only = next(iter(targets.values())) if len(targets) == 1 else None
        if isinstance(only, Enter) and self._has_one_kind(obligation):
            state = only.state
        if isinstance(state, Value):
            self._value_targets[state] = targets
        return state

    def value_like(self, obligation: Obligation, other: State) -> State | None:
        """Returns the state of values that are also values of `other`, spelled as there; None if there are none."""
        state = self.value(obligation)
        if state is not None and isinstance(other, Value) and not isinstance(state, Value):
            state = Value(obligation)
            self._value_targets[state] = dict(self._find_value_targets(obligation))
        return state if type(state) is type(other) else None

    def _has_one_kind(self, obligation: Obligation) -> bool:
        """Whether the schema alone permits one kind. A document's demands narrow the values but not their spelling."""
        unrestricted = obligation.map(lambda atom: atom.unrestricted() if isinstance(atom, Assertion) else atom)
        return unrestricted == obligation or not isinstance(self.value(unrestricted), Value)

    def edge(self, state: State, symbol: Symbol) -> Target | None:
        """Returns what a symbol leads to; None if it clearly cannot begin the value, object or array."""
        if isinstance(state, Value):
            return self._value_targets[state].get(symbol)
        if symbol.label == "KEY":
            return self._named_edge(state, symbol.text) if isinstance(state, Object) else None
        assert isinstance(state, Object | Array), "texts have no edges"
        key = (state, symbol)
        if key not in self._edges:
            self._spend(state.obligation)
            if isinstance(state, Object):
                self._edges[key] = self._object_edge(state, symbol)
            else:
                self._edges[key] = self._array_edge(state, symbol)
        return self._edges[key]

    def _spend(self, obligation: Obligation) -> None:
        """Counts a state or an edge."""
        self._budget.count_state()
        self._budget.work(UNITS_OF_EDGE + UNITS_OF_NODE * obligation.size)

    def candidates(self, state: State) -> list[Symbol]:
        """Returns a superset of the symbols that may begin a value, object or array."""
        if isinstance(state, Value):
            return list(self._value_targets[state])
        if isinstance(state, Array):
            return [ITEM, ARRAY_END]
        assert isinstance(state, Object)
        order, position = state.order, state.position
        ranks = (rank for rank in _needed_ranks(state) if rank >= position)
        last = next((rank for rank in ranks if self._is_needed(state.obligation, rank, order)), None)
        if last is not None:
            return [KEY(name) for name in order.names[position : last + 1]]
        return [*map(KEY, order.names[position:]), FREE_KEY, OBJECT_END]

    def _is_needed(self, obligation: Obligation, rank: int, order: KeyOrder) -> bool:
        """Whether an object cannot fulfil its obligation without the key of a rank."""
        self._budget.check_time()
        return not self._without(obligation, order, rank, rank + 1).is_open

    def settle(self, rest: Object | Array, outcome: int) -> Object | Array | None:
        """Returns the rest after a child's outcome; None if it cannot end well."""
        if not rest.obligation.needs_outcome:
            return rest
        key = (rest, outcome)
        if key not in self._settled:
            self._budget.check_time()
            self._budget.work(UNITS_OF_EDGE + UNITS_OF_NODE * rest.obligation.size)
            obligation = rest.obligation.after_child(outcome)
            self._settled[key] = replace(rest, obligation=obligation) if obligation.is_open else None
        return self._settled[key]

    def repeating_target(self, target: Target) -> Open | None:
        """Returns what an item opens that repeats an earlier one; None if the target cannot be such an item."""
        if not isinstance(target, Open) or not isinstance(target.rest, Array) or not may_repeat(target.rest):
            return None
        if target not in self._repeated:
            rest = self.rest_after_repetition(target.rest)
            self._repeated[target] = Open(target.child, rest) if rest is not None else None
        return self._repeated[target]

    def rest_after_repetition(self, rest: Array) -> Array | None:
        """Returns the rest of an array after an item that repeats an earlier one; None if it cannot end well."""
        obligation = rest.obligation.map(lambda atom: FALSE if isinstance(atom, Unique) else atom)
        return Array(obligation) if obligation.is_open else None

    def _find_value_targets(self, obligation: Obligation) -> Iterator[tuple[Symbol, Target]]:
        for kind in KINDS:
            formulas = tuple(self._shapes.restrict(formula, kind) for formula in obligation.formulas)
            restricted = Obligation(formulas, obligation.allowed)
            if not restricted.is_open:
                continue
            if kind in ("null", "boolean"):
                yield from _constant_targets(restricted, kind)
            elif kind == "string" and (texts := _finite_strings(restricted)) is not None:
                yield from self._string_targets(restricted, texts)
            elif (state := self._kind_state(restricted, kind)) is not None:
                yield AS_KIND[kind], Enter(state)

    def _kind_state(self, obligation: Obligation, kind: str) -> State | None:
        if kind == "array":
            return Array(obligation)
        if kind == "object":
            return Object(obligation, self._order(obligation), 0)
        dfa_state = self._shapes.text_start(obligation.formulas, kind)
        if dfa_state == DEAD or not self.text_outcomes(obligation, dfa_state):
            return None
        return Text(kind, dfa_state)

    def text_outcomes(self, obligation: Obligation, dfa_state: int) -> frozenset[int]:
        """Returns the outcomes that a string or number may end with and that the obligation admits."""
        found = self._shapes.automaton.outcomes(dfa_state)
        return found if obligation.is_single else frozenset(filter(obligation.admits, found))

    def _string_targets(self, obligation: Obligation, texts: list[str]) -> Iterator[tuple[Symbol, Target]]:
        for text in texts:
            self._budget.check_time()
            outcome = _outcome_where(obligation, partial(self._shapes.strings.holds, text=text))
            if outcome is not None:
                yield CONST(text), Close(outcome)

    def _order(self, obligation: Obligation) -> KeyOrder:
        """Returns an object's names in canonical order. The few texts of a finite key pattern count as names."""
        names: dict[str, None] = {}
        for atom in obligation.atoms:
            if isinstance(atom, Has):
                names[atom.name] = None
            elif isinstance(atom, Members | PropertyNames):
                names.update(dict.fromkeys(atom.names if isinstance(atom, Members) else ()))
                for formula in atom.key_formulas():
                    names.update(dict.fromkeys(self._shapes.finite_keys(formula)))
        listed = in_precedence(self._key_orders.get(frozenset(names), tuple(names)), self._precedence)
        if listed not in self._orders:
            self._orders[listed] = KeyOrder(listed, {name: rank for rank, name in enumerate(listed)})
        return self._orders[listed]

    def _object_edge(self, state: Object, symbol: Symbol) -> Target | None:
        names, ranks = state.obligation.needed_keys, state.order.ranks
        missed = frozenset([name for name in names if ranks.get(name, -1) >= state.position])
        ended = self._scopes.without_all(state.obligation, missed)
        if symbol == FREE_KEY:
            key = self.key(replace(state, obligation=ended, position=len(state.order.names))) if ended.is_open else None
            return Enter(key) if key is not None else None
        if symbol == OBJECT_END:
            return _close(ended)
        return None

    def _named_edge(self, state: Object, name: str) -> Open | None:
        """Returns what a key that the schema names opens; None if it may not follow any more."""
        rank = state.order.ranks.get(name, -1)
        if rank < state.position:
            return None
        return self._member(self._without(state.obligation, state.order, state.position, rank), state.order, name, ())

    def _member(
        self, obligation: Obligation, order: KeyOrder, name: str | None, results: tuple[bool, ...]
    ) -> Open | None:
        """Returns what a key opens: its value and the rest of the object.

        name: None for a free key. results: which of the formulas on a free key it satisfies.
        """
        key = (obligation, order, name, results)
        if key not in self._members:
            self._spend(obligation)
            self._members[key] = self._find_member(*key)
        return self._members[key]

    def _find_member(
        self, obligation: Obligation, order: KeyOrder, name: str | None, results: tuple[bool, ...]
    ) -> Open | None:
        if name is None:
            known = dict(zip(_key_formulas(obligation), results, strict=True))
            test: KeyTest = known.__getitem__
        else:
            test = partial(self._shapes.key_satisfies, name)

        def move(atom: Atom) -> Formula:
            assert isinstance(atom, ObjectAssertion)
            return atom.at_key(name, test)

        split = split_at_child(obligation, move, partial(self._scopes.concern, name) if name is not None else None)
        child = self.value(split[0]) if split else None
        if split is None or child is None:
            return None
        return Open(child, Object(split[1], order, len(order.names) if name is None else order.ranks[name] + 1))

    def _without(self, obligation: Obligation, order: KeyOrder, begin: int, end: int) -> Obligation:
        """Returns the obligation if the object has none of the names with ranks from `begin` to `end`."""
        ranks = sorted(rank for name in obligation.needed_keys if begin <= (rank := order.ranks.get(name, -1)) < end)
        return self._scopes.without(obligation, [order.names[rank] for rank in ranks])

    def key(self, owner: Object) -> Key | None:
        """Returns the state of the next free key of an object; None if it can have none."""
        formulas = _key_formulas(owner.obligation)
        if not formulas and self._member(owner.obligation, owner.order, None, ()) is None:
            return None
        restricted = tuple(self._shapes.restrict(formula, "string") for formula in formulas)
        dfa_state = self._shapes.key_start(restricted, owner.order.names)
        return Key(owner, formulas, dfa_state) if dfa_state != DEAD else None

    def key_targets(self, owner: Object, formulas: tuple[Formula, ...]) -> dict[int, Open]:
        """Returns what the end of a free key opens, by the key's outcome."""
        restricted = tuple(self._shapes.restrict(formula, "string") for formula in formulas)
        outcomes = self._shapes.automaton.outcomes(self._shapes.key_start(restricted, ()))
        found = {}
        for outcome in sorted(outcomes):
            results = tuple(bool(outcome >> index & 1) for index in range(1, len(formulas) + 1))
            target = self._member(owner.obligation, owner.order, None, results)
            if target is not None:
                found[outcome] = target
        return found

    def _array_edge(self, state: Array, symbol: Symbol) -> Target | None:
        if symbol == ARRAY_END:
            return _close(state.obligation)
        if symbol != ITEM:
            return None
        split = split_at_child(state.obligation, at_item)
        child = self.value(split[0]) if split else None
        return Open(child, Array(split[1])) if split is not None and child is not None else None


def at_item(atom: Atom) -> Formula:
    """Returns what an assertion about an array becomes at the next item."""
    assert isinstance(atom, ArrayAssertion)
    return atom.at_item()


def _key_formulas(obligation: Obligation) -> tuple[Formula, ...]:
    """Returns the distinct formulas that the text of a free key decides."""
    found: dict[Formula, None] = {}
    for atom in obligation.atoms:
        if isinstance(atom, ObjectAssertion):
            found.update(dict.fromkeys(atom.key_formulas()))
    return tuple(found)


def _close(obligation: Obligation) -> Close | None:
    """Returns the end of an object or array; None if the parent does not accept its outcome."""
    outcome = obligation.map(
        lambda atom: TRUE if isinstance(atom, Assertion) and atom.holds_at_end else FALSE
    ).outcome()
    return Close(outcome) if outcome is not None else None


def _outcome_where(obligation: Obligation, holds: Callable[[Atom], bool]) -> int | None:
    """Returns the outcome of a value that decides every assertion; None if the parent does not accept it."""
    return obligation.map(lambda atom: TRUE if holds(atom) else FALSE).outcome()


def _constant_targets(obligation: Obligation, kind: str) -> Iterator[tuple[Symbol, Target]]:
    constants = {"null": NULL} if kind == "null" else {"true": TRUE_SYMBOL, "false": FALSE_SYMBOL}
    for name, symbol in constants.items():
        outcome = _outcome_where(obligation, partial(eq, Is(name)))
        if outcome is not None:
            yield symbol, Close(outcome)


def _finite_strings(obligation: Obligation) -> list[str] | None:
    """Returns the strings that an `enum` or `const` permits, in the schema's order; None if it permits others."""
    others = obligation.map(lambda atom: FALSE if isinstance(atom, StringIn) else atom)
    if others.is_open:
        return None
    listed = [atom for atom in obligation.atoms if isinstance(atom, StringIn)]
    if not all(atom.has_constants for atom in listed):
        return None
    return list(dict.fromkeys(text for atom in listed for text in atom.texts))


def _needed_ranks(state: Object) -> list[int]:
    """Returns the ranks of the names that are still required, in ascending order."""
    return sorted(state.order.ranks[name] for name in state.obligation.needed_keys if name in state.order.ranks)
