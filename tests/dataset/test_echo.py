"""The n-gram look-up, for whole documents and for documents in progress."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.dataset import echo
from schemalm.dataset.echo import EchoMemory, echoes
from schemalm.model.inputs import NEVER


def test_an_echo_is_what_last_followed_the_same_token() -> None:
    assert echoes(np.array([5, 6, 5, 7, 5, 6]))[:, 0].tolist() == [NEVER, NEVER, NEVER, 6, NEVER, 7]


def test_longer_n_grams_distinguish_positions_that_shorter_ones_do_not() -> None:
    assert echoes(np.array([1, 5, 8, 2, 5, 9, 1, 5, 8]))[-1].tolist() == [9, 8, NEVER, NEVER]


@given(st.lists(st.integers(1, 3), min_size=1, max_size=60))
def test_a_document_in_progress_has_the_echoes_of_the_whole_one(tokens: list[int]) -> None:
    memory, found = EchoMemory(), []
    for token in tokens:
        found.append(list(memory.echoes()))
        memory.add(token)
    assert found == echoes(np.array(tokens)).tolist()


@given(st.lists(st.integers(1, 3), max_size=40), st.lists(st.integers(1, 3), max_size=40))
def test_removed_tokens_leave_no_trace(tokens: list[int], removed: list[int]) -> None:
    memory, expected = EchoMemory(), EchoMemory()
    for token in tokens:
        memory.add(token)
        expected.add(token)
    for token in removed:
        memory.add(token)
    for _ in removed:
        memory.remove_last()
    assert vars(memory) == vars(expected)


@given(st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=30), min_size=1, max_size=6))
def test_concatenated_documents_have_the_echoes_of_each_alone(documents: list[list[int]]) -> None:
    begins = np.cumsum([0, *map(len, documents)])[:-1].tolist()
    alone = np.concatenate([echoes(np.array(tokens)) for tokens in documents])
    assert np.array_equal(echoes(np.concatenate(documents), begins), alone)


def test_a_passage_that_occurred_twice_in_a_row_is_not_continued() -> None:
    once, twice = [1, 2, 3, 9, 4, 5], [1, 2, 3, 4, 1, 2, 3, 4]
    assert echoes(np.array([*once, 1, 2, 3]))[-1].tolist() == [3, 3, NEVER, NEVER]
    assert echoes(np.array([*twice, 1]))[-1].tolist() == [NEVER] * 4
    assert echoes(np.array([*twice, 7, 1, 2]))[-1].tolist() == [2, NEVER, NEVER, NEVER]


@given(st.lists(st.integers(1, 3), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_unwanted_echoes_are_left_out_and_the_others_are_unchanged(tokens: list[int], draw: random.Random) -> None:
    is_wanted = np.array([draw.random() < 0.5 for _ in tokens])
    expected = np.where(is_wanted[:, None], echoes(np.array(tokens)), NEVER)
    assert np.array_equal(echoes(np.array(tokens), is_wanted=is_wanted), expected)


def test_documents_too_long_for_packed_keys_have_the_same_echoes(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = np.array([number % 7 % 4 + 1 for number in range(300)])
    expected = echoes(tokens, [0, 100])
    monkeypatch.setattr(echo, "_NUM_BITS", 0)
    assert np.array_equal(echoes(tokens, [0, 100]), expected)


def test_an_empty_document_has_no_echoes() -> None:
    assert echoes(np.array([], dtype=np.int64), []).shape == (0, 4)
