"""Tokens that hold structure and contents at once: legal pieces of derivations, which no tokenizer learns by itself.

Machines must handle them, for a vocabulary may come from anywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from schemalm.grammar import Grammar
from schemalm.grammar.symbols import symbol_of
from schemalm.machine.vocabulary import Vocabulary
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer.engine import MergeEngine
from schemalm.tokenizer.pretokenizer import MAX_SEGMENT_SYMBOLS, Pretokenizer

Pair = tuple[str, str]


class SpanningTokenizer(Tokenizer):
    """A tokenizer whose merges go over contents and the structure around them.

    Merges end after what closes a value, and at free keys, whose tokens a machine has to find.
    """

    @classmethod
    def learn(cls, grammar: Grammar, values: Iterable[Any], vocab_size: int) -> SpanningTokenizer:
        """Learns from valid values; vocab_size: at most so many tokens."""
        plain = cls(grammar)
        weights = Counter(segment for value in values for segment in plain.segments(value))
        return cls(grammar, Vocabulary(grammar, (), spanning_merges(grammar, weights, vocab_size - plain.vocab_size)))

    def segments(self, value: Any) -> list[str]:
        """What merges go over: the symbols of a value's derivation, a character each."""
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
        """The token ids of a value, with merges as far as they go."""
        engine = MergeEngine(self.vocabulary, Pretokenizer(self.grammar.symbols, "value"))
        return [token for segment in self.segments(value) for token in engine.tokens("structure", segment)]


def arity_of(grammar: Grammar, spelling: str) -> int:
    """How many nonterminals a piece of a derivation leaves open: each symbol fills one and opens its arity."""
    return 1 + sum(grammar.symbols.arities[symbol_of(character)] - 1 for character in spelling)


def spanning_merges(grammar: Grammar, weights: Counter[str], num_merges: int) -> list[Pair]:
    """The most frequent pairs, one after another, whose left part leaves something open."""
    words = {segment: list(segment) for segment in weights}
    merges: list[Pair] = []
    while len(merges) < num_merges:
        counts: Counter[Pair] = Counter()
        for segment, word in words.items():
            for pair in pairwise(word):
                counts[pair] += weights[segment]
        open_pairs = [pair for pair in counts if arity_of(grammar, pair[0]) > 0]
        if not open_pairs:
            break
        merges.append(max(open_pairs, key=lambda pair: (counts[pair], pair)))
        words = {segment: merged(word, merges[-1]) for segment, word in words.items()}
    return merges


def merged(word: list[str], pair: Pair) -> list[str]:
    """The word with every occurrence of the pair merged, from left to right."""
    result: list[str] = []
    for part in word:
        if result and (result[-1], part) == pair:
            result[-1] += part
        else:
            result.append(part)
    return result
