"""Windows cover documents as the design describes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.dataset.echo import ORDERS, echoes
from schemalm.dataset.recall import RECALL_ORDERS, RecallTable, ngram_keys, preceding
from schemalm.dataset.window_counts import check_positions, count_windows
from schemalm.dataset.windows import Windows, scoring_windows
from schemalm.errors import ConfigurationError, DataError
from schemalm.model.inputs import IGNORED_TARGET, NEVER

PAD = 0


def make_split(lengths: Sequence[int], *, with_grammar: bool = True) -> Any:
    """A split in memory whose tokens count up from 1, so that each token identifies its position."""
    total = sum(lengths)
    tokens = np.arange(1, total + 1, dtype=np.uint16)
    ends = np.cumsum([0, *lengths]).tolist()
    return split_of([tokens[begin:end] for begin, end in pairwise(ends)], total if with_grammar else 0)


def split_of(texts: list[Any], num_places: int) -> Any:
    """A split in memory of documents with these tokens; with states, each state identifies its token."""
    return SimpleNamespace(
        num_documents=len(texts),
        document=lambda number: (texts[number], num_places - texts[number] if num_places else None),
        state_table=np.arange(num_places, 0, -1)[:, None] * np.array([10, 1, 2]) if num_places else None,
        offsets=np.cumsum([0, *(len(text) for text in texts)]),
        recall_tables=lambda _: None,
    )


def obvious_windows(num_tokens: int, context_size: int, step: int) -> list[int]:
    """The starts of a document's windows, one by one until the end is reached."""
    starts = [0]
    while starts[-1] + context_size < num_tokens:
        starts.append(starts[-1] + step)
    return starts


documents = st.lists(st.integers(1, 60), min_size=1, max_size=8)
shapes = st.integers(1, 8).flatmap(lambda stride: st.tuples(st.just(stride), st.integers(stride, 24)))


@given(st.integers(1, 500), shapes)
def test_the_last_window_is_the_first_that_reaches_the_end(num_tokens: int, shape: tuple[int, int]) -> None:
    stride, context_size = shape
    assert count_windows(num_tokens, context_size, stride) == len(obvious_windows(num_tokens, context_size, stride))


@given(documents, shapes)
def test_rows_equal_those_cut_one_by_one(lengths: list[int], shape: tuple[int, int]) -> None:
    stride, context_size = shape
    split = make_split(lengths)
    windows = Windows(split, context_size, stride, PAD)
    expected, sources = [], []
    for document, length in enumerate(lengths):
        tokens = split.document(document)[0].tolist()
        for start in obvious_windows(length, context_size, stride):
            content = tokens[start : start + context_size]
            expected.append([start // stride, *content, *[PAD] * (context_size - len(content))])
            sources.append(document)
    batch = windows.rows(np.arange(len(windows)))
    assert batch.tokens_BT.tolist() == expected
    assert batch.tokens_BT.shape == (len(windows), context_size + 1)
    assert batch.documents_B.tolist() == sources
    assert (np.where(batch.targets_BT == IGNORED_TARGET, PAD, batch.targets_BT) == batch.tokens_BT[:, 1:]).all()
    assert ((batch.targets_BT == IGNORED_TARGET) == (batch.tokens_BT[:, 1:] == PAD)).all()


@given(documents, shapes)
def test_nonterminals_and_states_are_aligned_with_their_targets(lengths: list[int], shape: tuple[int, int]) -> None:
    windows = Windows(make_split(lengths), shape[1], shape[0], PAD)
    batch = windows.rows(np.arange(len(windows)))
    assert batch.nonterminals_BT is not None
    assert batch.states_BT2 is not None
    assert (batch.nonterminals_BT == batch.tokens_BT[:, 1:] * 10).all()
    assert (batch.states_BT2 == batch.tokens_BT[:, 1:, None] * np.array([1, 2])).all()


repetitive = st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=60), min_size=1, max_size=6)


@given(repetitive, shapes, st.randoms(use_true_random=False))
def test_echoes_of_windows_are_those_of_their_whole_documents(
    contents: list[list[int]], shape: tuple[int, int], random: Any
) -> None:
    split = split_of([np.array(content, dtype=np.uint16) for content in contents], 0)
    windows = Windows(split, shape[1], shape[0], PAD)
    indices = np.array(random.choices(range(len(windows)), k=9))  # not in order, some of them twice
    batch = windows.rows(indices)
    whole = [echoes(np.array(content)) for content in contents]
    starts = [start for content in contents for start in obvious_windows(len(content), shape[1], shape[0])]
    for row, document in enumerate(batch.documents_B.tolist()):
        start = starts[indices[row]]
        expected = whole[document][start : start + shape[1]]
        padding = np.full((shape[1] - len(expected), len(ORDERS)), NEVER)
        assert batch.echoes_BTE[row].tolist() == [*expected.tolist(), *padding.tolist()]


@given(st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=30), min_size=1, max_size=4), shapes, st.randoms())
def test_recalls_of_windows_are_those_of_their_whole_documents_from_their_own_tables(
    contents: list[list[int]], shape: tuple[int, int], random: Any
) -> None:
    tables = [table_of(number) for number in range(2)]
    split = split_of([np.array(content, dtype=np.uint16) for content in contents], 0)
    split.recall_tables = lambda chosen: [tables[number % 2] for number in chosen.tolist()]
    windows = Windows(split, shape[1], shape[0], PAD)
    indices = np.array(random.choices(range(len(windows)), k=9))
    batch = windows.rows(indices)
    assert batch.recalls_BTR2 is not None
    starts = [start for content in contents for start in obvious_windows(len(content), shape[1], shape[0])]
    for row, document in enumerate(batch.documents_B.tolist()):
        positions = np.arange(len(contents[document]))
        before = preceding(np.array(contents[document]), positions, np.zeros_like(positions))
        start = starts[indices[row]]
        expected = tables[document % 2].recall(before)[start : start + shape[1]]
        padding = np.zeros((shape[1] - len(expected), *expected.shape[1:]), dtype=np.int64)
        assert np.array_equal(batch.recalls_BTR2[row], np.concatenate([expected, padding]))


def table_of(number: int) -> RecallTable:
    """A table of some n-grams of the tokens 1 to 3; tables with other numbers say other things."""
    tokens = np.array([1, 2, 3, 1, 1, 2, 2, 3, 3, 1, 3, 2, 1, 2, 3, 1])
    before = preceding(tokens, np.arange(16), np.zeros(16, dtype=np.int64))
    keys_of = [ngram_keys(before, order) for order in range(len(RECALL_ORDERS))]
    keys, places = np.unique(np.stack(keys_of, axis=1), return_index=True)
    return RecallTable(keys, (places + 1 + number).astype(np.uint16), (places % 7).astype(np.uint8))


@given(documents, shapes)
def test_scoring_windows_score_every_token_once(lengths: list[int], shape: tuple[int, int]) -> None:
    windows = scoring_windows(make_split(lengths), shape[1], shape[0], PAD)
    targets = windows.rows(np.arange(len(windows))).targets_BT
    assert sorted(targets[targets != IGNORED_TARGET].tolist()) == list(range(1, sum(lengths) + 1))


@given(documents, shapes)
def test_scoring_windows_predict_each_token_from_half_a_context_or_its_document(
    lengths: list[int], shape: tuple[int, int]
) -> None:
    windows = scoring_windows(make_split(lengths), shape[1], shape[0], PAD)
    begins = {1 + begin for begin in np.cumsum([0, *lengths]).tolist()}
    batch = windows.rows(np.arange(len(windows)))
    for tokens, targets in zip(batch.tokens_BT[:, 1:], batch.targets_BT, strict=True):
        first = int((targets != IGNORED_TARGET).argmax())  # as many tokens come before it
        assert first >= shape[1] // 2 or (first == 0 and tokens[0] in begins)


@given(documents, shapes)
def test_targets_are_found_in_the_split(lengths: list[int], shape: tuple[int, int]) -> None:
    windows = scoring_windows(make_split(lengths), shape[1], shape[0], PAD)
    order = np.arange(len(windows))[::-1]
    targets = windows.rows(order).targets_BT
    assert (windows.targets(order) + 1).tolist() == targets[targets != IGNORED_TARGET].tolist()


def test_scoring_windows_overlap_by_half_even_where_training_windows_do_not() -> None:
    windows = scoring_windows(make_split([1000]), 512, 512, PAD)
    batch = windows.rows(np.arange(len(windows)))
    assert batch.tokens_BT[:, 1].tolist() == [1, 257, 513]
    assert batch.tokens_BT[:, 0].tolist() == [0, 0, 1]


def test_scoring_windows_start_half_a_context_apart_at_positions_of_the_stride() -> None:
    windows = scoring_windows(make_split([1000]), 512, 32, PAD)
    assert windows.rows(np.arange(len(windows))).tokens_BT[:, 0].tolist() == [0, 8, 16]


def test_windows_of_chosen_documents_read_only_those() -> None:
    windows = Windows(make_split([5, 9, 3]), 8, 4, PAD, documents=np.array([2, 1]))
    batch = windows.rows(np.arange(len(windows)))
    assert batch.documents_B.tolist() == [2, 1, 1]
    assert batch.tokens_BT[0, :4].tolist() == [0, 15, 16, 17]


@given(documents, shapes)
def test_lengths_and_documents_are_those_of_the_rows(lengths: list[int], shape: tuple[int, int]) -> None:
    windows = Windows(make_split(lengths), shape[1], shape[0], PAD)
    indices = np.arange(len(windows))
    batch = windows.rows(indices)
    assert windows.lengths(indices).tolist() == (batch.targets_BT != IGNORED_TARGET).sum(axis=1).tolist()
    assert windows.all_lengths().tolist() == windows.lengths(indices).tolist()
    assert windows.documents_of(indices).tolist() == batch.documents_B.tolist()


def test_text_data_has_neither_nonterminals_nor_states() -> None:
    batch = Windows(make_split([5], with_grammar=False), 8, 4, PAD).rows(np.array([0]))
    assert batch.nonterminals_BT is None
    assert batch.states_BT2 is None


@pytest.mark.parametrize("index", [-1, 2])
def test_an_index_outside_is_refused(index: int) -> None:
    with pytest.raises(IndexError):
        Windows(make_split([9]), 8, 4, PAD).rows(np.array([0, index]))


@pytest.mark.parametrize(("stride", "step"), [(0, None), (9, None), (4, 9), (4, 0)])
def test_windows_that_would_leave_gaps_are_refused(stride: int, step: int | None) -> None:
    with pytest.raises(ConfigurationError, match="stride"):
        Windows(make_split([9]), 8, stride, PAD, step=step)


def test_a_document_too_long_for_position_tokens_is_named() -> None:
    check_positions(512 + 32 * 63, 32, 512, 64, "fits.yml")
    with pytest.raises(DataError, match=r"long\.yml: 2529 tokens need position token 64"):
        check_positions(512 + 32 * 63 + 1, 32, 512, 64, "long.yml")
