"""States of reading, numbered: what a reader knows of the nonterminals that it has to expand, and how a byte moves it.

A state is the place of a reader and the nonterminals above some height of the stack. It ends with an outcome when they
are used up; what the rest below makes of this outcome is another state. Numbers of states and their steps are found on
first use and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Key, Text
from schemalm.grammar.symbols import NUM_BYTES
from schemalm.machine.stepper import advance
from schemalm.text_machine.byte_trie import Numbers
from schemalm.text_machine.reader import CLOSING, KIND_OF_FIRST, NUMBER_BYTES, Place, Reader
from schemalm.text_machine.spellings import BACKSLASH, FIRST_PRINTED, QUOTE, Spellings, Texts

Stack = tuple[int, ...]
DEAD = -1
UNKNOWN = -2
NO_OUTCOME = 0
_VALUE_BYTES = bytes(KIND_OF_FIRST) + b"tfn"
_CLOSING_BYTES = bytes(CLOSING.values())
# The columns of the table besides the steps.
_COLUMNS = ("outcomes", "number_outcomes", "is_checked", "is_name", "is_plain_text")
# The only bytes that each place may read; outside of them, nothing has to be tried. Strings and keys read most bytes.
_READABLE = {
    Place.VALUE: _VALUE_BYTES,
    Place.WORD: b"aelrsu",
    Place.NUMBER: bytes(NUMBER_BYTES) + b"," + _CLOSING_BYTES,
    Place.FIRST: _VALUE_BYTES + _CLOSING_BYTES,
    Place.NEXT: b"," + _CLOSING_BYTES,
    Place.KEY: b'"',
    Place.COLON: b":",
}


def _is_plain(byte: int) -> bool:
    return byte >= FIRST_PRINTED and byte not in (QUOTE, BACKSLASH)


class StackDerivation:
    """Derives with finite states alone; `outcome` is that of the last nonterminal once nothing is left."""

    def __init__(self, grammar: Grammar, stack: Sequence[int]) -> None:
        self._grammar = grammar
        self.stack = [*stack]
        self.outcome = NO_OUTCOME

    @property
    def nonterminal(self) -> int:
        """What the next symbol expands."""
        return self.stack[-1]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to expand."""
        return not self.stack

    def admits(self, symbol: int) -> bool:
        """Whether a symbol may come next."""
        return self._grammar.step(self.stack[-1], symbol) is not None

    def admits_any(self, symbols: Sequence[int]) -> bool:
        """Whether one of some symbols may come next: all of them may."""
        return bool(symbols)

    def push(self, symbol: int) -> bool:
        """Consumes a symbol; returns whether it was admitted."""
        step = advance(self._grammar, self.stack, symbol)
        if step is not None:
            self.outcome = step.outcome
        return step is not None

    def copy(self) -> StackDerivation:
        """Returns an independent copy."""
        return StackDerivation(self._grammar, self.stack)


class ReadingState(NamedTuple):
    """The state of a reader: its place, the nonterminals to expand, and those in which the key under way is free."""

    place: Place
    detail: Any
    stack: Stack
    free: Stack | None = None


class StateTable:
    """Numbers states and computes their steps.

    outcomes: the outcome with which a state has ended, or 0; such a state reads nothing. number_outcomes: the outcome
    with which a number may end before the next byte, or 0. is_checked: whether only a machine knows if the state is
    valid, since it has read a free key, or is inside an array whose items must differ. is_name: whether it is in a key.
    is_plain_text: whether it is between two characters of a string or key that may go on with any text.
    """

    def __init__(self, spellings: Spellings) -> None:
        self._spellings, self._grammar = spellings, spellings.grammar
        self.states: list[ReadingState | int] = []
        self._numbers: dict[ReadingState | int, int] = {}
        self._table = np.full((64, NUM_BYTES), UNKNOWN, np.int32)
        # The texts are kept by `spellings`, so their identities stay.
        self._continuing: dict[tuple[bytes, int], set[int]] = {}
        self.outcomes = np.zeros(64, np.int32)
        self.number_outcomes = np.zeros(64, np.int32)
        self.is_checked = np.zeros(64, np.bool_)
        self.is_name = np.zeros(64, np.bool_)
        self.is_plain_text = np.zeros(64, np.bool_)

    def number(self, state: ReadingState | int) -> int:
        """Returns the number of a state, or of the outcome of one that has ended."""
        found = self._numbers.get(state)
        if found is None:
            found = self._numbers[state] = len(self.states)
            self.states.append(state)
            self._grow()
            if isinstance(state, int):
                self.outcomes[found] = state
            else:
                self.number_outcomes[found] = self._number_outcome(state)
                self.is_checked[found] = self._is_checked(state)
                self.is_name[found] = state.place == Place.NAME
                self.is_plain_text[found] = self._is_plain_text(state)
                self._exclude_unreadable(found, state)
        return found

    def _is_plain_text(self, state: ReadingState) -> bool:
        if state.place == Place.STRING:
            return not state.detail and self._grammar.admits_every_text(state.stack[-1])
        if state.place != Place.NAME or state.detail != (None, b"") or state.free is None:
            return False
        return self._grammar.admits_every_text(state.free[-1])

    def _exclude_unreadable(self, number: int, state: ReadingState) -> None:
        """Marks the bytes that a state clearly refuses."""
        readable: Iterable[int] | None = _READABLE.get(state.place)
        if state.place == Place.CONSTANT:
            readable = self._next_bytes(state.detail, self._spellings.constants(state.stack[-1]))
        elif state.place == Place.NAME and state.free is None:
            readable = self._next_bytes(state.detail[0], self._spellings.names(state.stack[-1]))
        if readable is not None:
            row = self._table[number]
            row[:] = DEAD
            row[[*readable]] = UNKNOWN

    def _next_bytes(self, prefix: bytes, texts: Texts) -> set[int]:
        """Returns the bytes that continue a prefix of some texts."""
        key = (prefix, id(texts))
        if key not in self._continuing:
            length = len(prefix)
            self._continuing[key] = {text[length] for text in texts.symbols if text.startswith(prefix)}
        return self._continuing[key]

    def _grow(self) -> None:
        if len(self.states) > len(self._table):
            self._table = np.concatenate([self._table, np.full_like(self._table, UNKNOWN)])
            for name in _COLUMNS:
                column = getattr(self, name)
                setattr(self, name, np.concatenate([column, np.zeros_like(column)]))

    def _number_outcome(self, state: ReadingState) -> int:
        if state.place != Place.NUMBER or len(state.stack) > 1:
            return NO_OUTCOME
        step = self._grammar.step(state.stack[0], self._spellings.end)
        return step.outcome if step is not None else NO_OUTCOME

    def _is_checked(self, state: ReadingState) -> bool:
        if state.place == Place.COLON:
            return bool(state.detail)
        begun = state.stack[:-1] if state.place in (Place.VALUE, Place.FIRST) else state.stack
        return any(map(self._grammar.arrays.is_guarded, begun))

    def after(self, numbers: Numbers, read: Numbers) -> Numbers:
        """Returns the states after one byte each; DEAD where it is refused."""
        after: Numbers = self._table[numbers, read]
        missing = after == UNKNOWN
        if missing.any():
            for step in np.unique(numbers[missing] * NUM_BYTES + read[missing]).tolist():
                self._fill(*divmod(step, NUM_BYTES))
            after = self._table[numbers, read]
        return after

    def _fill(self, number: int, byte: int) -> None:
        """Computes the step by one byte, and by bytes that are known to do the same."""
        if self._table[number, byte] != UNKNOWN:
            return
        state = self.states[number]
        assert isinstance(state, ReadingState), "what has ended is not walked on"
        after = self._step(state, byte)
        self._table[number, self._bytes_like(state, byte)] = after

    def _bytes_like(self, state: ReadingState, byte: int) -> list[int]:
        """Returns bytes of a text that lead to the same state, as far as that is known."""
        if state.place not in (Place.STRING, Place.NAME) or not _is_plain(byte):
            return [byte]
        name, escape = state.detail if state.place == Place.NAME else (None, state.detail)
        text = state.free if state.place == Place.NAME else state.stack
        if escape or text is None or self._continues_names(state, byte):
            return [byte]
        node = self._grammar.nonterminals[text[-1]].state
        assert isinstance(node, Text | Key)
        named = () if name is None else self._next_bytes(name, self._spellings.names(state.stack[-1]))
        alike = self._grammar.automaton.bytes_like(node.dfa_state, byte)
        return [other for other in alike if _is_plain(other) and other not in named]

    def _step(self, state: ReadingState, byte: int) -> int:
        if state.place == Place.NAME and state.detail[0] is not None and not self._continues_names(state, byte):
            # Most bytes leave the names; what the free key makes of them is the same for all of these states.
            without = self.number(state._replace(detail=(None, state.detail[1])))
            return int(self.after(np.array([without]), np.array([byte]))[0])
        reader = self.reader(state)
        if not reader.read(byte):
            return DEAD
        derivation = reader.derivation
        if derivation.is_complete:
            return self.number(derivation.outcome)
        free = tuple(reader.free.stack) if reader.free is not None else None
        return self.number(ReadingState(reader.place, reader.detail, tuple(derivation.stack), free))

    def _continues_names(self, state: ReadingState, byte: int) -> bool:
        if state.place != Place.NAME or state.detail[0] is None:
            return False
        return byte in self._next_bytes(state.detail[0], self._spellings.names(state.stack[-1]))

    def reader(self, state: ReadingState) -> Reader[StackDerivation]:
        """Returns a reader in a state."""
        free = StackDerivation(self._grammar, state.free) if state.free is not None else None
        return Reader(self._spellings, StackDerivation(self._grammar, state.stack), state.place, state.detail, free)
