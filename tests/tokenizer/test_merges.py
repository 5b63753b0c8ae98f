"""Merges are learned as byte-pair encoding does, under the arity rule."""

from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.tokenizer.merges import Pair, arity_of, learn_merges

# x closes, y opens two.
ARITIES = {"a": 1, "b": 1, "x": 0, "y": 2}
segments = st.dictionaries(st.text("abxy", min_size=1, max_size=8), st.integers(1, 5), min_size=1, max_size=8)


def slow_merges(weights: dict[str, int], num_merges: int) -> list[Pair]:
    """Counts all pairs afresh for every merge."""
    words = {segment: list(segment) for segment in weights}
    merges: list[Pair] = []
    for _ in range(num_merges):
        counts: Counter[Pair] = Counter()
        for segment, word in words.items():
            for pair in itertools.pairwise(word):
                if arity_of(pair[0], ARITIES) >= 1:
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
    assert learn_merges(weights, ARITIES, num_merges) == slow_merges(weights, num_merges)


@given(segments)
def test_no_merge_has_a_left_part_that_is_closed(weights: dict[str, int]) -> None:
    assert all(arity_of(left, ARITIES) >= 1 for left, _ in learn_merges(weights, ARITIES, 20))


@given(segments, st.randoms())
def test_the_order_of_the_segments_does_not_matter(weights: dict[str, int], chance) -> None:
    shuffled = list(weights.items())
    chance.shuffle(shuffled)
    assert learn_merges(dict(shuffled), ARITIES, 8) == learn_merges(weights, ARITIES, 8)


def test_the_arity_of_a_piece_counts_what_it_leaves_open() -> None:
    assert [arity_of(piece, ARITIES) for piece in ("a", "x", "y", "ya", "yx", "yxx")] == [1, 0, 2, 2, 1, 0]
