"""Tests of recall: what a table finds, for windows and for documents in progress."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.dataset.recall import (
    MAX_ORDER,
    NUM_CERTAINTIES,
    RECALL_ORDERS,
    RecallReader,
    RecallTable,
    certainty_of,
    ngram_keys,
    preceding,
)
from schemalm.model.inputs import NEVER

DOCUMENT = st.lists(st.integers(0, 3), min_size=1, max_size=30)


def keys_before(tokens: list[int], positions: list[int]) -> np.ndarray:
    """The keys before some tokens of a document."""
    before = preceding(np.array(tokens), np.array(positions), np.zeros(len(positions), dtype=np.int64))
    return np.stack([ngram_keys(before, order) for order in range(len(RECALL_ORDERS))], axis=1)


def table_of(tokens: list[int]) -> RecallTable:
    """A table in which every n-gram of a document is followed by the number of its place, with a certainty."""
    keys = keys_before(tokens, [*range(len(tokens))])
    distinct, places = np.unique(keys, return_index=True)
    certainties = (places % NUM_CERTAINTIES).astype(np.uint8)
    return RecallTable(distinct, (places + 1).astype(np.uint16), certainties)


def test_what_precedes_a_token_ends_at_the_beginning_of_its_document() -> None:
    tokens = np.array([5, 6, 7, 8])
    found = preceding(tokens, np.array([2, 3]), np.array([0, 2]))
    assert found[:, :3].tolist() == [[6, 5, -1], [7, -1, -1]]
    assert found.shape == (2, MAX_ORDER)


def test_a_key_tells_the_length_of_its_n_gram() -> None:
    keys = keys_before([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [9])[0]
    assert (keys >> np.uint64(61)).tolist() == [*range(len(RECALL_ORDERS))]


def test_a_key_depends_on_the_tokens_of_its_n_gram_alone() -> None:
    one, other = keys_before([1, 2, 3, 4, 9], [4])[0], keys_before([7, 2, 3, 4, 8], [4])[0]
    is_same = one == other
    assert is_same.tolist() == [order <= 3 for order in RECALL_ORDERS]


def test_order_of_tokens_matters() -> None:
    assert (keys_before([1, 2, 9], [2]) != keys_before([2, 1, 9], [2])).all()


def test_a_longer_n_gram_is_not_looked_up_if_the_shorter_one_is_unknown() -> None:
    tokens = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    table = table_of(tokens)
    kept = table.keys >> np.uint64(61) != 1
    without_pairs = RecallTable(table.keys[kept], table.tokens[kept], table.certainties[kept])
    found = without_pairs.recall(preceding(np.array(tokens), np.array([8]), np.array([0])))
    assert (found[0, :, 0] != NEVER).tolist() == [True, False, False, False, False, False]


def test_an_empty_table_recalls_nothing() -> None:
    nothing = np.empty(0, dtype=np.uint64)
    table = RecallTable(nothing, nothing.astype(np.uint16), nothing.astype(np.uint8))
    assert not table.recall(np.zeros((3, MAX_ORDER), dtype=np.int64)).any()
    assert RecallReader(table).recall([1, 2, 3]) == [NEVER, 0] * len(RECALL_ORDERS)


@given(DOCUMENT, DOCUMENT)
def test_a_document_in_progress_recalls_the_same_as_windows(known: list[int], tokens: list[int]) -> None:
    table = table_of(known)
    positions = np.arange(len(tokens))
    found = table.recall(preceding(np.array(tokens), positions, np.zeros_like(positions)))
    reader = RecallReader(table)
    one_by_one = [reader.recall(tokens[max(0, position - MAX_ORDER) : position]) for position in positions.tolist()]
    assert found.reshape(len(tokens), -1).tolist() == one_by_one


@pytest.mark.parametrize(
    ("num_sources", "num_followed", "certainty"),
    [(2, 100, 0), (3, 100, 1), (2, 2, 20), (15, 15, 23), (14, 15, 18), (2, 4, 8)],
)
def test_certainty_is_a_class_of_share_and_number(num_sources: int, num_followed: int, certainty: int) -> None:
    assert certainty_of(np.array([num_sources]), np.array([num_followed])).tolist() == [certainty]


def test_all_certainties_are_below_their_number() -> None:
    counts = np.arange(1, 40)
    found = [certainty_of(counts[: most + 1], np.full(most + 1, most + 1)) for most in range(39)]
    assert np.concatenate(found).max() == NUM_CERTAINTIES - 1
