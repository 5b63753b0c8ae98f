"""The vocabulary: the symbols that each token id spells.

The ids are, in this order: padding, the beginning of a document, one per symbol of the grammar, the whole values, and
the merges in the order in which they were learned. A spelling is a text with one character per symbol. No two tokens
have the same spelling.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import repeat
from typing import Any

from schemalm.errors import ConfigurationError
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.symbols import COMMON, NUM_BYTES, symbol_of

PAD_ID = 0
BOS_ID = 1
FIRST_SYMBOL_ID = 2

# The spellings of the symbols that every grammar has, one symbol each.
COMMON_SPELLINGS = [(symbol,) for symbol in range(len(COMMON))]

# Maps a symbol to the token id that ends here, or -1, and the longer spellings.
Trie = dict[int, tuple[int, Any]]
# The empty trie, shared by all spellings that no spelling extends. It never changes.
NO_LONGER: Trie = {}
NO_SPELLING = (-1, NO_LONGER)


class Vocabulary:
    """Maps token ids to spellings and back. `num_learned`: how many tokens spell more than one symbol."""

    def __init__(self, grammar: Grammar, whole_values: Sequence[str], merges: Sequence[tuple[str, str]]) -> None:
        """Raises ValueError if a whole value contains more than symbols, or a merge more than tokens."""
        self.grammar = grammar
        self.whole_values = tuple(whole_values)
        self.merges = tuple(merges)
        characters = grammar.symbols.characters
        learned = dict.fromkeys([*self.whole_values, *(a + b for a, b in self.merges)])
        self.num_learned = len(learned)
        self.spellings: list[str] = ["", "", *characters, *learned]
        if learned:
            self._check_parts()
        own = range(len(COMMON_SPELLINGS), len(characters))
        self.symbols: list[tuple[int, ...]] = [(), (), *COMMON_SPELLINGS, *zip(own)]
        self.symbols += (tuple(map(symbol_of, spelling)) for spelling in learned)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The token ids by spelling."""
        return dict(zip(self.spellings[FIRST_SYMBOL_ID:], range(FIRST_SYMBOL_ID, len(self)), strict=True))

    def _check_parts(self) -> None:
        unknown = {part for value in self.whole_values for part in value} - set(self.grammar.symbols.characters)
        unknown |= {part for pair in self.merges for part in pair} - self.ids.keys()
        if unknown:
            raise ValueError(f"{len(unknown)} parts of whole values and merges are not tokens of this grammar")

    def __len__(self) -> int:
        return len(self.spellings)

    def symbol_token(self, symbol: int) -> int:
        """Returns the token that spells exactly one symbol."""
        return FIRST_SYMBOL_ID + symbol

    def describe(self, token: int) -> str:
        """Returns the token's symbols in readable form, with bytes as quoted text."""
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

    @cached_property
    def trie(self) -> Trie:
        """The spellings as a trie over their symbols."""
        num_symbols = len(self.grammar.symbols)
        first_learned = self.symbol_token(num_symbols)
        root: Trie = dict(enumerate(zip(range(FIRST_SYMBOL_ID, first_learned), repeat(NO_LONGER))))
        for token in range(first_learned, len(self)):
            node = root
            *beginning, last = self.symbols[token]
            for symbol in beginning:
                here, longer = node.get(symbol, NO_SPELLING)
                if longer is NO_LONGER:
                    longer = {}
                    node[symbol] = (here, longer)
                node = longer
            node[last] = (token, node.get(last, NO_SPELLING)[1])
        return root


def num_learned_tokens(grammar: Grammar, vocab_size: int) -> int:
    """Returns how many tokens are left for whole values and merges.

    Raises ConfigurationError if the symbols do not fit into `vocab_size`.
    """
    base = FIRST_SYMBOL_ID + len(grammar.symbols)
    if vocab_size < base:
        raise ConfigurationError(
            f"vocab_size is {vocab_size}, but the symbols of this schema alone need {base}: use a larger vocab_size"
        )
    return vocab_size - base
