"""The search for a way on through the items of an array that have to differ, and what is kept of one that was found.

In: a state of the array's rest, the items so far, and the outcomes that it may end with. Out: a way on which every item
has a value of its own, or none. The search goes depth first, cheap options first.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import TypeAlias

from schemalm.grammar.costs import CostTable
from schemalm.grammar.matching import Kind, Matching
from schemalm.grammar.obligation import Obligation, must_hold, split_at_child
from schemalm.grammar.seen_items import SeenItems
from schemalm.grammar.state_space import StateSpace, at_item
from schemalm.grammar.states import Array, Close, Open, may_repeat
from schemalm.grammar.symbols import ARRAY_END, ITEM
from schemalm.grammar.value_sets import NO_VALUES, ValueSet, ValueSets
from schemalm.limits import Budget
from schemalm.schema.formula import Formula, all_of, negate

# What a step of a search for a way costs, units of work.
STEP_UNITS = 25
# Numbers that stand for what a way has used: so long that no two of a search are equal.
CODE_BITS = 128
RANDOM_CODES = random.Random(0)
# Kinds of a way that is kept.
MAX_KINDS_KEPT = 8

Outcomes: TypeAlias = "tuple[int, ...]"


@dataclass(frozen=True)
class PlannedItem:
    """An item of a way: the outcome that it ends with, and whether it is one that the array has already."""

    outcome: int
    repeats: bool


@dataclass(frozen=True, eq=False)
class Witness:
    """How an array can go on: with which item, None where it needs no more.

    contested: values of kinds that have few, on which the way relies.
    """

    next_item: PlannedItem | None = None
    scarce_values: Collection[Hashable] = frozenset()
    matching: Matching | None = None

    def can_avoid(self, value: Hashable) -> bool:
        """Whether the way can do without a value, as far as it shows."""
        return value not in self.scarce_values or (self.matching is not None and self.matching.can_avoid(value))


@dataclass(frozen=True, eq=False)
class WitnessStep:
    """What was found to lead from a state to an end: the next item, and how many of each kind come from there on.

    demand: None where there are more kinds than are kept; then each item takes the value that `route` gives it.
    """

    item: PlannedItem
    demand: Mapping[Kind, int] | None
    witness_path: WitnessPath
    index: int


@dataclass(frozen=True, eq=False)
class WitnessPath:
    """A way that was found: its kinds that have many values, and the last step that each of the others is taken at."""

    many: Collection[Kind]
    steps: Mapping[Hashable, int]


@dataclass(frozen=True, eq=False)
class LaterValues(Collection[Hashable]):
    """The values that items take from a step of a route on."""

    witness_path: WitnessPath
    index: int

    def __contains__(self, value: object) -> bool:
        return self.witness_path.steps.get(value, -1) >= self.index

    def __iter__(self) -> Iterator[Hashable]:
        return (value for value, index in self.witness_path.steps.items() if index >= self.index)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True)
class _Candidate:
    """What an item may be; uses: its kind where it needs a value of its own; `rest` comes after it."""

    item: PlannedItem
    kind: Kind | None
    rest: Array


class ItemSearch:
    """One search for a way, depth first, cheap options first."""

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
        # Kinds on the way that have many values, and an array that has asked for each.
        self._many: Counter[Kind] = Counter()
        self._sources: dict[Kind, Array] = {}
        self._newest: Kind | None = None
        # What the way has used, as one number: how many items of each kind that has few values, and which others occur.
        self._used_hash = 0
        self._zobrist_codes: dict[tuple[Kind, int], int] = {}
        self._path: list[_Candidate] = []
        self._start: Array | None = None
        self.repeatable_values: set[Hashable] = set()
        self.repeatable: dict[Obligation, None] = {}

    def assume_any(self, array: Array, kind: Kind) -> None:
        """Has an item of a kind that has many values, whichever it is: the next one of an array.

        `wanted` then gathers the values of that kind which a way needs it to be.
        """
        self._newest = kind
        self._sources[kind] = array

    def find(self, start: Array) -> Witness | None:
        """A way from a state; None where there is none."""
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
        """What the way that was found asks for after each of its states; nothing where items repeat on it."""
        if any(candidate.item.repeats for candidate in self._path):
            return
        is_short = len({candidate.kind for candidate in self._path}) <= MAX_KINDS_KEPT
        witness_path = WitnessPath(
            tuple(+self._many), self._matching.steps([candidate.kind for candidate in self._path])
        )
        demand: Counter[Kind] = Counter()
        befores = [self._start, *(candidate.rest for candidate in self._path)]
        for index, before, candidate in reversed([*zip(count(), befores[:-1], self._path, strict=False)]):
            if is_short and candidate.kind is not None:
                demand[candidate.kind] += 1
            assert before is not None
            yield before, WitnessStep(candidate.item, dict(demand) if is_short else None, witness_path, index)

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
            self._note_use(kind, 1, self._many[kind] == 1)
            return True
        if not self._matching.add(kind, value_set):
            return False
        self._note_use(kind, self._matching.counts[kind])
        return True

    def _note_use(self, kind: Kind, num: int, is_new: bool = True) -> None:
        """Has the number tell that a kind is used for the n-th time, or tell it no more."""
        if is_new:
            code = self._zobrist_codes.setdefault((kind, num), RANDOM_CODES.getrandbits(CODE_BITS))
            self._used_hash ^= code

    def _leave(self, kind: Kind | None) -> None:
        if kind is None:
            return
        if self._many[kind]:
            self._many[kind] -= 1
            self._note_use(kind, 1, not self._many[kind])
        else:
            self._note_use(kind, self._matching.counts[kind])
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
                # Where items need not differ any more, values are not used up.
                yield _Candidate(item, kind if after.is_guarded else None, after)

    def _cost(self, rest: Array | None) -> int | None:
        costs = self._costs.by_outcome(rest) if rest is not None else {}
        return min((costs[outcome] for outcome in self._accepts if outcome in costs), default=None)

    def _can_repeat(self, kind: Kind, array: Array) -> bool:
        """Whether an item of a kind can be one that the array has, or that an earlier item of the way can be."""
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
        """Notes which values the newest item would have to be to be repeated by one of a kind."""
        self.repeatable_values |= self._shared(newest, value_set)
        both = ((array, kind), (self._sources[newest], newest))
        if value_set.is_many and self._overlap(*both):
            self.repeatable[_common_obligation(*both)] = None

    def _shared(self, kind: Kind, value_set: ValueSet) -> set[Hashable]:
        """The values of a value_set that an item of a kind can be."""
        return {
            value for value in value_set.forms if kind.outcome in self._value_sets.forms_by_outcome(kind.state, value)
        }

    def _overlap(self, *items: tuple[Array, Kind]) -> bool:
        """Whether one value can be both of two items, each the next one of an array."""
        state = self._space.value(_common_obligation(*items))
        return state is not None and bool(self._costs.by_outcome(state))


def _common_obligation(*items: tuple[Array, Kind]) -> Obligation:
    """The obligation of a value that is several items, each the next one of an array and of a kind."""
    return must_hold(all_of(formula for array, kind in items for formula in _held(array, kind)))


def _held(array: Array, kind: Kind) -> list[Formula]:
    """What is true of the next item of an array where it is of a kind."""
    split = split_at_child(array.obligation, at_item)
    assert split is not None, "a kind is that of an item"
    return [
        formula if kind.outcome >> index & 1 else negate(formula) for index, formula in enumerate(split[0].formulas)
    ]
