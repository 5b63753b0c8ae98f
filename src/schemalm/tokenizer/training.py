"""Training a tokenizer: key orders, then whole values, then merges, then the grammar states that documents have.

What counts is what a document adds. Of a source's documents each counts by the share of its stretches (structure,
contents, keys) that no earlier one had, so near-duplicates and the versions of one file count about once; a source with
n times the documents weighs the square root of n times as much; and a stretch counts at most `MAX_COUNT_PER_DOCUMENT`
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
from schemalm.machine.tracing import Tracer
from schemalm.machine.vocabulary import num_learned_tokens
from schemalm.tokenizer.key_order import learn_key_orders
from schemalm.tokenizer.merges import learn_merges
from schemalm.tokenizer.sample import Sample
from schemalm.tokenizer.segmentation import Cutter, MergeScope, Stretch
from schemalm.tokenizer.tally import Tally
from schemalm.tokenizer.tokenizer import WHOLE_VALUES_SHARE, GrammarStates, Tokenizer

MAX_COUNT_PER_DOCUMENT = 8
# Weights are whole numbers, so that sums do not depend on their order.
WEIGHT_UNIT = 1 << 12
MIN_WHOLE_VALUE_SOURCES = 3
MAX_WHOLE_VALUE_SYMBOLS = 200
MAX_STATE_DOCUMENTS = 4000
MAX_STATES = 4096
# What different stretches may take, and different segments while merges are learned from them.
MAX_STRETCH_BYTES = 128 << 20
MAX_SEGMENT_BYTES = 320 << 20


def train_tokenizer(
    grammar: Grammar,
    sample: Sample,
    vocab_size: int,
    seed: int,
    merge_scope: MergeScope,
    whole_values: float = WHOLE_VALUES_SHARE,
) -> Tokenizer:
    """Learns a tokenizer of at most `vocab_size` tokens; see `Tokenizer.train`."""
    ordered = grammar.with_key_orders(learn_key_orders(grammar, sample))
    num_learned = num_learned_tokens(ordered, vocab_size)
    counts = _count(Tokenizer(ordered, merge_scope=merge_scope), sample)
    wholes = counts.whole_values(int(num_learned * whole_values)) if merge_scope == "word" else []
    cutter = Tokenizer(ordered, merge_scope=merge_scope, whole_values=wholes).cutter
    segments = _segment_weights(cutter, counts.weights, wholes)
    del counts  # learning takes much memory itself
    arities = dict(zip(ordered.symbols.characters, ordered.symbols.arities, strict=True))
    merges = learn_merges(segments, arities, num_learned - len(wholes))
    trained = Tokenizer(ordered, merge_scope=merge_scope, whole_values=wholes, merges=merges)
    chosen = random.Random(seed).sample(range(len(sample)), min(len(sample), MAX_STATE_DOCUMENTS))
    trained.states = _collect_states(trained, (sample[index] for index in sorted(chosen)))
    return trained


def _count(tokenizer: Tokenizer, sample: Sample) -> _Counts:
    counts = _Counts(tokenizer.cutter)
    for values in sample.by_source():
        counts.add_source(map(tokenizer.stretches, values))
    return counts


class _Counts:
    """How much each stretch weighs over all sources, and in how many of them those are that may become one token."""

    def __init__(self, cutter: Cutter) -> None:
        self.weights: Tally[Stretch] = Tally(MAX_STRETCH_BYTES, _stretch_bytes)
        self._num_sources: Tally[Stretch] = Tally(MAX_STRETCH_BYTES, _stretch_bytes)
        self._cutter = cutter

    def add_source(self, documents: Iterable[Sequence[Stretch]]) -> None:
        """Count a source: each of its documents by what it adds to those before."""
        known: Tally[Stretch] = Tally(MAX_STRETCH_BYTES, _stretch_bytes)
        size = 0
        for stretches in documents:
            found = Counter(stretches)
            weight = round(WEIGHT_UNIT * sum(stretch not in known for stretch in found) / len(found))
            size += weight
            for stretch, count in found.items():
                known.add(stretch, weight * min(count, MAX_COUNT_PER_DOCUMENT))
        scale = math.sqrt(size / WEIGHT_UNIT)
        for stretch, count in known.items():
            self.weights.add(stretch, round(count / scale))
            if stretch.kind == "content" and len(stretch.text) < MAX_WHOLE_VALUE_SYMBOLS:
                self._num_sources.add(stretch, 1)

    def whole_values(self, num_values: int) -> list[str]:
        """The contents of several words that save most tokens, with their end, of those that enough sources share."""
        savings: dict[str, int] = {}
        for stretch, num_sources in self._num_sources.items():
            words = self._cutter.cut(*stretch) if num_sources >= MIN_WHOLE_VALUE_SOURCES else []
            spelling = "".join(words)
            if len(words) > 1 and len(spelling) <= MAX_WHOLE_VALUE_SYMBOLS:
                savings[spelling] = self.weights.counts.get(stretch, 0) * (len(words) - 1)
        return sorted(savings, key=lambda spelling: (-savings[spelling], spelling))[:num_values]


def _stretch_bytes(stretch: Stretch) -> int:
    """About what a counted stretch takes."""
    return 256 + len(stretch.text) * (1 if stretch.text.isascii() else 4)


def _segment_bytes(segment: str) -> int:
    """About what learning from a segment takes: a list of its symbols, and a place for each pair of them."""
    return 256 + 64 * len(segment)


def _segment_weights(cutter: Cutter, weights: Tally[Stretch], whole_values: Sequence[str]) -> dict[str, int]:
    """How much each segment weighs that merges are learned from."""
    found: Tally[str] = Tally(MAX_SEGMENT_BYTES, _segment_bytes)
    for stretch, weight in weights.items():
        for segment, count in Counter(cutter.cut(*stretch)).items():
            found.add(segment, weight * min(count, MAX_COUNT_PER_DOCUMENT))
    for whole in whole_values:
        found.counts.pop(whole, None)
    return found.counts


def _collect_states(tokenizer: Tokenizer, values: Iterable[Any]) -> GrammarStates:
    """The nonterminals and paths that documents pass through, most frequent first."""
    tracer = Tracer(tokenizer.tables)
    numbers: Counter[int] = Counter()
    for value in values:
        with suppress(LimitError):  # the document serves for the rest
            numbers.update(tracer.trace(tokenizer.encode(value)).tolist())
    labels: Counter[str] = Counter()
    paths: Counter[str] = Counter()
    for number, count in numbers.items():
        entry = tracer.entries[number]
        labels[tokenizer.tables.label(entry.nonterminal)] += count
        paths[entry.path] += count
    return GrammarStates(_most_frequent(labels), _most_frequent(paths))


def _most_frequent(counts: Counter[str]) -> tuple[str, ...]:
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(name for name, count in ranked[:MAX_STATES] if count > 1)
