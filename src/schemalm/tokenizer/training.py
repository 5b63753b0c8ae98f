"""Training a tokenizer: key orders, then whole values, then merges, then the grammar states that documents have."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.symbols import END
from schemalm.machine import Machine
from schemalm.tokenizer.key_order import learn_key_orders
from schemalm.tokenizer.merges import learn_merges
from schemalm.tokenizer.segmentation import WORDS, MergeScope
from schemalm.tokenizer.tokenizer import GrammarStates, Tokenizer
from schemalm.tokenizer.vocabulary import num_learned_tokens

# A segment counts at most so often in one document, so that long repetitive documents do not own the vocabulary.
MAX_COUNT_PER_DOCUMENT = 8
# A document weighs this much; one of a source with n documents, 1 / sqrt(n) of it.
DOCUMENT_WEIGHT = 1024
WHOLE_VALUE_SHARE = 0.15
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
) -> Tokenizer:
    """Learns a tokenizer of at most `vocab_size` tokens; see `Tokenizer.train`."""
    ordered = grammar.with_key_orders(learn_key_orders(grammar, values))
    num_learned = num_learned_tokens(ordered, vocab_size)
    origins = list(sources) if sources is not None else [str(index) for index in range(len(values))]
    whole_values = _whole_values(ordered, values, origins, num_learned) if merge_scope == "word" else []
    plain = Tokenizer(ordered, merge_scope=merge_scope, whole_values=whole_values)
    weights = _segment_weights(plain, values, origins)
    arities = dict(zip(ordered.symbols.characters, ordered.symbols.arities, strict=True))
    for whole in whole_values:
        weights.pop(whole, None)
    merges = learn_merges(weights, arities, num_learned - len(whole_values))
    trained = Tokenizer(ordered, merge_scope=merge_scope, whole_values=whole_values, merges=merges)
    sample = random.Random(seed).sample(range(len(values)), min(len(values), MAX_STATE_DOCUMENTS))
    trained.states = _collect_states(trained, [values[index] for index in sorted(sample)])
    return trained


def _whole_values(grammar: Grammar, values: Sequence[Any], origins: Sequence[str], num_learned: int) -> list[str]:
    """The strings of several words that most sources share, as spellings with their end."""
    plain = Tokenizer(grammar, merge_scope="value")
    end = grammar.symbols.characters[grammar.symbols.ids[END]]
    found: dict[str, set[str]] = defaultdict(set)
    for value, origin in zip(values, origins, strict=True):
        for segment in set(plain.segments(value)):
            if segment.endswith(end) and len(segment) <= MAX_WHOLE_VALUE_SYMBOLS:
                found[segment].add(origin)
    shared = [
        (len(owners), text)
        for text, owners in found.items()
        if len(owners) >= MIN_WHOLE_VALUE_SOURCES and _num_words(text[:-1]) > 1
    ]
    best = sorted(shared, key=lambda entry: (-entry[0], entry[1]))[: int(num_learned * WHOLE_VALUE_SHARE)]
    return [text for _, text in best]


def _num_words(content: str) -> int:
    return len(WORDS.findall(content.encode("latin-1").decode()))


def _segment_weights(tokenizer: Tokenizer, values: Sequence[Any], origins: Sequence[str]) -> dict[str, int]:
    """How much each segment weighs: its capped count in each document, documents of large sources weighing less."""
    sizes = Counter(origins)
    weights: dict[str, int] = defaultdict(int)
    for value, origin in zip(values, origins, strict=True):
        weight = max(1, round(DOCUMENT_WEIGHT / math.sqrt(sizes[origin])))
        for segment, count in Counter(tokenizer.segments(value)).items():
            weights[segment] += weight * min(count, MAX_COUNT_PER_DOCUMENT)
    return dict(weights)


def _collect_states(tokenizer: Tokenizer, values: Iterable[Any]) -> GrammarStates:
    """The nonterminals and paths that documents pass through, most frequent first."""
    nonterminals: Counter[str] = Counter()
    paths: Counter[str] = Counter()
    tables = tokenizer.tables
    for value in values:
        machine = Machine(tables)
        for token in tokenizer.encode(value):
            nonterminals[tables.label(machine.nonterminal)] += 1
            paths[machine.path] += 1
            machine.advance(token)
    return GrammarStates(_most_frequent(nonterminals), _most_frequent(paths))


def _most_frequent(counts: Counter[str]) -> tuple[str, ...]:
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(name for name, count in ranked[:MAX_STATES] if count > 1)
