"""The merge engine: from a piece of a derivation to its token ids, with the library `tiktoken`.

In: pieces, which the library splits by the pretokenizer's pattern. Out: token ids. In each segment, the adjacent pair
whose merge was learned first is merged first, until no pair has a merge. The library merges bytes, so each symbol is
given as the UTF-8 of its character: the bytes of a character are merged first, and then the merges of the vocabulary
apply.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import tiktoken

from schemalm.grammar.symbols import NUM_BYTES
from schemalm.machine.vocabulary import Vocabulary
from schemalm.tokenizer.pretokenizer import PieceKind, Pretokenizer


class MergeEngine:
    """The token ids of pieces under one vocabulary."""

    def __init__(self, vocabulary: Vocabulary, pretokenizer: Pretokenizer) -> None:
        self._vocabulary, self._pretokenizer = vocabulary, pretokenizer
        self._whole_values = {spelling: vocabulary.ids[spelling] for spelling in vocabulary.whole_values}

    def tokens(self, kind: PieceKind, text: str) -> tuple[int, ...]:
        """The token ids of a piece; raises UnicodeEncodeError if the text is not valid Unicode."""
        return self.tokens_of(self._pretokenizer.spell(kind, text))

    def tokens_of(self, spelling: str) -> tuple[int, ...]:
        """The token ids of a piece that is spelled."""
        whole = self._whole_values.get(spelling)
        if whole is not None:
            return (whole,)
        if not self._vocabulary.merges:
            return tuple(map(self._vocabulary.ids.__getitem__, spelling))
        engine, ids = self._engine
        return tuple(map(ids.__getitem__, engine.encode_ordinary(spelling)))

    def token_groups(self, kind: PieceKind, text: str) -> tuple[tuple[int, ...], ...]:
        """The token ids of a piece as one group, no group if it has no symbols; raises what `tokens` raises."""
        tokens = self.tokens(kind, text)
        return (tokens,) if tokens else ()

    @cached_property
    def _engine(self) -> tuple[tiktoken.Encoding, list[int]]:
        """The library's encoder, and our token id for each of its ids; created on first use."""
        vocabulary = self._vocabulary
        symbols = vocabulary.grammar.symbols.characters
        merged = [first + second for first, second in vocabulary.merges]
        spelled = [spelling.encode() for spelling in dict.fromkeys([*symbols, *merged])]
        # Proper prefixes of a character are not tokens, but the library needs ranks for them, before all others.
        prefixes = dict.fromkeys([*_proper_prefixes(spelled[: len(symbols)]), *map(_byte, range(NUM_BYTES))])
        for spelling in spelled:
            prefixes.pop(spelling, None)
        ordered = [*prefixes, *spelled]
        ranks = {spelling: rank for rank, spelling in enumerate(ordered)}
        ids = [vocabulary.ids.get(spelling.decode(errors="replace"), -1) for spelling in ordered]
        return tiktoken.Encoding(
            "typed", pat_str=self._pretokenizer.pattern, mergeable_ranks=ranks, special_tokens={}
        ), ids


def _byte(value: int) -> bytes:
    return bytes([value])


def _proper_prefixes(characters: list[bytes]) -> Iterator[bytes]:
    for character in characters:
        for length in range(2, len(character)):
            yield character[:length]
