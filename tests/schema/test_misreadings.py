"""Parts of patterns that are commonly misread are reported with their meaning; others are not."""

from __future__ import annotations

import pytest

from schemalm.schema.misreadings import EXAMPLES, misreadings


@pytest.mark.parametrize(
    ("source", "meanings"),
    [
        (r"\A", [r"`\A` is the letter A in JSON Schema; the anchors are ^ and $"]),
        (r"^\Ab\z$", [r"`\A` is the letter A", r"`\z` is the letter z"]),
        (r"\Aa\A", [r"`\A` is the letter A"]),
        (
            r"[\Z\e]",
            [r"`\Z` is the letter Z", r"`\e` is the letter e in JSON Schema; write \x1b for the escape character"],
        ),
        (r"\<a\>", [r"`\<` is the character <", r"`\>` is the character >"]),
        (r"\pL", [r"`\pL` means the characters pL; a category is \p{L}"]),
        (r"[\b]", [r"`\b` in a class is the backspace U+0008"]),
        (r"[\B]", [r"`\B` is the letter B"]),
        ("a.b", ["`.` does not match a line end"]),
        ("a{,2}", ["`{,2}` means these characters; a count needs its lower bound: {0,2}"]),
        ("[^]", ["`[^]` matches every character"]),
        ("[]", ["`[]` matches no character"]),
        ("[[:alpha:]]", ["`[[:alpha:]` is a class of these characters", "`]` is an ordinary character"]),
        ("[a&&b]", ["`&&` in a class is the character &"]),
        ("[[a]b]", ["`]` is an ordinary character"]),
        (r"\x{41}", [r"`\x{41}` is the letter x and then {41}; a code point is \u{41}"]),
        (r"[\w-.]\p{L}", [r"`\p{L}` means these characters here"]),
        (r"\_\u{41}", [r"`\u{41}` is the letter u and then {41} here"]),
        (r"\x4", [r"`\x` is the letter x: two"]),
        (r"\012", [r"`\012` is the character U+000A"]),
        (r"(a)\2", [r"`\2` is the character U+0002"]),
        (r"\1(a)", [r"`\1` matches the empty text"]),
        (r"\8", [r"`\8` is the digit 8"]),
        (r"\c1", [r"`\c` is a backslash and the letter c"]),
        (r"\k<a>", [r"`\k<a>` is the letter k"]),
        (r"\Qa\E", [r"`\Q` is the letter Q", r"`\E` is the letter E"]),
    ],
)
def test_each_part_is_reported_once_with_its_meaning(source: str, meanings: list[str]) -> None:
    found = [part.meaning for part in misreadings(source)]
    assert len(found) == len(meanings)
    assert all(said.startswith(meaning) for said, meaning in zip(found, meanings, strict=True))


@pytest.mark.parametrize(
    "source",
    [
        *(
            "",
            "^[a-z]+$",
            r"^\d+\.\w*\s$",
            r"^[\w.-]+$",
            r"^[^\s\]]$",
            r"\p{L}",
            r"\P{Lu}",
            r"\u{41}",
            r"\u0041\x41\cA",
        ),
        *(
            r"\t\n\r\f\v\0",
            r"(?<a>x)",
            "a{2}b{1,}c{1,2}",
            r"\$\{\}\[\]",
            "[.]",
            r"\.",
            r"[<>]",
            "[&]",
            r"\-\_\/\@",
            "a&&b",
        ),
    ],
)
def test_parts_that_are_read_alike_are_not_reported(source: str) -> None:
    assert misreadings(source) == []


@pytest.mark.parametrize("source", EXAMPLES)
def test_every_example_is_misread(source: str) -> None:
    assert misreadings(source)
