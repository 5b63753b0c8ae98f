"""In how many symbols at least a state can be finished, with each verdict.

A way costs its symbols and whatever they open. The search is told how much a goal may cost at most, first no more than
a value that is known to reach it: what a way takes at least (`Goals.least`) rules most ways out unseen, and each step
inwards leaves less, so the search ends although states lead back to themselves. That a goal costs more than some bound
is remembered as well. Source: depth-first branch and bound with memory, after Reinefeld and Marsland, "Enhanced
iterative-deepening search" (1994), on derivations as in Knuth, "A generalization of Dijkstra's algorithm" (1977).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from typing import NamedTuple

from schemalm.grammar.formula import TRUE
from schemalm.grammar.goals import Goal, Goals
from schemalm.grammar.limits import Budget
from schemalm.grammar.states import Array, Close, Enter, Key, Open, State, StateSpace, Target, Text
from schemalm.grammar.symbols import Symbol
from schemalm.grammar.texts.automaton import Automaton
from schemalm.grammar.witness import Witnesses

# Symbols to finish a state, by verdict.
Costs = dict[int, int]


class _Question(NamedTuple):
    """What a goal costs, where that is no more than `most`."""

    goal: Goal
    most: int


# Asks what goals cost, one after the other, and returns what its own does; None where that is more than it may be.
Search = Generator[_Question, int | None, int | None]


class CostTable:
    """The costs of states, found on demand; and whether they can be finished at all, which takes less to tell."""

    def __init__(
        self,
        space: StateSpace,
        automaton: Automaton,
        budget: Budget,
        is_feasible: Callable[[Array, int], bool] | None = None,
    ) -> None:
        """`is_feasible`: whether a whole array can end with a verdict as far as guards tell."""
        self._space = space
        self._budget = budget
        self._most = budget.limits.completion_symbols
        self._goals = Goals(space, automaton, budget)
        self._witnesses = Witnesses(self._goals, budget, is_feasible)
        self._exact: dict[Goal, int] = {}
        # Goals that cost no less than these, as far as is known.
        self._least: dict[Goal, int] = {}

    def verdicts(self, state: State) -> tuple[int, ...]:
        """Every verdict that a state can end with within the limit on symbols, in ascending order."""
        return tuple(verdict for verdict in self._witnesses.verdicts(state) if self.can_end(state, verdict))

    def child_verdicts(self, target: Open) -> tuple[int, ...]:
        """Every verdict that a child can end with and after which, as far as it shows, the rest can end well."""
        needed = self._goals.needed(target.rest) if target.rest.inquiry.waits else TRUE
        found = self._witnesses.verdicts(target.child, needed)
        return tuple(verdict for verdict in found if self.can_end(target.child, verdict))

    def can_end(self, state: State, verdict: int) -> bool:
        """Whether a state can end with a verdict within the limit on symbols."""
        goal = self._goals.goal(state, verdict)
        size = self._witnesses.size(goal)
        return size is not None and (size <= self._most or self.cost(state, verdict) is not None)

    def can_end_with_any(self, state: State, verdicts: Collection[int]) -> bool:
        """Whether a state can end with one of some verdicts."""
        return any(self.can_end(state, verdict) for verdict in verdicts)

    def open_can_end(self, target: Open, verdicts: Collection[int]) -> bool:
        """Whether a child and the rest after it can end with one of some verdicts."""
        return any(self.can_end_with_any(rest, verdicts) for rest in self._witnesses.rests(target))

    def of(self, state: State) -> Costs:
        """The least number of symbols to finish `state`, by verdict."""
        costs = {verdict: self.cost(state, verdict) for verdict in self.verdicts(state)}
        return {verdict: cost for verdict, cost in costs.items() if cost is not None}

    def cost(self, state: State, verdict: int) -> int | None:
        """The least number of symbols to finish `state` with a verdict; None where it cannot be."""
        goal = self._goals.goal(state, verdict)
        size = self._witnesses.size(goal)
        if goal is None or size is None:
            return None
        if goal not in self._exact:
            self._run(self._search(goal, min(size, self._most)))
        return self._exact.get(goal)

    def key_targets(self, key: Key) -> dict[int, Open]:
        """What the end of a free key opens, by the key's verdict."""
        return self._goals.key_targets(key)

    def of_open(self, target: Open, verdicts: Collection[int]) -> Costs:
        """The least number of symbols of a child and the rest after it, by those of some verdicts that it can have."""
        costs = {verdict: self._run(self._after(target, verdict, self._most)) for verdict in verdicts}
        return {verdict: cost for verdict, cost in costs.items() if cost is not None}

    def cheapest_symbol(self, state: State, verdict: int) -> Symbol:
        """The symbol with which a cheapest way to finish a value, object or array with `verdict` begins."""
        goal, best = self._goals.goal(state, verdict), self.cost(state, verdict)
        assert goal is not None and best is not None, "only what can be finished has a cheapest way"
        for symbol in self._goals.symbols_in_order(goal.state):
            target = self._space.edge(goal.state, symbol)
            repeated = self._space.repetition(target) if target is not None else None
            for way in (target, repeated):
                if way is not None and self._costs_no_more(way, goal.verdict, best - 1):
                    return symbol
        raise AssertionError("a state that can be finished begins with some symbol")

    def _costs_no_more(self, target: Target, verdict: int, most: int) -> bool:
        """Whether what a symbol leads to can end with a verdict after `most` symbols."""
        return self._run(self._after(target, verdict, most)) is not None

    def _run(self, start: Search) -> int | None:
        """Follows a search and those that it asks for, as a stack."""
        searches: list[Search] = [start]
        answer: int | None = None
        while True:
            self._budget.work()
            self._budget.check_time()
            try:
                question = searches[-1].send(answer)
            except StopIteration as ended:
                searches.pop()
                answer = ended.value
                if not searches:
                    return answer
                continue
            answer = self._exact.get(question.goal)
            if answer is None and (most := self._most_of(question)) is not None:
                searches.append(self._search(question.goal, most))
            elif answer is not None and answer > question.most:
                answer = None

    def _most_of(self, question: _Question) -> int | None:
        """A bound within which a goal's cost may lie and be found; None where it is more than what is asked for."""
        goal, most = question
        if self._lower(goal) > most:
            return None
        size = self._witnesses.size(goal)
        return min(size, most) if size is not None else None

    def _lower(self, goal: Goal) -> int:
        return max(self._least.get(goal, 0), self._goals.least(goal))

    def _search(self, goal: Goal, most: int) -> Search:
        """The cost of a goal where it is no more than `most`."""
        least, best = self._lower(goal), None
        if isinstance(goal.state, Text):
            best = least if least <= most else None
        else:
            for way in self._goals.ways(goal):
                most = most if best is None else best - 1
                if least > most:
                    break
                after = yield from self._after(way.target, goal.verdict, most - way.cost)
                best = best if after is None else way.cost + after
        if best is None:
            self._least[goal] = max(least, most + 1)
        else:
            self._exact[goal] = best
        return best

    def _after(self, target: Target, verdict: int, most: int) -> Search:
        """The cost of what a symbol leads to where it is no more than `most`."""
        if isinstance(target, Close):
            return 0 if target.verdict == verdict and most >= 0 else None
        if isinstance(target, Enter):
            goal = self._goals.goal(target.state, verdict)
            return (yield _Question(goal, most)) if goal is not None else None
        best = None
        for child, rest in self._goals.splits(target, verdict):
            most = most if best is None else best - 1
            least = self._lower(child)
            if least + self._lower(rest) > most:
                continue
            rest_cost = yield _Question(rest, most - least)
            child_cost = (yield _Question(child, most - rest_cost)) if rest_cost is not None else None
            if rest_cost is not None and child_cost is not None:
                best = child_cost + rest_cost
        return best
