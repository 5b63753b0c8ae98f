"""The sample that a tokenizer learns from: all values if they fit, else a seeded part of them."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.documents import json_equal
from schemalm.grammar import Grammar
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer import sample as sampling
from schemalm.tokenizer.sample import Sample, draw_sample


def of(values: list[Any], **bounds: int) -> Sample:
    return draw_sample(((value, None) for value in values), **bounds)


def test_a_sample_contains_all_values_unchanged_if_they_fit() -> None:
    values = [{"b": 1, "a": 1.0}, [True, None, -0.0], "é𝄞", 10**30, {}]
    sample = of(values)
    assert len(sample) == sample.num_offered == 5
    assert all(json_equal(kept, value) for kept, value in zip(sample, values, strict=True))
    assert list(sample[0]) == ["b", "a"]
    assert sample[1:3] == values[1:3]


def test_the_seed_decides_which_values_are_kept_in_their_order() -> None:
    kept, again, other = (list(of(list(range(1000)), seed=seed, max_documents=100)) for seed in (1, 1, 2))
    assert kept == again == sorted(set(kept))
    assert kept != other
    assert len(kept) == 100
    assert 300 < sum(kept) / 100 < 700  # from the whole stream


def test_a_sample_stays_within_its_bytes() -> None:
    sample = of(["x" * 1000] * 50, max_bytes=20_000)
    assert 15 <= len(sample) <= 19
    assert sample.num_offered == 50
    assert len(of(["x" * 1000], max_bytes=10)) == 0


def test_values_are_grouped_by_source() -> None:
    sample = draw_sample([(1, "b"), (2, "a"), (3, "b"), (4, None), (5, None), (6, "a")])
    assert [list(values) for values in sample.by_source()] == [[4], [5], [2, 6], [1, 3]]


def test_a_tokenizer_learns_from_a_bounded_sample_of_a_stream(
    grammar: Grammar, documents: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Tokenizer.train(grammar, documents, vocab_size=400)
    assert Tokenizer.train(grammar, iter(documents), vocab_size=400).digest == whole.digest
    monkeypatch.setattr(sampling.draw_sample, "__defaults__", (0, 20, sampling.MAX_BYTES))
    first, again, other = (Tokenizer.train(grammar, documents, 400, seed) for seed in (1, 1, 2))
    assert first.digest == again.digest
    assert first.digest != whole.digest
    assert first.digest != other.digest


def test_fewer_sources_than_values_are_refused(grammar: Grammar, documents: list[Any]) -> None:
    with pytest.raises(ValueError, match="shorter"):
        Tokenizer.train(grammar, documents, vocab_size=400, sources=["a"])
