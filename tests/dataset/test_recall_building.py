"""Tests of building the tables of recall: compared with a slow count, and what each fold leaves out."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.dataset.recall import MIN_SOURCES, NUM_FOLDS, RECALL_ORDERS, RecallTable, certainty_of, preceding
from schemalm.dataset.recall_building import Block, build_recall_tables, fold_of

MANY = 1 << 30
# Documents of few tokens and few sources, so that n-grams occur again.
DOCUMENTS = st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 2), min_size=1, max_size=12)), min_size=1)


def block_of(documents: list[tuple[int, list[int]]]) -> Block:
    """The documents, each with its source, as one block."""
    lengths = [len(tokens) for _, tokens in documents]
    tokens = np.array([token for _, tokens in documents for token in tokens], dtype=np.int64)
    return Block(tokens, np.cumsum([0, *lengths[:-1]]), np.array([source for source, _ in documents], dtype=np.int64))


def tables_of(
    documents: list[tuple[int, list[int]]], folder: Path, *, max_entries: int = MANY, rows_at_once: int = 1 << 20
) -> list[RecallTable]:
    """The tables of documents, which come as two blocks."""
    half = len(documents) // 2
    blocks = [block_of(part) for part in (documents[:half], documents[half:]) if part]
    num_tokens = sum(len(tokens) for _, tokens in documents)
    return build_recall_tables(lambda: blocks, num_tokens, folder, max_entries, rows_at_once=rows_at_once)


def recalled(table: RecallTable, tokens: list[int]) -> list[tuple[int, int]]:
    """What a table recalls after tokens, for each length of n-gram."""
    found = table.recall(preceding(np.array([*tokens, 0]), np.array([len(tokens)]), np.array([0])))
    return [(token, certainty) for token, certainty in found[0].tolist()]


def slowly(documents: list[tuple[int, list[int]]], tokens: list[int]) -> list[tuple[int, int]]:
    """What `recalled` should return, by counting."""
    found = []
    for order in RECALL_ORDERS:
        sources: defaultdict[int, set[int]] = defaultdict(set)
        wanted = [-1] * (order - len(tokens)) + tokens[-order:] if order > len(tokens) else tokens[-order:]
        for source, others in documents:
            padded = [-1] * order + others
            for place in range(len(others)):
                if padded[place : place + order] == wanted:
                    sources[others[place]].add(source)
        counts = Counter({token: len(those) for token, those in sources.items()})
        most = max(counts.values(), default=0)
        if most < MIN_SOURCES:
            break
        token = min(token for token, count in counts.items() if count == most)
        found.append((token, int(certainty_of(np.array([most]), np.array([counts.total()]))[0])))
    return found + [(0, 0)] * (len(RECALL_ORDERS) - len(found))


@settings(deadline=None)
@given(DOCUMENTS, st.lists(st.integers(0, 2), max_size=10))
def test_tables_equal_a_slow_count(
    tmp_path_factory: pytest.TempPathFactory, documents: list[tuple[int, list[int]]], tokens: list[int]
) -> None:
    tables = tables_of(documents, tmp_path_factory.mktemp("tables"), rows_at_once=16)
    assert len(tables) == 1 + NUM_FOLDS
    for number, table in enumerate(tables):
        others = [(source, those) for source, those in documents if not number or fold_of(np.array(source)) != number]
        assert recalled(table, tokens) == slowly(others, tokens)


def test_a_model_cannot_recall_the_documents_of_the_source_that_it_trains_on(tmp_path: Path) -> None:
    passage = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    documents = [(source, passage) for source in (3, 3 + NUM_FOLDS, 3 + 2 * NUM_FOLDS)]
    tables = tables_of(documents, tmp_path)
    own = int(fold_of(np.array(3)))
    assert recalled(tables[0], passage[:8])[-1][0] == passage[8]
    assert not len(tables[own])
    assert all(len(table) == len(tables[0]) for number, table in enumerate(tables) if number != own)


def test_versions_of_one_source_count_once(tmp_path: Path) -> None:
    assert not len(tables_of([(1, [4, 5, 6])] * 5, tmp_path)[0])


def test_entries_of_most_sources_are_kept_if_there_are_too_many(tmp_path: Path) -> None:
    documents = [(source, [1, 2]) for source in range(5)] + [(source, [7, 8, 9, 7]) for source in range(2)]
    whole = tables_of(documents, tmp_path)[0]
    small = tables_of(documents, tmp_path, max_entries=2)[0]
    assert len(small) == 2 < len(whole)
    assert recalled(small, [])[0][0] == 1
    assert recalled(small, [1])[0][0] == 2
    assert recalled(small, [7])[0][0] == 0


def test_temporary_files_are_removed(tmp_path: Path) -> None:
    tables_of([(1, [1, 2]), (2, [1, 2])], tmp_path)
    assert not [*tmp_path.iterdir()]
