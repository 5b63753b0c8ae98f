"""Whether an array whose items have to differ can still be finished: items and values are matched.

The items to come are looked for as a way through the states of the array's rest, each of one kind: a state and the
verdict that its value ends with. A kind that has many values never wants for one; the others share theirs, and a way is
possible as long as every item on it can have a value of its own (a matching, grown along augmenting paths). A way that
uses the same kinds as one that failed from the same state is not tried again, so ways are finitely many.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from schemalm.grammar.containers import Contains, Items, MaxItems, MinItems, Unique
from schemalm.grammar.costs import CostTable
from schemalm.grammar.formula import And, Formula, all_of, children, negate
from schemalm.grammar.inquiry import ask, must_hold
from schemalm.grammar.states import Array, Close, Open, State, StateSpace, at_item, may_repeat
from schemalm.grammar.supply import Stock, Supply
from schemalm.grammar.symbols import ARRAY_END, ITEM
from schemalm.grammar.texts.automaton import Automaton

# Steps of one search for a way; where it takes more, there may be one.
MAX_STEPS = 20_000
# Items of a way beyond those that are asked for.
SPARE_ITEMS = 16

Goals: TypeAlias = "Collection[int]"


@dataclass(frozen=True)
class Kind:
    """What an item of a way is: a value of a state that ends with a verdict."""

    state: State
    verdict: int


@dataclass(frozen=True)
class Way:
    """The items that an array can go on with; contested: values of kinds that have few, on which it relies."""

    num_items: int = 0
    contested: frozenset[Hashable] = frozenset()


class Distinct:
    """Answers for the arrays of a grammar; what it takes for granted is that they can be finished without guards."""

    def __init__(self, space: StateSpace, automaton: Automaton, costs: CostTable) -> None:
        """`costs`: those without guards."""
        self._space = space
        self._costs = costs
        self.supply = Supply(space, automaton, costs, self)

    def is_feasible(self, start: Array, verdict: int) -> bool:
        """Whether a whole array can end with a verdict."""
        return self.way(start, frozenset(), (verdict,)) is not None

    def limit(self, array: Array, num_taken: int) -> int:
        """A number of values of which an array's rest never wants for one; few different ones are given."""
        needed = num_taken + SPARE_ITEMS + sum(_num_asked(atom) for atom in array.inquiry.atoms)
        return 1 << needed.bit_length()

    def way(self, start: Array, taken: frozenset[Hashable], goals: Goals) -> Way | None:
        """How an array that has some items can go on to one of the verdicts `goals`; None where it cannot.

        Where that takes too long to tell, it can.
        """
        if self._ends(start, goals):
            return Way()
        limit = self.limit(start, len(taken))
        if (run := self._run(start)) is not None:
            return self._way_of_one_kind(*run, taken, limit)
        return _Search(self._space, self._costs, self.supply, taken, goals, limit).run(start)

    def asks_only(self, array: Array, state: State, verdict: int) -> bool:
        """Whether an array asks for nothing but a number of items of one kind."""
        run = self._run(array)
        return run is not None and run[0] == Kind(state, verdict)

    def _ends(self, array: Array, goals: Goals) -> bool:
        target = self._space.edge(array, ARRAY_END)
        return isinstance(target, Close) and target.verdict in goals

    def _run(self, array: Array) -> tuple[Kind, int] | None:
        """The one kind of all items and how many are needed, where an array asks for nothing else."""
        formula = array.inquiry.formulas[0]
        parts = children(formula) if isinstance(formula, And) else (formula,)
        if not array.inquiry.is_single or not all(map(_is_even, parts)):
            return None
        needed = max((part.parts[0] for part in parts if isinstance(part, MinItems)), default=0)
        most = min((part.parts[0] for part in parts if isinstance(part, MaxItems)), default=needed)
        target = self._space.edge(array, ITEM)
        return (Kind(target.child, 1), needed) if isinstance(target, Open) and needed <= most else None

    def _way_of_one_kind(self, kind: Kind, needed: int, taken: frozenset[Hashable], limit: int) -> Way | None:
        stock = self.supply.of(kind.state, kind.verdict, limit)
        if stock.is_many:
            return Way(needed)
        num_free = sum(value not in taken for value in stock.forms)
        return (
            Way(needed, frozenset(stock.forms) if num_free == needed else frozenset()) if num_free >= needed else None
        )


def _is_even(part: object) -> bool:
    """Whether an assertion says the same of all items."""
    return isinstance(part, Unique | MinItems | MaxItems) or (isinstance(part, Items) and not part.parts[0])


def _num_asked(atom: object) -> int:
    if isinstance(atom, MinItems):
        return int(atom.parts[0])
    if isinstance(atom, Contains):
        return int(atom.parts[1])
    return len(atom.parts[0]) if isinstance(atom, Items) else 0


class _Matching:
    """Which value each item of a way takes; items of one kind are alike."""

    def __init__(self, taken: frozenset[Hashable]) -> None:
        self._taken = taken
        self._stocks: dict[Kind, Stock] = {}
        self.counts: Counter[Kind] = Counter()
        self._spare: dict[Kind, Iterator[Hashable]] = {}
        self._held: dict[Kind, set[Hashable]] = {}
        self._owners: dict[Hashable, Kind] = {}

    @property
    def contested(self) -> frozenset[Hashable]:
        """The values of all kinds on the way that have few."""
        return frozenset(value for kind, num in self.counts.items() if num for value in self._stocks[kind].forms)

    def add(self, kind: Kind, stock: Stock) -> bool:
        """One more item of a kind; False where it can have no value."""
        if kind not in self._stocks:
            self._stocks[kind] = stock
            self._held[kind] = set()
            self._spare[kind] = iter(stock.forms)
        value = next((value for value in self._spare[kind] if self._is_free(value)), None)
        if value is not None:
            self._give(value, kind)
        elif not self._rearrange(kind):
            return False
        self.counts[kind] += 1
        return True

    def remove(self, kind: Kind) -> None:
        """One item of a kind fewer."""
        self.counts[kind] -= 1
        del self._owners[self._held[kind].pop()]

    def _is_free(self, value: Hashable) -> bool:
        return value not in self._taken and value not in self._owners

    def _give(self, value: Hashable, kind: Kind) -> None:
        if value in self._owners:
            self._held[self._owners[value]].discard(value)
        self._owners[value] = kind
        self._held[kind].add(value)

    def _rearrange(self, start: Kind) -> bool:
        """Finds a value for one more item of a kind where others can take other values instead."""
        came_from: dict[Kind, tuple[Kind, Hashable] | None] = {start: None}
        queue = deque([start])
        while queue:
            kind = queue.popleft()
            for value in self._stocks[kind].forms:
                if value in self._taken:
                    continue
                owner = self._owners.get(value)
                if owner is None:
                    self._shift(kind, value, came_from)
                    return True
                if owner not in came_from:
                    came_from[owner] = (kind, value)
                    queue.append(owner)
        return False

    def _shift(self, kind: Kind, value: Hashable, came_from: dict[Kind, tuple[Kind, Hashable] | None]) -> None:
        """Gives a free value to a kind, and along the path that led to it to each kind what the next one had."""
        while (before := came_from[kind]) is not None:
            self._give(value, kind)
            kind, value = before
        self._give(value, kind)


# What an item leads to: the kind that is to be matched, None where it needs no value of its own, and the rest.
_Option: TypeAlias = "tuple[Kind | None, Array]"


class _Search:
    """One search for a way, depth first, cheap options first."""

    def __init__(
        self,
        space: StateSpace,
        costs: CostTable,
        supply: Supply,
        taken: frozenset[Hashable],
        goals: Goals,
        limit: int,
    ) -> None:
        self._space, self._costs, self._supply = space, costs, supply
        self._taken, self._goals, self._limit = taken, goals, limit
        self._matching = _Matching(taken)
        # Kinds on the way that have many values, and an array that has asked for each.
        self._many: Counter[Kind] = Counter()
        self._sources: dict[Kind, Array] = {}

    def run(self, start: Array) -> Way | None:
        """A way from a state; None where there is none."""
        frames: list[tuple[Kind | None, Iterator[_Option]]] = [(None, self._options(start))]
        seen: set[tuple[Array, frozenset[object]]] = {(start, frozenset())}
        for _ in range(MAX_STEPS):
            option = next(frames[-1][1], None)
            if option is None:
                self._leave(frames.pop()[0])
                if not frames:
                    return None
                continue
            kind, rest = option
            if not self._enter(kind):
                continue
            if self._is_end(rest):
                return Way(len(frames), self._matching.contested)
            key = (rest, self._used())
            if key in seen:
                self._leave(kind)
                continue
            seen.add(key)
            frames.append((kind, self._options(rest)))
        return Way(1, self._matching.contested)

    def _used(self) -> frozenset[object]:
        """What a way has used: how many items of each kind that has few values, and which others occur."""
        return frozenset([*(item for item in self._matching.counts.items() if item[1]), *(+self._many)])

    def _is_end(self, rest: Array) -> bool:
        if not rest.is_guarded:
            return True
        target = self._space.edge(rest, ARRAY_END)
        return isinstance(target, Close) and target.verdict in self._goals

    def _enter(self, kind: Kind | None) -> bool:
        if kind is None:
            return True
        stock = self._supply.of(kind.state, kind.verdict, self._limit)
        if stock.is_many:
            self._many[kind] += 1
            return True
        return self._matching.add(kind, stock)

    def _leave(self, kind: Kind | None) -> None:
        if kind is None:
            return
        if self._many[kind]:
            self._many[kind] -= 1
        else:
            self._matching.remove(kind)

    def _options(self, array: Array) -> Iterator[_Option]:
        target = self._space.edge(array, ITEM)
        if not isinstance(target, Open):
            return
        options: list[tuple[int, Kind, Array, bool]] = []
        for verdict in sorted(self._costs.of(target.child)):
            rest = self._space.settle(target.rest, verdict)
            if not isinstance(rest, Array):
                continue
            kind = Kind(target.child, verdict)
            repeated = self._space.repeated(rest) if may_repeat(rest) else None
            for after, repeats in ((rest, False), (repeated, True)):
                cost = self._cost(after)
                if after is not None and cost is not None:
                    options.append((cost, kind, after, repeats))
        for _, kind, after, repeats in sorted(options, key=lambda option: option[0]):
            if not repeats:
                self._sources[kind] = array
                yield kind, after
            elif self._can_repeat(kind, array):
                yield None, after

    def _cost(self, rest: Array | None) -> int | None:
        costs = self._costs.of(rest) if rest is not None else {}
        return min((costs[goal] for goal in self._goals if goal in costs), default=None)

    def _can_repeat(self, kind: Kind, array: Array) -> bool:
        """Whether an item of a kind can be one that the array has, or that an earlier item of the way can be."""
        earlier = {*self._taken, *self._matching.contested}
        if any(kind.verdict in self._supply.readings(kind.state, value) for value in earlier):
            return True
        stock = self._supply.of(kind.state, kind.verdict, self._limit)
        if stock.is_many:
            return any(self._overlap((array, kind), (self._sources[other], other)) for other in +self._many)
        return any(
            other.verdict in self._supply.readings(other.state, value) for other in +self._many for value in stock.forms
        )

    def _overlap(self, *items: tuple[Array, Kind]) -> bool:
        """Whether one value can be both of two items, each the next one of an array."""
        held = [formula for array, kind in items for formula in _held(array, kind)]
        state = self._space.value(must_hold(all_of(held)))
        return state is not None and bool(self._costs.of(state))


def _held(array: Array, kind: Kind) -> list[Formula]:
    """What is true of the next item of an array where it is of a kind."""
    split = ask(array.inquiry, at_item)
    assert split is not None, "a kind is that of an item"
    return [
        formula if kind.verdict >> index & 1 else negate(formula) for index, formula in enumerate(split[0].formulas)
    ]
