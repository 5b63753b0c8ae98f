"""Two values are equal if JSON Schema says so."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.documents.identity import identity


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, 1.0),
        (0, -0.0),
        (10**20, 1e20),
        ({"a": 1, "b": 2}, {"b": 2.0, "a": 1}),
        ([1, [2.0]], [1.0, [2]]),
        ({}, {}),
        ("a", "a"),
    ],
)
def test_equal_values_are_the_same(first: Any, second: Any) -> None:
    assert identity(first) == identity(second)
    assert hash(identity(first)) == hash(identity(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, True),
        (0, False),
        (0, None),
        ("1", 1),
        ("", None),
        ([], {}),
        ([[]], []),
        ([1, 2], [2, 1]),
        ({"a": 1}, {"a": 1, "b": None}),
        ({"a": True}, {"a": 1}),
        ([True], [1]),
        ("constant", None),
        (["a", "b"], "ab"),
        ({"a": "b"}, [["a", "b"]]),
        (0.1 + 0.2, 0.3),
    ],
)
def test_different_values_are_not(first: Any, second: Any) -> None:
    assert identity(first) != identity(second)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, -0.0, 1.0, 0.5])
    | st.sampled_from(["", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.slow
@settings(max_examples=300)
@given(values, values)
def test_the_validator_agrees(first: Any, second: Any) -> None:
    repeats = not jsonschema_rs.is_valid({"uniqueItems": True}, [first, second])
    assert (identity(first) == identity(second)) == repeats
