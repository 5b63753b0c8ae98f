"""Which states can be finished, with which verdicts, and in how many symbols at least.

The least fixpoint over all states that a start reaches, after Knuth, "A generalization of Dijkstra's algorithm" (1977):
a state costs the cheapest symbol that it may begin with and whatever that opens. A state without a cost has no finite
value.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemalm.grammar.states import Close, Enter, Key, Open, State, StateSpace, Target, Text

# Symbols to finish a state, by verdict.
Costs = dict[int, int]


class CostTable:
    """The costs of every state that `start` reaches."""

    def __init__(self, space: StateSpace, start: State) -> None:
        self._space = space
        self._costs: dict[State, Costs] = {}
        self._key_targets: dict[Key, dict[int, Open]] = {}
        self._waiting: list[Open] = []
        self.states: list[State] = []
        self._explore([start])
        self._solve()
        while fresh := self._settled_rests():
            self._explore(fresh)
            self._solve()

    def of(self, state: State) -> Costs:
        """The least number of symbols to finish `state`, by verdict."""
        return self._costs.get(state, {})

    def key_targets(self, key: Key) -> dict[int, Open]:
        """What the end of a free key opens, by the key's verdict."""
        if key not in self._key_targets:
            verdicts = sorted(key.automaton.distances)
            opened = {verdict: self._space.end_key(key, verdict) for verdict in verdicts}
            self._key_targets[key] = {verdict: target for verdict, target in opened.items() if target is not None}
        return self._key_targets[key]

    def of_open(self, target: Open) -> Costs:
        """The cost of a child and the rest after it, by the verdict of the rest."""
        total: Costs = {}
        for child_verdict, child_cost in self.of(target.child).items():
            rest = self._space.settle(target.rest, child_verdict)
            for verdict, cost in (self.of(rest) if rest else {}).items():
                total[verdict] = min(total.get(verdict, child_cost + cost), child_cost + cost)
        return total

    def of_target(self, target: Target) -> Costs:
        """The cost of what a symbol leads to."""
        if isinstance(target, Close):
            return {target.verdict: 0}
        return self.of(target.state) if isinstance(target, Enter) else self.of_open(target)

    def _explore(self, starts: list[State]) -> None:
        """Adds every state that derivations from `starts` pass through, short of rests that wait for a verdict."""
        known = dict.fromkeys(self.states)
        queue = list(starts)
        for state in queue:
            if state not in known:
                known[state] = None
                queue.extend(self._successors(state))
        self.states = list(known)

    def _successors(self, state: State) -> Iterator[State]:
        targets: list[Target] = [target for _, target in self._space.edges(state)]
        if isinstance(state, Key):
            targets += self.key_targets(state).values()
        for target in targets:
            if isinstance(target, Enter):
                yield target.state
            elif isinstance(target, Open):
                yield target.child
                if target.rest.inquiry.waits:
                    self._waiting.append(target)
                else:
                    yield target.rest

    def _settled_rests(self) -> list[State]:
        """The rests that the children's verdicts found so far lead to, where they are new."""
        known = set(self.states)
        settled = (
            self._space.settle(target.rest, verdict) for target in self._waiting for verdict in self.of(target.child)
        )
        return [rest for rest in settled if rest is not None and rest not in known]

    def _solve(self) -> None:
        changed = True
        while changed:
            changed = False
            for state in reversed(self.states):
                costs = self._cost(state)
                if costs != self._costs.get(state, {}):
                    self._costs[state] = costs
                    changed = True

    def _cost(self, state: State) -> Costs:
        if isinstance(state, Text):
            return {verdict: int(distance[0]) + 1 for verdict, distance in state.automaton.distances.items()}
        ways = [(1, target) for _, target in self._space.edges(state)]
        if isinstance(state, Key):
            distances = state.automaton.distances
            targets = self.key_targets(state)
            ways = [(int(distances[verdict][0]) + 1, target) for verdict, target in targets.items()]
        best: Costs = {}
        for cost, target in ways:
            for verdict, more in self.of_target(target).items():
                best[verdict] = min(best.get(verdict, cost + more), cost + more)
        return best
