"""Places for values while a document is written: what goes before each value, and where the document goes on.

A slot is where a member's value goes; `Members` are what may come next in an object or array. Both are made of what
`expansions.py` tells, together with the structure that is not written yet, so all that is written at a place is worked
out once and looked up afterwards. Equal ones are one object: a corpus has few. `linearization.py` walks from one to the
next.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from itertools import repeat
from typing import Any, Generic, NamedTuple, TypeVar

from schemalm.grammar.grammar import ANY_ITEM, ANY_KEY
from schemalm.regular.numbers import text_of_number
from schemalm.tokenizer.expansions import ALWAYS, EACH_ITEM, Content, Entry, Expansions, RefusedError, Rest, required
from schemalm.tokenizer.segmentation import MAX_SEGMENT_SYMBOLS
from schemalm.tokenizer.writing import MAX_SHORT_LENGTH, ShortTexts, Where, Writing

T = TypeVar("T")

# Slots, texts at them and orders of keys that are remembered, and the most keys of an order.
MAX_REMEMBERED = 100_000
MAX_REMEMBERED_KEYS = 32
# The names of an array's items.
EACH = repeat(EACH_ITEM)


class Opening(NamedTuple):
    """Structure that is not written yet, for it is written in one piece with what follows; `place`: where it begins."""

    place: Where
    pending: str = ""

    def then(self, characters: str) -> Opening:
        """The same with more structure."""
        return Opening(self.place, self.pending + characters)


class Slots(Generic[T]):
    """The slots of a grammar for one way of writing, as far as documents have met them.

    `outside` has one member, the whole document, under `EACH_ITEM`.
    """

    def __init__(self, expansions: Expansions, writing: Writing[T]) -> None:
        self.writing = writing
        self.num_remembered = 0
        self._members: dict[tuple[Rest, str, Opening], Members[T]] = {}
        start = Opening(writing.place(expansions.grammar.start, ""))
        self.outside: Members[T] = Members(self, None, "", start)
        self.outside[EACH_ITEM] = Slot(self, (), start, "", expansions.start, None, "")

    @property
    def is_full(self) -> bool:
        """Whether so much is remembered that it is time to begin anew."""
        return self.num_remembered >= MAX_REMEMBERED

    def has_room(self) -> bool:
        """Whether one thing more may be remembered; it is counted."""
        if self.is_full:
            return False
        self.num_remembered += 1
        return True

    def members(self, rest: Rest, path: str, opening: Opening | None = None) -> Members[T]:
        """What may come next where `rest` is to come; `opening`: how the object or array begins, if it begins here."""
        opening = opening or Opening(self.writing.place(rest.nonterminal, path))
        key = (rest, path, opening)
        found = self._members.get(key)
        if found is None:
            found = self._members[key] = Members(self, rest, path, opening)
            self.num_remembered += 1
        return found


class Members(dict[str, "Slot[T]"], Generic[T]):
    """The slots of the members that may come next in an object, by name, or in an array, under `EACH_ITEM`."""

    __slots__ = ("_opening", "_orders", "_path", "_rest", "_slots", "closed")

    def __init__(self, slots: Slots[T], rest: Rest | None, path: str, opening: Opening) -> None:
        self._slots, self._rest, self._path, self._opening = slots, rest, path, opening
        self._orders: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.closed: tuple[tuple[T, ...], int] | None = None

    def __missing__(self, name: str) -> Slot[T]:
        """The slot of a member that is met for the first time; raises RefusedError where none may come."""
        rest, slots, writing = required(self._rest), self._slots, self._slots.writing
        member = rest.members[name]
        lead: tuple[T, ...] = ()
        opening = self._opening.then(member.prefix)
        element = ANY_ITEM if rest.ranks is None else name
        if member.free_key is not None:
            before, place = writing.structure(*opening)
            key, place = writing.key(place, member.free_key)
            lead, opening, element = (*before, *key), Opening(place), ANY_KEY
        slot = Slot(slots, lead, opening, writing.path(self._path, element), member.child, member.rest, self._path)
        if len(name) <= MAX_SHORT_LENGTH and slots.has_room():
            self[name] = slot
        return slot

    def pairs(self, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """The members of an object by name, in canonical order."""
        names = tuple(value)
        order = self._orders.get(names)
        if order is None:
            order = self._order(names)
        return zip(order, map(value.__getitem__, order), strict=False) if order else iter(value.items())

    def _order(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Names in canonical order; none where they are in that order."""
        found = tuple(sorted(names, key=required(required(self._rest).ranks).__getitem__))
        order = () if found == names else found
        if len(names) <= MAX_REMEMBERED_KEYS and self._slots.has_room():
            self._orders[names] = order
        return order

    def close(self) -> tuple[tuple[T, ...], int]:
        """What is written where the object or array ends, and its outcome; raises RefusedError where it may not end."""
        character, outcome = required(self._rest).end()
        self.closed = self._slots.writing.closing(*self._opening.then(character)), outcome
        return self.closed


class Slot(Generic[T]):
    """A place for a value: what is written before any, before a string (`before`), and for each string (`texts`).

    `inside`: the members that an object or array here may have, by its type. `after`: the members that may follow,
    outside those of the document; None where the value's outcome decides that, which `settled` tells.
    """

    __slots__ = (
        *("_above", "_entry", "_literals", "_numbers", "_opening", "_rest", "_slots"),
        *("after", "before", "inside", "lead", "texts"),
    )

    def __init__(
        self,
        slots: Slots[T],
        lead: tuple[T, ...],
        opening: Opening,
        path: str,
        entry: Entry,
        rest: Rest | None,
        above: str,
    ) -> None:
        """lead: what is written before any value; opening: structure after it; path: the value's own, below `above`."""
        while len(opening.pending) >= MAX_SEGMENT_SYMBOLS:
            written, place = slots.writing.structure(opening.place, opening.pending[:MAX_SEGMENT_SYMBOLS])
            lead, opening = (*lead, *written), Opening(place, opening.pending[MAX_SEGMENT_SYMBOLS:])
        self._slots, self._entry, self._rest, self._above = slots, entry, rest, above
        self.lead, self._opening = lead, opening
        self.before, self.texts = self._strings()
        self._numbers = ShortTexts(lambda text: self._text(required(entry.number), text), slots.has_room)
        self._literals: dict[bool | None, tuple[T, ...]] = {}
        self.inside = _Inside(slots, entry, path, opening)
        self.after = slots.outside if rest is None else None if rest.needs_outcome else slots.members(rest, above)

    def _strings(self) -> tuple[tuple[T, ...], Mapping[str, tuple[T, ...]]]:
        """What is written before every string, and for each; RefusedError for a string that is not admitted."""
        content = self._entry.string
        if self._entry.strings or content is None:
            return (), ShortTexts(self._constant_or_text, self._slots.has_room)
        before, texts = self._before_text(content.prefix)
        if content.outcomes is ALWAYS:
            return before, texts
        return before, ShortTexts(lambda text: self._judged(content, text, texts), self._slots.has_room)

    def _before_text(self, prefix: str) -> tuple[tuple[T, ...], Mapping[str, tuple[T, ...]]]:
        """What is written before a text whose kind `prefix` tells, and for each."""
        written, place = self._slots.writing.structure(*self._opening.then(prefix))
        return (*self.lead, *written), self._slots.writing.texts(place)

    def _text(self, content: Content, text: str) -> tuple[T, ...]:
        """What is written for a string or number, and before it; raises RefusedError where it is not admitted."""
        before, texts = self._before_text(content.prefix)
        return *before, *self._judged(content, text, texts)

    @staticmethod
    def _judged(content: Content, text: str, texts: Mapping[str, tuple[T, ...]]) -> tuple[T, ...]:
        # Raises RefusedError for a text that is not admitted.
        content.outcomes[text]
        return texts[text]

    def _constant_or_text(self, text: str) -> tuple[T, ...]:
        constant = self._entry.strings.get(text)
        if constant is not None:
            return self._closed(constant[0])
        return self._text(required(self._entry.string), text)

    def _closed(self, character: str) -> tuple[T, ...]:
        """What is written for a value of one symbol, and before it."""
        return *self.lead, *self._slots.writing.closing(*self._opening.then(character))

    def scalar(self, value: Any) -> tuple[T, ...]:
        """What is written for a number or literal, and before it; raises RefusedError where it is not admitted."""
        kind = type(value)
        if kind is bool or value is None:
            return self._literals.get(value) or self._literal(value)
        if kind is int or kind is float:
            return self._numbers[text_of_number(value)]
        raise RefusedError

    def _literal(self, value: bool | None) -> tuple[T, ...]:
        self._literals[value] = self._closed(required(self._entry.literals.get(value))[0])
        return self._literals[value]

    def outcome(self, value: Any) -> int:
        """The outcome of a scalar here; raises RefusedError where it is not admitted."""
        entry, kind = self._entry, type(value)
        if kind is str:
            constant = entry.strings.get(value)
            return required(entry.string).outcomes[value] if constant is None else constant[1]
        if kind is int or kind is float:
            return required(entry.number).outcomes[text_of_number(value)]
        return required(entry.literals.get(value) if kind is bool or value is None else None)[1]

    def settled(self, outcome: int, value: Any, seen: set[Hashable]) -> Members[T]:
        """The members that may follow a value of this outcome; raises RefusedError for an item that may not repeat."""
        return self._slots.members(required(self._rest).after(outcome, value, seen), self._above)


class _Inside(dict[type, Members[T]], Generic[T]):
    """The members of an object under `dict`, of an array under `list`; raises RefusedError where none may come."""

    __slots__ = ("_entry", "_opening", "_path", "_slots")

    def __init__(self, slots: Slots[T], entry: Entry, path: str, opening: Opening) -> None:
        self._slots, self._entry, self._path, self._opening = slots, entry, path, opening

    def __missing__(self, kind: type) -> Members[T]:
        prefix, rest = required(self._entry.object if kind is dict else self._entry.array)
        self[kind] = self._slots.members(rest, self._path, self._opening.then(prefix))
        return self[kind]
