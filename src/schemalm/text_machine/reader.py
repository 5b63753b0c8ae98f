"""Reads JSON text byte by byte and derives its value symbol by symbol.

A reader has a derivation, to which it gives symbols, and knows where in the text it stands. Reading is exact: a byte is
refused if no valid document begins so. Three places need more than one byte to tell the symbol: constants, of which the
prefix so far is kept; escapes; and keys. A key may become a listed name or a free key, so both are followed until the
closing quotation mark tells. A number has no closing mark: the byte after it ends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Generic, Protocol, Self, TypeVar

from schemalm.text_machine.spellings import BACKSLASH, ESCAPED, FIRST_PRINTED, QUOTE, Spellings, Texts

NUMBER_BYTES = frozenset(b"0123456789+-.eE")
KIND_OF_FIRST = {ord("{"): "object", ord("["): "array", QUOTE: "string"} | dict.fromkeys(b"-0123456789", "number")
COMMA, COLON_BYTE = b",:"
CLOSING = {"object": ord("}"), "array": ord("]")}


class Derivation(Protocol):
    """What a reader needs of a machine."""

    @property
    def nonterminal(self) -> int:
        """What the next symbol expands."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to expand."""

    def admits(self, symbol: int) -> bool:
        """Whether a symbol may come next."""

    def admits_any(self, symbols: Sequence[int]) -> bool:
        """Whether one of some symbols may come next, all of which the nonterminal admits by itself."""

    def push(self, symbol: int) -> bool:
        """Consumes a symbol; returns whether it was admitted."""

    def copy(self) -> Self:
        """Returns an independent copy."""


class Place(IntEnum):
    """Where in the text a reader stands."""

    VALUE = 0  # a value begins
    WORD = 1  # in `true`, `false` or `null`; detail: the rest and its symbol
    CONSTANT = 2  # in a constant string; detail: its text so far
    STRING = 3  # in a string; detail: an escape that has begun
    NUMBER = 4
    FIRST = 5  # after an opening bracket
    NEXT = 6  # after a value
    KEY = 7  # after a comma in an object
    NAME = 8  # in a key; detail: its text so far if it may be a name, an escape that has begun
    COLON = 9  # after a key; detail: whether it was free


D = TypeVar("D", bound=Derivation)


class Reader(Generic[D]):
    """Reads a text; `free` is the derivation in which the key under way is a free one, if it may be."""

    __slots__ = ("derivation", "detail", "free", "place", "spellings")

    def __init__(
        self, spellings: Spellings, derivation: D, place: Place = Place.VALUE, detail: Any = None, free: D | None = None
    ) -> None:
        self.spellings, self.derivation, self.place, self.detail, self.free = (
            spellings,
            derivation,
            place,
            detail,
            free,
        )

    def copy(self) -> Reader[D]:
        """Returns an independent copy."""
        free = self.free.copy() if self.free is not None else None
        return Reader(self.spellings, self.derivation.copy(), self.place, self.detail, free)

    def read(self, byte: int) -> bool:
        """Reads one byte; returns whether it was admitted. A reader that has refused a byte must not be used again."""
        return _READ[self.place](self, byte)

    def end_number(self) -> bool:
        """Ends the number under way; returns whether it may end."""
        return self._push(self.spellings.end, Place.NEXT)

    def _push(self, symbol: int, place: Place, detail: Any = None) -> bool:
        self.place, self.detail = place, detail
        return self.derivation.push(symbol)

    def _value(self, byte: int) -> bool:
        nonterminal, spellings = self.derivation.nonterminal, self.spellings
        only, kind = spellings.kind(nonterminal), KIND_OF_FIRST.get(byte)
        if kind is None:
            return only is None and self._begin_word(byte)
        if only is None:
            if kind == "string" and spellings.constants(nonterminal).symbols:
                return self._constant(byte)
            if not self.derivation.push(spellings.as_kind[kind]):
                return False
        elif kind != only:
            return False
        if kind == "number":
            return self._push(byte, Place.NUMBER)
        self.place, self.detail = (Place.STRING, b"") if kind == "string" else (Place.FIRST, None)
        return True

    def _begin_word(self, byte: int) -> bool:
        self.place, self.detail = Place.WORD, self.spellings.words.get(byte)
        return self.detail is not None and self.derivation.admits(self.detail[1])

    def _word(self, byte: int) -> bool:
        rest, symbol = self.detail
        if byte != rest[0]:
            return False
        if len(rest) == 1:
            return self._push(symbol, Place.NEXT)
        self.detail = (rest[1:], symbol)
        return True

    def _constant(self, byte: int) -> bool:
        text = (self.detail or b"") + bytes((byte,))
        constants = self.spellings.constants(self.derivation.nonterminal)
        if text in constants.symbols:
            return self._push(constants.symbols[text], Place.NEXT)
        self.place, self.detail = Place.CONSTANT, text
        return _may_continue(self.derivation, constants, text)

    def _string(self, byte: int) -> bool:
        if byte == QUOTE and not self.detail:
            return self._push(self.spellings.end, Place.NEXT)
        escape = _read_character(self.derivation, self.detail, byte)
        self.detail = escape
        return escape is not None

    def _number(self, byte: int) -> bool:
        if byte in NUMBER_BYTES:
            return self.derivation.push(byte)
        return self.end_number() and self._next(byte)

    def _first(self, byte: int) -> bool:
        kind = self.spellings.kind(self.derivation.nonterminal)
        if byte in CLOSING.values():
            return self._close(kind, byte)
        if kind == "object":
            return self._key(byte)
        return self._push(self.spellings.item, Place.VALUE) and self._value(byte)

    def _next(self, byte: int) -> bool:
        if self.derivation.is_complete:
            return False
        kind = self.spellings.kind(self.derivation.nonterminal)
        if byte != COMMA:
            return self._close(kind, byte)
        if kind == "array":
            return self._push(self.spellings.item, Place.VALUE)
        self.place, self.detail = Place.KEY, None
        return self._may_have_key()

    def _close(self, kind: str | None, byte: int) -> bool:
        if kind is None or byte != CLOSING[kind]:
            return False
        end = self.spellings.object_end if kind == "object" else self.spellings.array_end
        return self._push(end, Place.NEXT)

    def _may_have_key(self) -> bool:
        names = self.spellings.names(self.derivation.nonterminal)
        return _may_continue(self.derivation, names, b'"') or self.derivation.admits(self.spellings.free_key)

    def _key(self, byte: int) -> bool:
        if byte != QUOTE or not self._may_have_key():
            return False
        self.place, self.detail = Place.NAME, (b'"', b"")
        if self.derivation.admits(self.spellings.free_key):
            self.free = self.derivation.copy()
            self.free.push(self.spellings.free_key)
        return True

    def _name(self, byte: int) -> bool:
        name, escape = self.detail
        if name is not None:
            name += bytes((byte,))
            names = self.spellings.names(self.derivation.nonterminal)
            symbol = names.symbols.get(name)
            if symbol is not None and self.derivation.admits(symbol):
                self.free = None
                return self._push(symbol, Place.COLON, False)
            if not _may_continue(self.derivation, names, name):
                name = None
        if self.free is not None:
            if byte == QUOTE and not escape:
                self.derivation, self.free = self.free, None
                return self._push(self.spellings.key_end, Place.COLON, True)
            escape = _read_character(self.free, escape, byte)
            if escape is None:
                self.free = None
        self.detail = (name, escape or b"")
        return name is not None or self.free is not None

    def _colon(self, byte: int) -> bool:
        self.place, self.detail = Place.VALUE, None
        return byte == COLON_BYTE


def _may_continue(derivation: Derivation, texts: Texts, prefix: bytes) -> bool:
    symbols = texts.by_prefix.get(prefix)
    return symbols is not None and derivation.admits_any(symbols)


def _read_character(derivation: Derivation, escape: bytes, byte: int) -> bytes | None:
    """Reads a byte of a string; returns the escape that has begun, empty if none has. None if the byte is refused."""
    if not escape and byte != BACKSLASH:
        return b"" if byte >= FIRST_PRINTED and byte != QUOTE and derivation.push(byte) else None
    escape += bytes((byte,))
    if escape in ESCAPED.symbols:
        return b"" if derivation.push(ESCAPED.symbols[escape]) else None
    symbols = ESCAPED.by_prefix.get(escape, ())
    return escape if any(map(derivation.admits, symbols)) else None


_READ = {
    Place.VALUE: Reader._value,
    Place.WORD: Reader._word,
    Place.CONSTANT: Reader._constant,
    Place.STRING: Reader._string,
    Place.NUMBER: Reader._number,
    Place.FIRST: Reader._first,
    Place.NEXT: Reader._next,
    Place.KEY: Reader._key,
    Place.NAME: Reader._name,
    Place.COLON: Reader._colon,
}
