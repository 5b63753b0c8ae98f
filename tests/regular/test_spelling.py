"""Portable patterns have the same matches in engines of other dialects as in ECMA-262."""

from __future__ import annotations

import jsonschema_rs
import pytest

from schemalm.limits import Limits
from schemalm.regular.matching import PatternMatcher
from schemalm.regular.pattern_syntax import PatternError
from schemalm.regular.spelling import portable_pattern

# Unchanged, so an error of our pattern reader would be visible to the judge.
ALIKE = [
    *("", "a", "^[a-z]+$", r"^\d{3}-\d{4}$", r"^[\w.+-]+@[\w-]+\.com$", "^(a|b)?c*$", r"^\$\{[a-z]+\}$", r"^[^\s/]+$"),
    *(r"\x41\u00e9", r"^[\t\n ]*$", "^(?:a{2,}|b{1,3}?)$", "^--[a-z]+(=x*)?$", r"^\/[\-_]\@$", "é+", " #"),
]
# Patterns with texts that have a match in ECMA-262 and texts that have none, by Node's RegExp.
READ_OTHERWISE: list[tuple[str, list[str], list[str]]] = [
    (r"^\Aa\z$", ["Aaz"], ["a"]),
    (r"\Aa", ["Aa", "xAa"], ["a"]),
    (r"\Z", ["Z"], ["", "z"]),
    (r"^\<a\>$", ["<a>"], ["a"]),
    (r"^\pL$", ["pL"], ["a", "é"]),
    (r"^[\pL]$", ["p", "L"], ["a", "é"]),
    (r"^\PL+$", ["PL"], ["1", "P"]),
    ("^.$", ["a", "é", "😀", "\x85"], ["\n", "\r", "\u2028", "\u2029", ""]),
    ("a.b", ["axb"], ["a\rb", "a\nb", "a\u2028b"]),
    (r"^[\w-.]+$", ["a-.", "_"], ["é", ",", ""]),
    (r"^[\w-\.]+$", ["a-."], ["/"]),
    (r"^[+-\w]+$", ["+-a"], [",", "."]),
    ("^a[^]$", ["a\n", "ab"], ["a"]),
    ("[]", [], ["", "a", "]"]),
    (r"^[\b]$", ["\b"], ["b", ""]),
    ("^a{,2}$", ["a{,2}"], ["a", "aa", ""]),
    ("^{{x}}$", ["{{x}}"], ["x", "{x}"]),
    ("^x{{2}}$", ["x{{}"], ["x{{2}}", "xx"]),
    (r"^\e\a\h$", ["eah"], ["\x1b\x07 "]),
    (r"^[\e\a\Q]$", ["e", "a", "Q"], ["\x1b", "\x07", "\\"]),
    (r"^\Qa+\E$", ["QaE", "QaaE"], ["a+"]),
    ("^[]a]$", [], ["a", "]"]),
    ("^[^]]$", ["a]", "]]"], ["a", "]"]),
    ("^[[:alpha:]]$", [":]", "a]", "[]"], ["a", "b"]),
    ("^[a-c&&[^b]]$", ["&]", "a]", "^]", "b]"], ["a", "c"]),
    (r"^\x{2}$", ["xx"], ["\x02"]),
    (r"^\x4$", ["x4"], ["\x04"]),
    (r"^[\w-.]\u{2}$", ["auu"], ["a\x02"]),
    (r"^\u{1F600}$", ["😀"], ["u"]),
    (r"^\ud83d\ude00$", ["😀"], ["", "u"]),
    (r"^[\ud800-\udfff]$", [], ["a", "😀"]),
    (r"^\0$", ["\0"], ["0", ""]),
    (r"^\012\8$", ["\n8"], ["128"]),
    (r"^\cA\c1$", ["\x01\\c1"], ["cAc1"]),
    (r"^\1(a)$", ["a"], ["aa", ""]),
    (r"^\k<a>$", ["k<a>"], ["a"]),
    (r"^(?<$x>a)$", ["a"], [""]),
    ("^(?=a)*b", ["b"], ["ab"]),
    ("^(?:(?=b))+b", ["b"], ["ab"]),
    ("^(?:){2}a$", ["a"], [""]),
    (r"^(?!é)\w\d$", ["a1"], ["é1", "a\u0661"]),
    (r"^\p{Lu}$", ["A", "É"], ["a", "1"]),
    (r"^[^\p{L}]$", ["1"], ["a", "é"]),
    (r"^a\$$", ["a$"], ["a", "a\n"]),
    ("^a$", ["a"], ["a\n"]),
    ("^[a~~b]$", ["~"], ["[", "]"]),
    (r"^\é$", ["é"], ["e"]),
]


def judges(source: str) -> list[jsonschema_rs.Validator]:
    engines = [jsonschema_rs.FancyRegexOptions()]
    engines += [] if "(?=" in source or "(?!" in source else [jsonschema_rs.RegexOptions()]
    return [jsonschema_rs.Draft202012Validator({"pattern": source}, pattern_options=engine) for engine in engines]


@pytest.mark.parametrize("source", ALIKE)
def test_a_pattern_that_all_engines_read_alike_is_unchanged(source: str) -> None:
    assert portable_pattern(source) == source


def test_a_dot_is_replaced_in_the_source() -> None:
    assert portable_pattern(r"^\.[.]a.*(?:b.)$") == (
        r"^\.[.]a[^\u000A\u000D\u2028-\u2029]*(?:b[^\u000A\u000D\u2028-\u2029])$"
    )


@pytest.mark.parametrize(("source", "matching", "others"), READ_OTHERWISE)
def test_the_judge_and_the_grammar_find_the_matches_of_ecma_262(
    source: str, matching: list[str], others: list[str]
) -> None:
    spelled = portable_pattern(source)
    for finds in (*(judge.is_valid for judge in judges(spelled)), PatternMatcher(source, Limits())):
        assert [text for text in matching if not finds(text)] == []
        assert [text for text in others if finds(text)] == []


@pytest.mark.parametrize("source", [source for source, *_ in READ_OTHERWISE])
def test_a_portable_pattern_is_portable_again(source: str) -> None:
    spelled = portable_pattern(source)
    assert portable_pattern(spelled) == spelled


def test_nested_groups_do_not_make_spellings_explode() -> None:
    source = "(" * 90 + r"\A" + ")+" * 90
    assert len(portable_pattern(source)) < 10 * len(source)


@pytest.mark.parametrize("source", ["(", "a**", "(?i)a", r"(a)\1"])
def test_malformed_expressions_are_refused(source: str) -> None:
    with pytest.raises(PatternError):
        portable_pattern(source)
