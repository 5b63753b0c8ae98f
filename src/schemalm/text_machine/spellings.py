"""How symbols are spelled in compact JSON: the texts of keys and constants, and the escapes of strings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from schemalm.documents import canonical_json
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Array, Key, Object, Text
from schemalm.grammar.symbols import (
    ARRAY_END,
    AS_KIND,
    END,
    FALSE_SYMBOL,
    FREE_KEY,
    ITEM,
    KEY_END,
    NULL,
    NUM_BYTES,
    OBJECT_END,
    TRUE_SYMBOL,
)

QUOTE: Final = ord('"')
BACKSLASH: Final = ord("\\")
FIRST_PRINTED: Final = 0x20


class Texts(NamedTuple):
    """Texts in quotation marks: the symbol of each, and the symbols of those that begin with a prefix."""

    symbols: Mapping[bytes, int]
    by_prefix: Mapping[bytes, tuple[int, ...]]


def texts_of(symbols: Iterable[tuple[str, int]]) -> Texts:
    """Returns the JSON texts of some strings with their symbols."""
    texts = {canonical_json(text): symbol for text, symbol in symbols}
    by_prefix: dict[bytes, list[int]] = {}
    for text, symbol in texts.items():
        for length in range(1, len(text) + 1):
            by_prefix.setdefault(text[:length], []).append(symbol)
    return Texts(texts, {prefix: tuple(found) for prefix, found in by_prefix.items()})


# The bytes that JSON escapes, one escape each.
ESCAPES: Final = texts_of((chr(byte), byte) for byte in (*range(FIRST_PRINTED), QUOTE, BACKSLASH))
ESCAPED: Final = Texts(
    {text[1:-1]: byte for text, byte in ESCAPES.symbols.items()},
    {prefix[1:]: found for prefix, found in ESCAPES.by_prefix.items() if len(prefix) > 1},
)

_ESCAPE_OF: Final = {byte: text for text, byte in ESCAPED.symbols.items()}


def escaped(text: bytes) -> bytes:
    """Returns bytes of a string as JSON spells them between quotation marks."""
    return b"".join(_ESCAPE_OF.get(byte, bytes((byte,))) for byte in text)


class Spellings:
    """What the nonterminals of a grammar look like in JSON; everything is computed once."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        ids = grammar.symbols.ids
        self.end, self.key_end, self.free_key = ids[END], ids[KEY_END], ids[FREE_KEY]
        self.item, self.object_end, self.array_end = ids[ITEM], ids[OBJECT_END], ids[ARRAY_END]
        self.as_kind = {kind: ids[symbol] for kind, symbol in AS_KIND.items()}
        words = {b"true": TRUE_SYMBOL, b"false": FALSE_SYMBOL, b"null": NULL}
        self.words = {word[0]: (word[1:], ids[symbol]) for word, symbol in words.items()}
        self._texts: dict[tuple[int, str], Texts] = {}
        self._kinds: dict[int, str | None] = {}

    def kind(self, nonterminal: int) -> str | None:
        """Returns the only kind of value that a nonterminal derives or continues; None if it may have several."""
        if nonterminal not in self._kinds:
            self._kinds[nonterminal] = self._kind(nonterminal)
        return self._kinds[nonterminal]

    def _kind(self, nonterminal: int) -> str | None:
        state = self.grammar.nonterminals[nonterminal].state
        if isinstance(state, Text):
            return state.kind
        return "object" if isinstance(state, Object | Key) else "array" if isinstance(state, Array) else None

    def names(self, nonterminal: int) -> Texts:
        """Returns the keys that may come next in an object."""
        return self._texts_of(nonterminal, "KEY")

    def constants(self, nonterminal: int) -> Texts:
        """Returns the constant strings that a value may be."""
        return self._texts_of(nonterminal, "CONST")

    def _texts_of(self, nonterminal: int, label: str) -> Texts:
        key = (nonterminal, label)
        if key not in self._texts:
            symbols = self.grammar.symbols.symbols
            with self.grammar.budget.call("mask"):
                found = [number for number in self.grammar.admitted(nonterminal) if number >= NUM_BYTES]
            self._texts[key] = texts_of((symbols[n].text, n) for n in found if symbols[n].label == label)
        return self._texts[key]
