"""Searches for a witness that an array whose items have to differ can be finished, and records what it found.

The input is a state of the array's rest, its items, and the outcomes that it may end with. The output is a path on
which every item has a value of its own, or None. The search is depth-first and tries cheap candidates first.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count

from schemalm.grammar.costs import CostTable
from schemalm.grammar.matching import Kind, Matching
from schemalm.grammar.nonterminals import Outcomes
from schemalm.grammar.obligation import Obligation, must_hold, split_at_child
from schemalm.grammar.seen_items import SeenItems
from schemalm.grammar.state_space import StateSpace, at_item
from schemalm.grammar.states import Array, Close, Open, may_repeat
from schemalm.grammar.symbols import ARRAY_END, ITEM
from schemalm.grammar.value_sets import NO_VALUES, ValueSet, ValueSets
from schemalm.limits import Budget
from schemalm.schema.formula import Formula, all_of, negate

# The cost of a search step, in units of work.
STEP_UNITS = 25
# Zobrist hashing: random numbers whose XOR identifies the kinds used on a path. They are so long that no two sets
# collide. Source: Zobrist, "A new hashing method with application for game playing" (1970).
CODE_BITS = 128
RANDOM_CODES = random.Random(0)
# The most kinds of a path that are cached.
MAX_CACHED_KINDS = 8


@dataclass(frozen=True)
class PlannedItem:
    """An item of a path: the outcome that it ends with, and whether it repeats an earlier item."""

    outcome: int
    repeats: bool


@dataclass(frozen=True, eq=False)
class Witness:
    """Evidence that an array can be finished: the next item, or None if the array can end.

    scarce_values: the values of kinds with few values on which the path depends. matching: which item takes which
    value.
    """

    next_item: PlannedItem | None = None
    scarce_values: Collection[Hashable] = frozenset()
    matching: Matching | None = None

    def can_avoid(self, value: Hashable) -> bool:
        """Whether the array can also be finished without a value. False may be wrong."""
        return value not in self.scarce_values or (self.matching is not None and self.matching.can_avoid(value))


@dataclass(frozen=True, eq=False)
class WitnessStep:
    """A step of a path that was found: the next item, and how many items of each kind follow, including this one.

    demand: None if there are too many kinds. Then each item takes the value that `path` assigns to it.
    """

    item: PlannedItem
    demand: Mapping[Kind, int] | None
    path: WitnessPath
    index: int


@dataclass(frozen=True, eq=False)
class WitnessPath:
    """A path that was found: its kinds with many values, and for every other value the index of its item."""

    many: Collection[Kind]
    indices: Mapping[Hashable, int]


@dataclass(frozen=True, eq=False)
class LaterValues(Collection[Hashable]):
    """The values that the items of a path take from an index on."""

    path: WitnessPath
    index: int

    def __contains__(self, value: object) -> bool:
        return self.path.indices.get(value, -1) >= self.index

    def __iter__(self) -> Iterator[Hashable]:
        return (value for value, index in self.path.indices.items() if index >= self.index)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True)
class _Candidate:
    """A candidate for the next item, and the rest after it. `kind`: None if it needs no value of its own."""

    item: PlannedItem
    kind: Kind | None
    rest: Array


class ItemSearch:
    """One depth-first search that tries cheap candidates first."""

    def __init__(
        self,
        space: StateSpace,
        costs: CostTable,
        value_sets: ValueSets,
        seen_items: SeenItems,
        accepts: Outcomes,
        limit: int,
        budget: Budget,
    ) -> None:
        self._space, self._costs, self._value_sets, self._budget = space, costs, value_sets, budget
        self._seen_items, self._accepts, self._limit = seen_items, accepts, limit
        self._matching = Matching(seen_items)
        # The kinds on the path that have many values, and for each kind an array that can contain it.
        self._many: Counter[Kind] = Counter()
        self._sources: dict[Kind, Array] = {}
        self._newest: Kind | None = None
        # A hash of what the path uses: the count of each kind with few values, and the set of the other kinds.
        self._used_hash = 0
        self._zobrist_codes: dict[tuple[Kind, int], int] = {}
        self._path: list[_Candidate] = []
        self._start: Array | None = None
        self.repeatable_values: set[Hashable] = set()
        self.repeatable: dict[Obligation, None] = {}

    def assume_any(self, array: Array, kind: Kind) -> None:
        """Assumes an item of a kind that has many values, the next one of an array.

        The search then collects in `repeatable_values` the values of that kind that a path needs it to be.
        """
        self._newest = kind
        self._sources[kind] = array

    def find(self, start: Array) -> Witness | None:
        """Returns a witness from a state; None if there is none."""
        self._start, path = start, self._path
        candidates = [self._candidates(start)]
        seen: set[tuple[Array, int]] = {(start, self._used_hash)}
        while True:
            self._budget.work(STEP_UNITS)
            self._budget.check_time()
            candidate = next(candidates[-1], None)
            if candidate is None:
                candidates.pop()
                if not path:
                    return None
                self._leave(path.pop().kind)
            elif self._enter(candidate.kind):
                path.append(candidate)
                candidates.append(iter(()))
                if self._is_end(candidate.rest):
                    return Witness(path[0].item, self._matching.scarce_values, self._matching)
                key = (candidate.rest, self._used_hash)
                if candidate.rest.is_guarded and key not in seen:
                    seen.add(key)
                    candidates[-1] = self._candidates(candidate.rest)

    def witness_steps(self) -> Iterator[tuple[Array, WitnessStep]]:
        """Yields the remaining steps from each state of the path that was found; none if an item repeats on it."""
        if any(candidate.item.repeats for candidate in self._path):
            return
        is_short = len({candidate.kind for candidate in self._path}) <= MAX_CACHED_KINDS
        found = WitnessPath(tuple(+self._many), self._matching.indices([candidate.kind for candidate in self._path]))
        demand: Counter[Kind] = Counter()
        arrays = [self._start, *(candidate.rest for candidate in self._path)]
        for index, before, candidate in reversed([*zip(count(), arrays[:-1], self._path, strict=False)]):
            if is_short and candidate.kind is not None:
                demand[candidate.kind] += 1
            assert before is not None
            yield before, WitnessStep(candidate.item, dict(demand) if is_short else None, found, index)

    def _is_end(self, rest: Array) -> bool:
        if not rest.is_guarded:
            return any(self._value_sets.of(rest, outcome, 1) != NO_VALUES for outcome in self._accepts)
        target = self._space.edge(rest, ARRAY_END)
        return isinstance(target, Close) and target.outcome in self._accepts

    def _enter(self, kind: Kind | None) -> bool:
        if kind is None:
            return True
        value_set = self._value_sets.of(kind.state, kind.outcome, self._limit)
        if value_set.is_many:
            self._many[kind] += 1
            self._toggle_use(kind, 1, self._many[kind] == 1)
            return True
        if not self._matching.add(kind, value_set):
            return False
        self._toggle_use(kind, self._matching.counts[kind])
        return True

    def _toggle_use(self, kind: Kind, num: int, is_new: bool = True) -> None:
        """Adds the n-th use of a kind to the hash, or removes it. XOR does both."""
        if is_new:
            code = self._zobrist_codes.setdefault((kind, num), RANDOM_CODES.getrandbits(CODE_BITS))
            self._used_hash ^= code

    def _leave(self, kind: Kind | None) -> None:
        if kind is None:
            return
        if self._many[kind]:
            self._many[kind] -= 1
            self._toggle_use(kind, 1, not self._many[kind])
        else:
            self._toggle_use(kind, self._matching.counts[kind])
            self._matching.remove(kind)

    def _candidates(self, array: Array) -> Iterator[_Candidate]:
        target = self._space.edge(array, ITEM)
        if not isinstance(target, Open):
            return
        candidates: list[tuple[int, Kind, PlannedItem, Array]] = []
        for outcome in sorted(self._costs.by_outcome(target.child)):
            rest = self._space.settle(target.rest, outcome)
            if not isinstance(rest, Array) or self._value_sets.of(target.child, outcome, self._limit) == NO_VALUES:
                continue
            kind = Kind(target.child, outcome)
            repeated = self._space.rest_after_repetition(rest) if may_repeat(rest) else None
            for after, repeats in ((rest, False), (repeated, True)):
                cost = self._cost(after)
                if after is not None and cost is not None:
                    candidates.append((cost, kind, PlannedItem(outcome, repeats), after))
        for _, kind, item, after in sorted(candidates, key=lambda candidate: (candidate[0], not candidate[2].repeats)):
            if item.repeats:
                if self._can_repeat(kind, array):
                    yield _Candidate(item, None, after)
            else:
                self._sources[kind] = array
                # If items need not differ any more, values are not used up.
                yield _Candidate(item, kind if after.is_guarded else None, after)

    def _cost(self, rest: Array | None) -> int | None:
        costs = self._costs.by_outcome(rest) if rest is not None else {}
        return min((costs[outcome] for outcome in self._accepts if outcome in costs), default=None)

    def _can_repeat(self, kind: Kind, array: Array) -> bool:
        """Whether an item of a kind can repeat an item of the array, or an earlier item of the path."""
        for value in chain(self._seen_items, self._matching.scarce_values):
            self._budget.work()
            if kind.outcome in self._value_sets.forms_by_outcome(kind.state, value):
                return True
        value_set = self._value_sets.of(kind.state, kind.outcome, self._limit)
        if self._newest == kind:
            return True
        if self._newest is not None:
            self._note_repeatable(self._newest, kind, array, value_set)
        if value_set.is_many:
            return any(self._overlap((array, kind), (self._sources[other], other)) for other in +self._many)
        return any(self._shared(other, value_set) for other in +self._many)

    def _note_repeatable(self, newest: Kind, kind: Kind, array: Array, value_set: ValueSet) -> None:
        """Records which values the newest item would have to be so that an item of a kind can repeat it."""
        self.repeatable_values |= self._shared(newest, value_set)
        both = ((array, kind), (self._sources[newest], newest))
        if value_set.is_many and self._overlap(*both):
            self.repeatable[_common_obligation(*both)] = None

    def _shared(self, kind: Kind, value_set: ValueSet) -> set[Hashable]:
        """Returns the values of a value set that an item of a kind can be."""
        return {
            value for value in value_set.forms if kind.outcome in self._value_sets.forms_by_outcome(kind.state, value)
        }

    def _overlap(self, *items: tuple[Array, Kind]) -> bool:
        """Whether one value can be both of two items, each the next one of an array."""
        state = self._space.value(_common_obligation(*items))
        return state is not None and bool(self._costs.by_outcome(state))


def _common_obligation(*items: tuple[Array, Kind]) -> Obligation:
    """Returns the obligation of a value that is several items at once, each the next one of an array."""
    return must_hold(all_of(formula for array, kind in items for formula in _formulas_of_item(array, kind)))


def _formulas_of_item(array: Array, kind: Kind) -> list[Formula]:
    """Returns the formulas that are true of the next item of an array if it is of a kind."""
    split = split_at_child(array.obligation, at_item)
    assert split is not None, "an array with items of a kind can have an item"
    return [
        formula if kind.outcome >> index & 1 else negate(formula) for index, formula in enumerate(split[0].formulas)
    ]
