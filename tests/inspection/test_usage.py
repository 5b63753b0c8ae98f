from __future__ import annotations

import pytest

from schemalm.inspection import measure_usage


def test_uses_lengths_and_bytes_add_up() -> None:
    usage = measure_usage([([2, 3, 3], 10), ([3], 10)], vocab_size=8)
    assert usage.uses.tolist() == [0, 0, 1, 3, 0, 0, 0, 0]
    assert (usage.num_documents, usage.num_tokens, usage.num_used) == (2, 4, 2)
    assert usage.tokens_per_byte == 0.2
    assert usage.most_frequent(5) == [3, 2]


def test_equally_frequent_tokens_are_all_effective() -> None:
    usage = measure_usage([([0, 1, 2, 3], 4)], vocab_size=100)
    assert usage.entropy_bits == 2
    assert usage.effective_size == 4


def test_one_token_alone_has_no_entropy() -> None:
    assert measure_usage([([5, 5], 4)], vocab_size=8).entropy_bits == 0


def test_quantiles_are_lengths_that_occur() -> None:
    usage = measure_usage([([1] * length, 1) for length in (1, 10, 100, 1000)], vocab_size=2)
    assert [usage.quantile(share) for share in (0.5, 0.9, 1.0)] == [10, 1000, 1000]
    assert usage.share_within(100) == 0.75


def test_an_empty_corpus_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="no document"):
        measure_usage([], vocab_size=8)
