"""Whether states can be finished, with which verdicts, and in how many symbols at least.

That a state can be finished takes one way to tell: a short one is looked for first, and the exact fixpoint answers
where there is none. The cheapest way is looked for only where somebody asks for it, to write it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from schemalm.grammar.fixpoint import Fixpoint, is_joint
from schemalm.grammar.goals import Goal, Goals, answered, answers
from schemalm.grammar.obligation import must_hold
from schemalm.grammar.search import GaveUpError, Search
from schemalm.grammar.state_space import StateSpace
from schemalm.grammar.states import Array, Close, Enter, Key, Object, Open, State, Target, Text, Value, begins_guarded
from schemalm.grammar.symbols import Symbol
from schemalm.limits import Budget
from schemalm.regular.automaton import Automaton
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, answer, negate

# Symbols to finish a state, by verdict.
Costs = dict[int, int]
# Ways count as short that take no more than twice what they must, and so many symbols.
SHORT = 12


class CostTable:
    """Answers for the states of a grammar, found on demand."""

    def __init__(
        self,
        space: StateSpace,
        automaton: Automaton,
        budget: Budget,
        is_feasible: Callable[[Array, int], bool] | None = None,
    ) -> None:
        """`is_feasible`: whether a whole array can end with a verdict as far as guards tell."""
        self._space = space
        self._most = budget.limits.completion_symbols
        self._is_feasible = lru_cache(None)(is_feasible) if is_feasible else None
        self._goals = Goals(space, automaton, budget, self._passes_guards)
        self._search = Search(self._goals, budget, self._may_be_reached)
        self._fixpoint = Fixpoint(self._goals, budget, self._short)
        self._cheapest = Fixpoint(self._goals, budget, self._search.exact.get, is_cheapest=True)
        self._given_up: set[Goal] = set()
        self._verdicts: dict[tuple[State, Formula], tuple[int, ...]] = {}

    def _passes_guards(self, state: State, verdict: int) -> bool:
        if self._is_feasible is None or not isinstance(state, Array) or not begins_guarded(state):
            return True
        return self._is_feasible(state, verdict)

    def _may_be_reached(self, goal: Goal) -> bool:
        known = self._fixpoint.known.get(goal.state)
        return known is None or goal.verdict in known

    def _short(self, goal: Goal) -> int | None:
        """The symbols of a short way to a goal; None where none was found soon."""
        if goal in self._search.sizes:
            return self._search.sizes[goal]
        if goal in self._given_up:
            return None
        try:
            return self._search.some(goal, 2 * self._goals.least(goal) + SHORT)
        except GaveUpError:
            self._given_up.add(goal)
            return None

    def _size(self, state: State, verdict: int) -> int | None:
        """The symbols of some way to end a state with a verdict; None where it cannot."""
        goal = self._goals.goal(state, verdict)
        if goal is None:
            return None
        size = self._short(goal)
        if size is not None:
            return size
        if isinstance(state, Text):
            least = self._goals.least(goal)
            return least if least <= self._most else None
        return _exact(self._fixpoint, state, verdict, goal)

    def can_end(self, state: State, verdict: int) -> bool:
        """Whether a state can end with a verdict within the limit on symbols."""
        size = self._size(state, verdict)
        return size is not None and (size <= self._most or self.cost(state, verdict) is not None)

    def can_end_with_any(self, state: State, verdicts: Collection[int]) -> bool:
        """Whether a state can end with one of some verdicts."""
        return any(self.can_end(state, verdict) for verdict in verdicts)

    def open_can_end(self, target: Open, verdicts: Collection[int]) -> bool:
        """Whether a child and the rest after it can end with one of some verdicts."""
        return any(self.can_end_with_any(rest, verdicts) for rest in self._rests(target))

    def _rests(self, target: Open) -> Iterator[Object | Array]:
        """What may come after a child, given the verdicts that it can end with; each once."""
        rests = (self._space.settle(target.rest, verdict) for verdict in self.child_verdicts(target))
        yield from (rest for rest in dict.fromkeys(rests) if rest is not None)

    def child_verdicts(self, target: Open) -> tuple[int, ...]:
        """Every verdict that a child can end with and after which, as far as it shows, the rest can end well."""
        return self.verdicts(
            target.child, self._goals.needed(target.rest) if target.rest.obligation.needs_outcome else TRUE
        )

    def verdicts(self, state: State, needed: Formula = TRUE) -> tuple[int, ...]:
        """Every verdict that a state can end with and that `needed` admits, in ascending order."""
        key = (state, needed)
        found = self._verdicts.get(key)
        if found is None:
            found = self._verdicts[key] = tuple(sorted(self._find_verdicts(state, needed)))
        return found

    def _find_verdicts(self, state: State, needed: Formula) -> Iterable[int]:
        if isinstance(state, Value):
            return self._verdicts_of_value(state, needed)
        if isinstance(state, Key):
            return self._verdicts_of_key(state, needed)
        if isinstance(state, Text) or state.obligation.is_single or is_joint(state):
            return (verdict for verdict in self._goals.verdicts(state, needed) if self.can_end(state, verdict))
        return self._answers(state, 0, all_of([state.obligation.allowed, needed]), TRUE)

    def _verdicts_of_value(self, value: Value, needed: Formula) -> set[int]:
        targets = [self._space.edge(value, symbol) for symbol in self._space.candidates(value)]
        closed = {target.verdict for target in targets if isinstance(target, Close)}
        entered = (self.verdicts(target.state, needed) for target in targets if isinstance(target, Enter))
        return {verdict for verdict in closed if answer(needed, verdict) == TRUE}.union(*entered)

    def _verdicts_of_key(self, key: Key, needed: Formula) -> set[int]:
        ways = self._goals.ways(Goal(key, 1))
        targets = (way.target for way in ways if isinstance(way.target, Open))
        return {
            verdict for target in targets for rest in self._rests(target) for verdict in self.verdicts(rest, needed)
        }

    def _answers(self, state: Object | Array, index: int, allowed: Formula, held: Formula) -> Iterator[int]:
        """The verdicts of an object or array, from bit `index` on, where `held` is known to hold.

        Formulas are answered one after the other; where nothing can be as the answers say, no more are tried.
        """
        formulas = state.obligation.formulas
        if index == len(formulas):
            yield from (0,) if allowed != FALSE else ()
            return
        for bit in answers(formulas[index]):
            still_allowed = answered(allowed, index, bit)
            now = all_of([held, formulas[index] if bit else negate(formulas[index])])
            if FALSE not in (still_allowed, now) and self.can_end(replace(state, obligation=must_hold(now)), 1):
                for others in self._answers(state, index + 1, still_allowed, now):
                    yield others | bit << index

    def cost(self, state: State, verdict: int) -> int | None:
        """The least number of symbols to finish `state` with a verdict; None where it cannot be."""
        goal, size = self._goals.goal(state, verdict), self._size(state, verdict)
        if goal is None or size is None:
            return None
        try:
            return self._search.cheapest(goal, min(size, self._most))
        except GaveUpError:
            cost = _exact(self._cheapest, state, verdict, goal)
            return cost if cost is not None and cost <= self._most else None

    def of(self, state: State) -> Costs:
        """The least number of symbols to finish `state`, by verdict."""
        costs = {verdict: self.cost(state, verdict) for verdict in self.verdicts(state)}
        return {verdict: cost for verdict, cost in costs.items() if cost is not None}

    def of_open(self, target: Open, verdicts: Collection[int]) -> Costs:
        """The least number of symbols of a child and the rest after it, by those of some verdicts that it can have."""
        possible = (verdict for verdict in verdicts if self.open_can_end(target, (verdict,)))
        costs = {verdict: self._after(target, verdict, self._most) for verdict in possible}
        return {verdict: cost for verdict, cost in costs.items() if cost is not None}

    def _after(self, target: Target, verdict: int, most: int) -> int | None:
        """The least number of symbols after one that leads to a target, where these are no more than `most`."""
        try:
            return self._search.cheapest_after(target, verdict, most)
        except GaveUpError:
            return min(self._costs_of(target, verdict, most), default=None)

    def _costs_of(self, target: Target, verdict: int, most: int) -> Iterator[int]:
        """What each way of ending a target with a verdict costs, of those that may cost no more than `most`."""
        if isinstance(target, Enter):
            cost = self.cost(target.state, verdict)
            yield from (cost,) if cost is not None and cost <= most else ()
        elif isinstance(target, Open):
            for child, rest in self._goals.splits(target, verdict):
                if self._goals.least(child) + self._goals.least(rest) > most:
                    continue
                first, second = self.cost(*child), self.cost(*rest)
                if first is not None and second is not None and first + second <= most:
                    yield first + second

    def key_targets(self, key: Key) -> dict[int, Open]:
        """What the end of a free key opens, by the key's verdict."""
        return self._goals.key_targets(key)

    def cheapest_symbol(self, state: State, verdict: int) -> Symbol:
        """The symbol with which a cheapest way to finish a value, object or array with `verdict` begins."""
        goal, best = self._goals.goal(state, verdict), self.cost(state, verdict)
        assert goal is not None and best is not None, "only what can be finished has a cheapest way"
        for symbol in self._goals.symbols_in_order(goal.state):
            target = self._space.edge(goal.state, symbol)
            repeated = self._space.repetition(target) if target is not None else None
            ways = [way for way in (target, repeated) if way is not None]
            if any(self._after(way, goal.verdict, best - 1) is not None for way in ways):
                return symbol
        raise AssertionError("a state that can be finished begins with some symbol")


def _exact(fixpoint: Fixpoint, state: State, verdict: int, goal: Goal) -> int | None:
    """What a fixpoint says of a state that shall end with a verdict, which is the goal."""
    return fixpoint.sizes(state).get(verdict) if is_joint(state) else fixpoint.sizes(goal.state).get(goal.verdict)
