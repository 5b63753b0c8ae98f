"""The merge engine: from a piece of a derivation to its token ids, by the library `tiktoken`.

The library merges bytes, so each symbol's character stands as its UTF-8: its bytes are merged before anything else, and
from there on merges are those of the vocabulary. In every segment the adjacent pair whose joint spelling was learned
first merges first, as often as one does. In: pieces, which the library splits by the pretokenizer's pattern; out: token
ids.
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
        """The token ids of a piece; raises UnicodeEncodeError for what is no text."""
        spelling = self._pretokenizer.spell(kind, text)
        whole = self._whole_values.get(spelling)
        if whole is not None:
            return (whole,)
        if not self._vocabulary.merges:
            return tuple(map(self._vocabulary.ids.__getitem__, spelling))
        engine, ids = self._engine
        return tuple(map(ids.__getitem__, engine.encode_ordinary(spelling)))

    def token_pieces(self, kind: PieceKind, text: str) -> tuple[tuple[int, ...], ...]:
        """The token ids of a piece together, none where it has no symbol; raises as `tokens` does."""
        tokens = self.tokens(kind, text)
        return (tokens,) if tokens else ()

    @cached_property
    def _engine(self) -> tuple[tiktoken.Encoding, list[int]]:
        """The library's engine, and our token by its ids; made when it is first asked for."""
        vocabulary = self._vocabulary
        symbols = vocabulary.grammar.symbols.characters
        merged = [first + second for first, second in vocabulary.merges]
        spelled = [spelling.encode() for spelling in dict.fromkeys([*symbols, *merged])]
        # Bytes that begin a character are no tokens, yet their ranks come first.
        beginnings = dict.fromkeys([*_beginnings(spelled[: len(symbols)]), *map(_byte, range(NUM_BYTES))])
        for spelling in spelled:
            beginnings.pop(spelling, None)
        ordered = [*beginnings, *spelled]
        ranks = {spelling: rank for rank, spelling in enumerate(ordered)}
        ids = [vocabulary.ids.get(spelling.decode(errors="replace"), -1) for spelling in ordered]
        return tiktoken.Encoding(
            "typed", pat_str=self._pretokenizer.pattern, mergeable_ranks=ranks, special_tokens={}
        ), ids


def _byte(value: int) -> bytes:
    return bytes([value])


def _beginnings(characters: list[bytes]) -> Iterator[bytes]:
    for character in characters:
        for length in range(2, len(character)):
            yield character[:length]
