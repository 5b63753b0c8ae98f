"""Trains a tokenizer: learns key orders, then whole values, then merges, and collects the grammar states of documents.

In: a grammar and a sample of valid values. Out: the parts of a tokenizer.

Counts are balanced, so that large sources and repetitive documents do not dominate the vocabulary:

* The weight of a document is the share of its distinct pieces (structure, contents, keys) that no earlier document of
  its source has. So near-duplicates and versions of one file count about once.
* The weight of a source is the square root of the sum of its documents' weights.
* A piece counts at most `MAX_COUNT_PER_DOCUMENT` times in one document.

Memory is bounded for any corpus: values are in a `Sample`, sources are counted one at a time, and counts are in a
`BoundedCounter`. A corpus within these bounds is used completely.
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
from schemalm.tokenizer.bounded_counter import BoundedCounter
from schemalm.tokenizer.compiled_rules import CompiledRules
from schemalm.tokenizer.encoder import Encoder
from schemalm.tokenizer.key_order import learn_key_orders
from schemalm.tokenizer.merge_engine import MergeEngine
from schemalm.tokenizer.merges import learn_merges
from schemalm.tokenizer.parts import GrammarStates, TokenizerParts
from schemalm.tokenizer.pretokenizer import MergeScope, Piece, Pretokenizer
from schemalm.tokenizer.sample import Sample

# The maximum share of the learned tokens that are whole strings.
WHOLE_VALUES_SHARE = 0.15
MAX_COUNT_PER_DOCUMENT = 8
# Weights are integers, so that sums do not depend on the order of their terms.
WEIGHT_UNIT = 1 << 12
MIN_WHOLE_VALUE_SOURCES = 3
MAX_WHOLE_VALUE_SYMBOLS = 200
MAX_STATE_DOCUMENTS = 4000
MAX_STATES = 4096
# Memory for distinct pieces, and for distinct segments while merges are learned.
MAX_PIECE_BYTES = 128 << 20
MAX_SEGMENT_BYTES = 320 << 20


def learn_parts(
    grammar: Grammar, sample: Sample, vocab_size: int, seed: int, merge_scope: MergeScope, whole_values: float
) -> TokenizerParts:
    """Learns the parts of a tokenizer of at most `vocab_size` tokens; see `Tokenizer.train`."""
    ordered = grammar.with_key_orders(learn_key_orders(grammar, sample))
    num_learned = num_learned_tokens(ordered, vocab_size)
    rules = CompiledRules(ordered)
    counts = _count_pieces(rules, Pretokenizer(ordered.symbols, merge_scope), sample)
    whole_spellings = counts.whole_values(int(num_learned * whole_values)) if merge_scope == "word" else []
    pretokenizer = Pretokenizer(ordered.symbols, merge_scope, whole_spellings)
    segments = _segment_weights(pretokenizer, counts.weights, whole_spellings)
    del counts  # learning merges needs much memory
    vocabulary = Vocabulary(ordered, whole_spellings, learn_merges(segments, num_learned - len(whole_spellings)))
    chosen = random.Random(seed).sample(range(len(sample)), min(len(sample), MAX_STATE_DOCUMENTS))
    encoder = Encoder(rules, MergeEngine(vocabulary, pretokenizer).token_groups)
    states = _collect_states(vocabulary, encoder, (sample[index] for index in sorted(chosen)))
    return TokenizerParts(vocabulary, merge_scope, states)


def _count_pieces(rules: CompiledRules, pretokenizer: Pretokenizer, sample: Sample) -> _PieceCounts:
    counts, encoder = _PieceCounts(pretokenizer), Encoder(rules, pretokenizer.pieces)
    for values in sample.by_source():
        counts.add_source(map(encoder.encode, values))
    return counts


class _PieceCounts:
    """The weight of each piece over all sources, and the number of sources of each that may become one token."""

    def __init__(self, pretokenizer: Pretokenizer) -> None:
        self.weights: BoundedCounter[Piece] = BoundedCounter(MAX_PIECE_BYTES, _piece_bytes)
        self._num_sources: BoundedCounter[Piece] = BoundedCounter(MAX_PIECE_BYTES, _piece_bytes)
        self._pretokenizer = pretokenizer

    def add_source(self, documents: Iterable[Sequence[Piece]]) -> None:
        """Counts the documents of one source, weighted by their share of new pieces."""
        known: BoundedCounter[Piece] = BoundedCounter(MAX_PIECE_BYTES, _piece_bytes)
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
        """The spellings of up to `num_values` contents that save most tokens: of several words, in enough sources."""
        savings: dict[str, int] = {}
        for piece, num_sources in self._num_sources.items():
            words = self._pretokenizer.split(*piece) if num_sources >= MIN_WHOLE_VALUE_SOURCES else []
            spelling = "".join(words)
            if len(words) > 1 and len(spelling) <= MAX_WHOLE_VALUE_SYMBOLS:
                savings[spelling] = self.weights.counts.get(piece, 0) * (len(words) - 1)
        return sorted(savings, key=lambda spelling: (-savings[spelling], spelling))[:num_values]


def _piece_bytes(piece: Piece) -> int:
    """The approximate memory of a counted piece."""
    return 256 + len(piece.text) * (1 if piece.text.isascii() else 4)


def _segment_bytes(segment: str) -> int:
    """The approximate memory to learn from a segment: a list of its symbols, and an entry for each pair of them."""
    return 256 + 64 * len(segment)


def _segment_weights(
    pretokenizer: Pretokenizer, weights: BoundedCounter[Piece], whole_values: Sequence[str]
) -> dict[str, int]:
    """The weight of each segment that merges are learned from; whole values are left out."""
    found: BoundedCounter[str] = BoundedCounter(MAX_SEGMENT_BYTES, _segment_bytes)
    for piece, weight in weights.items():
        for segment, count in Counter(pretokenizer.split(*piece)).items():
            found.add(segment, weight * min(count, MAX_COUNT_PER_DOCUMENT))
    for whole in whole_values:
        found.counts.pop(whole, None)
    return found.counts


def _collect_states(vocabulary: Vocabulary, encoder: Encoder[tuple[int, ...]], values: Iterable[Any]) -> GrammarStates:
    """The nonterminals and paths that occur in documents, most frequent first."""
    tracer = Tracer(Tables(vocabulary.grammar, vocabulary))
    numbers: Counter[int] = Counter()
    for value in values:
        with suppress(LimitError):  # the document still counts for the other parts
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
