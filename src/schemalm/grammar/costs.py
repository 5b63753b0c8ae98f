"""Decides whether states can be finished, with which outcomes, and in how many symbols at least.

To show that a state can be finished, one derivation is enough. A bounded search looks for a short one. If it finds
none, an exact fixpoint decides. The cheapest derivation is searched for only when somebody wants to write it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from schemalm.grammar.fixpoint import Fixpoint, is_solved_jointly
from schemalm.grammar.goals import Goal, Goals, answered, answers
from schemalm.grammar.obligation import must_hold
from schemalm.grammar.search import GaveUpError, Search
from schemalm.grammar.state_space import StateSpace
from schemalm.grammar.states import Array, Close, Enter, Key, Object, Open, State, Target, Text, Value, begins_guarded
from schemalm.grammar.symbols import Symbol
from schemalm.limits import Budget
from schemalm.regular.automaton import Automaton
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, answer, conjuncts, negate
from schemalm.schema.prompt import StatedKeys
from schemalm.weak_methods import weak

# The number of symbols that finish a state, by outcome.
Costs = dict[int, int]
# A derivation is short if it has at most twice its lower bound plus this many symbols.
EXTRA_SYMBOLS = 12


class CostTable:
    """Costs of the states of a grammar, computed on demand."""

    def __init__(
        self,
        space: StateSpace,
        automaton: Automaton,
        budget: Budget,
        is_feasible: Callable[[Array, int], bool] | None = None,
    ) -> None:
        """is_feasible: whether a complete array can end with an outcome under guards; None ignores guards."""
        self._space = space
        self._max_symbols = budget.limits.completion_symbols
        self._is_feasible = lru_cache(None)(is_feasible) if is_feasible else None
        self._goals = Goals(space, automaton, budget, weak(self._passes_guards))
        self._search = Search(self._goals, budget, weak(self._may_be_reached))
        self._fixpoint = Fixpoint(self._goals, budget, weak(self._short))
        self._cheapest = Fixpoint(self._goals, budget, self._search.exact.get, is_cheapest=True)
        self._given_up: set[Goal] = set()
        self._outcomes: dict[tuple[State, Formula], tuple[int, ...]] = {}

    def _passes_guards(self, state: State, outcome: int) -> bool:
        if self._is_feasible is None or not isinstance(state, Array) or not begins_guarded(state):
            return True
        return self._is_feasible(state, outcome)

    def _may_be_reached(self, goal: Goal) -> bool:
        known = self._fixpoint.known.get(goal.state)
        return known is None or goal.outcome in known

    def _short(self, goal: Goal) -> int | None:
        """Returns the number of symbols of a short derivation of a goal, or None if the search gives up."""
        if goal in self._search.sizes:
            return self._search.sizes[goal]
        if goal in self._given_up:
            return None
        try:
            bound = 2 * self._goals.lower_bound(goal) + EXTRA_SYMBOLS + _symbols_of_stated_keys(goal)
            return self._search.find_any(goal, bound)
        except GaveUpError:
            self._given_up.add(goal)
            return None

    def _size(self, state: State, outcome: int) -> int | None:
        """Returns the number of symbols of some derivation that ends a state with an outcome; None if there is none."""
        goal = self._goals.goal(state, outcome)
        if goal is None:
            return None
        size = self._short(goal)
        if size is not None:
            return size
        if isinstance(state, Text):
            least = self._goals.lower_bound(goal)
            return least if least <= self._max_symbols else None
        return _exact(self._fixpoint, state, outcome, goal)

    def can_end(self, state: State, outcome: int) -> bool:
        """Whether a state can end with an outcome within the limit on symbols."""
        size = self._size(state, outcome)
        return size is not None and (size <= self._max_symbols or self.cost(state, outcome) is not None)

    def can_end_with_any(self, state: State, outcomes: Collection[int]) -> bool:
        """Whether a state can end with one of some outcomes."""
        return any(self.can_end(state, outcome) for outcome in outcomes)

    def open_can_end(self, target: Open, outcomes: Collection[int]) -> bool:
        """Whether a child and the rest after it can end with one of some outcomes."""
        return any(self.can_end_with_any(rest, outcomes) for rest in self._rests(target))

    def _rests(self, target: Open) -> Iterator[Object | Array]:
        """Yields each rest that may follow a child, given the outcomes that the child can end with."""
        rests = (self._space.settle(target.rest, outcome) for outcome in self.child_outcomes(target))
        yield from (rest for rest in dict.fromkeys(rests) if rest is not None)

    def child_outcomes(self, target: Open) -> tuple[int, ...]:
        """Returns every outcome that a child can end with and that the rest may still need, in ascending order."""
        return self.outcomes(
            target.child, self._goals.needed_answers(target.rest) if target.rest.obligation.needs_outcome else TRUE
        )

    def outcomes(self, state: State, needed: Formula = TRUE) -> tuple[int, ...]:
        """Returns every outcome that a state can end with and that `needed` admits, in ascending order."""
        key = (state, needed)
        found = self._outcomes.get(key)
        if found is None:
            found = self._outcomes[key] = tuple(sorted(self._find_outcomes(state, needed)))
        return found

    def _find_outcomes(self, state: State, needed: Formula) -> Iterable[int]:
        if isinstance(state, Value):
            return self._outcomes_of_value(state, needed)
        if isinstance(state, Key):
            return self._outcomes_of_key(state, needed)
        if isinstance(state, Text) or state.obligation.is_single or is_solved_jointly(state):
            return (outcome for outcome in self._goals.outcomes(state, needed) if self.can_end(state, outcome))
        return self._outcomes_from(state, 0, all_of([state.obligation.allowed, needed]), TRUE)

    def _outcomes_of_value(self, value: Value, needed: Formula) -> set[int]:
        targets = [self._space.edge(value, symbol) for symbol in self._space.candidates(value)]
        closed = {target.outcome for target in targets if isinstance(target, Close)}
        entered = (self.outcomes(target.state, needed) for target in targets if isinstance(target, Enter))
        return {outcome for outcome in closed if answer(needed, outcome) == TRUE}.union(*entered)

    def _outcomes_of_key(self, key: Key, needed: Formula) -> set[int]:
        steps = self._goals.first_steps(Goal(key, 1))
        targets = (step.target for step in steps if isinstance(step.target, Open))
        return {
            outcome for target in targets for rest in self._rests(target) for outcome in self.outcomes(rest, needed)
        }

    def _outcomes_from(self, state: Object | Array, index: int, allowed: Formula, known: Formula) -> Iterator[int]:
        """Yields the outcomes of an object or array from bit `index` on, given that `known` is true.

        Formulas are decided one after another. A branch ends as soon as no value fits the decisions so far.
        """
        formulas = state.obligation.formulas
        if index == len(formulas):
            yield from (0,) if allowed != FALSE else ()
            return
        for bit in answers(formulas[index]):
            still_allowed = answered(allowed, index, bit)
            now = all_of([known, formulas[index] if bit else negate(formulas[index])])
            if FALSE not in (still_allowed, now) and self.can_end(replace(state, obligation=must_hold(now)), 1):
                for others in self._outcomes_from(state, index + 1, still_allowed, now):
                    yield others | bit << index

    def cost(self, state: State, outcome: int) -> int | None:
        """Returns the least number of symbols that finish `state` with an outcome; None if it cannot end so."""
        goal, size = self._goals.goal(state, outcome), self._size(state, outcome)
        if goal is None or size is None:
            return None
        try:
            return self._search.find_cheapest(goal, min(size, self._max_symbols))
        except GaveUpError:
            cost = _exact(self._cheapest, state, outcome, goal)
            return cost if cost is not None and cost <= self._max_symbols else None

    def by_outcome(self, state: State) -> Costs:
        """Returns the least number of symbols that finish `state`, by outcome."""
        costs = {outcome: self.cost(state, outcome) for outcome in self.outcomes(state)}
        return {outcome: cost for outcome, cost in costs.items() if cost is not None}

    def costs_of_open(self, target: Open, outcomes: Collection[int]) -> Costs:
        """Returns the least number of symbols of a child and the rest after it, by outcome of the rest.

        Only those of `outcomes` are included that the rest can end with.
        """
        possible = (outcome for outcome in outcomes if self.open_can_end(target, (outcome,)))
        costs = {outcome: self._cost_after(target, outcome, self._max_symbols) for outcome in possible}
        return {outcome: cost for outcome, cost in costs.items() if cost is not None}

    def _cost_after(self, target: Target, outcome: int, bound: int) -> int | None:
        """Returns the least number of symbols after one that leads to a target; None if it exceeds `bound`."""
        try:
            return self._search.cheapest_after(target, outcome, bound)
        except GaveUpError:
            return min(self._costs_of_derivations(target, outcome, bound), default=None)

    def _costs_of_derivations(self, target: Target, outcome: int, bound: int) -> Iterator[int]:
        """Yields the cost of each derivation that ends a target with an outcome, if it does not exceed `bound`."""
        if isinstance(target, Enter):
            cost = self.cost(target.state, outcome)
            yield from (cost,) if cost is not None and cost <= bound else ()
        elif isinstance(target, Open):
            for child, rest in self._goals.splits(target, outcome):
                if self._goals.lower_bound(child) + self._goals.lower_bound(rest) > bound:
                    continue
                first, second = self.cost(*child), self.cost(*rest)
                if first is not None and second is not None and first + second <= bound:
                    yield first + second

    def key_targets(self, key: Key) -> dict[int, Open]:
        """Returns what the end of a free key opens, by the key's outcome."""
        return self._goals.key_targets(key)

    def cheapest_symbol(self, state: State, outcome: int) -> Symbol:
        """Returns the first symbol of a cheapest derivation that ends a value, object or array with `outcome`."""
        goal, best = self._goals.goal(state, outcome), self.cost(state, outcome)
        assert goal is not None and best is not None, "a state that cannot be finished has no cheapest derivation"
        for symbol in self._goals.symbols_in_canonical_order(goal.state):
            target = self._space.edge(goal.state, symbol)
            repeated = self._space.repeating_target(target) if target is not None else None
            targets = [choice for choice in (target, repeated) if choice is not None]
            if any(self._cost_after(choice, goal.outcome, best - 1) is not None for choice in targets):
                return symbol
        raise AssertionError("a state that can be finished begins with some symbol")


def _symbols_of_stated_keys(goal: Goal) -> int:
    """The symbols that stated keys may take besides the lower bound: the letters of free keys, and their values."""
    if not isinstance(goal.state, Object):
        return 0
    stated = [part for part in conjuncts(goal.state.obligation.formulas[0]) if isinstance(part, StatedKeys)]
    return sum(len(name) + EXTRA_SYMBOLS for part in stated for name in part.needed_keys)


def _exact(fixpoint: Fixpoint, state: State, outcome: int, goal: Goal) -> int | None:
    """Looks up a state's size with an outcome in a fixpoint. `goal`: the same state and outcome as a goal."""
    return (
        fixpoint.sizes(state).get(outcome) if is_solved_jointly(state) else fixpoint.sizes(goal.state).get(goal.outcome)
    )
