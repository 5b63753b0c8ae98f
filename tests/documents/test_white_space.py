"""Tabs and blank lines as content, separation and forbidden indentation, by YAML 1.2.2."""

from __future__ import annotations

import pytest

from schemalm.documents import DocumentLimits, JSONValue, parse_document
from schemalm.documents.yaml_exact import compose
from schemalm.errors import DocumentError

LIMITS = DocumentLimits()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: |\n  \tx\n", {"a": "\tx\n"}),
        ("a: |\n\n\n  \tx\n", {"a": "\n\n\tx\n"}),
        ("a: >\n  \tx\n  y\n", {"a": "\tx\ny\n"}),
        ("- |\n \tx\n", ["\tx\n"]),
        ("- >-\n \tx", ["\tx"]),
        ("- a: |\n    \tx\n  b: 1\n", [{"a": "\tx\n", "b": 1}]),
        ("|\n \tx\n", "\tx\n"),
        ("|\n\tx\n", "\tx\n"),
        ("? |\n  \tx\n: 1\n", {"\tx\n": 1}),
        ("a: |1\n \tx\n", {"a": "\tx\n"}),
        ("a: |+\n  \tx\n\nb: 1\n", {"a": "\tx\n\n", "b": 1}),
        ("a: |-\n \t\n  x\n", {"a": "\t\n x"}),
        ("a: |\t# c\n  x\n", {"a": "x\n"}),
        ("a: |\n  #\tx\n  \t# y\n", {"a": "#\tx\n\t# y\n"}),
        ("- >\n \n  \n  x\n", ["\n\nx\n"]),
    ],
)
def test_a_tab_may_begin_a_line_of_a_block_scalar(text: str, value: JSONValue) -> None:
    assert parse_document(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\n\t\nb: 2\n \t\n", {"a": 1, "b": 2}),
        ("a: 1\n\t# c\nb: 2", {"a": 1, "b": 2}),
        ("-\ta\n- \tb", ["a", "b"]),
        ("a:\t1", {"a": 1}),
        ("a:\n \tx", {"a": "x"}),
        ("a: x\n \ty", {"a": "x y"}),
        ("a: x\n\n \ty\n\t\n", {"a": "x\ny"}),
        ("a: x\n\t\n y", {"a": "x\ny"}),
        ("a: x\ty\t# c", {"a": "x\ty"}),
        ("a: 'x\n\n\ty'", {"a": "x\ny"}),
        ('a: "x\\\n\ty"', {"a": "xy"}),
        ("a: [\n  b,\n\t\n  c\n ]", {"a": ["b", "c"]}),
        ("{\ta\t:\tb\t}", {"a": "b"}),
        ("\tx", "x"),
        ("? \ta\n: \tb", {"a": "b"}),
    ],
)
@pytest.mark.parametrize("reader", [parse_document, lambda text: compose(text, LIMITS)], ids=["both", "exact"])
def test_tabs_separate_and_fill_blank_lines(text: str, value: JSONValue, reader) -> None:
    assert reader(text) == value


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("\ta: 1", 1, 1),
        ("a:\n\tb: 1", 2, 1),
        ("a:\n\tx", 2, 1),
        ("a:\n \tb: 1", 2, 2),
        ("a: x\n\ty", 2, 1),
        ("a:\n  b: x\n \ty", 3, 2),
        ("-\t- a", 1, 2),
        ("- \ta: 1", 1, 3),
        ("?\t- a", 1, 2),
        ("a: |\n\tx", 2, 1),
        ("a: |\n\t\nb: 1", 2, 1),
        ("- |\n  x\n\t\n- y", 3, 1),
        ("a:\n\t- b", 2, 1),
    ],
)
def test_tabs_in_indentation_are_refused_at_the_tab(text: str, line: int, column: int) -> None:
    with pytest.raises(DocumentError, match="indent with spaces") as caught:
        parse_document(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_refusals_have_the_position_of_the_exact_reader() -> None:
    with pytest.raises(DocumentError, match="repeated") as caught:
        parse_document("a: |\n  \tx\nb: 1\nb: 2\n")
    assert caught.value.line == 4


@pytest.mark.parametrize(
    "text", ["c:\td", "c:\\td", '"c:\\td"', "'c:\td'", "c: d\te", "c:\t'd'", "c: |# x\n          d"]
)
@pytest.mark.parametrize("around", ["{}", "- {}", "b:\n  - {}", "b:\n  {}"])
def test_an_alias_elsewhere_changes_nothing(text: str, around: str) -> None:
    plain = "- " + around.format(text).strip().replace("\n", "\n  ") + "\n"
    value, *_ = parse_document(plain)
    assert parse_document(f"{plain}- &x 1\n- *x\n") == [value, 1, 1]
