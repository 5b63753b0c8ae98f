"""How guarded arrays can continue, given the items that they have.

A guarded array is one whose items may have to differ (`uniqueItems`). No finite state can carry its items, so a machine
calls this module while decoding, with the numbers of nonterminals.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from schemalm.documents.identity import identity
from schemalm.grammar.costs import CostTable
from schemalm.grammar.distinct_items import DistinctItems, Feasibility
from schemalm.grammar.item_search import Witness
from schemalm.grammar.matching import Kind
from schemalm.grammar.nonterminals import HOLDS, Nonterminal, Outcomes
from schemalm.grammar.obligation import Obligation
from schemalm.grammar.seen_items import Form, SeenItems
from schemalm.grammar.state_space import StateSpace
from schemalm.grammar.states import Array, State
from schemalm.grammar.symbols import ITEM, Symbol
from schemalm.grammar.value_sets import SymbolForm


class GuardedArrays:
    """Checks the guarded arrays of one grammar. `may_occur`: whether the grammar has any."""

    def __init__(
        self,
        nonterminals: Sequence[Nonterminal],
        number: Callable[[Nonterminal], int],
        symbols: Mapping[Symbol, int],
        space: StateSpace,
        costs: CostTable,
        distinct: DistinctItems,
        *,
        may_occur: bool,
    ) -> None:
        """nonterminals: by number. number: returns the number of a nonterminal. symbols: ids by symbol."""
        self.may_occur = may_occur
        self._nonterminals = nonterminals
        self._number = number
        self._symbols = symbols
        self._space = space
        self._costs = costs
        self._distinct = distinct
        self._repeated: dict[int, int | None] = {}
        self._values: dict[tuple[State, int, int], Mapping[Hashable, Form] | None] = {}

    def is_guarded(self, nonterminal: int) -> bool:
        """Whether the nonterminal is the rest of an array whose items may have to differ."""
        if not self.may_occur:
            return False
        state = self._nonterminals[nonterminal].state
        return isinstance(state, Array) and state.is_guarded

    def can_finish(self, rest: int) -> bool:
        """Whether the rest of an array can be finished without a repetition."""
        node = self._nonterminals[rest]
        return self._costs.can_end_with_any(node.state, node.accepts)

    def witness(self, rest: int, seen_items: SeenItems, accepts: Outcomes | None = None) -> Witness | None:
        """Returns how an array with some items can be finished from `rest`; None if it cannot.

        accepts: the outcomes that it may end with, by default all that its parent accepts.
        """
        node = self._nonterminals[rest]
        if not self.is_guarded(rest):
            return Witness() if self.can_finish(rest) else None
        assert isinstance(node.state, Array)
        return self._distinct.witness(node.state, seen_items, node.accepts if accepts is None else accepts)

    def feasibility_after_any(
        self, start: int, item: int, outcome: int, rest: int, seen_items: SeenItems
    ) -> Feasibility:
        """Returns whether an array can be finished after any of the many items that end with an outcome.

        start, item, rest: the nonterminals before the item, of the item, and after it. seen_items: the items before it.
        """
        if not self.is_guarded(rest):
            return Feasibility(self.can_finish(rest))
        array, node = self._nonterminals[start].state, self._nonterminals[rest]
        assert isinstance(array, Array) and isinstance(node.state, Array)
        newest = (array, Kind(self._nonterminals[item].state, outcome))
        return self._distinct.feasibility_after_any(node.state, seen_items, node.accepts, newest)

    def nonterminals_of(self, item: int, obligations: Iterable[Obligation]) -> tuple[int, ...]:
        """Returns the nonterminals of the values that an item may be, by their obligations."""
        states = (self._space.value_like(obligation, self._nonterminals[item].state) for obligation in obligations)
        return tuple(
            self._number(Nonterminal(state, HOLDS)) for state in states if state and self._costs.can_end(state, 1)
        )

    def values(self, item: int, outcome: int, rest: int, num_seen: int) -> Mapping[Hashable, Form] | None:
        """Returns the forms of all values that an item with an outcome may be, by identity; None if there are many.

        rest: the rest of the guarded array before the item. num_seen: how many items it has.
        """
        array = self._nonterminals[rest].state
        assert isinstance(array, Array)
        query = (self._nonterminals[item].state, outcome, self._distinct.limit(array, num_seen))
        if query not in self._values:
            value_set = self._distinct.value_sets.of(*query)
            forms = {value: self._form(form) for value, form in value_set.forms.items()}
            self._values[query] = None if value_set.is_many else forms
        return self._values[query]

    def forms_by_outcome(self, item: int, value: Hashable) -> Mapping[int, Form]:
        """Returns the forms of the value with an identity, by the outcomes that an item can end with as this value."""
        forms_by_outcome = self._distinct.value_sets.forms_by_outcome(self._nonterminals[item].state, value)
        return {outcome: self._form(form) for outcome, form in forms_by_outcome.items()}

    def _form(self, written: SymbolForm) -> Form:
        ids = self._symbols
        return (ids[ITEM], *(ids[part] if isinstance(part, Symbol) else part for part in written))

    def is_uniform_after(self, rest: int, item: int, outcome: int) -> bool:
        """Whether the rest requires only further items of the kind of an item that ended with an outcome."""
        state = self._nonterminals[rest].state
        return isinstance(state, Array) and self._distinct.is_uniform(state, self._nonterminals[item].state, outcome)

    def num_needed(self, rest: int) -> int:
        """Returns how many items the rest needs if the array is uniform; 0 for other arrays."""
        state = self._nonterminals[rest].state
        return self._distinct.num_needed(state) if isinstance(state, Array) else 0

    def rest_after_repetition(self, rest: int) -> int | None:
        """Returns the rest of a guarded array after an item that repeats an earlier one; None if it may not."""
        if rest not in self._repeated:
            node = self._nonterminals[rest]
            assert isinstance(node.state, Array)
            state = self._space.rest_after_repetition(node.state)
            admitted = state is not None and self._costs.can_end_with_any(state, node.accepts)
            self._repeated[rest] = self._number(Nonterminal(state, node.accepts)) if state and admitted else None
        return self._repeated[rest]

    def after_item(self, rest: int, item: Any, seen: set[Hashable]) -> int | None:
        """Returns the rest of an array after a complete item; None if the item may not repeat an earlier one.

        seen: the identities of the items of a guarded array. The item is added to it.
        """
        if not self.is_guarded(rest):
            return rest
        key = identity(item)
        if key in seen:
            return self.rest_after_repetition(rest)
        seen.add(key)
        return rest
