"""Merges are those of byte-pair encoding."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.tokenizer.merges import learn_merges

from .slow_merges import slow_merges

segments = st.dictionaries(st.text("abxy", min_size=1, max_size=8), st.integers(1, 5), min_size=1, max_size=8)


@settings(max_examples=300)
@given(segments, st.integers(1, 8))
def test_merges_equal_those_of_the_slow_reference(weights: dict[str, int], num_merges: int) -> None:
    assert learn_merges(weights, num_merges) == slow_merges(weights, num_merges)


@given(segments, st.randoms())
def test_the_order_of_segments_does_not_matter(weights: dict[str, int], chance) -> None:
    shuffled = list(weights.items())
    chance.shuffle(shuffled)
    assert learn_merges(dict(shuffled), 8) == learn_merges(weights, 8)
