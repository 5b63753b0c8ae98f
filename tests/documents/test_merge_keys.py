"""The merge key `<<`, as defined by YAML 1.1."""

from __future__ import annotations

import pytest

from schemalm.documents import DocumentLimits, JSONValue, json_equal, parse_document
from schemalm.errors import DocumentError

BASE = "- &a {x: 1, y: 2}\n- &b {y: 3, z: 4}\n"


def merged(text: str, **options) -> JSONValue:
    return parse_document(text, merge_keys=True, **options)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("<<: *a", {"x": 1, "y": 2}),
        ("<<: *a\n  y: 5", {"x": 1, "y": 5}),
        ("y: 5\n  <<: *a", {"y": 5, "x": 1}),
        ("<<: [*a, *b]", {"x": 1, "y": 2, "z": 4}),
        ("<<: [*b, *a]\n  k: 1", {"x": 1, "y": 3, "z": 4, "k": 1}),
        ("<<: {x: 1}", {"x": 1}),
        ("<<:\n  - *a\n  - {w: 0, x: 9}", {"x": 1, "y": 2, "w": 0}),
        ("<<: {<<: *a, x: 7}", {"x": 7, "y": 2}),
        ("<<: []", {}),
        ("<<: {}\n  k: 1", {"k": 1}),
        ("'<<': 1\n  <<: *a", {"<<": 1, "x": 1, "y": 2}),
        ('"<<": 1', {"<<": 1}),
        ("k: <<", {"k": "<<"}),
        ("? <<\n  : *a", {"x": 1, "y": 2}),
    ],
)
def test_merge_keys_are_resolved(entry: str, value: JSONValue) -> None:
    found = merged(f"{BASE}- {entry}\n")
    assert isinstance(found, list)
    assert json_equal(found[2], value)


def test_an_alias_may_name_a_list_of_mappings_and_what_was_merged() -> None:
    assert merged("a: &a [{x: 1}, {x: 2, y: 3}]\nb: &b\n  <<: *a\nc: {<<: *b, z: 4}\nd: *b") == {
        "a": [{"x": 1}, {"x": 2, "y": 3}],
        "b": {"x": 1, "y": 3},
        "c": {"x": 1, "y": 3, "z": 4},
        "d": {"x": 1, "y": 3},
    }


def test_merged_values_are_copies() -> None:
    value = merged("a: &a {k: [1]}\nb: {<<: *a}")
    assert isinstance(value, dict)
    assert value["a"]["k"] is not value["b"]["k"]


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("<<: 1", 1, 5, "takes an object"),
        ("<<:\na: 1", 2, 1, "takes an object"),
        ("a: &a x\nb:\n  <<: *a", 3, 7, "takes an object"),
        ("a: &a {}\nb: {<<: [*a, 2]}", 2, 14, "takes an object"),
        ("<<: [[{a: 1}]]", 1, 6, "takes an object"),
        ("a: &a [1]\n<<: *a", 2, 5, "takes an object"),
        ("<<: {a: 1}\nb: 1\n<<: {c: 1}", 3, 1, "repeated"),
        ("<<: {a: 1}\nb: 1\nb: 2", 3, 1, "repeated"),
        ("a: &a\n  <<: *a", 2, 7, "unknown anchor"),
        ("a: &a {k: 1}\nb: &a\n  <<: *a", 3, 7, "unknown anchor"),
        ("<<: {1: 2}", 1, 6, "key must be a string"),
    ],
)
def test_values_that_cannot_be_merged_are_refused(text: str, line: int, column: int, part: str) -> None:
    with pytest.raises(DocumentError, match=part) as caught:
        merged(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_without_the_option_the_refusal_names_it() -> None:
    for text in ("<<: {a: 1}", "a: &a {}\nb:\n  - <<: *a", "{<<: [{a: 1}]}"):
        with pytest.raises(DocumentError, match="--merge-keys"):
            parse_document(text)


def test_merged_keys_count_towards_the_limits() -> None:
    keys = ", ".join(f"k{number}: 1" for number in range(50))
    text = f"a: &a {{{keys}}}\n" + "".join(f"b{number}: {{<<: [*a, *a]}}\n" for number in range(20))
    assert merged(text)
    with pytest.raises(DocumentError, match="limits"):
        merged(text, limits=DocumentLimits(max_nodes=1000))
    levels = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 60))
    with pytest.raises(DocumentError, match="limits"):
        merged(levels)


def test_merging_does_not_deepen() -> None:
    links = "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}]}}\n" for i in range(1, 20))
    value = merged(f"a0: &a0 {{x: [1]}}\n{links}", limits=DocumentLimits(max_depth=5))
    assert isinstance(value, dict)
    assert value["a19"] == {"x": [1]}
