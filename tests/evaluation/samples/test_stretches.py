"""Windows of tokens: equal ones have equal hashes, others do not, and their union is what is covered."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.evaluation.samples.repetition import SIZE, repeated_stretches
from schemalm.evaluation.samples.stretches import Coverage, covered_spans, window_hashes


@given(st.lists(st.integers(0, 2), max_size=40), st.sampled_from([1, 2, 4, 8]))
def test_hashes_are_equal_exactly_where_windows_are(tokens: list[int], size: int) -> None:
    windows = [tuple(tokens[start : start + size]) for start in range(len(tokens) - size + 1)]
    hashes = window_hashes(tokens, size).tolist()
    assert len(hashes) == len(windows)
    numbers: dict[tuple[int, ...], int] = {}
    for window, number in zip(windows, hashes, strict=True):
        assert numbers.setdefault(window, number) == number
    assert len(set(numbers.values())) == len(numbers)


@pytest.mark.slow
def test_hashes_of_a_million_different_windows_differ() -> None:
    tokens = np.random.default_rng(0).integers(0, 2, 1_000_100)
    windows = np.lib.stride_tricks.sliding_window_view(tokens, 64)
    different = len(np.unique(np.packbits(windows, axis=1).view(np.uint64)))
    assert len(np.unique(window_hashes(tokens, 64))) == different


@given(st.lists(st.integers(0, 30), max_size=6), st.integers(1, 5))
def test_spans_are_the_runs_of_covered_tokens(starts: list[int], size: int) -> None:
    spans = covered_spans(starts, size, 36)
    covered = {token for begin, end in spans for token in range(begin, end)}
    assert covered == {token for start in starts for token in range(start, start + size)}
    assert all(end < begin for (_, end), (begin, _) in pairwise(spans))


def test_a_share_is_over_the_tokens_of_all_documents() -> None:
    coverage = Coverage((10, 30), (((0, 10),), ()))
    assert (coverage.share, coverage.mean_share) == (0.25, 0.5)
    assert (Coverage((), ()).share, Coverage((), ()).mean_share) == (None, None)
    assert Coverage((4,), (((1, 3),),)).to_dict() == {"share": 0.5, "mean_share": 0.5, "spans": [[[1, 3]]]}


@given(st.lists(st.integers(0, 1), max_size=80))
def test_repeated_tokens_are_those_of_windows_that_began_before(tokens: list[int]) -> None:
    windows = [tuple(tokens[start : start + SIZE]) for start in range(len(tokens) - SIZE + 1)]
    starts = [start for start, window in enumerate(windows) if window in windows[:start]]
    assert repeated_stretches([tokens]).spans == (covered_spans(starts, SIZE, len(tokens)),)


def test_a_loop_repeats_all_but_its_first_round() -> None:
    once = list(range(20))
    assert repeated_stretches([once]).share == 0
    assert repeated_stretches([once * 10]).share == pytest.approx(0.9)
