"""Counts in bounded memory."""

from __future__ import annotations

from collections import Counter

import pytest

from schemalm.grammar import Grammar
from schemalm.tokenizer import Tokenizer, training
from schemalm.tokenizer.tally import Tally


def test_counts_are_exact_where_they_fit() -> None:
    tally: Tally[str] = Tally(100, len)
    for key in "abracadabra":
        tally.add(key, 2)
    assert dict(tally.items()) == {key: 2 * count for key, count in Counter("abracadabra").items()}
    assert "a" in tally
    assert "x" not in tally


def test_the_heaviest_stay_where_there_are_too_many() -> None:
    tally: Tally[str] = Tally(20, len)
    for key in ("heavy", "often"):
        tally.add(key, 50)
    for number in range(10_000):
        tally.add(f"{number:04}", 1)
        assert len(tally.counts) <= 5
    assert tally.counts["heavy"] == tally.counts["often"] == 50


def test_of_equal_weights_the_first_in_order_stay() -> None:
    tally: Tally[str] = Tally(4, len)
    for key in "edcba":
        tally.add(key, 1)
    assert list(tally.counts) == ["a", "b"]


def test_a_tokenizer_learns_what_is_frequent_from_texts_without_end(
    grammar: Grammar, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [{"name": f"shared phrase {number * 7919 % 10007:05d}"} for number in range(400)]
    monkeypatch.setattr(training, "MAX_PIECE_BYTES", 10_000)
    monkeypatch.setattr(training, "MAX_SEGMENT_BYTES", 10_000)
    tokenizer = Tokenizer.train(grammar, values, vocab_size=330)
    assert any("shared" in tokenizer.describe(token) for token in range(tokenizer.vocab_size))
