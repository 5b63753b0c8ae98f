"""A character of a scalar has the line and column where it is written, in every style."""

from __future__ import annotations

import pytest

from schemalm.checking.positions import Positions, SourcePosition


def found(text: str, pointer: str, value: str, character: str) -> SourcePosition | None:
    return Positions(text).locate(pointer, "expression", value.index(character))


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("a: one X\n", "one X", (1, 8)),
        ("a: 'it''s X'\n", "it's X", (1, 11)),
        ('a: "\\"\\t\\u0041 X"\n', '"\tA X', (1, 16)),
        ("a: one\n  two\n  X\n", "one two X", (3, 3)),
        ("a: 'one\n\n  X'\n", "one\nX", (3, 3)),
        ("a: |\n  one\n  two X\n", "one\ntwo X\n", (3, 7)),
        ("a: |2- # comment X\n\n    one\n  X\n", "\n  one\nX", (4, 3)),
        ("a: >\n  one\n  two\n\n  X\n", "one two\nX\n", (5, 3)),
        ("a: &name |\n  X\n", "X\n", (2, 3)),
        ('{\n  "a": "one\\ntwo X"\n}', "one\ntwo X", (2, 18)),
        ('a: "one\\\n  X"\n', "oneX", (2, 3)),
    ],
)
def test_a_character_is_located_in_every_style(text: str, value: str, expected: tuple[int, int]) -> None:
    assert found(text, "/a", value, "X") == SourcePosition(*expected)


@pytest.mark.parametrize(
    ("text", "value", "offset", "expected"),
    [
        ("a: one\n", "one", 3, (1, 7)),
        ("a: one two\n", "one two", 3, (1, 7)),
        ("a: |\n  one\n", "one\n", 4, (2, 6)),
        ("a: 'one'\n", "one", 0, (1, 5)),
        ("a: ''\n", "", 0, (1, 5)),
    ],
)
def test_white_space_and_the_end_are_located_after_what_is_written_before(
    text: str, value: str, offset: int, expected: tuple[int, int]
) -> None:
    assert Positions(text).locate("/a", "expression", offset) == SourcePosition(*expected)


@pytest.mark.parametrize("text", ['a: "\\x41X"\n', "b: &b AX\na: *b\n", 'a: "\\ud83d\\ude00X"\n'])
def test_a_scalar_that_is_written_in_another_way_is_located_as_a_whole(text: str) -> None:
    assert Positions(text).locate("/a", "expression", 1) == Positions(text).locate("/a")
