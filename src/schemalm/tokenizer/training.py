"""Training a tokenizer: key orders, then whole values, then merges, then the grammar states that documents have.

In: a grammar and a sample of valid values; out: the parts that a tokenizer is made of.

What counts is what a document adds. Of a source's documents each counts by the share of its pieces (structure,
contents, keys) that no earlier one had, so near-duplicates and the versions of one file count about once; a source with
n times the documents weighs the square root of n times as much; and a piece counts at most `MAX_COUNT_PER_DOCUMENT`
times in one document, so that long repetitive ones do not own the vocabulary.

Memory is bounded whatever is learned from: values are a `Sample`, sources are counted one after another, and counts are
a `Tally`. A corpus within the bounds is learned from as a whole.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from schemalm.errors import LimitError
from schemalm.grammar.grammar import Grammar
from schemalm.machine import Tables
from schemalm.machine.tracing import Tracer
from schemalm.machine.vocabulary import Vocabulary, num_learned_tokens
from schemalm.tokenizer.compiled_rules import CompiledRules
from schemalm.tokenizer.encoder import Encoder
from schemalm.tokenizer.engine import MergeEngine
from schemalm.tokenizer.key_order import learn_key_orders
from schemalm.tokenizer.merges import learn_merges
from schemalm.tokenizer.parts import GrammarStates, TokenizerParts
from schemalm.tokenizer.pretokenizer import MergeScope, Piece, Pretokenizer
from schemalm.tokenizer.sample import Sample
from schemalm.tokenizer.tally import Tally

# Of the learned tokens, those that are whole strings: at most so many.
WHOLE_VALUES_SHARE = 0.15
MAX_COUNT_PER_DOCUMENT = 8
# Weights are whole numbers, so that sums do not depend on their order.
WEIGHT_UNIT = 1 << 12
MIN_WHOLE_VALUE_SOURCES = 3
MAX_WHOLE_VALUE_SYMBOLS = 200
MAX_STATE_DOCUMENTS = 4000
MAX_STATES = 4096
# What different pieces may take, and different segments while merges are learned from them.
MAX_PIECE_BYTES = 128 << 20
MAX_SEGMENT_BYTES = 320 << 20


def learn_parts(
    grammar: Grammar, sample: Sample, vocab_size: int, seed: int, merge_scope: MergeScope, whole_values: float
) -> TokenizerParts:
    """Learns the parts of a tokenizer of at most `vocab_size` tokens; see `Tokenizer.train`."""
    ordered = grammar.with_key_orders(learn_key_orders(grammar, sample))
    num_learned = num_learned_tokens(ordered, vocab_size)
    rules = CompiledRules(ordered)
    counts = _count(rules, Pretokenizer(ordered.symbols, merge_scope), sample)
    wholes = counts.whole_values(int(num_learned * whole_values)) if merge_scope == "word" else []
    pretokenizer = Pretokenizer(ordered.symbols, merge_scope, wholes)
    segments = _segment_weights(pretokenizer, counts.weights, wholes)
    del counts  # learning takes much memory itself
    vocabulary = Vocabulary(ordered, wholes, learn_merges(segments, num_learned - len(wholes)))
    chosen = random.Random(seed).sample(range(len(sample)), min(len(sample), MAX_STATE_DOCUMENTS))
    encoder = Encoder(rules, MergeEngine(vocabulary, pretokenizer).token_pieces)
    states = _collect_states(vocabulary, encoder, (sample[index] for index in sorted(chosen)))
    return TokenizerParts(vocabulary, merge_scope, states)


def _count(rules: CompiledRules, pretokenizer: Pretokenizer, sample: Sample) -> _Counts:
    counts, encoder = _Counts(pretokenizer), Encoder(rules, pretokenizer.pieces)
    for values in sample.by_source():
        counts.add_source(map(encoder.encode, values))
    return counts


class _Counts:
    """How much each piece weighs over all sources, and in how many of them those are that may become one token."""

    def __init__(self, pretokenizer: Pretokenizer) -> None:
        self.weights: Tally[Piece] = Tally(MAX_PIECE_BYTES, _piece_bytes)
        self._num_sources: Tally[Piece] = Tally(MAX_PIECE_BYTES, _piece_bytes)
        self._pretokenizer = pretokenizer

    def add_source(self, documents: Iterable[Sequence[Piece]]) -> None:
        """Count a source: each of its documents by what it adds to those before."""
        known: Tally[Piece] = Tally(MAX_PIECE_BYTES, _piece_bytes)
        size = 0
        for pieces in documents:
            found = Counter(pieces)
            weight = round(WEIGHT_UNIT * sum(piece not in known for piece in found) / len(found))
            size += weight
            for piece, count in found.items():
                known.add(piece, weight * min(count, MAX_COUNT_PER_DOCUMENT))
        scale = math.sqrt(size / WEIGHT_UNIT)
        for piece, count in known.items():
            self.weights.add(piece, round(count / scale))
            if piece.kind == "content" and len(piece.text) < MAX_WHOLE_VALUE_SYMBOLS:
                self._num_sources.add(piece, 1)

    def whole_values(self, num_values: int) -> list[str]:
        """The contents of several words that save most tokens, with their end, of those that enough sources share."""
        savings: dict[str, int] = {}
        for piece, num_sources in self._num_sources.items():
            words = self._pretokenizer.split(*piece) if num_sources >= MIN_WHOLE_VALUE_SOURCES else []
            spelling = "".join(words)
            if len(words) > 1 and len(spelling) <= MAX_WHOLE_VALUE_SYMBOLS:
                savings[spelling] = self.weights.counts.get(piece, 0) * (len(words) - 1)
        return sorted(savings, key=lambda spelling: (-savings[spelling], spelling))[:num_values]


def _piece_bytes(piece: Piece) -> int:
    """About what a counted piece takes."""
    return 256 + len(piece.text) * (1 if piece.text.isascii() else 4)


def _segment_bytes(segment: str) -> int:
    """About what learning from a segment takes: a list of its symbols, and an entry for each pair of them."""
    return 256 + 64 * len(segment)


def _segment_weights(pretokenizer: Pretokenizer, weights: Tally[Piece], whole_values: Sequence[str]) -> dict[str, int]:
    """How much each segment weighs that merges are learned from."""
    found: Tally[str] = Tally(MAX_SEGMENT_BYTES, _segment_bytes)
    for piece, weight in weights.items():
        for segment, count in Counter(pretokenizer.split(*piece)).items():
            found.add(segment, weight * min(count, MAX_COUNT_PER_DOCUMENT))
    for whole in whole_values:
        found.counts.pop(whole, None)
    return found.counts


def _collect_states(vocabulary: Vocabulary, encoder: Encoder[tuple[int, ...]], values: Iterable[Any]) -> GrammarStates:
    """The nonterminals and paths that documents pass through, most frequent first."""
    tracer = Tracer(Tables(vocabulary.grammar, vocabulary))
    numbers: Counter[int] = Counter()
    for value in values:
        with suppress(LimitError):  # the document serves for the rest
            numbers.update(tracer.trace(encoder.encode(value)).numbers.tolist())
    labels: Counter[str] = Counter()
    paths: Counter[str] = Counter()
    for number, count in numbers.items():
        entry = tracer.entries[number]
        labels[tracer.tables.label(entry.nonterminal)] += count
        paths[entry.path] += count
    return GrammarStates(_most_frequent(labels), _most_frequent(paths))


def _most_frequent(counts: Counter[str]) -> tuple[str, ...]:
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(name for name, count in ranked[:MAX_STATES] if count > 1)
