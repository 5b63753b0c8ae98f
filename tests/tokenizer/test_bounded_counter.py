"""Counters in bounded memory keep the largest counts."""

from __future__ import annotations

from collections import Counter

import pytest

from schemalm.grammar import Grammar
from schemalm.tokenizer import Tokenizer, training
from schemalm.tokenizer.bounded_counter import BoundedCounter


def test_counts_are_exact_if_they_fit() -> None:
    counter: BoundedCounter[str] = BoundedCounter(100, len)
    for key in "abracadabra":
        counter.add(key, 2)
    assert dict(counter.items()) == {key: 2 * count for key, count in Counter("abracadabra").items()}
    assert "a" in counter
    assert "x" not in counter


def test_the_largest_counts_are_kept_if_there_are_too_many_keys() -> None:
    counter: BoundedCounter[str] = BoundedCounter(20, len)
    for key in ("heavy", "often"):
        counter.add(key, 50)
    for number in range(10_000):
        counter.add(f"{number:04}", 1)
        assert len(counter.counts) <= 5
    assert counter.counts["heavy"] == counter.counts["often"] == 50


def test_of_equal_counts_the_smallest_keys_are_kept() -> None:
    counter: BoundedCounter[str] = BoundedCounter(4, len)
    for key in "edcba":
        counter.add(key, 1)
    assert list(counter.counts) == ["a", "b"]


def test_a_tokenizer_learns_frequent_texts_among_many_distinct_ones(
    grammar: Grammar, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [{"name": f"shared phrase {number * 7919 % 10007:05d}"} for number in range(400)]
    monkeypatch.setattr(training, "MAX_PIECE_BYTES", 10_000)
    monkeypatch.setattr(training, "MAX_SEGMENT_BYTES", 10_000)
    tokenizer = Tokenizer.train(grammar, values, vocab_size=330)
    assert any("shared" in tokenizer.describe(token) for token in range(tokenizer.vocab_size))
