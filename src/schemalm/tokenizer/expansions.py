"""What each nonterminal does with a value, worked out when a document first meets it and looked up afterwards.

`Expansions` serves both ways: writing a value looks members and contents up by name and text, reading one looks them up
by the character of the symbol. Nothing here walks a value.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Array, Key, Object, Text
from schemalm.grammar.symbols import (
    ARRAY_END,
    END,
    FALSE_SYMBOL,
    FREE_KEY,
    ITEM,
    KEY_END,
    NULL,
    OBJECT_END,
    TRUE_SYMBOL,
    Symbol,
)

T = TypeVar("T")

# Texts and free keys that a nonterminal remembers.
MAX_REMEMBERED = 20_000
MAX_REMEMBERED_LENGTH = 200
# Members of an array are all told alike.
EACH_ITEM = ""
LITERALS: dict[Symbol, bool | None] = {NULL: None, TRUE_SYMBOL: True, FALSE_SYMBOL: False}


class RefusedError(Exception):
    """The grammar does not admit the value at hand."""


@dataclass(slots=True, eq=False)
class Content:
    """A string or number: the characters before it, and the outcome of each text; RefusedError for other texts."""

    prefix: str
    is_string: bool
    outcomes: Mapping[str, int]


@dataclass(slots=True, eq=False)
class Entry:
    """How a nonterminal for a value begins.

    To write: strings and literals that are constants, and the content or the rest of each kind with the characters
    before it. To read: constants and the rest by character; a content that has no character before it is under "".
    """

    strings: dict[str, tuple[str, int]] = field(default_factory=dict)
    literals: dict[bool | None, tuple[str, int]] = field(default_factory=dict)
    string: Content | None = None
    number: Content | None = None
    object: tuple[str, Rest] | None = None
    array: tuple[str, Rest] | None = None
    constants: dict[str, tuple[Any, int]] = field(default_factory=dict)
    contents: dict[str, Content | Rest] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Member:
    """What a key or item opens: its characters, the free key's name, the child and the rest after it."""

    prefix: str
    free_key: str | None
    child: Entry
    rest: Rest


class Rest:
    """The rest of an object or array."""

    __slots__ = ("_end", "_expansions", "_settled", "members", "needs_outcome", "nonterminal", "ranks")

    def __init__(self, expansions: Expansions, nonterminal: int) -> None:
        grammar = expansions.grammar
        state = grammar.nonterminals[nonterminal].state
        self.nonterminal = nonterminal
        self.ranks = Ranks(state.order.ranks) if isinstance(state, Object) else None
        self.members: Mapping[str, Member] = Remembered(lambda name: expansions.member(nonterminal, name))
        self.needs_outcome = grammar.needs_outcome(nonterminal) or grammar.arrays.is_guarded(nonterminal)
        self._expansions = expansions
        self._end: tuple[str, int] | None = None
        self._settled: dict[int, Rest] = {}

    def after(self, outcome: int, item: Any, seen: set[Hashable]) -> Rest:
        """The rest once a member is whole; raises RefusedError where the item of an array may not repeat.

        seen: the identities of the array's items, as far as they have to differ.
        """
        rest, expansions = self.settled(outcome), self._expansions
        if rest.ranks is not None:
            return rest
        return expansions.rest(required(expansions.grammar.arrays.after_item(rest.nonterminal, item, seen)))

    def settled(self, outcome: int) -> Rest:
        """The rest once a member is whole that repeats no earlier one."""
        if outcome not in self._settled:
            expansions = self._expansions
            self._settled[outcome] = expansions.rest(expansions.grammar.settle(self.nonterminal, outcome))
        return self._settled[outcome]

    def end(self) -> tuple[str, int]:
        """The character and the outcome of the end; raises RefusedError where it may not end yet."""
        if self._end is None:
            self._end = self._expansions.closing(self.nonterminal, OBJECT_END if self.ranks is not None else ARRAY_END)
        return self._end


class Ranks(dict[str, int]):
    """The places of names in the canonical order; names that are not in it share the last."""

    def __missing__(self, name: str) -> int:
        return len(self)


class Remembered(dict[str, T], Generic[T]):
    """What a function gave for a name or short text, up to a number of them."""

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[str], T]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, text: str) -> T:
        found = self._find(text)
        if len(self) < MAX_REMEMBERED and len(text) <= MAX_REMEMBERED_LENGTH:
            self[text] = found
        return found


class Always(dict[str, int]):
    """The outcome of every text where all are admitted; raises UnicodeEncodeError for what is no text."""

    def __missing__(self, text: str) -> int:
        if not text.isascii():
            text.encode()
        return 1


ALWAYS: Mapping[str, int] = Always()


class Expansions:
    """The entries, rests and members of a grammar, as far as documents have met them."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.characters = grammar.symbols.characters
        self.ids = grammar.symbols.ids
        self._keys = grammar.symbols.keys
        self.names = {self.characters[number]: name for name, number in self._keys.items()}
        self._entries: dict[int, Entry] = {}
        self._rests: dict[int, Rest] = {}

    @property
    def start(self) -> Entry:
        """The entry of a whole document."""
        return self.entry(self.grammar.start)

    def rest(self, nonterminal: int) -> Rest:
        """The rest of an object or array that a nonterminal is."""
        if nonterminal not in self._rests:
            self._rests[nonterminal] = Rest(self, nonterminal)
        return self._rests[nonterminal]

    def member(self, nonterminal: int, name: str) -> Member:
        """What a key of an object, or `EACH_ITEM` of an array, opens; raises RefusedError where it may not come."""
        state = self.grammar.nonterminals[nonterminal].state
        if isinstance(state, Array):
            return self._opened(nonterminal, self.ids[ITEM])
        assert isinstance(state, Object)
        if not isinstance(name, str):
            raise RefusedError
        if name not in state.order.ranks:
            return self._free_member(nonterminal, name)
        if name not in self._keys:
            raise RefusedError
        return self._opened(nonterminal, self._keys[name])

    def _opened(self, nonterminal: int, symbol: int) -> Member:
        child, after = required(self.grammar.step(nonterminal, symbol)).opened
        return Member(self.characters[symbol], None, self.entry(child), self.rest(after))

    def _free_member(self, nonterminal: int, name: str) -> Member:
        key = required(self.grammar.step(nonterminal, self.ids[FREE_KEY])).opened[0]
        # Where nothing is asked of a key, what comes after it is known, so long as it is a text.
        last = key if self.grammar.admits_every_text(key) and ALWAYS[name] else required(self._text_end(key, name))
        child, after = required(self.grammar.step(last, self.ids[KEY_END])).opened
        return Member(self.characters[self.ids[FREE_KEY]], name, self.entry(child), self.rest(after))

    def closing(self, nonterminal: int, symbol: Symbol) -> tuple[str, int]:
        """The character and the outcome of the end of an object or array; raises RefusedError where it may not end."""
        step = required(self.grammar.step(nonterminal, self.ids[symbol]))
        return self.characters[self.ids[symbol]], step.outcome

    def _outcome(self, nonterminal: int, text: str) -> int:
        """The outcome of a whole text; raises RefusedError where it is not admitted."""
        last = required(self._text_end(nonterminal, text))
        return required(self.grammar.step(last, self.ids[END])).outcome

    def _text_end(self, nonterminal: int, text: str) -> int | None:
        """The nonterminal after the bytes of `text`."""
        node = self.grammar.nonterminals[nonterminal]
        assert isinstance(node.state, Text | Key)
        place = self.grammar.automaton.run(text.encode(), node.state.dfa_state)
        return self.grammar.at_dfa_state(nonterminal, place) if place >= 0 else None

    def entry(self, nonterminal: int) -> Entry:
        """How a nonterminal for a value begins."""
        if nonterminal not in self._entries:
            entry = Entry()
            self._fill(entry, nonterminal)
            self._entries[nonterminal] = entry  # whole: to fill it may meet a limit
        return self._entries[nonterminal]

    def _fill(self, entry: Entry, nonterminal: int) -> None:
        grammar = self.grammar
        if isinstance(grammar.nonterminals[nonterminal].state, Text | Object | Array):
            self._add_content(entry, "", nonterminal)
            return
        for symbol in grammar.admitted(nonterminal):
            name, character = grammar.symbols.symbols[symbol], self.characters[symbol]
            step = grammar.step(nonterminal, symbol)
            assert step is not None
            if name.label == "AS":
                self._add_content(entry, character, step.opened[0])
            elif name in LITERALS:
                entry.literals[LITERALS[name]] = (character, step.outcome)
                entry.constants[character] = (LITERALS[name], step.outcome)
            else:
                entry.strings[name.text] = (character, step.outcome)
                entry.constants[character] = (name.text, step.outcome)

    def _add_content(self, entry: Entry, prefix: str, nonterminal: int) -> None:
        state = self.grammar.nonterminals[nonterminal].state
        if isinstance(state, Text):
            judged = Remembered(lambda text: self._outcome(nonterminal, text))
            outcomes = ALWAYS if self.grammar.admits_every_text(nonterminal) else judged
            content = entry.contents[prefix] = Content(prefix, state.kind == "string", outcomes)
            if content.is_string:
                entry.string = content
            else:
                entry.number = content
            return
        rest = entry.contents[prefix] = self.rest(nonterminal)
        if isinstance(state, Object):
            entry.object = (prefix, rest)
        else:
            entry.array = (prefix, rest)


def required(found: T | None) -> T:
    """What was found; raises RefusedError where nothing was."""
    if found is None:
        raise RefusedError
    return found
