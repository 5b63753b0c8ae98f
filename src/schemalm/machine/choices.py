"""What the next item of an array may be whose items may have to differ, given the items that it has.

Where all values of an item can be listed each is tried: whether the array can go on once it is there. Where there are
many, those that the array has are alike, and so are the others, but for those on which it relies for later items.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from schemalm.grammar.distinct import Outlook
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.obligation import Obligation
from schemalm.grammar.states import State
from schemalm.grammar.symbols import ITEM
from schemalm.grammar.taken import Form, Taken
from schemalm.grammar.ways import Way
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

    def __init__(self, grammar: Grammar, rest: int, taken: Taken) -> None:
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
    """The items of an array as values that a state may be, by the verdict that it ends with as each."""

    def __init__(self) -> None:
        self.by_verdict: dict[int, Node] = {}
        self._num_read = 0

    def read(self, grammar: Grammar, taken: Taken, item: int) -> None:
        """Reads the items that have come since; `item`: a nonterminal of the state."""
        verdicts = grammar.nonterminals[item].accepts
        for entry in taken.entries(self._num_read):
            grammar.budget.work(2)
            if entry.written_at == item and len(verdicts) == 1:
                readings: Mapping[int, Form] = {verdicts[0]: entry.form}
            else:
                readings = grammar.arrays.readings(item, entry.value)
            for verdict, form in readings.items():
                self.by_verdict.setdefault(verdict, Node()).add(self._num_read, Tail(form))
            self._num_read += 1


def readings_of(grammar: Grammar, taken: Taken, item: int, verdict: int) -> Node | None:
    """The items that a nonterminal may be, ending with a verdict; None where no version of the array has any."""
    state: State = grammar.nonterminals[item].state
    readings: _Readings = taken.note(state, _Readings)
    readings.read(grammar, taken, item)
    return readings.by_verdict.get(verdict)


class _Chooser:
    """Sorts the values of the next item by verdict."""

    def __init__(self, start: Start) -> None:
        self._start, self._grammar = start, start.grammar
        self._child, self._rest = start.opened
        self._verdicts = self._grammar.nonterminals[self._child].accepts
        self._named: dict[int, list[Form]] = {verdict: [] for verdict in self._verdicts}
        self._refused: dict[int, list[Form]] = {verdict: [] for verdict in self._verdicts}
        # Whether the items that the array has may come once more, by the verdict that the item ends with as one.
        self._repeats: dict[int, bool] = {}

    def choose(self) -> Choice:
        """What the item may be."""
        special: set[Hashable] = set()
        many, possible, joint = [], [], list[Obligation]()
        for verdict in self._verdicts:
            forms = self._grammar.arrays.values(self._child, verdict, self._start.rest, len(self._start.taken))
            if forms is not None and len(forms) <= MAX_LISTED:
                self._sort(verdict, forms)
                continue
            outlook = self._outlook(verdict, forms)
            many.append(verdict)
            special |= set(outlook.special)
            if outlook.is_good:
                possible.append(verdict)
            else:
                joint += outlook.joint
        if many:
            self._sort_special(many, special)
        return self._choice(many, possible, self._grammar.arrays.joint(self._child, joint))

    def _after(self, verdict: int) -> int:
        return self._grammar.settle(self._rest, verdict)

    def _sort(self, verdict: int, forms: Mapping[Hashable, Form]) -> None:
        """Sorts all values with a verdict."""
        after, start = self._after(verdict), self._start
        way = self._way_after_one(verdict, forms)
        for value, form in forms.items():
            may_come = value not in start.taken and way is not None and way.spares(value)
            may_come = may_come or start.after(value, after) is not None
            (self._named if may_come else self._refused)[verdict].append(form)

    def _way_after_one(self, verdict: int, forms: Mapping[Hashable, Form]) -> Way | None:
        """A way after a new one of some values; None where there is none, or no such value."""
        taken = self._start.taken
        key = (self._grammar.nonterminals[self._child].state, verdict, len(forms))
        new = taken.first_other(key, taken.note(("values", key), lambda: tuple(forms)))
        return self._grammar.arrays.way(self._after(verdict), taken.plus(new)) if new is not None else None

    def _outlook(self, verdict: int, forms: Mapping[Hashable, Form] | None) -> Outlook:
        """What may follow any of many values; `forms`: those of all, where they are known."""
        start, grammar = self._start, self._grammar
        if forms is None:
            return grammar.arrays.way_after_any(start.rest, self._child, verdict, self._after(verdict), start.taken)
        way = self._way_after_one(verdict, forms)
        if way is None or grammar.arrays.asks_again(self._after(verdict), self._child, verdict):
            return Outlook(way is not None)
        return Outlook(True, [value for value in way.contested if not way.spares(value)])

    def _sort_special(self, many: list[int], special: set[Hashable]) -> None:
        """Sorts the values that are unlike others among many: those that the array has, and some that it needs."""
        grammar, start = self._grammar, self._start
        for verdict in many:
            after = self._after(verdict)
            self._repeats[verdict] = not grammar.arrays.is_guarded(after) or grammar.arrays.repeated(after) is not None
        for value in special:
            if value in start.taken:
                continue
            for verdict, form in grammar.arrays.readings(self._child, value).items():
                if verdict in many:
                    may_come = start.after(value, self._after(verdict)) is not None
                    (self._named if may_come else self._refused)[verdict].append(form)

    def _choice(self, many: list[int], possible: list[int], joint: tuple[int, ...]) -> Choice:
        if not possible and not joint:
            named = self._joined(self._named, True, self._verdicts)
            refused = self._joined(self._refused, False, self._verdicts)
            return Choice(named, refused, is_listed=not many, has_special=True)
        kept = tuple(v for v in self._verdicts if v in possible or (v not in many and self._named[v]))
        refused = self._joined(self._refused, False, self._verdicts if joint else kept)
        named = self._joined(self._named, True, [v for v in self._verdicts if v not in possible])
        if kept == self._verdicts and not refused:
            return Choice(self._joined(self._named, True, ()), refused, (self._child,))
        narrowed = (self._grammar.narrowed(self._child, kept),) if kept else ()
        return Choice(named, refused, narrowed + joint, has_special=any(self._refused.values()))

    def _joined(self, forms: Mapping[int, list[Form]], may_repeat: bool, verdicts: Iterable[int]) -> Beginnings:
        """Values with some verdicts: `forms`, and the items so far where these may, or may not, come once more."""
        grammar, taken = self._grammar, self._start.taken
        verdicts = tuple(verdicts)
        found = Beginnings(grammar.symbols, grammar.budget)
        if listed := [form for verdict in verdicts for form in forms[verdict]]:
            found = found.with_forms(listed)
        for verdict in verdicts:
            if self._repeats.get(verdict) is may_repeat:
                node = readings_of(grammar, taken, self._child, verdict)
                found = found.with_node(node, len(taken)) if node is not None else found
        return found
