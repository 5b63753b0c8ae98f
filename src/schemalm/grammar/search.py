"""Searches for a derivation of a goal with at most a given number of symbols: any derivation, or a cheapest one.

A lower bound for each goal (`Goals.lower_bound`) prunes most branches. Every step inwards reduces the symbols that are
left, so the search ends even if states are recursive. Results are cached, and so are proven lower bounds. Source:
depth-first branch and bound with memory, after Reinefeld and Marsland, "Enhanced iterative-deepening search" (1994), on
derivations as in Knuth, "A generalization of Dijkstra's algorithm" (1977).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple

from schemalm.grammar.goals import Goal, Goals
from schemalm.grammar.states import Close, Enter, Open, Target, Text
from schemalm.limits import Budget


class _Query(NamedTuple):
    """Searches for the size of a goal, at most `bound`. `cheapest`: of a cheapest derivation, otherwise of any."""

    goal: Goal
    bound: int
    cheapest: bool


# Work of a search step, or of a visit of a state in a fixpoint.
UNITS_OF_STEP = 10
# The most steps of a search for any derivation, and for a cheapest one. The third number is added per symbol of the
# lower bound.
MAX_STEPS, MAX_STEPS_TO_CHEAPEST, STEPS_OF_SYMBOL = 500, 8_000, 4


class GaveUpError(Exception):
    """The search has reached its limit of steps. The caller must decide in another way."""


# Yields queries for other goals, receives their sizes, and returns the size of its own goal, or None above the bound.
Steps = Generator[_Query, int | None, int | None]


class Search:
    """Finds derivations of goals.

    sizes: the number of symbols of some derivation. exact: that of a cheapest one.
    """

    def __init__(self, goals: Goals, budget: Budget, is_possible: Callable[[Goal], bool]) -> None:
        """is_possible: whether a goal may have a derivation, as far as is known."""
        self.sizes: dict[Goal, int] = {}
        self.exact: dict[Goal, int] = {}
        self._goals = goals
        self._budget = budget
        self._is_possible = is_possible
        # Proven lower bounds of goals.
        self._proven_bounds: dict[Goal, int] = {}

    def find_any(self, goal: Goal, bound: int) -> int | None:
        """Returns the symbols of some derivation, at most `bound`; None if there is none. Raises GaveUpError."""
        return self._answer(_Query(goal, bound, False), MAX_STEPS)

    def find_cheapest(self, goal: Goal, bound: int) -> int | None:
        """Returns the symbols of a cheapest derivation, at most `bound`; None if there is none. Raises GaveUpError."""
        return self._answer(_Query(goal, bound, True), MAX_STEPS_TO_CHEAPEST)

    def cheapest_after(self, target: Target, outcome: int, bound: int) -> int | None:
        """Does the same for the target of a symbol, which must end with an outcome."""
        max_steps = MAX_STEPS_TO_CHEAPEST
        if isinstance(target, Open):
            max_steps += STEPS_OF_SYMBOL * self._goals.lower_bound(Goal(target.rest, outcome))
        return self._run(self._after(target, outcome, bound, cheapest=True), max_steps)

    def _answer(self, query: _Query, max_steps: int) -> int | None:
        answer = self._known(query)
        if answer is not None or not self._may_be_answered(query):
            return answer
        return self._run(self._steps(query), max_steps + STEPS_OF_SYMBOL * self._lower_bound(query.goal))

    def _run(self, start: Steps, max_steps: int) -> int | None:
        """Runs a search and, on a stack, the searches for its queries."""
        running: list[Steps] = [start]
        answer: int | None = None
        for _ in range(max_steps):
            self._budget.work(UNITS_OF_STEP)
            self._budget.check_time()
            try:
                query = running[-1].send(answer)
            except StopIteration as ended:
                running.pop()
                answer = ended.value
                if not running:
                    return answer
                continue
            answer = self._known(query)
            if answer is None and self._may_be_answered(query):
                running.append(self._steps(query))
        raise GaveUpError

    def _known(self, query: _Query) -> int | None:
        known = self.exact.get(query.goal)
        if known is None and not query.cheapest:
            known = self.sizes.get(query.goal)
        return known if known is not None and known <= query.bound else None

    def _may_be_answered(self, query: _Query) -> bool:
        """Whether a search can still find an answer."""
        goal = query.goal
        if goal in self.exact or self._lower_bound(goal) > query.bound:
            return False
        return self._is_possible(goal)

    def _lower_bound(self, goal: Goal) -> int:
        return max(self._proven_bounds.get(goal, 0), self._goals.lower_bound(goal))

    def _steps(self, query: _Query) -> Steps:
        goal, bound, cheapest = query
        least = self._lower_bound(goal)
        bound = min(bound, self.sizes.get(goal, bound))
        best = None
        if isinstance(goal.state, Text):
            best = least
        else:
            for first in self._goals.first_steps(goal):
                if best is not None:
                    bound = best - 1
                if least > bound:
                    break
                after = yield from self._after(first.target, goal.outcome, bound - first.cost, cheapest)
                if after is not None:
                    best = first.cost + after
                    if not cheapest:
                        break
        if best is None:
            self._proven_bounds[goal] = max(least, bound + 1)
            return None
        self.sizes[goal] = min(best, self.sizes.get(goal, best))
        if cheapest or best == least:
            self.exact[goal] = best
        return best

    def _after(self, target: Target, outcome: int, bound: int, cheapest: bool) -> Steps:
        """Searches for the size of what follows a symbol, at most `bound`."""
        if isinstance(target, Close):
            return 0 if target.outcome == outcome and bound >= 0 else None
        if isinstance(target, Enter):
            goal = self._goals.goal(target.state, outcome)
            return (yield _Query(goal, bound, cheapest)) if goal is not None else None
        best = None
        for child, rest in self._goals.splits(target, outcome):
            if best is not None:
                bound = best - 1
            found = yield from self._child_and_rest(child, rest, bound, cheapest)
            if found is not None:
                best = found
                if not cheapest:
                    break
        return best

    def _child_and_rest(self, child: Goal, rest: Goal, bound: int, cheapest: bool) -> Steps:
        """Searches for the size of a child and the rest after it together, at most `bound`."""
        least = self._lower_bound(child)
        if least + self._lower_bound(rest) > bound:
            return None
        rest_size = yield _Query(rest, bound - least, cheapest)
        if rest_size is None:
            return None
        child_size = yield _Query(child, bound - rest_size, cheapest)
        if child_size is None and not cheapest:
            # The rest may have used more symbols than necessary.
            rest_size = yield _Query(rest, bound - least, True)
            child_size = (yield _Query(child, bound - rest_size, False)) if rest_size is not None else None
        return child_size + rest_size if child_size is not None and rest_size is not None else None
