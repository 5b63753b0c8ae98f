"""What the next item of an array may be whose items may have to differ, given the items that it has.

Where all values of an item can be listed each is tried: whether the array can go on once it is there. Where there are
many, those that the array has are alike, and so are the others, but for those on which it relies for later items.
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

# Values of an item that are tried one by one; where there are more, those that are like others are not.
MAX_LISTED = 64


@dataclass(frozen=True, eq=False)
class ItemChoice:
    """What the next item may be.

    named, refused: values that it may be, and may not be; has_special: whether others than items are refused.
    others: nonterminals that derive what else it may be, but for what is refused; is_listed: whether each value that
    finite states admit is named or refused.
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
    """Where an item of a guarded array begins: at the rest `rest`, after the items `taken`."""

    def __init__(self, grammar: Grammar, rest: int, seen_items: SeenItems) -> None:
        self.grammar = grammar
        self.rest = rest
        self.seen_items = seen_items

    @cached_property
    def opened(self) -> tuple[int, ...]:
        """The nonterminals of the item and of what comes after it; none where no item may come."""
        step = self.grammar.step(self.rest, self.grammar.symbols.ids[ITEM])
        return step.opened if step is not None else ()

    @cached_property
    def choice(self) -> ItemChoice:
        """What the next item may be."""
        if not self.opened or not self.grammar.arrays.is_guarded(self.rest):
            empty_mask = Candidates(self.grammar.symbols, self.grammar.budget)
            return ItemChoice(empty_mask, empty_mask, self.opened[:1])
        return _ChoiceBuilder(self).build()

    @cached_property
    def is_unconstrained(self) -> bool:
        """Whether finite states alone have a say in the next item."""
        choice = self.choice
        return not choice.forbidden and (self.only_forbids or (choice.is_exhaustive and choice.is_possible))

    @cached_property
    def only_forbids(self) -> bool:
        """Whether the next item may be whatever finite states admit, but for what is refused."""
        return self.choice.alternatives == self.opened[:1]

    def after(self, value: Hashable, rest: int) -> int | None:
        """What comes after the item with an identity, where finite states say `rest`; None where it may not be it."""
        if not self.grammar.arrays.is_guarded(rest):
            return rest
        if value in self.seen_items:
            return self.grammar.arrays.rest_after_repetition(rest)
        return rest if self.grammar.arrays.witness(rest, self.seen_items.with_hypothetical(value)) is not None else None


class _SeenForms:
    """The items of an array as values that a state may be, by the outcome that it ends with as each."""

    def __init__(self) -> None:
        self.by_outcome: dict[int, TrieNode] = {}
        self._num_read = 0

    def read(self, grammar: Grammar, seen_items: SeenItems, item: int) -> None:
        """Reads the items that have come since; `item`: a nonterminal of the state."""
        outcomes = grammar.nonterminals[item].accepts
        for entry in seen_items.entries(self._num_read):
            grammar.budget.work(2)
            if entry.written_at == item and len(outcomes) == 1:
                forms_by_outcome: Mapping[int, Form] = {outcomes[0]: entry.form}
            else:
                forms_by_outcome = grammar.arrays.forms_by_outcome(item, entry.value)
            for outcome, form in forms_by_outcome.items():
                self.by_outcome.setdefault(outcome, TrieNode()).add(self._num_read, Suffix(form))
            self._num_read += 1


def seen_forms(grammar: Grammar, seen_items: SeenItems, item: int, outcome: int) -> TrieNode | None:
    """The items that a nonterminal may be, ending with an outcome; None where no version of the array has any."""
    state: State = grammar.nonterminals[item].state
    forms_by_outcome: _SeenForms = seen_items.cached(state, _SeenForms)
    forms_by_outcome.read(grammar, seen_items, item)
    return forms_by_outcome.by_outcome.get(outcome)


class _ChoiceBuilder:
    """Sorts the values of the next item by outcome."""

    def __init__(self, start: ItemStart) -> None:
        self._start, self._grammar = start, start.grammar
        self._child, self._rest = start.opened
        self._outcomes = self._grammar.nonterminals[self._child].accepts
        self._allowed: dict[int, list[Form]] = {outcome: [] for outcome in self._outcomes}
        self._forbidden: dict[int, list[Form]] = {outcome: [] for outcome in self._outcomes}
        # Whether the items that the array has may come once more, by the outcome that the item ends with as one.
        self._may_repeat: dict[int, bool] = {}

    def build(self) -> ItemChoice:
        """What the item may be."""
        exceptions: set[Hashable] = set()
        many, possible, repeatable = [], [], list[Obligation]()
        for outcome in self._outcomes:
            forms = self._grammar.arrays.values(self._child, outcome, self._start.rest, len(self._start.seen_items))
            if forms is not None and len(forms) <= MAX_LISTED:
                self._split(outcome, forms)
                continue
            feasibility = self._feasibility(outcome, forms)
            many.append(outcome)
            exceptions |= set(feasibility.exceptions)
            if feasibility.is_feasible:
                possible.append(outcome)
            else:
                repeatable += feasibility.repeatable
        if many:
            self._split_exceptions(many, exceptions)
        return self._choice(many, possible, self._grammar.arrays.nonterminals_of(self._child, repeatable))

    def _after(self, outcome: int) -> int:
        return self._grammar.settle(self._rest, outcome)

    def _split(self, outcome: int, forms: Mapping[Hashable, Form]) -> None:
        """Sorts all values with an outcome."""
        after, start = self._after(outcome), self._start
        witness = self._witness_after_one(outcome, forms)
        for value, form in forms.items():
            may_come = value not in start.seen_items and witness is not None and witness.can_avoid(value)
            may_come = may_come or start.after(value, after) is not None
            (self._allowed if may_come else self._forbidden)[outcome].append(form)

    def _witness_after_one(self, outcome: int, forms: Mapping[Hashable, Form]) -> Witness | None:
        """A way after a new one of some values; None where there is none, or no such value."""
        seen_items = self._start.seen_items
        key = (self._grammar.nonterminals[self._child].state, outcome, len(forms))
        new = seen_items.first_unseen(key, seen_items.cached(("values", key), lambda: tuple(forms)))
        return (
            self._grammar.arrays.witness(self._after(outcome), seen_items.with_hypothetical(new))
            if new is not None
            else None
        )

    def _feasibility(self, outcome: int, forms: Mapping[Hashable, Form] | None) -> Feasibility:
        """What may follow any of many values; `forms`: those of all, where they are known."""
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
        """Sorts the values that are unlike others among many: those that the array has, and some that it needs."""
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
                    may_come = start.after(value, self._after(outcome)) is not None
                    (self._allowed if may_come else self._forbidden)[outcome].append(form)

    def _choice(self, many: list[int], possible: list[int], repeatable: tuple[int, ...]) -> ItemChoice:
        if not possible and not repeatable:
            allowed = self._candidates(self._allowed, True, self._outcomes)
            forbidden = self._candidates(self._forbidden, False, self._outcomes)
            return ItemChoice(allowed, forbidden, is_exhaustive=not many, forbids_unseen=True)
        kept = tuple(v for v in self._outcomes if v in possible or (v not in many and self._allowed[v]))
        forbidden = self._candidates(self._forbidden, False, self._outcomes if repeatable else kept)
        allowed = self._candidates(self._allowed, True, [v for v in self._outcomes if v not in possible])
        if kept == self._outcomes and not forbidden:
            return ItemChoice(self._candidates(self._allowed, True, ()), forbidden, (self._child,))
        narrowed = (self._grammar.with_accepts(self._child, kept),) if kept else ()
        return ItemChoice(allowed, forbidden, narrowed + repeatable, forbids_unseen=any(self._forbidden.values()))

    def _candidates(self, forms: Mapping[int, list[Form]], may_repeat: bool, outcomes: Iterable[int]) -> Candidates:
        """Values with some outcomes: `forms`, and the items so far where these may, or may not, come once more."""
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
