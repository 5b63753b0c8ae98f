"""Symbols: the smallest units of a linearized value, each with a fixed arity and one character.

The character represents the symbol wherever symbols are handled as text. Bytes are U+0000..U+00FF, and all other
symbols are in a private range. Source of the table: section 2 of the design, "From value to symbols".
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from schemalm.schema.translator import Mention

NUM_BYTES = 256
# Supplementary Private Use Area A. `Limits.symbols` is what the symbols of every grammar leave of it.
FIRST_PRIVATE = 0xF0000
NUM_PRIVATE = 0xFFFE


class Symbol(NamedTuple):
    """A symbol: its class, how many nonterminals it opens, and the key, constant or kind that it names."""

    label: str
    arity: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.label}:{self.text}" if self.label in ("KEY", "CONST", "AS") else self.label


END = Symbol("END", 0)
KEY_END = Symbol("KEY_END", 2)
FREE_KEY = Symbol("FREE_KEY", 1)
OBJECT_END = Symbol("OBJECT_END", 0)
ARRAY_END = Symbol("ARRAY_END", 0)
ITEM = Symbol("ITEM", 2)
TRUE_SYMBOL = Symbol("TRUE", 0)
FALSE_SYMBOL = Symbol("FALSE", 0)
NULL = Symbol("NULL", 0)
AS_KIND = {kind: Symbol("AS", 1, kind) for kind in ("number", "string", "array", "object")}
STRUCTURE = (END, KEY_END, FREE_KEY, OBJECT_END, ARRAY_END, ITEM, TRUE_SYMBOL, FALSE_SYMBOL, NULL, *AS_KIND.values())


def KEY(name: str) -> Symbol:  # noqa: N802
    """Returns the symbol of a key that the schema names."""
    return Symbol("KEY", 2, name)


def CONST(text: str) -> Symbol:  # noqa: N802
    """Returns the symbol of a string that an `enum` or `const` lists."""
    return Symbol("CONST", 0, text)


# The symbols of every grammar.
COMMON = (*(Symbol(f"0x{byte:02x}", 1) for byte in range(NUM_BYTES)), *STRUCTURE)


class SymbolTable:
    """Numbers the symbols: first the bytes, then the fixed ones, then the given keys and constants, each once."""

    def __init__(self, schema_symbols: Iterable[Symbol]) -> None:
        own = dict.fromkeys(schema_symbols)
        self.symbols: list[Symbol] = [*COMMON, *own]
        self.ids = COMMON_IDS | dict(zip(own, range(len(COMMON), len(self.symbols)), strict=True))
        self.arities = [*COMMON_ARITIES, *(symbol.arity for symbol in own)]
        self.characters = [*COMMON_CHARACTERS, *map(character_of, range(len(COMMON), len(self.symbols)))]

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def keys(self) -> dict[str, int]:
        """The symbols of the keys that the schema names, by name."""
        own = enumerate(self.symbols[len(COMMON) :], start=len(COMMON))
        return {symbol.text: number for number, symbol in own if symbol.label == "KEY"}


def symbols_of(mentions: Iterable[Mention]) -> SymbolTable:
    """Returns the symbols of a schema that mentions these keys and constants."""
    return SymbolTable(KEY(text) if kind == "key" else CONST(text) for kind, text in mentions)


def character_of(symbol: int) -> str:
    """Returns the character that represents a symbol id."""
    return chr(symbol if symbol < NUM_BYTES else FIRST_PRIVATE + symbol - NUM_BYTES)


def symbol_of(character: str) -> int:
    """Returns the symbol id that a character represents."""
    code = ord(character)
    return code if code < NUM_BYTES else code - FIRST_PRIVATE + NUM_BYTES


COMMON_IDS = {symbol: index for index, symbol in enumerate(COMMON)}
COMMON_ARITIES = [symbol.arity for symbol in COMMON]
COMMON_CHARACTERS = [character_of(index) for index in range(len(COMMON))]
