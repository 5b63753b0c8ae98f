"""Places for values while a document is written: what goes before each value, and where the document goes on.

A slot is where a member's value goes; `Members` are what may come next in an object or array. Both are made of what
`expansions.py` tells, together with the structure that is not written yet, so all that a place writes is worked out
once and looked up afterwards. Equal ones are one object: a corpus has few. `linearization.py` walks from one to the
next.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Generic, TypeVar

from schemalm.grammar.texts.numbers import text_of_number
from schemalm.tokenizer.expansions import ALWAYS, EACH_ITEM, Entry, Expansions, Rest, required
from schemalm.tokenizer.segmentation import MAX_SEGMENT_SYMBOLS, Writing

T = TypeVar("T")

# Slots, texts at them and orders of keys that are remembered; the longest name or text, and the most keys.
MAX_REMEMBERED = 100_000
MAX_REMEMBERED_LENGTH = 200
MAX_REMEMBERED_KEYS = 32


class Slots(Generic[T]):
    """The slots of a grammar for one way of writing, as far as documents have met them.

    `outside` has one member, the whole document, under `EACH_ITEM`.
    """

    def __init__(self, expansions: Expansions, writing: Writing[T]) -> None:
        self.writing = writing
        self.num_remembered = 0
        self._members: dict[tuple[Rest, str], Members[T]] = {}
        self.outside: Members[T] = Members(self, None, "")
        self.outside[EACH_ITEM] = Slot(self, [], "", expansions.start, None)

    @property
    def is_full(self) -> bool:
        """Whether so much is remembered that it is time to begin anew."""
        return self.num_remembered >= MAX_REMEMBERED

    def has_room(self) -> bool:
        """Whether one thing more may be remembered; it is counted."""
        self.num_remembered += not self.is_full
        return not self.is_full

    def members(self, rest: Rest, pending: str) -> Members[T]:
        """What may come next where `rest` is to come, after structure that is not written yet."""
        key = (rest, pending)
        found = self._members.get(key)
        if found is None:
            found = self._members[key] = Members(self, rest, pending)
            self.num_remembered += 1
        return found


class Members(dict[str, "Slot[T]"], Generic[T]):
    """The slots of the members that may come next in an object, by name, or in an array, under `EACH_ITEM`."""

    __slots__ = ("_closing", "_orders", "_pending", "_rest", "_slots")

    def __init__(self, slots: Slots[T], rest: Rest | None, pending: str) -> None:
        self._slots, self._rest, self._pending = slots, rest, pending
        self._orders: dict[tuple[str, ...], tuple[str, ...] | None] = {}
        self._closing: tuple[list[T], int] | None = None

    def __missing__(self, name: str) -> Slot[T]:
        """The slot of a member that is met for the first time; raises RefusedError where none may come."""
        member, slots = required(self._rest).members[name], self._slots
        lead: list[T] = []
        pending = self._pending + member.prefix
        if member.free_key is not None:
            lead = [*slots.writing.structure[pending], *slots.writing.keys[member.free_key]]
            pending = ""
        slot = Slot(slots, lead, pending, member.child, member.rest)
        if len(name) <= MAX_REMEMBERED_LENGTH and slots.has_room():
            self[name] = slot
        return slot

    def ordered(self, names: tuple[str, ...]) -> tuple[str, ...] | None:
        """The keys of an object in canonical order; None where they are in that order."""
        try:
            return self._orders[names]
        except KeyError:
            found = tuple(sorted(names, key=required(required(self._rest).ranks).__getitem__))
        order = None if found == names else found
        if len(names) <= MAX_REMEMBERED_KEYS and self._slots.has_room():
            self._orders[names] = order
        return order

    @property
    def closing(self) -> tuple[list[T], int]:
        """What is written where the object or array ends, and its verdict; raises RefusedError where it may not end."""
        if self._closing is None:
            character, verdict = required(self._rest).end()
            self._closing = self._slots.writing.closings[self._pending + character], verdict
        return self._closing


class Slot(Generic[T]):
    """A place for a value: what is written before any, before a string (`before`), and for each string (`texts`).

    `after`: the members that may follow, outside those of the document; None where the value's verdict decides that,
    which `settled` tells.
    """

    __slots__ = ("_array", "_entry", "_object", "_pending", "_rest", "_slots", "after", "before", "lead", "texts")

    def __init__(self, slots: Slots[T], lead: list[T], pending: str, entry: Entry, rest: Rest | None) -> None:
        """lead: what is written before any value; pending: structure after it, in one piece with what follows."""
        writing = slots.writing
        while len(pending) >= MAX_SEGMENT_SYMBOLS:
            lead = [*lead, *writing.structure[pending[:MAX_SEGMENT_SYMBOLS]]]
            pending = pending[MAX_SEGMENT_SYMBOLS:]
        self._slots, self._entry, self._rest = slots, entry, rest
        self.lead, self._pending = lead, pending
        self.before, self.texts = self._strings()
        self.after = slots.outside if rest is None else None if rest.needs_verdict else slots.members(rest, "")
        self._object: Members[T] | None = None
        self._array: Members[T] | None = None

    def _strings(self) -> tuple[list[T], Mapping[str, list[T]]]:
        """What is written before every string, and for each; RefusedError for a string that is not admitted."""
        entry, content, writing = self._entry, self._entry.string, self._slots.writing
        if entry.strings or content is None:
            return [], _Texts(self._slots, self._constant_or_text)
        texts = writing.texts if content.verdicts is ALWAYS else _Texts(self._slots, self._judged_text)
        return [*self.lead, *writing.structure[self._pending + content.prefix]], texts

    def _constant_or_text(self, text: str) -> list[T]:
        constant, writing = self._entry.strings.get(text), self._slots.writing
        if constant is not None:
            return [*self.lead, *writing.closings[self._pending + constant[0]]]
        prefix = required(self._entry.string).prefix
        return [*self.lead, *writing.structure[self._pending + prefix], *self._judged_text(text)]

    def _judged_text(self, text: str) -> list[T]:
        self.verdict(text)
        return self._slots.writing.texts[text]

    def scalar(self, value: Any) -> list[T]:
        """What is written for a number or literal, and before it; raises RefusedError where it is not admitted."""
        self.verdict(value)
        writing, kind = self._slots.writing, type(value)
        if kind is int or kind is float:
            prefix = required(self._entry.number).prefix
            return [*self.lead, *writing.structure[self._pending + prefix], *writing.texts[text_of_number(value)]]
        return [*self.lead, *writing.closings[self._pending + self._entry.literals[value][0]]]

    def verdict(self, value: Any) -> int:
        """The verdict of a scalar here; raises RefusedError where it is not admitted."""
        entry, kind = self._entry, type(value)
        if kind is str:
            constant = entry.strings.get(value)
            return required(entry.string).verdicts[value] if constant is None else constant[1]
        if kind is int or kind is float:
            return required(entry.number).verdicts[text_of_number(value)]
        return required(entry.literals.get(value) if kind is bool or value is None else None)[1]

    def object(self) -> Members[T]:
        """The members of an object here; raises RefusedError where none may come."""
        if self._object is None:
            self._object = self._opened(self._entry.object)
        return self._object

    def array(self) -> Members[T]:
        """The items of an array here; raises RefusedError where none may come."""
        if self._array is None:
            self._array = self._opened(self._entry.array)
        return self._array

    def _opened(self, opening: tuple[str, Rest] | None) -> Members[T]:
        prefix, rest = required(opening)
        return self._slots.members(rest, self._pending + prefix)

    def settled(self, verdict: int, value: Any, seen: set[Hashable]) -> Members[T]:
        """The members that may follow a value of this verdict; raises RefusedError for an item that may not repeat."""
        return self._slots.members(required(self._rest).after(verdict, value, seen), "")


class _Texts(dict[str, list[T]], Generic[T]):
    """What a function gave for each text, as far as the slots remember."""

    __slots__ = ("_find", "_slots")

    def __init__(self, slots: Slots[T], find: Callable[[str], list[T]]) -> None:
        self._slots, self._find = slots, find

    def __missing__(self, text: str) -> list[T]:
        found = self._find(text)
        if len(text) <= MAX_REMEMBERED_LENGTH and self._slots.has_room():
            self[text] = found
        return found
