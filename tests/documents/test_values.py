"""JSON equality, canonical JSON, and the check that an object is a JSON value."""

from __future__ import annotations

import pytest

from schemalm.documents import DocumentLimits, JSONValue, canonical_json, json_equal
from schemalm.documents.values import find_fault


class Text(str):
    __slots__ = ()


class Number(int):
    __slots__ = ()


class Mapping(dict[str, object]):
    pass


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


@pytest.mark.parametrize("sort_keys", [False, True])
def test_canonical_json_has_no_greatest_depth(sort_keys: bool) -> None:
    inside: JSONValue = {"b": "é", 'a"': [], "": [1, {}, None, {"x": [2]}]}
    text = canonical_json(inside, sort_keys=sort_keys)
    value: JSONValue = inside
    for number in range(2000):
        value = [value] if number % 2 else {"k": value, "j": 1}
        text = b"[%b]" % text if number % 2 else (b'{"j":1,"k":%b}' if sort_keys else b'{"k":%b,"j":1}') % text
    assert canonical_json(value, sort_keys=sort_keys) == text


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (Text("a"), "a Text is not a JSON value"),
        (Number(1), "a Number is not a JSON value"),
        (Mapping(a=1), "a Mapping is not a JSON value"),
        ({Text("a"): 1}, "the key 'a' is not a string"),
        ({1: 1}, "the key 1 is not a string"),
        ({"\ud800": 1}, "the lone surrogate U+D800 is not a character"),
        ("\ud800", "the lone surrogate U+D800 is not a character"),
        (float("nan"), "nan is not a JSON number"),
        ([10**4300], "an integer of more than 4300 digits"),
        ((1, 2), "a tuple is not a JSON value"),
    ],
)
def test_an_object_that_is_not_a_json_value_is_found_anywhere(value: object, fault: str) -> None:
    assert find_fault(value, DocumentLimits()) == fault
    assert find_fault(["plain", {"a": [None, value]}], DocumentLimits()) == fault


@pytest.mark.parametrize("value", [None, True, 0, [-(10**4299)], 1.5, "", "é", [], {}, {"": [{"é": -0.0}]}])
def test_json_values_have_no_fault(value: object) -> None:
    assert find_fault([value], DocumentLimits()) is None
