"""The composition of a vocabulary: its tokens by kind, and the longest of them.

The kind of a typed tokenizer's token depends on its symbols; the tokens of a text tokenizer are all pieces of text. The
module `usage` measures how often tokens are used.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from schemalm.baselines import AnyTokenizer
from schemalm.grammar.symbols import NUM_BYTES, SymbolTable
from schemalm.tokenizer import Tokenizer

TokenKind = Literal[
    "outside documents",
    "bytes",
    "property names",
    "constants",
    "structure",
    "whole values",
    "merges of text",
    "merges of structure",
    "merges of both",
    "pieces of text",
]
KINDS: tuple[TokenKind, ...] = get_args(TokenKind)
_SYMBOL_KINDS: dict[str, TokenKind] = {
    "KEY": "property names",
    "CONST": "constants",
    "TRUE": "constants",
    "FALSE": "constants",
    "NULL": "constants",
}
_TEXT_ENDS = ("END", "KEY_END")


@dataclass(frozen=True)
class KindCount:
    """The number of tokens of one kind, how many of them a corpus uses, and the number of uses."""

    kind: TokenKind
    num_tokens: int
    num_used: int
    uses: int


def count_kinds(tokenizer: AnyTokenizer, uses: Sequence[int]) -> list[KindCount]:
    """Count the tokens of each kind in a vocabulary; `uses` has the number of occurrences of each token id."""
    uses_by_kind: dict[TokenKind, list[int]] = {kind: [] for kind in KINDS}
    for kind, count in zip(kinds_of_tokens(tokenizer), uses, strict=True):
        uses_by_kind[kind].append(count)
    return [
        KindCount(kind, len(counts), sum(count > 0 for count in counts), sum(counts))
        for kind, counts in uses_by_kind.items()
        if counts
    ]


def kinds_of_tokens(tokenizer: AnyTokenizer) -> list[TokenKind]:
    """Return the kind of each token, by id."""
    outside = {tokenizer.pad_id, tokenizer.bos_id}
    if not isinstance(tokenizer, Tokenizer):
        return ["outside documents" if token in outside else "pieces of text" for token in range(tokenizer.vocab_size)]
    whole_values = frozenset(tokenizer.vocabulary.whole_values)
    table = tokenizer.grammar.symbols
    kinds: list[TokenKind] = []
    for spelling, symbols in zip(tokenizer.vocabulary.spellings, tokenizer.vocabulary.symbols, strict=True):
        kinds.append("whole values" if spelling in whole_values else _kind(symbols, table))
    return kinds


def longest_tokens(tokenizer: AnyTokenizer, kinds: Collection[TokenKind], num_tokens: int) -> list[int]:
    """Return the ids of the longest tokens of the given kinds, the longest first."""
    found = [token for token, kind in enumerate(kinds_of_tokens(tokenizer)) if kind in kinds]
    return sorted(found, key=lambda token: -spelled_length(tokenizer, token))[:num_tokens]


def spelled_length(tokenizer: AnyTokenizer, token: int) -> int:
    """Return the number of a token's symbols; for a text tokenizer, the length of its description."""
    if isinstance(tokenizer, Tokenizer):
        return len(tokenizer.vocabulary.symbols[token])
    return len(tokenizer.describe(token))


def _kind(symbols: tuple[int, ...], table: SymbolTable) -> TokenKind:
    if not symbols:
        return "outside documents"
    if len(symbols) == 1:
        return "bytes" if symbols[0] < NUM_BYTES else _SYMBOL_KINDS.get(table.symbols[symbols[0]].label, "structure")
    is_text = [symbol < NUM_BYTES or table.symbols[symbol].label in _TEXT_ENDS for symbol in symbols]
    if all(is_text):
        return "merges of text"
    return "merges of both" if any(is_text) else "merges of structure"
