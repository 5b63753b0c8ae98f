"""What the next item of an array may be whose items may have to differ, given the items that it has.

Where all values of an item can be listed each is tried: whether the array can go on once it is there. Where there are
many, those are tried that the array has, and those on which it relies for later items; the others are all alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from schemalm.grammar.distinct import Outlook, Way
from schemalm.grammar.grammar import Form, Grammar
from schemalm.grammar.inquiry import Inquiry
from schemalm.grammar.symbols import ITEM

# Values of an item that are tried one by one; where there are more, those that are like others are not.
MAX_LISTED = 64

# By identity: the nonterminal that an item was written at, and its form.
Taken: TypeAlias = "Mapping[Hashable, tuple[int, Form]]"


@dataclass(frozen=True)
class Choice:
    """named, refused: forms of values that the next item may be, and may not be.

    others: nonterminals that derive what else it may be, but for what is refused; is_listed: whether each value that
    finite states admit is named or refused.
    """

    named: tuple[Form, ...] = ()
    refused: tuple[Form, ...] = ()
    others: tuple[int, ...] = ()
    is_listed: bool = False

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
        if not self.opened or not self.grammar.is_guarded(self.rest):
            return Choice(others=self.opened[:1])
        return _Chooser(self).choose()

    @cached_property
    def refused(self) -> frozenset[Form]:
        """The forms of values that the next item may not be."""
        return frozenset(self.choice.refused)

    @cached_property
    def is_free(self) -> bool:
        """Whether finite states alone have a say in the next item."""
        choice = self.choice
        return not choice.refused and (self.takes_others or (choice.is_listed and choice.is_possible))

    @cached_property
    def takes_others(self) -> bool:
        """Whether the next item may be whatever finite states admit, but for what is refused."""
        return self.choice.others == self.opened[:1]

    @cached_property
    def identities(self) -> frozenset[Hashable]:
        """The identities of the items so far."""
        return frozenset(self.taken)

    def after(self, value: Hashable, rest: int) -> int | None:
        """What comes after the item with an identity, where finite states say `rest`; None where it may not be it."""
        if not self.grammar.is_guarded(rest):
            return rest
        if value in self.taken:
            return self.grammar.repeated(rest)
        return rest if self.grammar.way(rest, self.identities | {value}) is not None else None


class _Chooser:
    """Sorts the values of the next item by verdict."""

    def __init__(self, start: Start) -> None:
        self._start, self._grammar = start, start.grammar
        self._child, self._rest = start.opened
        self._verdicts = self._grammar.nonterminals[self._child].accepts
        self._named: dict[int, list[Form]] = {verdict: [] for verdict in self._verdicts}
        self._refused: dict[int, list[Form]] = {verdict: [] for verdict in self._verdicts}

    def choose(self) -> Choice:
        """What the item may be."""
        special: set[Hashable] = set()
        many, possible, joint = [], [], list[Inquiry]()
        for verdict in self._verdicts:
            forms = self._grammar.values(self._child, verdict, self._start.rest, len(self._start.taken))
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
        return self._choice(many, possible, self._grammar.joint(self._child, joint))

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

    def _way_after_one(self, verdict: int, forms: Iterable[Hashable]) -> Way | None:
        """A way after a new one of some values; None where there is none, or no such value."""
        new = next((value for value in forms if value not in self._start.taken), None)
        taken = self._start.identities | {new}
        return self._grammar.way(self._after(verdict), taken) if new is not None else None

    def _outlook(self, verdict: int, forms: Mapping[Hashable, Form] | None) -> Outlook:
        """What may follow any of many values; `forms`: those of all, where they are known."""
        start, grammar = self._start, self._grammar
        if forms is None:
            return grammar.way_after_any(start.rest, verdict, start.identities)
        way = self._way_after_one(verdict, forms)
        if way is None or grammar.asks_again(self._after(verdict), self._child, verdict):
            return Outlook(way is not None)
        return Outlook(True, [value for value in way.contested if not way.spares(value)])

    def _sort_special(self, many: list[int], special: set[Hashable]) -> None:
        """Sorts the values that are unlike others among many: those that the array has, and some that it needs."""
        for value in (*self._start.taken, *(special - self._start.identities)):
            for verdict, form in self._readings(value, many):
                may_come = self._start.after(value, self._after(verdict)) is not None
                (self._named if may_come else self._refused)[verdict].append(form)

    def _readings(self, value: Hashable, many: list[int]) -> Iterator[tuple[int, Form]]:
        """The forms that a value has here, by verdict; known where it was written at the same nonterminal."""
        written_at, form = self._start.taken.get(value, (None, ()))
        if written_at == self._child and len(self._verdicts) == 1:
            yield self._verdicts[0], form
        else:
            readings = self._grammar.readings(self._child, value)
            yield from ((verdict, form) for verdict, form in readings.items() if verdict in many)

    def _choice(self, many: list[int], possible: list[int], joint: tuple[int, ...]) -> Choice:
        if not possible and not joint:
            named = _joined(self._named, self._verdicts)
            return Choice(named, _joined(self._refused, self._verdicts), is_listed=not many)
        kept = tuple(v for v in self._verdicts if v in possible or (v not in many and self._named[v]))
        refused = _joined(self._refused, self._verdicts if joint else kept)
        if kept == self._verdicts and not refused:
            return Choice(others=(self._child,))
        named = _joined(self._named, [v for v in self._verdicts if v not in possible])
        narrowed = (self._grammar.narrowed(self._child, kept),) if kept else ()
        return Choice(named, refused, narrowed + joint)


def _joined(forms: Mapping[int, list[Form]], verdicts: Iterable[int]) -> tuple[Form, ...]:
    return tuple(form for verdict in verdicts for form in forms[verdict])
