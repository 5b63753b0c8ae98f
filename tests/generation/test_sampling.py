"""Choices follow the softmax of the kept tokens, and are clear only if rounding cannot change them."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.errors import CheckpointError
from schemalm.generation.sampling import MARGIN, Noise, Sampling, choose

SETTINGS = [
    Sampling(1.0),
    Sampling(0.3),
    Sampling(100.0),
    Sampling(1.0, top_k=3),
    Sampling(0.7, top_p=0.8),
    Sampling(1.0, top_p=1e-9),
    Sampling(2.0, min_p=0.2),
    Sampling(1.0, min_p=1.0),
    Sampling(1.3, top_p=0.9, top_k=5, min_p=0.05),
]


def logits_of(*probabilities: float) -> Any:
    return np.log(np.array(probabilities, dtype=np.float32))


def chosen(logits: Any, admitted: list[int], sampling: Sampling, num_draws: int) -> Any:
    """How often each token is chosen."""
    noise, counts = Noise(0, 0), np.zeros(len(logits))
    for _ in range(num_draws):
        counts[choose(logits, np.array(admitted), noise.times(len(admitted)), sampling, MARGIN).token] += 1
    return counts


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(1.0), [0, 0.4, 0.3, 0.2, 0.1]),
        (Sampling(0.5), [0, 16 / 30, 9 / 30, 4 / 30, 1 / 30]),
        (Sampling(1.0, top_k=2), [0, 4 / 7, 3 / 7, 0, 0]),
        (Sampling(1.0, top_p=0.75), [0, 4 / 9, 3 / 9, 2 / 9, 0]),
        (Sampling(1.0, min_p=0.6), [0, 4 / 7, 3 / 7, 0, 0]),
        # The temperature comes first: the third token has a quarter of the first one's probability.
        (Sampling(0.5, min_p=0.3), [0, 16 / 25, 9 / 25, 0, 0]),
        (Sampling(1.0, top_p=0.9, top_k=3, min_p=0.6), [0, 4 / 7, 3 / 7, 0, 0]),
        # Top-p counts the shares among the tokens that top-k keeps.
        (Sampling(1.0, top_p=0.55, top_k=2), [0, 1, 0, 0, 0]),
    ],
)
def test_choices_follow_the_probabilities_of_the_kept_tokens(sampling: Sampling, expected: list[float]) -> None:
    num_draws = 4000
    counts = chosen(logits_of(0.5, 0.2, 0.15, 0.1, 0.05), [1, 2, 3, 4], sampling, num_draws)
    assert all(counts[token] == 0 for token, share in enumerate(expected) if share == 0)
    statistic = sum((counts[t] - num_draws * p) ** 2 / (num_draws * p) for t, p in enumerate(expected) if p)
    assert statistic < 16.3  # of 3 degrees of freedom at most: exceeded by chance once in a thousand seeds


@given(
    st.lists(st.floats(-15, 15, width=32), min_size=1, max_size=12),
    st.integers(0, 1000),
    st.sampled_from(SETTINGS),
    st.booleans(),
    st.data(),
)
def test_a_clear_choice_is_made_by_all_logits_that_are_about_the_same(
    logits: list[float], seed: int, sampling: Sampling, is_near: bool, data: st.DataObject
) -> None:
    logits_V = np.array(logits, dtype=np.float32)
    if is_near:
        logits_V = logits_V[0] + np.arange(len(logits_V), dtype=np.float32) % 3 * np.float32(MARGIN)
    admitted_A, times_A = np.arange(len(logits)), Noise(seed, 0).times(len(logits))
    choice = choose(logits_V, admitted_A, times_A, sampling, MARGIN)
    shifts = data.draw(st.lists(st.sampled_from([-0.45, 0.0, 0.45]), min_size=len(logits), max_size=len(logits)))
    other = choose(
        logits_V + np.float32(MARGIN) * np.array(shifts, dtype=np.float32), admitted_A, times_A, sampling, MARGIN
    )
    if choice.is_clear:
        assert other.token == choice.token


def test_choices_are_mostly_clear() -> None:
    generator = np.random.default_rng(0)
    for sampling in SETTINGS:
        choices = []
        for number in range(200):
            logits_V = generator.normal(0, 3, 500).astype(np.float32)
            choices.append(choose(logits_V, np.arange(500), Noise(0, number).times(500), sampling, MARGIN))
        assert sum(choice.is_clear for choice in choices) > 190


def test_the_likeliest_token_wins_without_noise_and_two_equal_ones_are_not_clear() -> None:
    admitted_A = np.array([0, 2, 3])
    choice = choose(logits_of(0.3, 0.4, 0.1, 0.2), admitted_A, None, Sampling(0.0), MARGIN)
    assert choice.token == 0
    assert choice.is_clear
    assert choice.logprob == pytest.approx(math.log(0.5))
    assert not choose(logits_of(0.4, 0.1, 0.4, 0.1), admitted_A, None, Sampling(0.0), MARGIN).is_clear


def test_log_probabilities_are_of_the_mask_alone() -> None:
    choice = choose(logits_of(0.5, 0.4, 0.1), np.array([1, 2]), Noise(0, 0).times(2), Sampling(0.1, top_k=1), MARGIN)
    assert choice.logprob == pytest.approx(math.log(0.8))


def test_the_noise_of_a_sample_is_its_own() -> None:
    first, second, again = Noise(3, 0), Noise(3, 1), Noise(3, 0)
    times = first.times(4)
    assert not np.array_equal(times, second.times(4))
    assert np.array_equal(times, again.times(4))
    assert not np.array_equal(times, first.times(4))


def test_logits_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(CheckpointError, match="not finite"):
        choose(np.array([0.0, math.nan], dtype=np.float32), np.arange(2), Noise(0, 0).times(2), Sampling(), MARGIN)


@pytest.mark.parametrize(
    "sampling",
    [Sampling(0.0), Sampling(1.0), Sampling(0.8, top_k=1), Sampling(1.0, top_p=0.4), Sampling(1.0, min_p=0.9)],
)
def test_only_preferred_tokens_are_chosen_with_their_probability_under_the_whole_mask(sampling: Sampling) -> None:
    times_A = None if sampling.temperature == 0 else Noise(0, 0).times(3)
    logits_V, preferred_A = logits_of(0.6, 0.3, 0.1), np.array([False, True, True])
    choice = choose(logits_V, np.arange(3), times_A, sampling, MARGIN, preferred_A)
    assert choice.token in (1, 2)
    assert choice.logprob == pytest.approx(math.log((0.3, 0.1)[choice.token - 1]))


def test_preferred_tokens_share_the_probability_of_the_others() -> None:
    preferred_A, counts = np.array([False, True, True]), Counter[int]()
    noise = Noise(0, 0)
    for _ in range(4000):
        choice = choose(logits_of(0.6, 0.3, 0.1), np.arange(3), noise.times(3), Sampling(1.0), MARGIN, preferred_A)
        counts[choice.token] += 1
    assert counts[1] / 4000 == pytest.approx(0.75, abs=0.03)
