"""Patterns against independent engines: `regress` (ECMA-262) where it is installed, else the common part of `re`."""

from __future__ import annotations

import importlib.util
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemalm.grammar.automaton import build_automaton
from schemalm.grammar.language import ANY_TEXT, intersection
from schemalm.grammar.pattern import PatternError, pattern_language

HAS_REGRESS = importlib.util.find_spec("regress") is not None
ALPHABET = "ab1_- é𝄞" + ("\n\r\u2028\u00a0\ufeff" if HAS_REGRESS else "")

ATOMS = (
    *("a", "b", "é", "𝄞", ".", "[ab]", "[^a]", "[a-c1]", r"[\d_]", r"[^\w-]", "[é-𝄟]", "[-a]", "(?:)"),
    *(r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", r"\.", r"\x61", r"\u0062", r"\u{1D11E}"),
)
atoms = st.sampled_from(ATOMS).filter(lambda atom: HAS_REGRESS or "{" not in atom)
quantifiers = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0}", "{2,}", "*?", "+?"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sequences = st.lists(inner, min_size=1, max_size=3).map("".join)
    return st.one_of(
        sequences,
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(sequences, quantifiers).map(lambda pair: f"({pair[0]}){pair[1]}"),
    )


bodies = st.recursive(atoms, _grown, max_leaves=6)
patterns = st.builds(
    lambda start, body, other, end: f"{start}{body}{end}" if other is None else f"{start}{body}{end}|{other}{end}",
    st.sampled_from(["", "^", "(^|a)"]),
    bodies,
    st.one_of(st.none(), bodies),
    st.sampled_from(["", "$", "($|b)"]),
)


def judged(pattern: str, text: str) -> bool:
    """What an independent engine says."""
    if HAS_REGRESS:
        import regress  # noqa: PLC0415

        return regress.Regex(pattern, "u").find(text) is not None
    return re.search(pattern.replace("$", r"\Z"), text, re.ASCII) is not None


def found(pattern: str, texts: list[str]) -> list[bool]:
    """What the language of the pattern says."""
    automaton = build_automaton((), lambda _: True, 20_000, intersection([pattern_language(pattern, 100), ANY_TEXT]))
    if automaton is None:
        return [False] * len(texts)
    states = [automaton.run(text.encode()) for text in texts]
    return [state >= 0 and automaton.ends[state] >= 0 for state in states]


@settings(max_examples=150, deadline=None)
@given(patterns, st.lists(st.text(ALPHABET, max_size=6), min_size=4, max_size=8))
def test_a_language_holds_the_texts_that_an_engine_finds_a_match_in(pattern: str, texts: list[str]) -> None:
    try:
        pattern_language(pattern, 100)
    except PatternError as error:
        assume("anchor" not in str(error))
        raise
    assert found(pattern, texts) == [judged(pattern, text) for text in texts]


@pytest.mark.parametrize(
    ("pattern", "matching", "failing"),
    [
        ("", ["", "a"], []),
        ("b", ["abc", "b"], ["", "ac"]),
        ("^b$", ["b"], ["ab", "b\n"]),
        ("^a|b$", ["ax", "xb"], ["xax"]),
        ("^(a|b$)", ["ax", "b"], ["bx"]),
        ("^.$", ["a", "é", "𝄞"], ["", "ab", "\n", "\r", "\u2028"]),
        (r"^[\s\S]$", ["a", "\n", "𝄞"], ["", "ab"]),
        (r"^\d+$", ["0", "123"], ["", "٣"]),
        (r"^\ud834\udd1e$", ["𝄞"], ["a"]),
        (r"^[\ud800-\udfff]$", [], ["a", "𝄞"]),
        ("^[]$", [], ["", "]"]),
        ("^[^]$", ["a", "\n"], [""]),
        ("^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]),
        ("^a{,3}$", ["a{,3}"], ["a"]),
        (r"^\cJ\x41\t$", ["\nA\t"], []),
        (r"^\$\{\{.*\}\}$", ["${{ x }}"], ["{{ x }}"]),
    ],
)
def test_examples(pattern: str, matching: list[str], failing: list[str]) -> None:
    assert all(found(pattern, matching))
    assert not any(found(pattern, failing))


MALFORMED = (
    "(",
    ")",
    "[a",
    "a**",
    "*",
    "a{2}{3}",
    "{2}",
    "a{3,2}",
    "[b-a]",
    "\\",
    "^*",
    "(?<name",
    "a{101}",
    "(" * 2000,
)
MALFORMED_ESCAPES = (r"\x4", r"\u{12", r"\u{}", r"\u{1_0}", r"\u{110000}", r"\c1")
NOT_REGULAR = ("(?=a)", "(?!a)", "(?<=a)", "(?i)a", r"\b", r"\1", r"\p{L}", "a^b", "a$b", "(^a)+")


@pytest.mark.parametrize("pattern", [*MALFORMED, *MALFORMED_ESCAPES, *NOT_REGULAR])
def test_what_is_malformed_or_not_regular_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        pattern_language(pattern, 100)
