"""Whether an array whose items have to differ can still be finished: items and values are matched.

The items to come are looked for as a way through the states of the array's rest, each of one kind: a state and the
outcome that its value ends with. A kind that has many values never wants for one; the others share theirs, and a way is
possible as long as every item on it can have a value of its own (a matching, grown along augmenting paths). A way that
uses the same kinds as one that failed from the same state is not tried again, so ways are finitely many. What is found
on a way is kept for each of its states: an array that keeps to it searches no more.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass

from schemalm.grammar.costs import CostTable
from schemalm.grammar.item_search import Item, ItemSearch, Outcomes, Plan, Remaining, Route, Way
from schemalm.grammar.matching import Kind
from schemalm.grammar.obligation import Obligation
from schemalm.grammar.seen_items import SeenItems
from schemalm.grammar.state_space import StateSpace
from schemalm.grammar.states import Array, Close, Open, State
from schemalm.grammar.symbols import ARRAY_END, ITEM
from schemalm.grammar.value_sets import NONE, ValueSet, ValueSets
from schemalm.limits import Budget
from schemalm.regular.automaton import Automaton
from schemalm.schema.formula import conjuncts
from schemalm.schema.keywords.arrays import Contains, Items, MaxItems, MinItems, Unique

# States from which ways are kept.
MAX_WAYS_KEPT = 50_000
# Items of a way beyond those that are asked for.
SPARE_ITEMS = 16


@dataclass(frozen=True)
class Outlook:
    """What may follow an item that is any of many values.

    is_good: whether the array can go on after nearly all of them; special: those to be looked at one by one; joint:
    where they are not good, obligations of those that are.
    """

    is_good: bool
    special: Collection[Hashable] = ()
    joint: tuple[Obligation, ...] = ()


class DistinctItems:
    """Answers for the arrays of a grammar; what it takes for granted is that they can be finished without guards."""

    def __init__(self, space: StateSpace, automaton: Automaton, costs: CostTable, budget: Budget) -> None:
        """`costs`: those without guards."""
        self._space = space
        self._costs = costs
        self._budget = budget
        # Whether an array was met that has to have items.
        self.is_needed = False
        self.value_sets = ValueSets(space, automaton, costs, self.is_feasible, budget)
        self._asked: dict[Array, int] = {}
        self._runs: dict[Array, tuple[Kind, int] | None] = {}
        self._plans: dict[tuple[Array, Outcomes], Plan] = {}
        self._are_many: dict[tuple[Route, int], bool] = {}

    def is_feasible(self, start: Array, outcome: int) -> bool:
        """Whether a whole array can end with an outcome; raises LimitError where that takes too long to tell."""
        with self._budget.call("compile"):
            way = self.way(start, SeenItems(), (outcome,))
        self.is_needed = self.is_needed or (way is not None and way.first is not None)
        return way is not None

    def limit(self, array: Array, num_taken: int) -> int:
        """A number of values of which an array's rest never wants for one; few different ones are given."""
        if array not in self._asked:
            self._asked[array] = sum(map(_num_asked, array.obligation.atoms))
        return 1 << (num_taken + SPARE_ITEMS + self._asked[array]).bit_length()

    def way(self, start: Array, taken: SeenItems, goals: Outcomes) -> Way | None:
        """How an array that has some items can go on to one of the outcomes `goals`; None where it cannot."""
        if self._ends(start, goals):
            return Way()
        if (run := self._run(start)) is not None:
            return self._way_of_one_kind(*run, taken, self.limit(start, len(taken)))
        kept = self._kept_way(start, taken, goals)
        return kept if kept is not None else self._find(self._search(start, taken, goals), start, goals)

    def way_after_any(self, start: Array, taken: SeenItems, goals: Outcomes, newest: tuple[Array, Kind]) -> Outlook:
        """How an array can go on that has one more item, which may be any of many.

        newest: what that item was the next one of, and its kind.
        """
        way, search = None, None
        if self._ends(start, goals) or self._run(start) is not None:
            way = self.way(start, taken, goals)
        elif (way := self._kept_way(start, taken, goals)) is None:
            search = self._search(start, taken, goals)
            search.take_any(*newest)
            way = self._find(search, start, goals)
        special = {value for value in way.contested if not way.spares(value)} if way is not None else set()
        if search is None:
            return Outlook(way is not None, special)
        return Outlook(way is not None, special | search.wanted, tuple(search.joint))

    def _search(self, start: Array, taken: SeenItems, goals: Outcomes) -> ItemSearch:
        return ItemSearch(
            self._space, self._costs, self.value_sets, taken, goals, self.limit(start, len(taken)), self._budget
        )

    def _find(self, search: ItemSearch, start: Array, goals: Outcomes) -> Way | None:
        """Runs a search and keeps the way that it finds."""
        way = search.run(start)
        self._plans.update(((array, goals), plan) for array, plan in search.plans())
        if len(self._plans) > MAX_WAYS_KEPT:
            self._plans.clear()
            self._are_many.clear()
        return way

    def _kept_way(self, start: Array, taken: SeenItems, goals: Outcomes) -> Way | None:
        """The way that was found from here before, where plainly enough values are left for it."""
        plan = self._plans.get((start, goals))
        if plan is None:
            return None
        limit = self.limit(start, len(taken))
        if plan.demand is None:
            return self._way_on_route(plan, taken, limit)
        value_sets = {kind: self.value_sets.of(kind.state, kind.outcome, limit) for kind in plan.demand}
        few = {kind: value_set for kind, value_set in value_sets.items() if not value_set.is_many}
        num_asked = sum(plan.demand[kind] for kind in few)
        num_left = min(
            (_num_free(kind, value_set, taken, limit) for kind, value_set in few.items()), default=num_asked + 1
        )
        if num_left < num_asked or (num_left == num_asked and len(few) > 1):
            return None
        tight = [value_set.forms.keys() for value_set in few.values() if num_left == num_asked]
        return Way(plan.item, tight[0] if tight else frozenset())

    def _way_on_route(self, plan: Plan, taken: SeenItems, limit: int) -> Way | None:
        """The way where each item takes the value that it took when the way was found; None where that is not left."""
        route = plan.route
        known = (route, limit)
        if known not in self._are_many:
            self._are_many[known] = all(
                self.value_sets.of(kind.state, kind.outcome, limit).is_many for kind in route.many
            )
        if not self._are_many[known] or taken.highest(route, route.steps) >= plan.step:
            return None
        return Way(plan.item, Remaining(route, plan.step))

    def asks_only(self, array: Array, state: State, outcome: int) -> bool:
        """Whether an array asks for nothing but a number of items of one kind."""
        run = self._run(array)
        return run is not None and run[0] == Kind(state, outcome)

    def num_needed(self, array: Array) -> int:
        """How many items an array needs that asks for nothing but items of one kind; 0 for others."""
        run = self._run(array)
        return run[1] if run is not None else 0

    def _ends(self, array: Array, goals: Outcomes) -> bool:
        target = self._space.edge(array, ARRAY_END)
        return isinstance(target, Close) and target.outcome in goals

    def _run(self, array: Array) -> tuple[Kind, int] | None:
        """The one kind of all items and how many are needed, where an array asks for nothing else."""
        if array not in self._runs:
            self._runs[array] = self._find_run(array)
        return self._runs[array]

    def _find_run(self, array: Array) -> tuple[Kind, int] | None:
        parts = conjuncts(array.obligation.formulas[0])
        if not array.obligation.is_single or not all(map(_is_even, parts)):
            return None
        needed = max((part.parts[0] for part in parts if isinstance(part, MinItems)), default=0)
        most = min((part.parts[0] for part in parts if isinstance(part, MaxItems)), default=needed)
        target = self._space.edge(array, ITEM)
        return (Kind(target.child, 1), needed) if isinstance(target, Open) and needed <= most else None

    def _way_of_one_kind(self, kind: Kind, needed: int, taken: SeenItems, limit: int) -> Way | None:
        value_set = self.value_sets.of(kind.state, kind.outcome, limit)
        item = Item(kind.outcome, False)
        if value_set.is_many or len(value_set.forms) - len(taken) > needed:
            return Way(item)
        num_left = _num_free(kind, value_set, taken, limit)
        if num_left < needed or value_set == NONE:
            return None
        return Way(item, value_set.forms.keys() if num_left == needed else frozenset())


def _num_free(kind: Kind, value_set: ValueSet, taken: SeenItems, limit: int) -> int:
    """How many values of a kind that has few no item is."""
    return len(value_set.forms) - taken.num_among((kind, limit), value_set.forms)


def _is_even(part: object) -> bool:
    """Whether an assertion says the same of all items."""
    return isinstance(part, Unique | MinItems | MaxItems) or (isinstance(part, Items) and not part.parts[0])


def _num_asked(atom: object) -> int:
    if isinstance(atom, MinItems):
        return int(atom.parts[0])
    if isinstance(atom, Contains):
        return int(atom.parts[1])
    return len(atom.parts[0]) if isinstance(atom, Items) else 0
