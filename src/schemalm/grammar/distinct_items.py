"""Decides whether an array whose items have to differ can still be finished, by matching items with values.

A search looks for a path through the states of the array's rest. Each item on the path has a kind: a state and the
outcome that its value ends with. A kind with many values always has an unused one. The other kinds share their values,
so a path is possible if every item on it can have a value of its own. This is a bipartite matching, which grows along
augmenting paths. The search does not continue twice from the same state with the same kinds, so it is finite. A path
that was found is cached for each of its states: an array that stays on it needs no further search.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass

from schemalm.grammar.costs import CostTable
from schemalm.grammar.item_search import (
    ItemSearch,
    LaterValues,
    PlannedItem,
    Witness,
    WitnessPath,
    WitnessStep,
)
from schemalm.grammar.matching import Kind
from schemalm.grammar.nonterminals import Outcomes
from schemalm.grammar.obligation import Obligation
from schemalm.grammar.seen_items import SeenItems
from schemalm.grammar.state_space import StateSpace
from schemalm.grammar.states import Array, Close, Open, State
from schemalm.grammar.symbols import ARRAY_END, ITEM
from schemalm.grammar.value_sets import NO_VALUES, ValueSet, ValueSets
from schemalm.limits import Budget
from schemalm.regular.automaton import Automaton
from schemalm.schema.formula import conjuncts
from schemalm.schema.keywords.arrays import Contains, Items, MaxItems, MinItems, Unique
from schemalm.schema.prompt import StatedItems
from schemalm.weak_methods import weak

# The most states from which paths are cached.
MAX_CACHED_STEPS = 50_000
# A margin of items beyond those that an array requires.
SPARE_ITEMS = 16


@dataclass(frozen=True)
class Feasibility:
    """Whether an array can be finished after an item that is any of many values.

    is_feasible: whether this is so for all values but the exceptions. exceptions: the values to check one by one.
    repeatable: if it is not so, obligations of the values for which it is, because a later item can repeat them.
    """

    is_feasible: bool
    exceptions: Collection[Hashable] = ()
    repeatable: tuple[Obligation, ...] = ()


class DistinctItems:
    """Checks the arrays of a grammar. It assumes that they can be finished if guards are ignored."""

    def __init__(self, space: StateSpace, automaton: Automaton, costs: CostTable, budget: Budget) -> None:
        """costs: the costs if guards are ignored."""
        self._space = space
        self._costs = costs
        self._budget = budget
        # Whether some array cannot be empty.
        self.is_needed = False
        self.value_sets = ValueSets(space, automaton, costs, weak(self.is_feasible), budget)
        self._num_required: dict[Array, int] = {}
        self._uniform: dict[Array, tuple[Kind, int] | None] = {}
        self._witness_steps: dict[tuple[Array, Outcomes], WitnessStep] = {}
        self._are_many: dict[tuple[WitnessPath, int], bool] = {}

    def is_feasible(self, start: Array, outcome: int) -> bool:
        """Whether a complete array can end with an outcome. Raises LimitError if deciding takes too long."""
        with self._budget.call("compile"):
            witness = self.witness(start, SeenItems(), (outcome,))
        self.is_needed = self.is_needed or (witness is not None and witness.next_item is not None)
        return witness is not None

    def limit(self, array: Array, num_seen: int) -> int:
        """Returns a number of values that is always enough for an array. Few different numbers are returned."""
        if array not in self._num_required:
            self._num_required[array] = sum(map(_num_required_by, array.obligation.atoms))
        return 1 << (num_seen + SPARE_ITEMS + self._num_required[array]).bit_length()

    def witness(self, start: Array, seen_items: SeenItems, accepts: Outcomes) -> Witness | None:
        """Returns how an array with some items can end with one of the outcomes `accepts`; None if it cannot."""
        if self._ends(start, accepts):
            return Witness()
        if (uniform := self._uniform_items(start)) is not None:
            return self._uniform_witness(*uniform, seen_items, self.limit(start, len(seen_items)))
        cached = self._cached_witness(start, seen_items, accepts)
        return cached if cached is not None else self._find(self._search(start, seen_items, accepts), start, accepts)

    def feasibility_after_any(
        self, start: Array, seen_items: SeenItems, accepts: Outcomes, newest: tuple[Array, Kind]
    ) -> Feasibility:
        """Returns whether an array can be finished after one more item, which may be any of many values.

        newest: the array before that item, and the kind of the item.
        """
        witness, search = None, None
        if self._ends(start, accepts) or self._uniform_items(start) is not None:
            witness = self.witness(start, seen_items, accepts)
        elif (witness := self._cached_witness(start, seen_items, accepts)) is None:
            search = self._search(start, seen_items, accepts)
            search.assume_any(*newest)
            witness = self._find(search, start, accepts)
        exceptions = (
            {value for value in witness.scarce_values if not witness.can_avoid(value)} if witness is not None else set()
        )
        if search is None:
            return Feasibility(witness is not None, exceptions)
        return Feasibility(witness is not None, exceptions | search.repeatable_values, tuple(search.repeatable))

    def _search(self, start: Array, seen_items: SeenItems, accepts: Outcomes) -> ItemSearch:
        return ItemSearch(
            self._space,
            self._costs,
            self.value_sets,
            seen_items,
            accepts,
            self.limit(start, len(seen_items)),
            self._budget,
        )

    def _find(self, search: ItemSearch, start: Array, accepts: Outcomes) -> Witness | None:
        """Runs a search and caches the path that it finds."""
        witness = search.find(start)
        self._witness_steps.update(((array, accepts), step) for array, step in search.witness_steps())
        if len(self._witness_steps) > MAX_CACHED_STEPS:
            self._witness_steps.clear()
            self._are_many.clear()
        return witness

    def _cached_witness(self, start: Array, seen_items: SeenItems, accepts: Outcomes) -> Witness | None:
        """Returns the cached witness from this state, if there are clearly enough values left for it."""
        cached_step = self._witness_steps.get((start, accepts))
        if cached_step is None:
            return None
        limit = self.limit(start, len(seen_items))
        if cached_step.demand is None:
            return self._witness_on_path(cached_step, seen_items, limit)
        value_sets = {kind: self.value_sets.of(kind.state, kind.outcome, limit) for kind in cached_step.demand}
        few = {kind: value_set for kind, value_set in value_sets.items() if not value_set.is_many}
        num_required = sum(cached_step.demand[kind] for kind in few)
        num_left = min(
            (_num_unused(kind, value_set, seen_items, limit) for kind, value_set in few.items()),
            default=num_required + 1,
        )
        if num_left < num_required or (num_left == num_required and len(few) > 1):
            return None
        tight = [value_set.forms.keys() for value_set in few.values() if num_left == num_required]
        return Witness(cached_step.item, tight[0] if tight else frozenset())

    def _witness_on_path(self, cached_step: WitnessStep, seen_items: SeenItems, limit: int) -> Witness | None:
        """Returns the witness in which each item takes the value of the cached path; None if one was used up."""
        path = cached_step.path
        known = (path, limit)
        if known not in self._are_many:
            self._are_many[known] = all(
                self.value_sets.of(kind.state, kind.outcome, limit).is_many for kind in path.many
            )
        if not self._are_many[known] or seen_items.highest_rank(path, path.indices) >= cached_step.index:
            return None
        return Witness(cached_step.item, LaterValues(path, cached_step.index))

    def is_uniform(self, array: Array, state: State, outcome: int) -> bool:
        """Whether an array requires only a number of items of one kind."""
        uniform = self._uniform_items(array)
        return uniform is not None and uniform[0] == Kind(state, outcome)

    def num_needed(self, array: Array) -> int:
        """Returns how many items a uniform array needs; 0 for other arrays."""
        uniform = self._uniform_items(array)
        return uniform[1] if uniform is not None else 0

    def _ends(self, array: Array, accepts: Outcomes) -> bool:
        target = self._space.edge(array, ARRAY_END)
        return isinstance(target, Close) and target.outcome in accepts

    def _uniform_items(self, array: Array) -> tuple[Kind, int] | None:
        """Returns the kind of all items and how many are needed, if the array is uniform.

        A uniform array requires nothing but a number of items of one kind.
        """
        if array not in self._uniform:
            self._uniform[array] = self._find_uniform_items(array)
        return self._uniform[array]

    def _find_uniform_items(self, array: Array) -> tuple[Kind, int] | None:
        parts = conjuncts(array.obligation.formulas[0])
        if not array.obligation.is_single or not all(map(_is_uniform_part, parts)):
            return None
        needed = max((part.parts[0] for part in parts if isinstance(part, MinItems)), default=0)
        most = min((part.parts[0] for part in parts if isinstance(part, MaxItems)), default=needed)
        target = self._space.edge(array, ITEM)
        return (Kind(target.child, 1), needed) if isinstance(target, Open) and needed <= most else None

    def _uniform_witness(self, kind: Kind, needed: int, seen_items: SeenItems, limit: int) -> Witness | None:
        value_set = self.value_sets.of(kind.state, kind.outcome, limit)
        item = PlannedItem(kind.outcome, False)
        if value_set.is_many or len(value_set.forms) - len(seen_items) > needed:
            return Witness(item)
        num_left = _num_unused(kind, value_set, seen_items, limit)
        if num_left < needed or value_set == NO_VALUES:
            return None
        return Witness(item, value_set.forms.keys() if num_left == needed else frozenset())


def _num_unused(kind: Kind, value_set: ValueSet, seen_items: SeenItems, limit: int) -> int:
    """Returns how many values of a kind with few values are not items yet."""
    return len(value_set.forms) - seen_items.count_among((kind, limit), value_set.forms)


def _is_uniform_part(part: object) -> bool:
    """Whether an assertion treats all items alike."""
    return isinstance(part, Unique | MinItems | MaxItems) or (isinstance(part, Items) and not part.parts[0])


def _num_required_by(atom: object) -> int:
    if isinstance(atom, MinItems):
        return int(atom.parts[0])
    if isinstance(atom, Contains):
        return int(atom.parts[1])
    if isinstance(atom, StatedItems):
        return atom.num_needed
    return len(atom.parts[0]) if isinstance(atom, Items) else 0
