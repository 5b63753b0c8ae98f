"""JSON equality and canonical JSON."""

from __future__ import annotations

import pytest

from schemalm.documents import JSONValue, canonical_json, json_equal


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, 1.0), (True, 1), (0.0, -0.0), (None, False), ("1", 1), ([], {}), ([1], [1, 2]), ({"a": 1}, {"b": 1})],
)
def test_different_json_values_are_unequal(left: JSONValue, right: JSONValue) -> None:
    assert not json_equal(left, right)
    assert not json_equal({"x": [left]}, {"x": [right]})


def test_key_order_does_not_matter() -> None:
    assert json_equal({"a": 1, "b": [None]}, {"b": [None], "a": 1})


def test_deep_values_compare_without_recursion() -> None:
    left: JSONValue = []
    right: JSONValue = []
    for _ in range(100_000):
        left, right = [left], [right]
    assert json_equal(left, right)


def test_canonical_json_is_compact_utf8_in_the_given_order() -> None:
    assert canonical_json({"b": "é", "a": [1, 1.0, None]}) == '{"b":"é","a":[1,1.0,null]}'.encode()
    assert canonical_json({"b": 1, "a": 2}, sort_keys=True) == b'{"a":2,"b":1}'
