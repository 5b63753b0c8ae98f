"""Computes exactly with which outcomes, or in how many symbols, states can end. It serves when a search gives up.

Starting from one state, it visits the states that this one depends on until nothing new is found. This is a least
fixpoint: an outcome counts only if some finite value ends with it. A state with few undecided formulas is solved for
all outcomes at once, so that they share work. A state with many is solved for each outcome separately.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush

from schemalm.grammar.goals import Goal, Goals
from schemalm.grammar.search import UNITS_OF_STEP
from schemalm.grammar.states import Array, Close, Enter, Key, Object, Open, State, Target, Text, Value, obligation_of
from schemalm.limits import Budget
from schemalm.schema.formula import TRUE, Constant, Formula

# The number of symbols of some value of a state, by the outcome that it ends with.
Sizes = dict[int, int]
# The most undecided formulas that are solved together.
MAX_JOINT_FORMULAS = 5


class Fixpoint:
    """The least fixpoint over the states that a state depends on. `known`: final results."""

    def __init__(
        self, goals: Goals, budget: Budget, known_size: Callable[[Goal], int | None], *, is_cheapest: bool = False
    ) -> None:
        """is_cheapest: whether sizes are minimal. known_size: returns a goal's size if it is known otherwise."""
        self.known: dict[State, Sizes] = {}
        self._is_cheapest = is_cheapest
        self._goals = goals
        self._budget = budget
        self._known_size = known_size
        # For the current fixpoint: the sizes so far, the states that depend on each state, and the queue of states to
        # visit.
        self._sizes: dict[State, Sizes] = {}
        self._readers: dict[State, dict[State, None]] = {}
        self._priorities: dict[State, int] = {}
        self._queue: list[int] = []
        self._queued: dict[int, State] = {}
        self._current: State

    def sizes(self, state: State) -> Sizes:
        """Returns every outcome that a state can end with, and the number of symbols of some value that does."""
        if state not in self.known:
            try:
                self._solve(state)
                self.known.update(self._sizes)
            finally:
                for table in (self._sizes, self._readers, self._priorities, self._queued):
                    table.clear()
                self._queue.clear()
        return self.known[state]

    def _solve(self, start: State) -> None:
        self._discover(start)
        while self._queue:
            state = self._queued.pop(heappop(self._queue))
            self._budget.work(UNITS_OF_STEP)
            self._budget.check_time()
            self._current = state
            if self._merge(self._sizes[state], self._reachable(state)):
                for reader in self._readers.get(state, ()):
                    self._enqueue(reader)

    def _merge(self, known: Sizes, values: Iterator[tuple[int, int]]) -> bool:
        """Adds new results to the known ones. Returns whether there are any."""
        is_new = False
        for outcome, size in values:
            before = known.get(outcome)
            if before is None or (self._is_cheapest and size < before):
                known[outcome] = size
                is_new = True
        return is_new

    def _discover(self, state: State) -> None:
        self._sizes[state] = {}
        self._enqueue(state)

    def _enqueue(self, state: State) -> None:
        """Adds a state to the queue. States that were found later come first, because earlier ones depend on them."""
        priority = -self._priorities.setdefault(state, len(self._priorities))
        if priority not in self._queued:
            self._queued[priority] = state
            heappush(self._queue, priority)

    def _sizes_so_far(self, state: State) -> Sizes:
        """Returns the current results of a state that the visited one depends on."""
        found = self.known.get(state)
        if found is None:
            if state not in self._sizes:
                self._discover(state)
            self._readers.setdefault(state, {})[self._current] = None
            found = self._sizes[state]
        return found

    def _reachable(self, state: State) -> Iterator[tuple[int, int]]:
        if isinstance(state, Value):
            for symbol in self._goals.space.candidates(state):
                yield from self._reachable_after(self._goals.space.edge(state, symbol), 1)
        elif isinstance(state, Key):
            for first in self._goals.first_steps(Goal(state, 1)):
                yield from self._reachable_after(first.target, first.cost)
        else:
            assert not isinstance(state, Text), "the outcomes of texts are known without a fixpoint"
            for target in self._goals.targets(state):
                yield from self._reachable_after(target, 1)

    def _reachable_after(self, target: Target | None, cost: int) -> Iterator[tuple[int, int]]:
        """Yields the outcomes after `cost` symbols that lead to a target, each with the symbols of some value."""
        if isinstance(target, Close):
            yield target.outcome, cost
        elif isinstance(target, Enter):
            yield from ((outcome, cost + size) for outcome, size in self._outcomes(target.state, TRUE))
        elif isinstance(target, Open):
            yield from self._reachable_after_child(target, cost)

    def _reachable_after_child(self, target: Open, cost: int) -> Iterator[tuple[int, int]]:
        needs_outcome = target.rest.obligation.needs_outcome
        needed = self._goals.needed_answers(target.rest) if needs_outcome else TRUE
        rests: dict[Object | Array, int] = {}
        for outcome, size in self._outcomes(target.child, needed):
            rest = self._goals.space.settle(target.rest, outcome)
            if rest is not None:
                rests[rest] = min(size, rests.get(rest, size))
        for rest, child_size in rests.items():
            yield from ((outcome, cost + child_size + size) for outcome, size in self._outcomes(rest, TRUE))

    def _outcomes(self, state: State, needed: Formula) -> list[tuple[int, int]]:
        """Returns the outcomes that a state can end with, as far as is known; `needed` may exclude some of them."""
        if is_solved_jointly(state):
            return [found for found in self._sizes_so_far(state).items() if self._goals.passes_guards(state, found[0])]
        found = []
        for outcome in self._goals.outcomes(state, needed):
            goal = self._goals.goal(state, outcome)
            size = self._size(goal) if goal is not None else None
            if size is not None:
                found.append((outcome, size))
        return found

    def _size(self, goal: Goal) -> int | None:
        if isinstance(goal.state, Text):
            return self._goals.lower_bound(goal)
        size = self._known_size(goal)
        return self._sizes_so_far(goal.state).get(goal.outcome) if size is None else size


def is_solved_jointly(state: State) -> bool:
    """Whether the formulas of a state are solved together, rather than for each outcome separately."""
    if isinstance(state, Text):
        return False
    others = obligation_of(state).formulas[1:]
    return 0 < sum(not isinstance(formula, Constant) for formula in others) <= MAX_JOINT_FORMULAS
