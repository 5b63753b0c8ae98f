"""Search goals: a state, and the outcome that it must end with.

Suppose an object or array must end with an outcome on several formulas. It then has to satisfy a single formula: the
conjunction of all of them, each negated where the outcome says so. So a search only deals with single formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from schemalm.grammar.estimates import UNREACHABLE, Estimates, Relevance
from schemalm.grammar.obligation import Obligation, must_hold
from schemalm.grammar.propagation import propagated
from schemalm.grammar.simplification import ObligationSimplifier
from schemalm.grammar.state_space import UNITS_OF_NODE, StateSpace
from schemalm.grammar.states import (
    Array,
    Close,
    Enter,
    Key,
    Object,
    Open,
    State,
    Target,
    Text,
    Value,
    obligation_of,
)
from schemalm.grammar.symbols import ARRAY_END, FREE_KEY, ITEM, KEY, OBJECT_END, Symbol
from schemalm.limits import Budget
from schemalm.regular.automaton import DEAD, Automaton
from schemalm.rules.places import in_order
from schemalm.schema.formula import (
    FALSE,
    TRUE,
    Constant,
    Formula,
    Question,
    all_of,
    answer,
    conjuncts,
    negate,
    substitute,
)
from schemalm.schema.keywords.objects import Has, MaxProperties, Members, PropertyNames

# No preferred answers.
NO_PREFERENCE: Mapping[int, bool] = {}


class Goal(NamedTuple):
    """A state and the outcome that it must end with."""

    state: State
    outcome: int


class FirstStep(NamedTuple):
    """One way to begin a derivation of a goal: `cost` symbols, and what they lead to."""

    cost: int
    target: Target


class Goals:
    """Makes goals and expands them."""

    def __init__(
        self, space: StateSpace, automaton: Automaton, budget: Budget, passes_guards: Callable[[State, int], bool]
    ) -> None:
        """passes_guards: whether a complete array can end with an outcome under guards."""
        self.space = space
        self.automaton = automaton
        self.estimates = Estimates()
        self._budget = budget
        self.passes_guards = passes_guards
        self._simplifier = ObligationSimplifier()
        self._propagated = lru_cache(None)(propagated)
        self._goals: dict[tuple[State, int], Goal | None] = {}
        self._key_targets: dict[tuple[Object, tuple[Formula, ...]], dict[int, Open]] = {}

    def goal(self, state: State, outcome: int) -> Goal | None:
        """Returns the goal that a state ends with an outcome, in a canonical form; None if it clearly cannot."""
        if not isinstance(state, Object | Array):
            return Goal(state, outcome)
        key = (state, outcome)
        if key not in self._goals:
            self._goals[key] = self._find_goal(state, outcome)
        return self._goals[key]

    def _find_goal(self, state: Object | Array, outcome: int) -> Goal | None:
        formulas = state.obligation.formulas
        self._budget.work(UNITS_OF_NODE * state.obligation.size)
        if not self.passes_guards(state, outcome):
            return None
        signed = [formula if outcome >> index & 1 else negate(formula) for index, formula in enumerate(formulas)]
        held = in_order(self._propagated(all_of(signed) if len(signed) > 1 else signed[0]))
        if len(formulas) > 1 or held is not formulas[0]:
            state = replace(state, obligation=must_hold(held))
        if isinstance(state, Object):
            first = self._first_relevant(state)
            if first > state.position:
                return self.goal(Object(state.obligation, state.order, first), 1)
            state = Object(self._simplifier.simplified(state), state.order, first)
        return Goal(state, 1) if self.estimates.lower_bound(state.obligation.formulas[0]) < UNREACHABLE else None

    def _first_relevant(self, state: Object) -> int:
        """Returns the position of the first name that can affect whether an object fulfils its obligation."""
        relevance = self.estimates.relevance(state.obligation.formulas[0])
        if relevance.any_key:
            return state.position
        ranks = (state.order.ranks.get(name, -1) for name in relevance.names)
        return min((rank for rank in ranks if rank >= state.position), default=len(state.order.names))

    def needed_answers(self, rest: Object | Array) -> Formula:
        """Returns what a child's outcome must satisfy for the rest after it to end well. It may admit too much."""
        obligation = self._simplifier.simplified(rest) if isinstance(rest, Object) else rest.obligation
        return obligation.requirement

    def lower_bound(self, goal: Goal) -> int:
        """Returns a lower bound on the number of symbols of a goal; UNREACHABLE if there is no derivation."""
        state, outcome = goal
        if isinstance(state, Object | Array):
            return self.estimates.lower_bound(state.obligation.formulas[0]) + 1
        if isinstance(state, Text):
            distance = self.automaton.distance(state.dfa_state, frozenset([outcome]))
            return distance + 1 if distance != DEAD else UNREACHABLE
        return 1

    def key_targets(self, key: Key) -> dict[int, Open]:
        """Returns what the end of a free key opens, by the key's outcome."""
        known = (key.owner, key.formulas)
        if known not in self._key_targets:
            self._key_targets[known] = self.space.key_targets(*known)
        return self._key_targets[known]

    def first_steps(self, goal: Goal) -> Iterator[FirstStep]:
        """Yields first steps, likely ones first. One of them begins a cheapest derivation. Not for texts."""
        state, outcome = goal
        if isinstance(state, Value):
            yield from self._first_steps_of_value(state, outcome)
        elif isinstance(state, Key):
            yield from self._first_steps_of_key(state)
        else:
            assert isinstance(state, Object | Array), "a text has no first steps"
            yield from (FirstStep(1, target) for target in self.targets(state))

    def targets(self, state: Object | Array) -> Iterator[Target]:
        """Yields targets of an object's or array's symbols, likely ones first. One begins a cheapest derivation."""
        for symbol in self.symbols(state):
            target = self.space.edge(state, symbol)
            if target is None:
                continue
            yield target
            if isinstance(target, Close) and state.obligation.is_single:
                # Nothing is shorter than ending here.
                return
            if (repeated := self.space.repeating_target(target)) is not None:
                yield repeated

    def _first_steps_of_key(self, key: Key) -> Iterator[FirstStep]:
        for key_outcome, target in self.key_targets(key).items():
            distance = self.automaton.distance(key.dfa_state, frozenset([key_outcome]))
            if distance != DEAD:
                yield FirstStep(distance + 1, target)

    def _first_steps_of_value(self, state: Value, outcome: int) -> Iterator[FirstStep]:
        found = [self.space.edge(state, symbol) for symbol in self.space.candidates(state)]
        if Close(outcome) in found:
            yield FirstStep(1, Close(outcome))
        else:
            yield from (FirstStep(1, target) for target in found if isinstance(target, Enter))

    def symbols(self, state: State) -> Iterator[Symbol]:
        """Yields symbols of an object or array, likely ones first. One of them begins a cheapest derivation."""
        if isinstance(state, Array):
            yield from (ARRAY_END, ITEM)
            return
        assert isinstance(state, Object)
        yield OBJECT_END
        if (required := _next_required(state)) is not None:
            yield KEY(required)
            return
        relevance = self._relevance(state.obligation)
        order, position = state.order, state.position
        names = order.names[position:] if relevance.any_key else _in_order(state, relevance.names)
        planned = _in_order(state, self.estimates.plan(state.obligation.formulas[0]).names)
        yield from map(KEY, planned)
        yield from (KEY(name) for name in names if name not in planned)
        if relevance.any_key:
            yield FREE_KEY

    def _relevance(self, obligation: Obligation) -> Relevance:
        """Returns the keys that can affect the outcome on an object."""
        held, *others = obligation.formulas
        relevance = self.estimates.relevance(held)
        for formula in others:
            relevance |= self.estimates.relevance(formula) | self.estimates.relevance(formula, False)
        return relevance

    def symbols_in_canonical_order(self, state: State) -> list[Symbol]:
        """Returns the same symbols in the grammar's order, also for values. The order decides between equal costs."""
        if isinstance(state, Value):
            return self.space.candidates(state)
        symbols = list(self.symbols(state))
        if isinstance(state, Object):
            ranks = state.order.ranks
            symbols.sort(key=lambda symbol: ranks[symbol.text] if symbol.label == "KEY" else len(ranks))
        return symbols

    def splits(self, target: Open, outcome: int) -> Iterator[tuple[Goal, Goal]]:
        """Yields goals for a child and the rest after it that together fulfil the outcome, likely ones first."""
        rest_goal = self.goal(target.rest, outcome)
        if rest_goal is None:
            return
        if not target.rest.obligation.needs_outcome:
            child = self.goal(target.child, 1)
            if child is not None:
                yield child, rest_goal
            return
        assert isinstance(rest_goal.state, Object | Array), "the goal of a rest is about a rest"
        obligation = rest_goal.state.obligation
        preferred = dict(self.estimates.plan(obligation.formulas[0]).answers)
        for child_outcome in self.outcomes(target.child, obligation.requirement, preferred):
            child = self.goal(target.child, child_outcome)
            rest = self.space.settle(target.rest, child_outcome) if child is not None else None
            after = self.goal(rest, outcome) if rest is not None else None
            if child is not None and after is not None:
                yield child, after

    def outcomes(self, state: State, needed: Formula, preferred: Mapping[int, bool] = NO_PREFERENCE) -> Iterator[int]:
        """Yields outcomes that a state may end with and that `needed` admits. Some may turn out to be impossible.

        preferred: likely answers to questions, which are tried first.
        """
        if isinstance(state, Text):
            found = sorted(self.automaton.outcomes(state.dfa_state))
            yield from (outcome for outcome in found if answer(needed, outcome) == TRUE)
        elif isinstance(state, Value):
            yield from self._outcomes_of_value(state, needed, preferred)
        else:
            obligation = obligation_of(state)
            yield from self._assignments(obligation, 0, all_of([obligation.allowed, needed]), preferred)

    def _outcomes_of_value(self, state: Value, needed: Formula, preferred: Mapping[int, bool]) -> Iterator[int]:
        seen: set[int] = set()
        for symbol in self.space.candidates(state):
            target = self.space.edge(state, symbol)
            closed = (target.outcome,) if isinstance(target, Close) else ()
            for outcome in self.outcomes(target.state, needed, preferred) if isinstance(target, Enter) else closed:
                if outcome not in seen:
                    seen.add(outcome)
                    yield outcome

    def _assignments(
        self, obligation: Obligation, index: int, allowed: Formula, preferred: Mapping[int, bool]
    ) -> Iterator[int]:
        """Yields the allowed outcomes from bit `index` on. The bits of constant formulas are fixed."""
        if index == len(obligation.formulas) or allowed == FALSE:
            yield from (0,) if allowed == TRUE else ()
            return
        bits = answers(obligation.formulas[index])
        for bit in bits if preferred.get(index, True) else reversed(bits):
            self._budget.work()
            for others in self._assignments(obligation, index + 1, answered(allowed, index, bit), preferred):
                yield others | bit << index


def answers(formula: Formula) -> tuple[int, ...]:
    """Returns the possible truth values of a formula: 1, 0 or both."""
    return (int(formula == TRUE),) if isinstance(formula, Constant) else (1, 0)


def answered(allowed: Formula, index: int, bit: int) -> Formula:
    """Returns a formula over questions after one of them was answered."""
    answer = TRUE if bit else FALSE
    return substitute(allowed, lambda atom: answer if isinstance(atom, Question) and atom.index == index else atom)


def _next_required(state: Object) -> str | None:
    """Returns the first required key, if only required keys bring the object closer to its end."""
    formula = state.obligation.formulas[0]
    parts = conjuncts(formula)
    if not state.obligation.is_single or not all(
        isinstance(part, Has | Members | MaxProperties | PropertyNames) for part in parts
    ):
        return None
    ranks = [state.order.ranks[part.name] for part in parts if isinstance(part, Has)]
    return state.order.names[min(ranks)] if ranks and min(ranks) >= state.position else None


def _in_order(state: Object, names: frozenset[str]) -> list[str]:
    """Returns those of some names that may still follow, in canonical order."""
    ranks = state.order.ranks
    found = sorted(rank for name in names if (rank := ranks.get(name, -1)) >= state.position)
    return [state.order.names[rank] for rank in found]
