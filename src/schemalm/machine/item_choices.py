"""The values that the next item of a guarded array may be, given the items that it has.

If all values of an item can be listed, each is tried: can the array be finished with it? If there are many values, only
a few are tried: the seen items, and the values that the array needs for later items. All other values are alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from schemalm.grammar.distinct_items import Feasibility
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.item_search import Witness
from schemalm.grammar.obligation import Obligation
from schemalm.grammar.seen_items import Form, SeenItems
from schemalm.grammar.states import State
from schemalm.grammar.symbols import ITEM
from schemalm.machine.form_trie import Candidates, Suffix, TrieNode

# At most this many values of an item are tried one by one. If there are more, values that are alike are tried once.
MAX_LISTED = 64


@dataclass(frozen=True, eq=False)
class ItemChoice:
    """The values that the next item may be.

    allowed, forbidden: listed values that it may, or may not, be. alternatives: nonterminals that derive the unlisted
    values that it may be; they also derive forbidden values. is_exhaustive: whether every value that finite states
    admit is listed. forbids_unseen: whether values that are not seen items are forbidden.
    """

    allowed: Candidates
    forbidden: Candidates
    alternatives: tuple[int, ...] = ()
    is_exhaustive: bool = False
    forbids_unseen: bool = False

    @property
    def is_possible(self) -> bool:
        """Whether there may be a next item."""
        return bool(self.allowed or self.alternatives)


class ItemStart:
    """The start of an item of a guarded array: before the rest `rest`, after the items `seen_items`."""

    def __init__(self, grammar: Grammar, rest: int, seen_items: SeenItems) -> None:
        self.grammar = grammar
        self.rest = rest
        self.seen_items = seen_items

    @cached_property
    def opened(self) -> tuple[int, ...]:
        """The nonterminals of the item and of the rest after it; empty if no item is admitted."""
        step = self.grammar.step(self.rest, self.grammar.symbols.ids[ITEM])
        return step.opened if step is not None else ()

    @cached_property
    def choice(self) -> ItemChoice:
        """The values that the next item may be."""
        if not self.opened or not self.grammar.arrays.is_guarded(self.rest):
            no_candidates = Candidates(self.grammar.symbols, self.grammar.budget)
            return ItemChoice(no_candidates, no_candidates, self.opened[:1])
        return _ChoiceBuilder(self).build()

    @cached_property
    def is_unconstrained(self) -> bool:
        """Whether the next item may be every value that finite states admit."""
        choice = self.choice
        return not choice.forbidden and (self.only_forbids or (choice.is_exhaustive and choice.is_possible))

    @cached_property
    def only_forbids(self) -> bool:
        """Whether the next item may be every value that finite states admit, except the forbidden ones."""
        return self.choice.alternatives == self.opened[:1]

    def rest_after(self, value: Hashable, rest: int) -> int | None:
        """Returns the rest after an item, or None if the item is forbidden.

        value: the identity of the item; rest: the rest that finite states lead to.
        """
        if not self.grammar.arrays.is_guarded(rest):
            return rest
        if value in self.seen_items:
            return self.grammar.arrays.rest_after_repetition(rest)
        return rest if self.grammar.arrays.witness(rest, self.seen_items.with_hypothetical(value)) is not None else None


class _SeenForms:
    """The seen items of an array that one state can derive, as a trie of forms per outcome."""

    def __init__(self) -> None:
        self.by_outcome: dict[int, TrieNode] = {}
        self._num_read = 0

    def read(self, grammar: Grammar, seen_items: SeenItems, item: int) -> None:
        """Adds the items that are new since the last call. `item`: a nonterminal of the state."""
        outcomes = grammar.nonterminals[item].accepts
        for entry in seen_items.entries(self._num_read):
            grammar.budget.work(2)
            if entry.written_at == item and len(outcomes) == 1:
                forms: Mapping[int, Form] = {outcomes[0]: entry.form}
            else:
                forms = grammar.arrays.forms_by_outcome(item, entry.value)
            for outcome, form in forms.items():
                self.by_outcome.setdefault(outcome, TrieNode()).add(self._num_read, Suffix(form))
            self._num_read += 1


def seen_forms(grammar: Grammar, seen_items: SeenItems, item: int, outcome: int) -> TrieNode | None:
    """Returns a trie of the seen items that a nonterminal derives with an outcome; None if there is none.

    It may include items of other versions of the array. They have higher numbers.
    """
    state: State = grammar.nonterminals[item].state
    tries: _SeenForms = seen_items.cached(state, _SeenForms)
    tries.read(grammar, seen_items, item)
    return tries.by_outcome.get(outcome)


class _ChoiceBuilder:
    """Splits the values of the next item, by outcome, into allowed and forbidden ones."""

    def __init__(self, start: ItemStart) -> None:
        self._start, self._grammar = start, start.grammar
        self._child, self._rest = start.opened
        self._outcomes = self._grammar.nonterminals[self._child].accepts
        self._allowed: dict[int, list[Form]] = {outcome: [] for outcome in self._outcomes}
        self._forbidden: dict[int, list[Form]] = {outcome: [] for outcome in self._outcomes}
        # Whether an item with this outcome may repeat a seen item.
        self._may_repeat: dict[int, bool] = {}

    def build(self) -> ItemChoice:
        """Returns the values that the item may be."""
        exceptions: set[Hashable] = set()
        many, feasible, repeatable = [], [], list[Obligation]()
        for outcome in self._outcomes:
            forms = self._grammar.arrays.values(self._child, outcome, self._start.rest, len(self._start.seen_items))
            if forms is not None and len(forms) <= MAX_LISTED:
                self._split(outcome, forms)
                continue
            feasibility = self._feasibility(outcome, forms)
            many.append(outcome)
            exceptions |= set(feasibility.exceptions)
            if feasibility.is_feasible:
                feasible.append(outcome)
            else:
                repeatable += feasibility.repeatable
        if many:
            self._split_exceptions(many, exceptions)
        return self._choice(many, feasible, self._grammar.arrays.nonterminals_of(self._child, repeatable))

    def _after(self, outcome: int) -> int:
        return self._grammar.settle(self._rest, outcome)

    def _split(self, outcome: int, forms: Mapping[Hashable, Form]) -> None:
        """Splits all values with an outcome."""
        after, start = self._after(outcome), self._start
        witness = self._witness_after_one(outcome, forms)
        for value, form in forms.items():
            is_allowed = value not in start.seen_items and witness is not None and witness.can_avoid(value)
            is_allowed = is_allowed or start.rest_after(value, after) is not None
            (self._allowed if is_allowed else self._forbidden)[outcome].append(form)

    def _witness_after_one(self, outcome: int, forms: Mapping[Hashable, Form]) -> Witness | None:
        """Returns a witness for an item with the first unseen of these values; None if there is no such value."""
        seen_items = self._start.seen_items
        key = (self._grammar.nonterminals[self._child].state, outcome, len(forms))
        new = seen_items.first_unseen(key, seen_items.cached(("values", key), lambda: tuple(forms)))
        if new is None:
            return None
        return self._grammar.arrays.witness(self._after(outcome), seen_items.with_hypothetical(new))

    def _feasibility(self, outcome: int, forms: Mapping[Hashable, Form] | None) -> Feasibility:
        """Returns whether the array can be finished after any of many values. `forms`: all of their forms, if known."""
        start, grammar = self._start, self._grammar
        if forms is None:
            return grammar.arrays.feasibility_after_any(
                start.rest, self._child, outcome, self._after(outcome), start.seen_items
            )
        witness = self._witness_after_one(outcome, forms)
        if witness is None or grammar.arrays.is_uniform_after(self._after(outcome), self._child, outcome):
            return Feasibility(witness is not None)
        return Feasibility(True, [value for value in witness.scarce_values if not witness.can_avoid(value)])

    def _split_exceptions(self, many: list[int], exceptions: set[Hashable]) -> None:
        """Splits the values that need a check of their own: the seen items, and the values that later items need."""
        grammar, start = self._grammar, self._start
        for outcome in many:
            after = self._after(outcome)
            self._may_repeat[outcome] = (
                not grammar.arrays.is_guarded(after) or grammar.arrays.rest_after_repetition(after) is not None
            )
        for value in exceptions:
            if value in start.seen_items:
                continue
            for outcome, form in grammar.arrays.forms_by_outcome(self._child, value).items():
                if outcome in many:
                    is_allowed = start.rest_after(value, self._after(outcome)) is not None
                    (self._allowed if is_allowed else self._forbidden)[outcome].append(form)

    def _choice(self, many: list[int], feasible: list[int], repeatable: tuple[int, ...]) -> ItemChoice:
        if not feasible and not repeatable:
            allowed = self._candidates(self._allowed, True, self._outcomes)
            forbidden = self._candidates(self._forbidden, False, self._outcomes)
            return ItemChoice(allowed, forbidden, is_exhaustive=not many, forbids_unseen=True)
        accepted = tuple(v for v in self._outcomes if v in feasible or (v not in many and self._allowed[v]))
        forbidden = self._candidates(self._forbidden, False, self._outcomes if repeatable else accepted)
        allowed = self._candidates(self._allowed, True, [v for v in self._outcomes if v not in feasible])
        if accepted == self._outcomes and not forbidden:
            return ItemChoice(self._candidates(self._allowed, True, ()), forbidden, (self._child,))
        narrowed = (self._grammar.with_accepts(self._child, accepted),) if accepted else ()
        return ItemChoice(allowed, forbidden, narrowed + repeatable, forbids_unseen=any(self._forbidden.values()))

    def _candidates(self, forms: Mapping[int, list[Form]], may_repeat: bool, outcomes: Iterable[int]) -> Candidates:
        """Returns candidates with some outcomes: some forms, and the seen items that may, or may not, be repeated."""
        grammar, seen_items = self._grammar, self._start.seen_items
        outcomes = tuple(outcomes)
        found = Candidates(grammar.symbols, grammar.budget)
        if listed := [form for outcome in outcomes for form in forms[outcome]]:
            found = found.with_forms(listed)
        for outcome in outcomes:
            if self._may_repeat.get(outcome) is may_repeat:
                node = seen_forms(grammar, seen_items, self._child, outcome)
                found = found.with_node(node, len(seen_items)) if node is not None else found
        return found
