from __future__ import annotations

import subprocess

import pytest

from schemalm.errors import DocumentError, InvalidDocument
from schemalm.messages.visible import shell_word, visible, visible_line, visible_name


@pytest.mark.parametrize("text", ["", "on: push\n\tx", "é✓😀", "עברית"])
def test_visible_text_is_unchanged(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31m", r"\u001b[31m"),
        ("a\u202eb", r"a\u202eb"),
        ("\u200b\ufeff\u2028", r"\u200b\ufeff\u2028"),
        ("\x9b\x7f\r", r"\u009b\u007f\u000d"),
        ("\udc80", r"\udc80"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_hidden_and_control_characters_are_escaped(text: str, expected: str) -> None:
    assert visible(text) == expected


def test_names_are_shortened_to_one_line() -> None:
    assert visible_line("a\nb\tc") == r"a\u000ab\u0009c"
    assert visible_name("x" * 1000, 10) == "xxxxxxxxx…"
    assert visible_name("x" * 10, 10) == "x" * 10


def test_pointers_and_names_in_errors_are_visible_and_shortened() -> None:
    error = InvalidDocument("wrong", pointer="/a\n\u202e" + "b" * 1000, keyword="type")
    assert str(error).startswith(r"/a\u000a\u202ebbb")
    assert len(str(error)) < 300
    assert len(error.pointer) == 1004
    assert str(DocumentError("wrong", source="a\nb")) == r"a\u000ab:1:1: wrong"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", "'a b'"),
        ("$(id)`id`", "'$(id)`id`'"),
        ("a\n'b\\", r"$'a\x0a\'b\\'"),
        ("\x1b[31m\u202e", r"$'\x1b[31m\xe2\x80\xae'"),
        ("\udcff", r"$'\xff'"),
        ("\ud800", r"$'\xed\xa0\x80'"),
    ],
)
def test_a_shell_word_is_visible_and_keeps_its_meaning(text: str, expected: str) -> None:
    assert shell_word(text) == expected
    said = subprocess.run(["bash", "-c", f"printf %s {shell_word(text)}"], capture_output=True, check=True).stdout
    assert said == text.encode(errors="surrogateescape" if text != "\ud800" else "surrogatepass")
