"""Training a tokenizer: key orders, then whole values, then merges, then the grammar states that documents have.

What counts is what a document adds. Of a source's documents each counts by the share of its stretches (structure,
contents, keys) that no earlier one had, so near-duplicates and the versions of one file count about once; a source with
n times the documents weighs the square root of n times as much; and a stretch counts at most `MAX_COUNT_PER_DOCUMENT`
times in one document, so that long repetitive ones do not own the vocabulary.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from schemalm.grammar.grammar import Grammar
from schemalm.machine.tracing import Tracer
from schemalm.tokenizer.key_order import learn_key_orders
from schemalm.tokenizer.merges import learn_merges
from schemalm.tokenizer.segmentation import Cutter, MergeScope, Stretch
from schemalm.tokenizer.tokenizer import GrammarStates, Tokenizer
from schemalm.tokenizer.vocabulary import num_learned_tokens

MAX_COUNT_PER_DOCUMENT = 8
# Weights are whole numbers, so that sums do not depend on their order.
WEIGHT_UNIT = 1 << 12
MIN_WHOLE_VALUE_SOURCES = 3
MAX_WHOLE_VALUE_SYMBOLS = 200
MAX_STATE_DOCUMENTS = 4000
MAX_STATES = 4096


def train_tokenizer(
    grammar: Grammar,
    values: Sequence[Any],
    vocab_size: int,
    seed: int,
    sources: Sequence[str] | None,
    merge_scope: MergeScope,
    whole_values: float,
) -> Tokenizer:
    """Learns a tokenizer of at most `vocab_size` tokens; see `Tokenizer.train`."""
    ordered = grammar.with_key_orders(learn_key_orders(grammar, values))
    num_learned = num_learned_tokens(ordered, vocab_size)
    plain = Tokenizer(ordered, merge_scope=merge_scope)
    counts = _Counts()
    for index, value in enumerate(values):
        counts.add(plain.stretches(value), sources[index] if sources is not None else str(index))
    wholes = _whole_values(plain, counts, int(num_learned * whole_values)) if merge_scope == "word" else []
    cutter = Tokenizer(ordered, merge_scope=merge_scope, whole_values=wholes).cutter
    arities = dict(zip(ordered.symbols.characters, ordered.symbols.arities, strict=True))
    merges = learn_merges(_segment_weights(cutter, counts.weights(), wholes), arities, num_learned - len(wholes))
    trained = Tokenizer(ordered, merge_scope=merge_scope, whole_values=wholes, merges=merges)
    sample = random.Random(seed).sample(range(len(values)), min(len(values), MAX_STATE_DOCUMENTS))
    trained.states = _collect_states(trained, [values[index] for index in sorted(sample)])
    return trained


class _Counts:
    """How much each stretch weighs, source by source."""

    def __init__(self) -> None:
        self._sources: dict[str, Counter[Stretch]] = defaultdict(Counter)
        self._sizes: Counter[str] = Counter()

    def add(self, stretches: Sequence[Stretch], source: str) -> None:
        """Counts one document by what it adds to its source."""
        found, known = Counter(stretches), self._sources[source]
        weight = round(WEIGHT_UNIT * sum(stretch not in known for stretch in found) / len(found))
        self._sizes[source] += weight
        for stretch, count in found.items():
            known[stretch] += weight * min(count, MAX_COUNT_PER_DOCUMENT)

    def weights(self) -> Counter[Stretch]:
        """The weight of each stretch over all sources."""
        weights: Counter[Stretch] = Counter()
        for source, counts in self._sources.items():
            scale = math.sqrt(self._sizes[source] / WEIGHT_UNIT)
            for stretch, count in counts.items():
                weights[stretch] += round(count / scale)
        return weights

    def num_sources(self) -> Counter[Stretch]:
        """How many sources have each stretch."""
        return Counter(chain.from_iterable(self._sources.values()))


def _whole_values(tokenizer: Tokenizer, counts: _Counts, num_values: int) -> list[str]:
    """The contents of several words that save most tokens, among those that enough sources share, with their end."""
    weights = counts.weights()
    savings: dict[str, int] = {}
    for stretch, num_sources in counts.num_sources().items():
        words = tokenizer.cutter.cut(*stretch) if stretch.kind == "content" else []
        spelling = "".join(words)
        if num_sources >= MIN_WHOLE_VALUE_SOURCES and len(words) > 1 and len(spelling) <= MAX_WHOLE_VALUE_SYMBOLS:
            savings[spelling] = weights[stretch] * (len(words) - 1)
    return sorted(savings, key=lambda spelling: (-savings[spelling], spelling))[:num_values]


def _segment_weights(cutter: Cutter, weights: Counter[Stretch], whole_values: Sequence[str]) -> dict[str, int]:
    """How much each segment weighs that merges are learned from."""
    found: Counter[str] = Counter()
    for stretch, weight in weights.items():
        for segment, count in Counter(cutter.cut(*stretch)).items():
            found[segment] += weight * min(count, MAX_COUNT_PER_DOCUMENT)
    for whole in whole_values:
        found.pop(whole, None)
    return dict(found)


def _collect_states(tokenizer: Tokenizer, values: Iterable[Any]) -> GrammarStates:
    """The nonterminals and paths that documents pass through, most frequent first."""
    tracer = Tracer(tokenizer)
    numbers: Counter[int] = Counter()
    for value in values:
        numbers.update(tracer.trace(value).numbers.tolist())
    labels: Counter[str] = Counter()
    paths: Counter[str] = Counter()
    for number, count in numbers.items():
        place = tracer.places[number]
        labels[tokenizer.tables.label(place.nonterminal)] += count
        paths[place.path] += count
    return GrammarStates(_most_frequent(labels), _most_frequent(paths))


def _most_frequent(counts: Counter[str]) -> tuple[str, ...]:
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(name for name, count in ranked[:MAX_STATES] if count > 1)
