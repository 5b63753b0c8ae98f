"""Merges are learned as byte-pair encoding does."""

from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.tokenizer.merges import Pair, learn_merges

segments = st.dictionaries(st.text("abxy", min_size=1, max_size=8), st.integers(1, 5), min_size=1, max_size=8)


def slow_merges(weights: dict[str, int], num_merges: int) -> list[Pair]:
    """Counts all pairs afresh for every merge."""
    words = {segment: list(segment) for segment in weights}
    merges: list[Pair] = []
    for _ in range(num_merges):
        counts: Counter[Pair] = Counter()
        for segment, word in words.items():
            for pair in itertools.pairwise(word):
                counts[pair] += weights[segment]
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        for segment, word in words.items():
            words[segment] = apply(word, best)
    return merges


def apply(word: list[str], pair: Pair) -> list[str]:
    """The word with every occurrence of the pair merged, from left to right."""
    result: list[str] = []
    for part in word:
        if result and (result[-1], part) == pair:
            result[-1] += part
        else:
            result.append(part)
    return result


@settings(max_examples=300)
@given(segments, st.integers(1, 8))
def test_the_fast_learner_equals_counting_afresh(weights: dict[str, int], num_merges: int) -> None:
    assert learn_merges(weights, num_merges) == slow_merges(weights, num_merges)


@given(segments, st.randoms())
def test_the_order_of_the_segments_does_not_matter(weights: dict[str, int], chance) -> None:
    shuffled = list(weights.items())
    chance.shuffle(shuffled)
    assert learn_merges(dict(shuffled), 8) == learn_merges(weights, 8)
