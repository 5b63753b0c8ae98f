"""What tokens do to names: the parts of tokens that are parts of names.

A slot is where a document writes a name: a key that declares one, a text that declares or refers to one, or a name in
an expression. A row groups the tokens of a nonterminal by what they write into slots. It is computed once for each
nonterminal, so a machine only looks up the names that it may write.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Key, Text
from schemalm.grammar.symbols import END, KEY_END, NUM_BYTES
from schemalm.machine.vocabulary import Vocabulary
from schemalm.machine.watched_places import Watched
from schemalm.rules.expressions import Slot
from schemalm.rules.expressions.types import Names, Object
from schemalm.rules.paths import Place

NAME = re.compile(rb"[A-Za-z0-9_-]*")
NAME_BYTES = frozenset(byte for byte in range(0x80) if NAME.fullmatch(bytes([byte])))
QUOTE = ord("'")


class WholeText(NamedTuple):
    """The slot of a whole key or text at a place."""

    watched: Watched
    is_key: bool


AnySlot = Slot | WholeText


class Contact(NamedTuple):
    """A part of a token that a slot takes. has_ended: whether the token also ends the name.

    In an expression, an empty name that has ended is `*`, which stands for all names.
    """

    slot: AnySlot
    text: bytes
    has_ended: bool


@dataclass(frozen=True, eq=False)
class SlotRow:
    """The tokens of one nonterminal by what they write into slots.

    free: those that names do not restrict, bool [vocab_size]. static: all tokens, without regard to names. texts: those
    that touch only the slot that is open before them, by what they write into it; written: the same by token. others:
    those with other contacts. checked: those among them that names restrict, by their contacts. key_masks: masks of
    keys that may be names, by what may follow. parts: where a part of a text is a name, the tokens by what they write
    into it, by what is missing before it.
    """

    static: NDArray[np.bool_]
    free: NDArray[np.bool_]
    texts: dict[tuple[bytes, bool], list[int]] = field(default_factory=dict)
    others: dict[int, tuple[Contact, ...]] = field(default_factory=dict)
    checked: dict[tuple[Contact, ...], list[int]] = field(default_factory=dict)
    written: dict[int, tuple[bytes, bool]] = field(default_factory=dict)
    key_masks: dict[Hashable, NDArray[np.bool_]] = field(default_factory=dict)
    parts: dict[bytes, SlotRow] = field(default_factory=dict)

    @cached_property
    def texts_alike(self) -> dict[tuple[bytes, bool], list[int]]:
        """The same as `texts`, by the text in lower case."""
        found: dict[tuple[bytes, bool], list[int]] = {}
        for (text, has_ended), tokens in self.texts.items():
            found.setdefault((text.lower(), has_ended), []).extend(tokens)
        return found


class SlotReader:
    """Finds the slots of nonterminals and of tokens."""

    def __init__(self, grammar: Grammar, vocabulary: Vocabulary) -> None:
        self._grammar, self._vocabulary = grammar, vocabulary
        self._ends = {grammar.symbols.ids[END], grammar.symbols.ids[KEY_END]}
        # Tokens of text that may lead into a slot of an expression: a dot is needed for that, or the quote of an index
        # (the bracket may be in a token before), and in free text the end of an opening delimiter as well.
        self._leading = [
            token for token, symbols in enumerate(vocabulary.symbols) if ord(".") in symbols or QUOTE in symbols
        ]
        self._leads = frozenset(self._leading)
        self._texts: list[bytes | None] = [None] * len(vocabulary)

    def slot(self, nonterminal: int, place: Place, watched: Watched | None) -> AnySlot | None:
        """The slot that is open before a nonterminal; None if there is none."""
        state = self._grammar.nonterminals[nonterminal].state
        if isinstance(state, Key):
            return WholeText(watched, True) if watched is not None and watched.checks_keys else None
        if not isinstance(state, Text) or state.kind != "string":
            return None
        if watched is not None and watched.checks_text:
            return WholeText(watched, False)
        return self._expression_slot(state, place)

    def _expression_slot(self, state: Text, place: Place) -> Slot | None:
        return self._grammar.automaton.slot(state.dfa_state) if place.expression is not None else None

    def row(self, nonterminal: int, slot: AnySlot | None, place: Place, static: NDArray[np.bool_]) -> SlotRow:
        """The row of a text or free key. static: its tokens without regard to names."""
        row = SlotRow(static, static.copy())
        tokens = np.flatnonzero(static).tolist() if slot is not None else self._leading_tokens(nonterminal, static)
        row.free[tokens] = False
        for token in tokens:
            contacts = self.contacts(nonterminal, slot, place, token)
            if slot is not None and len(contacts) == 1 and not self._is_star(slot, token):
                row.written[token] = contacts[0][1:]
                row.texts.setdefault(contacts[0][1:], []).append(token)
                continue
            if contacts:
                row.others[token] = contacts
            if is_certain(contacts, begins_name=slot is None):
                row.free[token] = True
            else:
                row.checked.setdefault(contacts, []).append(token)
        return row

    def _leading_tokens(self, nonterminal: int, static: NDArray[np.bool_]) -> list[int]:
        state = self._grammar.nonterminals[nonterminal].state
        assert isinstance(state, Text)
        delimiter = self._grammar.automaton.slot_needs(state.dfa_state)
        symbols = self._vocabulary.symbols
        return [token for token in self._leading if static[token] and (not delimiter or delimiter in symbols[token])]

    def contacts(self, nonterminal: int, slot: AnySlot | None, place: Place, token: int) -> tuple[Contact, ...]:
        """What an admitted token writes into slots, one after another."""
        symbols = self._vocabulary.symbols[token]
        if slot is None:
            return tuple(self._contacts(nonterminal, slot, place, symbols)) if token in self._leads else ()
        end = self._name_length(slot, token)
        if end == len(symbols):
            return (Contact(slot, self._text(token), False),)
        if token not in self._leads:
            return (Contact(slot, self._text(token)[:end], True),)
        return tuple(self._contacts(nonterminal, slot, place, symbols))

    def _is_star(self, slot: AnySlot, token: int) -> bool:
        """Whether a token has `*` in the place of a name."""
        return isinstance(slot, Slot) and not slot.quoted and self._text(token).startswith(b"*")

    def _name_length(self, slot: AnySlot, token: int) -> int:
        """The number of symbols with which a token continues the name in a slot."""
        text = self._text(token)
        if isinstance(slot, WholeText):
            return len(text)
        if slot.quoted:
            end = text.find(QUOTE)
            return len(text) if end < 0 else end
        found = NAME.match(text)
        assert found is not None
        return found.end()

    def _text(self, token: int) -> bytes:
        """The bytes of a token before its first other symbol."""
        text = self._texts[token]
        if text is None:
            symbols = self._vocabulary.symbols[token]
            end = next((index for index, symbol in enumerate(symbols) if symbol >= NUM_BYTES), len(symbols))
            text = self._texts[token] = bytes(symbols[:end])
        return text

    def _contacts(
        self, nonterminal: int, slot: AnySlot | None, place: Place, symbols: tuple[int, ...]
    ) -> Iterator[Contact]:
        """Yields what a token writes into slots, one after another."""
        position = 0
        while position < len(symbols):
            if slot is not None:
                end = name_end(slot, symbols, position)
                has_ended = end < len(symbols)
                yield Contact(slot, bytes(symbols[position:end]), has_ended)
                if not has_ended:
                    return
            else:
                end = position
            step = self._walk(nonterminal, symbols[position : end + 1])
            if step is None:
                return
            nonterminal, position = step, end + 1
            # A key or a whole text has no other slot after its end.
            slot = self.slot(nonterminal, place, None)
            if slot is not None and position == len(symbols):
                yield Contact(slot, b"", False)

    def _walk(self, nonterminal: int, symbols: tuple[int, ...]) -> int | None:
        """The nonterminal of the same text after some symbols; None if the text has ended."""
        for symbol in symbols:
            if symbol in self._ends:
                return None
            step = self._grammar.step(nonterminal, symbol)
            assert step is not None, "the token is admitted"
            nonterminal = step.opened[0]
        return nonterminal


def is_certain(contacts: tuple[Contact, ...], *, begins_name: bool) -> bool:
    """Whether a token is allowed whatever the names are; begins_name: whether the first name begins in it."""
    return all(
        _leads_past_names(slot, text if number or begins_name else None, has_ended)
        for number, (slot, text, has_ended) in enumerate(contacts)
    )


def _leads_past_names(slot: AnySlot, text: bytes | None, has_ended: bool) -> bool:
    """Whether a text in a slot is, or may become, a property that is no object of names; None: any admitted text."""
    if isinstance(slot, WholeText) or not isinstance(slot.type, Object):
        return False
    properties = slot.type.properties
    named = {name.lower().encode() for name, found in properties if isinstance(found, Names)}
    if not named or text is None:
        return not named
    if has_ended:
        return text.lower() not in named
    others = (name.lower().encode() for name, found in properties if not isinstance(found, Names))
    return slot.type.values is not None or any(name.startswith(text.lower()) for name in others)


def name_end(slot: AnySlot, symbols: tuple[int, ...], position: int) -> int:
    """The position of the first symbol from `position` on that is no part of the name in a slot."""
    while position < len(symbols) and is_part_of_name(slot, symbols[position]):
        position += 1
    return position


def is_part_of_name(slot: AnySlot, symbol: int) -> bool:
    """Whether a symbol continues the name in a slot; any other symbol ends it."""
    if isinstance(slot, WholeText):
        return symbol < NUM_BYTES
    return symbol < NUM_BYTES and symbol != QUOTE if slot.quoted else symbol in NAME_BYTES
