"""The different values of a state: all of them if there are few, otherwise the fact that there are many.

Values are found by the states that derive them, the cheapest first. If states are recursive, rounds are repeated until
no value is new. This is a least fixpoint, so a value counts only if it is finite.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import TypeAlias

from schemalm.grammar.costs import CostTable
from schemalm.grammar.state_space import StateSpace
from schemalm.grammar.states import Array, Close, Enter, Key, Object, Open, State, Text, Value
from schemalm.grammar.symbols import (
    ARRAY_END,
    AS_KIND,
    CONST,
    END,
    FALSE_SYMBOL,
    FREE_KEY,
    ITEM,
    KEY,
    KEY_END,
    NULL,
    OBJECT_END,
    TRUE_SYMBOL,
    Symbol,
)
from schemalm.limits import Budget
from schemalm.regular.automaton import DEAD, Automaton
from schemalm.regular.numbers import equal_number_texts, number_of_text
from schemalm.schema.assertions import KINDS_OF_TYPES

# The most partial objects or arrays that a search looks at. If there are more, the values count as many.
MAX_PARTIALS = 3_000
# The cost of a partial object or array, in units of work.
PARTIAL_UNITS = 15
# The most rounds. Values that are still changing afterwards count as many.
MAX_ROUNDS = 60
# The most texts of one number: 0, 0.0 and -0.0.
MAX_SPELLINGS = 3

# The symbols of a value. A number is written as one text, the first of those that equal it.
SymbolForm: TypeAlias = "tuple[Symbol | int | bytes, ...]"
CONSTANTS: dict[Symbol, Hashable] = {
    NULL: ("constant", None),
    TRUE_SYMBOL: ("constant", True),
    FALSE_SYMBOL: ("constant", False),
}


@dataclass(frozen=True)
class ValueSet:
    """The values of a state that end with one outcome, by identity. It is complete unless `is_many` is True."""

    forms: Mapping[Hashable, SymbolForm] = field(default_factory=dict)
    is_many: bool = False


NO_VALUES = ValueSet()
MANY_VALUES = ValueSet(is_many=True)


@dataclass(frozen=True)
class _Partial:
    """A partial object or array.

    members: the identities of its items, or of its values with their keys. stands_for_many: whether a member represents
    many values.
    """

    state: State
    members: tuple[Hashable, ...]
    form: SymbolForm
    stands_for_many: bool = False

    def extended(self, state: State, member: Hashable, form: SymbolForm, stands_for_many: bool) -> _Partial:
        return _Partial(state, (*self.members, member), (*self.form, *form), self.stands_for_many or stands_for_many)


_Query: TypeAlias = "tuple[State, int, int]"


class ValueSets:
    """Finds the values of states."""

    def __init__(
        self,
        space: StateSpace,
        automaton: Automaton,
        costs: CostTable,
        is_feasible: Callable[[Array, int], bool],
        budget: Budget,
    ) -> None:
        """costs: those if guards are ignored.

        is_feasible: whether a complete array can end with an outcome under guards.
        """
        self._space = space
        self._automaton = automaton
        self._costs = costs
        self._is_feasible = is_feasible
        self._budget = budget
        self._final: dict[_Query, ValueSet] = {}
        # For the current fixpoint: the results so far, and the queries that this round has visited.
        self._known: dict[_Query, ValueSet] = {}
        self._visited: set[_Query] | None = None

    def of(self, state: State, outcome: int, limit: int) -> ValueSet:
        """Returns the values of a state that end with an outcome. More than `limit` values count as many."""
        query = (state, outcome, limit)
        if query in self._final:
            return self._final[query]
        if self._visited is not None:
            return self._visit(query, self._visited)
        try:
            self._final.update(self._fixpoint(query))
        finally:
            self._visited = None
            self._known.clear()
        return self._final[query]

    def _fixpoint(self, query: _Query) -> dict[_Query, ValueSet]:
        """Computes the values of a query and of those that it depends on, in rounds until no value is new."""
        for num_rounds in count():
            visited = self._visited = set()
            before = dict(self._known)
            self._visit(query, visited)
            changed = [key for key in visited if before.get(key, NO_VALUES) != self._known[key]]
            if not changed:
                return {key: self._known[key] for key in visited} | {query: self._known[query]}
            if num_rounds > MAX_ROUNDS:
                self._known.update(dict.fromkeys(changed, MANY_VALUES))
        raise AssertionError("the loop only ends by returning")

    def _visit(self, query: _Query, visited: set[_Query]) -> ValueSet:
        known = self._known.get(query, NO_VALUES)
        if query not in visited and not known.is_many:
            visited.add(query)
            self._known[query] = known = self._find(*query)
        return known

    def _find(self, state: State, outcome: int, limit: int) -> ValueSet:
        if outcome not in self._costs.by_outcome(state):
            return NO_VALUES
        if isinstance(state, Text):
            return self._texts(state, outcome, limit)
        if isinstance(state, Value):
            return self._alternatives(state, outcome, limit)
        if isinstance(state, Array) and state.is_guarded and not self._is_feasible(state, outcome):
            return NO_VALUES
        return self._search(state, outcome, limit)

    def _texts(self, text: Text, outcome: int, limit: int) -> ValueSet:
        wanted = frozenset([outcome])
        is_number = text.kind == "number"
        if self._automaton.has_more_texts(text.dfa_state, wanted, limit * (MAX_SPELLINGS if is_number else 1)):
            return MANY_VALUES
        found = self._automaton.all_texts(text.dfa_state, wanted)
        if not is_number:
            return ValueSet({content.decode(): (*content, END) for content in found})
        numbers = {number_of_text(content.decode()) for content in found}
        return ValueSet({number: (equal_number_texts(number)[0].encode(), END) for number in numbers})

    def _alternatives(self, state: Value, outcome: int, limit: int) -> ValueSet:
        forms: dict[Hashable, SymbolForm] = {}
        for symbol in self._space.candidates(state):
            target = self._space.edge(state, symbol)
            if isinstance(target, Enter):
                value_set = self.of(target.state, outcome, limit)
                if value_set.is_many:
                    return MANY_VALUES
                forms.update({value: (symbol, *form) for value, form in value_set.forms.items()})
            elif target == Close(outcome):
                forms[CONSTANTS.get(symbol, symbol.text)] = (symbol,)
        return ValueSet(forms) if len(forms) <= limit else MANY_VALUES

    def _search(self, state: State, outcome: int, limit: int) -> ValueSet:
        """Finds the objects or arrays of a state by best-first search, those that are closest to their end first."""
        tie_breaker = count(0, -1)
        queue = [(0, next(tie_breaker), _Partial(state, (), ()))]
        seen: set[tuple[State, Hashable]] = set()
        forms: dict[Hashable, SymbolForm] = {}
        is_object = isinstance(state, Object)
        end = OBJECT_END if is_object else ARRAY_END
        while queue:
            self._budget.check_time()
            _, _, partial = heappop(queue)
            if self._space.edge(partial.state, end) == Close(outcome):
                if partial.stands_for_many:
                    return MANY_VALUES
                members: Hashable = frozenset(partial.members) if is_object else partial.members
                forms["object" if is_object else "array", members] = (*partial.form, end)
                if len(forms) > limit:
                    return MANY_VALUES
            for longer in self._extensions(partial, limit):
                self._budget.work(PARTIAL_UNITS)
                key = (longer.state, frozenset(longer.members) if is_object else longer.members)
                cost = self._costs.by_outcome(longer.state).get(outcome)
                if cost is not None and key not in seen:
                    seen.add(key)
                    heappush(queue, (len(longer.form) + cost, next(tie_breaker), longer))
                    if next(tie_breaker) < -MAX_PARTIALS:
                        return MANY_VALUES
        return ValueSet(forms)

    def _extensions(self, partial: _Partial, limit: int) -> Iterator[_Partial]:
        """Yields the partial object or array with one more member, for every value of this member."""
        for symbol in self._space.candidates(partial.state):
            target = self._space.edge(partial.state, symbol)
            if isinstance(target, Enter) and isinstance(target.state, Key):
                yield from self._with_free_key(partial, target.state, limit)
            elif isinstance(target, Open) and symbol == ITEM:
                yield from self._with_item(partial, target, limit)
            elif isinstance(target, Open):
                yield from self._with_value(partial, target, symbol.text, (symbol,), False, limit)

    def _with_free_key(self, partial: _Partial, key: Key, limit: int) -> Iterator[_Partial]:
        present = {member[0] for member in partial.members if isinstance(member, tuple)}
        for key_outcome, target in self._costs.key_targets(key).items():
            wanted = frozenset([key_outcome])
            if self._automaton.has_more_texts(key.dfa_state, wanted, limit + len(present)):
                yield from self._with_value(partial, target, object(), (FREE_KEY, KEY_END), True, limit)
                continue
            for text in self._automaton.all_texts(key.dfa_state, wanted):
                if (name := text.decode()) not in present:
                    yield from self._with_value(partial, target, name, (FREE_KEY, *text, KEY_END), False, limit)

    def _with_value(
        self, partial: _Partial, target: Open, name: Hashable, form: SymbolForm, stands_for_many: bool, limit: int
    ) -> Iterator[_Partial]:
        for value, written, rest, is_of_many in self._children(target, limit):
            yield partial.extended(rest, (name, value), (*form, *written), stands_for_many or is_of_many)

    def _with_item(self, partial: _Partial, target: Open, limit: int) -> Iterator[_Partial]:
        for value, written, rest, is_of_many in self._children(target, limit):
            form = (ITEM, *written)
            if value not in partial.members:
                yield partial.extended(rest, value, form, is_of_many)
            if (value in partial.members or (is_of_many and partial.stands_for_many)) and isinstance(rest, Array):
                after = self._space.rest_after_repetition(rest)
                if after is not None:
                    yield partial.extended(after, value, form, is_of_many)

    def _children(self, target: Open, limit: int) -> Iterator[tuple[Hashable, SymbolForm, State, bool]]:
        """Yields the values of a child: its identity, its form, the rest after it, and whether it represents many."""
        for outcome in sorted(self._costs.by_outcome(target.child)):
            rest = self._space.settle(target.rest, outcome)
            if rest is None:
                continue
            value_set = self.of(target.child, outcome, limit)
            if value_set.is_many:
                yield object(), (), rest, True
            for value, form in value_set.forms.items():
                yield value, form, rest, False

    def forms_by_outcome(self, state: State, value: Hashable) -> dict[int, SymbolForm]:
        """Returns the forms of the value with this identity, by outcome; empty if the state cannot be this value."""
        if isinstance(state, Text):
            return self._text_forms(state, value)
        if isinstance(state, Value):
            return self._alternative_forms(state, value)
        written: dict[State, SymbolForm] = {state: ()}
        if isinstance(value, tuple) and value[0] == "array" and isinstance(state, Array):
            for index, item in enumerate(value[1]):
                written = dict(self._after_item(written, item, item in value[1][:index]))
            return self._ended_forms(written, ARRAY_END)
        if isinstance(value, tuple) and value[0] == "object" and isinstance(state, Object):
            ranks = state.order.ranks
            for name, item in sorted(value[1], key=lambda member: (ranks.get(member[0], len(ranks)), member[0])):
                written = dict(self._after_member(written, name, item))
            return self._ended_forms(written, OBJECT_END)
        return {}

    def _text_forms(self, text: Text, value: Hashable) -> dict[int, SymbolForm]:
        if KINDS_OF_TYPES.get(type(value)) != text.kind:
            return {}
        spellings = (value,) if isinstance(value, str) else equal_number_texts(value)  # type: ignore[arg-type]
        first = spellings[0].encode()
        form: SymbolForm = (*first, END) if isinstance(value, str) else (first, END)
        ends = (self._automaton.run(spelling.encode(), text.dfa_state) for spelling in spellings)
        outcomes = {self._automaton.outcome(end) for end in ends if end != DEAD}
        return dict.fromkeys(outcomes - {0}, form)

    def _alternative_forms(self, state: Value, value: Hashable) -> dict[int, SymbolForm]:
        kind = str(value[0]) if isinstance(value, tuple) else KINDS_OF_TYPES[type(value)]
        if kind == "constant":
            symbols = [symbol for symbol, constant in CONSTANTS.items() if constant == value]
        else:
            symbols = [AS_KIND[kind], *([CONST(value)] if isinstance(value, str) else [])]
        found: dict[int, SymbolForm] = {}
        for symbol in symbols:
            target = self._space.edge(state, symbol)
            if isinstance(target, Close):
                found[target.outcome] = (symbol,)
            elif isinstance(target, Enter):
                forms_by_outcome = self.forms_by_outcome(target.state, value)
                found |= {outcome: (symbol, *form) for outcome, form in forms_by_outcome.items()}
        return found

    def _after_item(
        self, written: dict[State, SymbolForm], item: Hashable, repeats: bool
    ) -> Iterator[tuple[State, SymbolForm]]:
        for state, form in written.items():
            for rest, longer in self._after(self._space.edge(state, ITEM), item, (*form, ITEM)):
                assert isinstance(rest, Array)
                after = self._space.rest_after_repetition(rest) if repeats else rest
                if after is not None:
                    yield after, longer

    def _after_member(
        self, written: dict[State, SymbolForm], name: str, item: Hashable
    ) -> Iterator[tuple[State, SymbolForm]]:
        for state, form in written.items():
            target, key_form = self._space.edge(state, KEY(name)), (*form, KEY(name))
            if target is None:
                target, key_form = self._free_key_target(state, name), (*form, FREE_KEY, *name.encode(), KEY_END)
            yield from self._after(target, item, key_form)

    def _free_key_target(self, state: State, name: str) -> Open | None:
        target = self._space.edge(state, FREE_KEY)
        if not isinstance(target, Enter) or not isinstance(key := target.state, Key):
            return None
        end = self._automaton.run(name.encode(), key.dfa_state)
        return self._costs.key_targets(key).get(self._automaton.outcome(end)) if end != DEAD else None

    def _after(self, target: object, item: Hashable, form: SymbolForm) -> Iterator[tuple[State, SymbolForm]]:
        if isinstance(target, Open):
            for outcome, written in self.forms_by_outcome(target.child, item).items():
                rest = self._space.settle(target.rest, outcome)
                if rest is not None:
                    yield rest, (*form, *written)

    def _ended_forms(self, written: dict[State, SymbolForm], end: Symbol) -> dict[int, SymbolForm]:
        targets = ((self._space.edge(state, end), form) for state, form in written.items())
        return {target.outcome: (*form, end) for target, form in targets if isinstance(target, Close)}
