"""What the next item of an array may be whose items may have to differ, given the items that it has.

Where all values of an item can be listed each is tried: whether the array can go on once it is there. Where there are
many, those that the array has are alike, and so are the others, but for those on which it relies for later items.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from schemalm.grammar.distinct_items import Outlook
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.item_search import Way
from schemalm.grammar.obligation import Obligation
from schemalm.grammar.seen_items import Form, SeenItems
from schemalm.grammar.states import State
from schemalm.grammar.symbols import ITEM
from schemalm.machine.forms import Beginnings, Node, Tail

# Values of an item that are tried one by one; where there are more, those that are like others are not.
MAX_LISTED = 64


@dataclass(frozen=True, eq=False)
class Choice:
    """What the next item may be.

    named, refused: values that it may be, and may not be; has_special: whether others than items are refused.
    others: nonterminals that derive what else it may be, but for what is refused; is_listed: whether each value that
    finite states admit is named or refused.
    """

    named: Beginnings
    refused: Beginnings
    others: tuple[int, ...] = ()
    is_listed: bool = False
    has_special: bool = False

    @property
    def is_possible(self) -> bool:
        """Whether there may be a next item."""
        return bool(self.named or self.others)


class Start:
    """Where an item of a guarded array begins: at the rest `rest`, after the items `taken`."""

    def __init__(self, grammar: Grammar, rest: int, taken: SeenItems) -> None:
        self.grammar = grammar
        self.rest = rest
        self.taken = taken

    @cached_property
    def opened(self) -> tuple[int, ...]:
        """The nonterminals of the item and of what comes after it; none where no item may come."""
        step = self.grammar.step(self.rest, self.grammar.symbols.ids[ITEM])
        return step.opened if step is not None else ()

    @cached_property
    def choice(self) -> Choice:
        """What the next item may be."""
        if not self.opened or not self.grammar.arrays.is_guarded(self.rest):
            nothing = Beginnings(self.grammar.symbols, self.grammar.budget)
            return Choice(nothing, nothing, self.opened[:1])
        return _Chooser(self).choose()

    @cached_property
    def is_free(self) -> bool:
        """Whether finite states alone have a say in the next item."""
        choice = self.choice
        return not choice.refused and (self.takes_others or (choice.is_listed and choice.is_possible))

    @cached_property
    def takes_others(self) -> bool:
        """Whether the next item may be whatever finite states admit, but for what is refused."""
        return self.choice.others == self.opened[:1]

    def after(self, value: Hashable, rest: int) -> int | None:
        """What comes after the item with an identity, where finite states say `rest`; None where it may not be it."""
        if not self.grammar.arrays.is_guarded(rest):
            return rest
        if value in self.taken:
            return self.grammar.arrays.repeated(rest)
        return rest if self.grammar.arrays.way(rest, self.taken.plus(value)) is not None else None


class _Readings:
    """The items of an array as values that a state may be, by the outcome that it ends with as each."""

    def __init__(self) -> None:
        self.by_outcome: dict[int, Node] = {}
        self._num_read = 0

    def read(self, grammar: Grammar, taken: SeenItems, item: int) -> None:
        """Reads the items that have come since; `item`: a nonterminal of the state."""
        outcomes = grammar.nonterminals[item].accepts
        for entry in taken.entries(self._num_read):
            grammar.budget.work(2)
            if entry.written_at == item and len(outcomes) == 1:
                readings: Mapping[int, Form] = {outcomes[0]: entry.form}
            else:
                readings = grammar.arrays.readings(item, entry.value)
            for outcome, form in readings.items():
                self.by_outcome.setdefault(outcome, Node()).add(self._num_read, Tail(form))
            self._num_read += 1


def readings_of(grammar: Grammar, taken: SeenItems, item: int, outcome: int) -> Node | None:
    """The items that a nonterminal may be, ending with an outcome; None where no version of the array has any."""
    state: State = grammar.nonterminals[item].state
    readings: _Readings = taken.note(state, _Readings)
    readings.read(grammar, taken, item)
    return readings.by_outcome.get(outcome)


class _Chooser:
    """Sorts the values of the next item by outcome."""

    def __init__(self, start: Start) -> None:
        self._start, self._grammar = start, start.grammar
        self._child, self._rest = start.opened
        self._outcomes = self._grammar.nonterminals[self._child].accepts
        self._named: dict[int, list[Form]] = {outcome: [] for outcome in self._outcomes}
        self._refused: dict[int, list[Form]] = {outcome: [] for outcome in self._outcomes}
        # Whether the items that the array has may come once more, by the outcome that the item ends with as one.
        self._repeats: dict[int, bool] = {}

    def choose(self) -> Choice:
        """What the item may be."""
        special: set[Hashable] = set()
        many, possible, joint = [], [], list[Obligation]()
        for outcome in self._outcomes:
            forms = self._grammar.arrays.values(self._child, outcome, self._start.rest, len(self._start.taken))
            if forms is not None and len(forms) <= MAX_LISTED:
                self._sort(outcome, forms)
                continue
            outlook = self._outlook(outcome, forms)
            many.append(outcome)
            special |= set(outlook.special)
            if outlook.is_good:
                possible.append(outcome)
            else:
                joint += outlook.joint
        if many:
            self._sort_special(many, special)
        return self._choice(many, possible, self._grammar.arrays.joint(self._child, joint))

    def _after(self, outcome: int) -> int:
        return self._grammar.settle(self._rest, outcome)

    def _sort(self, outcome: int, forms: Mapping[Hashable, Form]) -> None:
        """Sorts all values with an outcome."""
        after, start = self._after(outcome), self._start
        way = self._way_after_one(outcome, forms)
        for value, form in forms.items():
            may_come = value not in start.taken and way is not None and way.spares(value)
            may_come = may_come or start.after(value, after) is not None
            (self._named if may_come else self._refused)[outcome].append(form)

    def _way_after_one(self, outcome: int, forms: Mapping[Hashable, Form]) -> Way | None:
        """A way after a new one of some values; None where there is none, or no such value."""
        taken = self._start.taken
        key = (self._grammar.nonterminals[self._child].state, outcome, len(forms))
        new = taken.first_other(key, taken.note(("values", key), lambda: tuple(forms)))
        return self._grammar.arrays.way(self._after(outcome), taken.plus(new)) if new is not None else None

    def _outlook(self, outcome: int, forms: Mapping[Hashable, Form] | None) -> Outlook:
        """What may follow any of many values; `forms`: those of all, where they are known."""
        start, grammar = self._start, self._grammar
        if forms is None:
            return grammar.arrays.way_after_any(start.rest, self._child, outcome, self._after(outcome), start.taken)
        way = self._way_after_one(outcome, forms)
        if way is None or grammar.arrays.asks_again(self._after(outcome), self._child, outcome):
            return Outlook(way is not None)
        return Outlook(True, [value for value in way.contested if not way.spares(value)])

    def _sort_special(self, many: list[int], special: set[Hashable]) -> None:
        """Sorts the values that are unlike others among many: those that the array has, and some that it needs."""
        grammar, start = self._grammar, self._start
        for outcome in many:
            after = self._after(outcome)
            self._repeats[outcome] = not grammar.arrays.is_guarded(after) or grammar.arrays.repeated(after) is not None
        for value in special:
            if value in start.taken:
                continue
            for outcome, form in grammar.arrays.readings(self._child, value).items():
                if outcome in many:
                    may_come = start.after(value, self._after(outcome)) is not None
                    (self._named if may_come else self._refused)[outcome].append(form)

    def _choice(self, many: list[int], possible: list[int], joint: tuple[int, ...]) -> Choice:
        if not possible and not joint:
            named = self._joined(self._named, True, self._outcomes)
            refused = self._joined(self._refused, False, self._outcomes)
            return Choice(named, refused, is_listed=not many, has_special=True)
        kept = tuple(v for v in self._outcomes if v in possible or (v not in many and self._named[v]))
        refused = self._joined(self._refused, False, self._outcomes if joint else kept)
        named = self._joined(self._named, True, [v for v in self._outcomes if v not in possible])
        if kept == self._outcomes and not refused:
            return Choice(self._joined(self._named, True, ()), refused, (self._child,))
        narrowed = (self._grammar.narrowed(self._child, kept),) if kept else ()
        return Choice(named, refused, narrowed + joint, has_special=any(self._refused.values()))

    def _joined(self, forms: Mapping[int, list[Form]], may_repeat: bool, outcomes: Iterable[int]) -> Beginnings:
        """Values with some outcomes: `forms`, and the items so far where these may, or may not, come once more."""
        grammar, taken = self._grammar, self._start.taken
        outcomes = tuple(outcomes)
        found = Beginnings(grammar.symbols, grammar.budget)
        if listed := [form for outcome in outcomes for form in forms[outcome]]:
            found = found.with_forms(listed)
        for outcome in outcomes:
            if self._repeats.get(outcome) is may_repeat:
                node = readings_of(grammar, taken, self._child, outcome)
                found = found.with_node(node, len(taken)) if node is not None else found
        return found
