"""The vocabulary: what each token id spells, as symbols.

Ids: padding, beginning, then one per symbol of the grammar, then the whole values, then the merges in the order
learned. A spelling is a text with one character per symbol; two tokens never spell the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemalm.errors import ConfigurationError
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.symbols import NUM_BYTES, symbol_of

PAD_ID = 0
BOS_ID = 1
FIRST_SYMBOL_ID = 2

# symbol -> (token id that ends here or -1, longer spellings)
Trie = dict[int, tuple[int, Any]]


class Vocabulary:
    """Spellings by token id, and token ids by spelling."""

    def __init__(self, grammar: Grammar, whole_values: Sequence[str], merges: Sequence[tuple[str, str]]) -> None:
        """Raises ValueError where a whole value is made of other than symbols, or a merge of other than tokens."""
        self.grammar = grammar
        self.whole_values = tuple(whole_values)
        self.merges = tuple(merges)
        spelled = dict.fromkeys([*grammar.symbols.characters, *whole_values, *(a + b for a, b in merges)])
        self.spellings: list[str] = ["", "", *spelled]
        self.ids = {spelling: index for index, spelling in enumerate(self.spellings) if spelling}
        unknown = {character for value in whole_values for character in value} - set(grammar.symbols.characters)
        unknown |= {part for pair in merges for part in pair} - self.ids.keys()
        if unknown:
            raise ValueError(f"{len(unknown)} parts of whole values and merges are no tokens of this grammar")
        self.symbols: list[tuple[int, ...]] = [tuple(map(symbol_of, spelling)) for spelling in self.spellings]
        self.trie = self._build_trie()

    def __len__(self) -> int:
        return len(self.spellings)

    def symbol_token(self, symbol: int) -> int:
        """The token that spells exactly one symbol."""
        return FIRST_SYMBOL_ID + symbol

    def describe(self, token: int) -> str:
        """The token's symbols for people; bytes are shown as quoted text."""
        if token < FIRST_SYMBOL_ID:
            return "PAD" if token == PAD_ID else "BOS"
        parts: list[str] = []
        text = bytearray()
        for symbol in (*self.symbols[token], -1):
            if 0 <= symbol < NUM_BYTES:
                text.append(symbol)
                continue
            if text:
                parts.append(repr(text.decode(errors="backslashreplace")))
                text.clear()
            if symbol >= 0:
                parts.append(str(self.grammar.symbols.symbols[symbol]))
        return " ".join(parts)

    def _build_trie(self) -> Trie:
        root: Trie = {}
        for token in range(FIRST_SYMBOL_ID, len(self.spellings)):
            node = root
            spelling = self.symbols[token]
            for symbol in spelling[:-1]:
                node = node.setdefault(symbol, (-1, {}))[1]
            longer = node[spelling[-1]][1] if spelling[-1] in node else {}
            node[spelling[-1]] = (token, longer)
        return root


def num_learned_tokens(grammar: Grammar, vocab_size: int) -> int:
    """How many tokens are left for whole values and merges; raises ConfigurationError where the symbols do not fit."""
    base = FIRST_SYMBOL_ID + len(grammar.symbols)
    if vocab_size < base:
        raise ConfigurationError(
            f"vocab_size is {vocab_size}, but the symbols of this schema alone need {base}: take more than that"
        )
    return vocab_size - base
