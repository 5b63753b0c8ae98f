"""Distinct, novel and similar documents, regardless of the order of keys."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.dataset.store import Split
from schemalm.documents import JSONValue, canonical_json
from schemalm.evaluation.samples.diversity import (
    Feature,
    Neighbours,
    copied,
    decode_documents,
    distinct_share,
    features,
)
from schemalm.evaluation.samples.paths import Paths
from schemalm.tokenizer import Tokenizer

NAMED = frozenset({"a", "b"})
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "[]"]), inner, max_size=3),
    max_leaves=8,
)
NODES = Paths(NAMED).nodes


def features_of(value: JSONValue) -> set[Feature]:
    return features(NODES(value))


def similarity(documents: list[Any], value: Any) -> float:
    found = Neighbours(map(NODES, documents)).nearest(NODES(value))
    return 0.0 if found is None else found.similarity


def test_key_order_does_not_make_a_document_distinct() -> None:
    assert distinct_share([{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1}, {"a": 1.0}]) == 0.75
    assert distinct_share([]) == 0


def test_training_documents_are_decoded_from_the_store(tokenizer: Tokenizer, data: Path) -> None:
    split = Split(data, "train")
    values = list(decode_documents(tokenizer, split, range(split.num_documents)))
    assert len(values) == split.num_documents
    assert [len(canonical_json(value)) for value in values] == split.num_bytes.tolist()


def test_a_copy_is_found_whatever_its_key_order(tokenizer: Tokenizer, data: Path) -> None:
    split = Split(data, "train")
    (known,) = decode_documents(tokenizer, split, [7])
    assert isinstance(known, dict)
    turned: JSONValue = dict(reversed(known.items()))
    changed: JSONValue = {**known, "name": "job x"}
    assert copied([known, turned, changed, "other"], tokenizer, split) == [True, True, False, False]
    assert copied([], tokenizer, split) == []


def test_features_count_repeated_items_and_ignore_their_position() -> None:
    assert len(features_of({"a": [1, 1, 2], "b": {}})) == 4
    assert features_of({"a": [1, 2, 1]}) == features_of({"a": [2, 1, 1]})
    assert features_of({"a": [1]}) != features_of({"a": {"a": 1}})
    assert features_of(1) != features_of(1.0) != features_of(True)


def test_a_key_that_the_schema_does_not_name_counts_once() -> None:
    jobs = {name: {"a": 1, "b": 2, "c": 3} for name in ("first", "second")}
    nodes = Paths("abc").nodes
    first, second = (features(nodes({"a": {name: jobs[name]}})) for name in jobs)
    assert len(first) == 4
    assert len(first & second) == 3


@given(VALUES, VALUES)
def test_similarity_is_jaccard_of_multisets(first: Any, second: Any) -> None:
    def multiset(value: Any) -> Counter[Any]:
        return Counter((path, scalar) for path, scalar, _ in features_of(value))

    left, right = multiset(first), multiset(second)
    expected = (left & right).total() / (left | right).total()
    assert similarity([second], first) == pytest.approx(expected)


@given(st.lists(VALUES, max_size=5), VALUES)
def test_the_nearest_document_counts(documents: list[Any], value: Any) -> None:
    alone = [similarity([document], value) for document in documents]
    found = Neighbours(map(NODES, documents)).nearest(NODES(value))
    if found is None:
        assert max(alone, default=0.0) == 0.0
    else:
        assert found == (alone.index(max(alone)), pytest.approx(max(alone)))
    assert similarity([*documents, value], value) == 1.0
