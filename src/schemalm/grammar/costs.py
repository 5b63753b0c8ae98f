"""Which states can be finished, with which verdicts, and in how many symbols at least.

A state costs the cheapest symbol that it may begin with and whatever that opens; a state without a cost has no finite
value. Costs are found when they are asked for, and only the states are explored that may lie on a cheapest way: what
has not been explored is taken to cost one symbol, and once a way that seems cheapest has no such state any more, it is
cheapest indeed. Source: the least fixpoint of Knuth, "A generalization of Dijkstra's algorithm" (1977), searched in the
manner of Hansen and Zilberstein, "LAO*: a heuristic search algorithm that finds solutions with loops" (2001).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count

from schemalm.grammar.limits import Budget
from schemalm.grammar.states import (
    Array,
    Close,
    Enter,
    Key,
    Object,
    Open,
    State,
    StateSpace,
    Target,
    Text,
    begins_guarded,
)
from schemalm.grammar.symbols import Symbol
from schemalm.grammar.texts.automaton import DEAD, Automaton

# Symbols to finish a state, by verdict.
Costs = dict[int, int]
# A symbol or several, and what they lead to.
Way = tuple[int, Target]
UNEXPLORED: Costs = {1: 1}
# Rounds of exploring ways that seem cheapest, one after the other; then all states are explored that are met.
PATIENT_ROUNDS = 4


class CostTable:
    """The costs of states, found on demand."""

    def __init__(
        self,
        space: StateSpace,
        automaton: Automaton,
        budget: Budget,
        is_feasible: Callable[[Array, int], bool] | None = None,
    ) -> None:
        """`is_feasible`: whether a whole array can end with a verdict as far as guards tell."""
        self._space = space
        self._automaton = automaton
        self._budget = budget
        self._most = budget.limits.completion_symbols
        self._is_feasible = lru_cache(None)(is_feasible) if is_feasible else None
        self._final: dict[State, Costs] = {}
        self._ways: dict[State, list[Way]] = {}
        # Of one fixpoint: the costs so far, which states read those of which, and what is to be looked at again.
        self._values: dict[State, Costs] = {}
        self._readers: dict[State, dict[State, None]] = {}
        self._turns: dict[State, int] = {}
        self._queue: list[int] = []
        self._queued: dict[int, State] = {}
        self._current: State = Text("string", DEAD)
        self._guess = True
        self._key_targets: dict[tuple[Object, tuple[object, ...]], dict[int, Open]] = {}

    def of(self, state: State) -> Costs:
        """The least number of symbols to finish `state`, by verdict."""
        if state not in self._final:
            if isinstance(state, Text):
                self._final[state] = self._text_costs(state)
            else:
                self._solve(state)
        return self._final[state]

    def key_targets(self, key: Key) -> dict[int, Open]:
        """What the end of a free key opens, by the key's verdict."""
        place = (key.owner, key.formulas)
        if place not in self._key_targets:
            self._key_targets[place] = self._space.key_targets(key.owner, key.formulas)
        return self._key_targets[place]

    def of_open(self, target: Open) -> Costs:
        """The cost of a child and the rest after it, by the verdict of the rest."""
        self.of(target.child)
        for verdict in self._final[target.child]:
            rest = self._space.settle(target.rest, verdict)
            if rest is not None:
                self.of(rest)
        return self._estimate_open(target)

    def of_target(self, target: Target) -> Costs:
        """The cost of what a symbol leads to."""
        if isinstance(target, Close):
            return {target.verdict: 0}
        return self.of(target.state) if isinstance(target, Enter) else self.of_open(target)

    def cheapest_symbol(self, state: State, verdict: int) -> Symbol:
        """The symbol with which a cheapest way to finish a value, object or array with `verdict` begins."""
        best = self.of(state)[verdict]
        symbols = self._space.cheap_candidates(state) if _is_single(state) else self._space.candidates(state)
        for symbol in symbols:
            target = self._space.edge(state, symbol)
            for way in (target, self._space.repetition(target)) if target is not None else ():
                if way is not None and self.of_target(way).get(verdict, best) + 1 == best:
                    return symbol
        raise AssertionError("a state that can be finished begins with some symbol")

    def _text_costs(self, text: Text) -> Costs:
        verdicts = self._automaton.verdicts(text.place)
        costs = {verdict: self._automaton.distance(text.place, frozenset([verdict])) + 1 for verdict in verdicts}
        return {verdict: cost for verdict, cost in costs.items() if cost <= self._most}

    def _solve(self, start: State) -> None:
        pending = [start]
        for num_rounds in count():
            self._explore(pending)
            self._relax(start, guess=num_rounds < PATIENT_ROUNDS)
            pending = self._unexplored_on_the_way(start)
            if not pending:
                break

    def _relax(self, start: State, guess: bool) -> None:
        """The least fixpoint over the explored states that `start` leads to.

        guess: whether states that are not explored get an estimate; else they are explored where they are met.
        """
        self._guess = guess
        self._values.clear()
        self._readers.clear()
        self._turns.clear()
        self._discover([start])
        while self._queue:
            state = self._queued.pop(heappop(self._queue))
            self._budget.check_time()
            self._current = state
            costs = self._cost(state)
            if costs != self._values[state]:
                self._values[state] = costs
                for reader in self._readers.get(state, ()):
                    self._enqueue(reader)

    def _enqueue(self, state: State) -> None:
        """Has a state looked at again, after those that were met later: they are what it is made of."""
        turn = -self._turns.setdefault(state, len(self._turns))
        if turn not in self._queued:
            self._queued[turn] = state
            heappush(self._queue, turn)

    def _discover(self, states: list[State]) -> None:
        """Takes explored states, and those that they lead to, into the fixpoint."""
        found = list(states)
        while found:
            state = found.pop()
            if state not in self._values and state not in self._final and state in self._ways:
                self._values[state] = {}
                self._enqueue(state)
                found += _successors([target for _, target in self._ways[state]])

    def _cost(self, state: State) -> Costs:
        best: Costs = {}
        for cost, target in self._ways[state]:
            for verdict, more in self._estimate(target).items():
                if cost + more < best.get(verdict, self._most + 1):
                    best[verdict] = cost + more
        if self._is_feasible and isinstance(state, Array) and begins_guarded(state):
            return {verdict: cost for verdict, cost in best.items() if self._is_feasible(state, verdict)}
        return best

    def _estimate(self, target: Target) -> Costs:
        if isinstance(target, Close):
            return {target.verdict: 0}
        return self._known(target.state) if isinstance(target, Enter) else self._estimate_open(target)

    def _estimate_open(self, target: Open) -> Costs:
        total: Costs = {}
        for child_verdict, child_cost in self._known(target.child).items():
            rest = self._space.settle(target.rest, child_verdict)
            for verdict, cost in (self._known(rest) if rest else {}).items():
                if child_cost + cost < total.get(verdict, child_cost + cost + 1):
                    total[verdict] = child_cost + cost
        return total

    def _known(self, state: State) -> Costs:
        found = self._final.get(state)
        if found is None:
            found = self._met(state)
        return found

    def _met(self, state: State) -> Costs:
        """What is known of a state whose costs are not final yet."""
        if isinstance(state, Text):
            return self.of(state)
        if state not in self._values:
            if state not in self._ways:
                # Which verdicts a state may have, where there are several, cannot be guessed.
                if self._guess and _is_single(state):
                    return UNEXPLORED
                self._explore([state])
            self._discover([state])
        self._readers.setdefault(state, {})[self._current] = None
        return self._values[state]

    def _explore(self, states: list[State]) -> None:
        """Finds the ways of states, and goes on along what looks like their cheapest one."""
        queue = list(states)
        while queue:
            state = queue.pop()
            if state in self._ways or state in self._final or isinstance(state, Text):
                continue
            self._ways[state] = self._find_ways(state)
            targets = [target for _, target in self._ways[state]]
            if not _is_single(state):
                queue += _successors(targets)
            elif not any(isinstance(target, Close) for target in targets):
                queue += _successors(targets[-1:])

    def _find_ways(self, state: State) -> list[Way]:
        if isinstance(state, Key):
            by_verdict = self.key_targets(state)
            found = {verdict: self._automaton.distance(state.place, frozenset([verdict])) for verdict in by_verdict}
            return [(found[verdict] + 1, target) for verdict, target in by_verdict.items() if found[verdict] >= 0]
        symbols = self._space.cheap_candidates(state) if _is_single(state) else self._space.candidates(state)
        targets = [target for symbol in symbols if (target := self._space.edge(state, symbol)) is not None]
        repetitions = [self._space.repetition(target) for target in targets]
        return [(1, target) for target in (*targets, *repetitions) if target is not None]

    def _unexplored_on_the_way(self, start: State) -> list[State]:
        """The states not explored yet that cheapest ways from `start` pass through; without any, costs are final."""
        unexplored: dict[State, None] = {}
        seen: dict[State, set[int]] = {start: set()}
        queue = [(start, verdict) for verdict in self._values[start]]
        while queue:
            state, verdict = queue.pop()
            if state in self._final or verdict in seen.setdefault(state, set()):
                continue
            seen[state].add(verdict)
            if state in self._ways:
                queue += self._cheapest_pieces(state, verdict)
            else:
                unexplored[state] = None
        if not unexplored:
            whole = (state for state, verdicts in seen.items() if verdicts == self._values[state].keys())
            self._final.update((state, self._values[state]) for state in whole)
        return list(unexplored)

    def _cheapest_pieces(self, state: State, verdict: int) -> Iterator[tuple[State, int]]:
        """The states, with the verdicts they end with, of a cheapest way to finish `state` with `verdict`."""
        best = self._values[state][verdict]
        for cost, target in self._ways[state]:
            if self._estimate(target).get(verdict, best) + cost != best:
                continue
            if isinstance(target, Enter):
                yield target.state, verdict
            elif isinstance(target, Open):
                yield from self._cheapest_split(target, verdict, best - cost)
            return

    def _cheapest_split(self, target: Open, verdict: int, best: int) -> Iterator[tuple[State, int]]:
        for child_verdict, child_cost in self._known(target.child).items():
            rest = self._space.settle(target.rest, child_verdict)
            if rest is not None and self._known(rest).get(verdict, best) + child_cost == best:
                yield target.child, child_verdict
                yield rest, verdict
                return


def _is_single(state: State) -> bool:
    """Whether a single verdict of the state is of use."""
    if isinstance(state, Text):
        return False
    return state.owner.inquiry.is_single if isinstance(state, Key) else state.inquiry.is_single


def _successors(targets: list[Target]) -> Iterator[State]:
    for target in targets:
        if isinstance(target, Enter):
            yield target.state
        elif isinstance(target, Open):
            yield target.child
            if not target.rest.inquiry.waits:
                yield target.rest
