"""Tokens that contain structure and contents at once: legal pieces of derivations that no tokenizer learns by itself.

Machines must handle them, because a vocabulary may come from anywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest
from tests.tokenizer.slow_merges import slow_merges

from schemalm.grammar import Grammar
from schemalm.grammar.symbols import symbol_of
from schemalm.machine.vocabulary import Vocabulary
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer.merge_engine import MergeEngine
from schemalm.tokenizer.pretokenizer import MAX_SEGMENT_SYMBOLS, Pretokenizer


class SpanningTokenizer(Tokenizer):
    """A tokenizer whose merges include contents and the structure around them.

    Merges end after a symbol that closes a value, and at free keys, whose tokens a machine has to find.
    """

    @classmethod
    def learn(cls, grammar: Grammar, values: Iterable[Any], vocab_size: int) -> SpanningTokenizer:
        """Learns from valid values. vocab_size: the most tokens."""
        plain = cls(grammar)
        weights = Counter(segment for value in values for segment in plain.segments(value))
        merges = slow_merges(weights, vocab_size - plain.vocab_size, lambda left: arity_of(grammar, left) > 0)
        return cls(grammar, Vocabulary(grammar, (), merges))

    def segments(self, value: Any) -> list[str]:
        """Returns the units of merging: the symbols of a value's derivation, one character each."""
        runs = [""]
        for kind, text in self.pieces(value):
            spelling = self.pretokenizer.spell(kind, text)
            if kind == "key":
                runs += [spelling, ""]
                continue
            runs[-1] += spelling
            if kind == "structure" and arity_of(self.grammar, spelling[-1]) == 0:
                runs.append("")
        step = MAX_SEGMENT_SYMBOLS
        return [run[begin : begin + step] for run in runs for begin in range(0, len(run), step)]

    def encode(self, value: Any) -> list[int]:
        """Returns the token ids of a value, after all merges."""
        engine = MergeEngine(self.vocabulary, Pretokenizer(self.grammar.symbols, "value"))
        return [token for segment in self.segments(value) for token in engine.tokens("structure", segment)]

    def encode_pieces(self, value: Any) -> list[tuple[int, ...]]:
        """Returns the token ids of a value, each in its own piece, since a token may be a part of several pieces."""
        return [(token,) for token in self.encode(value)]


def arity_of(grammar: Grammar, spelling: str) -> int:
    """Returns how many nonterminals a piece of a derivation leaves open. Each symbol fills one and opens its arity."""
    return 1 + sum(grammar.symbols.arities[symbol_of(character)] - 1 for character in spelling)


# Every way to learn a tokenizer: function of a grammar, values and `vocab_size`.
LEARNERS = [
    pytest.param(partial(Tokenizer.train, merge_scope="word"), id="word"),
    pytest.param(partial(Tokenizer.train, merge_scope="value"), id="value"),
    pytest.param(SpanningTokenizer.learn, id="spanning"),
]
