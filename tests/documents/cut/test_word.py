"""The word at a cursor: what of it is written, where it begins, and whether it is a key."""

from __future__ import annotations

import pytest

from schemalm.documents.cut.word import read_word
from schemalm.documents.value_paths import Path
from schemalm.errors import DocumentError


@pytest.mark.parametrize(
    ("text", "written", "path", "is_key"),
    [
        ("", "", (), False),
        ("na", "na", (), False),
        ("name: x\n", "", (), True),
        ("name: x\nki", "ki", (), True),
        ("kind: ", "", ("kind",), False),
        ("kind: jo", "jo", ("kind",), False),
        ("kind: a job", "a job", ("kind",), False),
        # The column of the cursor says which object gets the key.
        ("a:\n  b:\n    c: 1\n    ", "", ("a", "b"), True),
        ("a:\n  b:\n    c: 1\n  ", "", ("a",), True),
        ("a:\n  b:\n    c: 1\n", "", (), True),
        ("a:\n  - b: 1\n    ", "", ("a", 0), True),
        ("a:\n  - b: 1\n  - c", "c", ("a", 1), False),
        ("a: [x, y", "y", ("a", 1), False),
        ("a: {b: 1, c", "c", ("a",), True),
        ("a: {b: ", "", ("a", "b"), False),
        ('{"a": 1, ', "", (), True),
        ("{", "", (), True),
        ('{"a": tr', "tr", ("a",), False),
        ("a: b\n---\nc: ", "", ("c",), False),
        ("a: &anchor ", "", ("a",), False),
    ],
)
def test_the_word_and_its_place(text: str, written: str, path: Path, is_key: bool) -> None:
    word = read_word(text)
    assert word is not None
    assert (word.text, word.path, word.is_key, word.quote) == (written, path, is_key, "")


@pytest.mark.parametrize(
    ("text", "written", "quote", "is_key"),
    [
        ('kind: "jo', "jo", '"', False),
        ("kind: '", "", "'", False),
        ('{"a": "x', "x", '"', False),
        ('{"a', "a", '"', True),
        ("b: 1\n'a", "a", "'", True),
    ],
)
def test_a_word_in_quotes_begins_after_them(text: str, written: str, quote: str, is_key: bool) -> None:
    word = read_word(text)
    assert word is not None
    assert (word.text, word.quote, word.is_key) == (written, quote, is_key)
    assert word.before.text == text.removesuffix(written)


@pytest.mark.parametrize(
    "text",
    [
        "# comm",
        "a: b # comm",
        "a: |\n  te",
        "a: >-\n  two words",
        "a: b\n  c",
        "a: 'it''s",
        'a: "\\u00e9',
        '{"a": 1 ',
        'a: "x" ',
    ],
)
def test_no_word_is_in_comments_and_texts_that_are_not_written_as_they_are_read(text: str) -> None:
    assert read_word(text) is None


@pytest.mark.parametrize(
    ("text", "expected"), [("a:\n  ", True), ("- ", True), ("a:\n  - b", True), ("a: ", False), ("a: [", False)]
)
def test_a_first_word_of_a_line_or_item_may_begin_an_object(text: str, expected: bool) -> None:
    word = read_word(text)
    assert word is not None
    assert word.begins_block == expected


def test_text_that_is_wrong_before_the_cursor_is_refused() -> None:
    with pytest.raises(DocumentError):
        read_word("a: 'b' c\nd: ")
