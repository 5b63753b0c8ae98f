"""U+0085, U+2028 and U+2029 are content everywhere."""

from __future__ import annotations

import pytest

from schemalm.documents import JSONValue, parse_document
from schemalm.errors import DocumentError

SEPARATORS = ["\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("s", SEPARATORS, ids=ascii)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: x§y", {"a": "x§y"}),
        ("a: §x§\n", {"a": "§x§"}),
        ("§", "§"),
        ("a: x\n  §y", {"a": "x §y"}),
        ("a: 'x§'", {"a": "x§"}),
        ("a: 'x §\n  § y'", {"a": "x § § y"}),
        ('a: "x§\\n§"', {"a": "x§\n§"}),
        ('a: "x\\\n  §y"', {"a": "x§y"}),
        ("a: |\n  x§y\n  §\n", {"a": "x§y\n§\n"}),
        ("a: |\n  §x\n\n", {"a": "§x\n"}),
        ("a: >\n  x§\n  §y\n", {"a": "x§ §y\n"}),
        ("a: >-\n  §", {"a": "§"}),
        ("k§: 1\n§: 2\n'§k': 3", {"k§": 1, "§": 2, "§k": 3}),
        ("? §\n: 1", {"§": 1}),
        ("a: 1 # p§q\nb: 2", {"a": 1, "b": 2}),
        ("# §b: 1\na: 1", {"a": 1}),
        ("a: x§#y", {"a": "x§#y"}),
        ("a:§b", "a:§b"),
        ("-§a", "-§a"),
        ("- §a\n- b", ["§a", "b"]),
        ("[§, a§, {§: §b}]", ["§", "a§", {"§": "§b"}]),
        ("[a,§b]", ["a", "§b"]),
        ("a: &x [§]\nb: *x", {"a": ["§"], "b": ["§"]}),
        ('{"a": "§"}', {"a": "§"}),
        ("a: 0b1§\nb: 010§\nc: §1", {"a": "0b1§", "b": "010§", "c": "§1"}),
    ],
)
def test_separators_are_content(s: str, text: str, value: JSONValue) -> None:
    def real(node):
        if isinstance(node, str):
            return node.replace("§", s)
        if isinstance(node, dict):
            return {real(key): real(child) for key, child in node.items()}
        return [real(child) for child in node] if isinstance(node, list) else node

    assert parse_document(real(text)) == real(value)


def test_escapes_of_separators_keep_their_meaning() -> None:
    text = '["\\N", "\\L", "\\P", "\\x85", "\\u2028", "\\U00002029", "\x85\u2028\u2029", "\\ue000", "\ue001"]'
    characters = ["\x85", "\u2028", "\u2029"]
    assert parse_document(text) == [*characters, *characters, "\x85\u2028\u2029", "\ue000", "\ue001"]


@pytest.mark.parametrize("s", SEPARATORS, ids=ascii)
@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("a: 1 # §\nb: [x\n", 2, 4, "list that opens here is not closed"),
        ("a§: 1\r\na§: 2", 2, 1, "repeated"),
        ("a§: 1\r\rb§: [1\r", 3, 5, "list that opens here is not closed"),
        ("a: x§\n  b: 1", 2, 3, "indented deeper"),
        ("§\n---\n§", 2, 1, "second document"),
        ("a: § !x y\nb: !§", 2, 4, "tag"),
    ],
)
def test_positions_count_the_lines_of_yaml(s: str, text: str, line: int, column: int, part: str) -> None:
    with pytest.raises(DocumentError, match=part) as caught:
        parse_document(text.replace("§", s))
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize("s", SEPARATORS, ids=ascii)
def test_messages_show_the_character_itself(s: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(f"k{s}: 1\nk{s}: 2")
    assert repr(f"k{s}") in caught.value.message
    with pytest.raises(DocumentError) as caught:
        parse_document(f"a: *x{s}")
    assert f"*x{s} names" in caught.value.message
