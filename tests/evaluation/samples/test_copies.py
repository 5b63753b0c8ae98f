"""Copied stretches: what stands in one training document, and not what two neighbours have between them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.dataset.store import Split
from schemalm.evaluation.samples import copies
from schemalm.evaluation.samples.copies import SIZE, copied_stretches
from schemalm.evaluation.samples.stretches import covered_spans

# Pieces of one text, so that stretches of many lengths occur in several documents.
PIECES = st.tuples(st.integers(0, 40), st.integers(1, 60)).map(lambda piece: list(range(piece[0], sum(piece))))
DOCUMENTS = st.lists(PIECES, min_size=1, max_size=3).map(lambda pieces: [token for piece in pieces for token in piece])
MakeSplit = Callable[..., Split]


@pytest.mark.slow
@given(st.lists(DOCUMENTS, min_size=1, max_size=4), st.lists(DOCUMENTS, max_size=4))
@settings(max_examples=40)
def test_copied_is_what_a_window_covers_that_stands_in_one_document(
    make_split: MakeSplit, training: list[list[int]], documents: list[list[int]]
) -> None:
    known = {tuple(tokens[at : at + SIZE]) for tokens in training for at in range(len(tokens) - SIZE + 1)}
    expected = []
    for tokens in documents:
        starts = [at for at in range(len(tokens) - SIZE + 1) if tuple(tokens[at : at + SIZE]) in known]
        is_whole = len(tokens) < SIZE and tokens in training
        expected.append(((0, len(tokens)),) if is_whole else covered_spans(starts, SIZE, len(tokens)))
    assert copied_stretches(documents, make_split(training)).spans == tuple(expected)


def test_a_stretch_over_the_border_of_two_documents_is_no_copy(make_split: MakeSplit) -> None:
    tokens = list(range(100, 160))
    split = make_split([tokens[:30], tokens[30:]])
    assert copied_stretches([tokens[10:50]], split).share == 0
    assert copied_stretches([[1, *tokens[:30]], [2, *tokens[30:]]], split).share == 0
    assert copied_stretches([[1, *tokens[20:], 2]], make_split([tokens])).spans == (((1, 41),),)


def test_a_short_document_counts_whole_if_it_is_a_training_document(make_split: MakeSplit) -> None:
    split = make_split([[1, 2, 3], list(range(50))])
    assert copied_stretches([[1, 2, 3], [1, 2], [4, 5, 6]], split).spans == (((0, 3),), (), ())


def test_the_size_of_batches_makes_no_difference(make_split: MakeSplit, monkeypatch: pytest.MonkeyPatch) -> None:
    training = [[at % 50 + at // 200 for at in range(start, start + 70)] for start in range(0, 2_000, 90)]
    documents = [training[3] + training[7][5:60], list(range(80))]
    split = make_split(training)
    whole = copied_stretches(documents, split)
    monkeypatch.setattr(copies, "TOKENS_AT_ONCE", 1)
    assert copied_stretches(documents, split) == whole
    assert (whole.share or 0) > 0.5


def test_without_documents_nothing_is_copied(make_split: MakeSplit) -> None:
    assert copied_stretches([], make_split([[1, 2]])).share is None
    assert copied_stretches([[7]], make_split([[1, 2]])).share == 0
