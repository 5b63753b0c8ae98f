"""Patterns agree with independent engines: `regress` (ECMA-262) if it is installed, else the common part of `re`."""

from __future__ import annotations

import importlib.util
import re
import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rows import read_rows
from schemalm.regular.language import ANY_TEXT, Derivatives, Language, derivative, repeat, sequence
from schemalm.regular.lookahead import characters
from schemalm.regular.pattern import PatternError, finite_texts, pattern_language

HAS_REGRESS = importlib.util.find_spec("regress") is not None
ALPHABET = "ab1_- é" + ("𝄞\n\r\u2028\u00a0\ufeff" if HAS_REGRESS else "")

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


def _looking(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    looks = st.tuples(st.sampled_from(["?=", "?!"]), inner).map(lambda pair: f"({pair[0]}{pair[1]})")
    return st.one_of(_grown(inner), looks)


bodies = st.recursive(atoms, _grown, max_leaves=6)
looking = st.recursive(st.one_of(atoms, st.sampled_from(["^", "$"])), _looking, max_leaves=8)
patterns = st.builds(
    lambda start, body, other, end: f"{start}{body}{end}" if other is None else f"{start}{body}{end}|{other}{end}",
    st.sampled_from(["", "^", "(^|a)"]),
    bodies,
    st.one_of(st.none(), bodies),
    st.sampled_from(["", "$", "($|b)"]),
)
texts = st.lists(st.text(ALPHABET, max_size=6), min_size=4, max_size=8)


def judged(pattern: str, text: str) -> bool:
    """Whether an independent engine finds a match."""
    if HAS_REGRESS:
        import regress  # noqa: PLC0415

        return regress.Regex(pattern, "u").find(text) is not None
    return re.search(pattern.replace("$", r"\Z"), text, re.ASCII) is not None


def holds(language: Language, text: str) -> bool:
    derivatives: Derivatives = {}
    for byte in text.encode():
        language = derivative(language, byte, derivatives)
    return language.nullable


def found(pattern: str, texts: list[str]) -> list[bool]:
    """Whether the language of the pattern contains the text."""
    language = pattern_language(pattern, 100)
    return [holds(language, text) for text in texts]


@settings(max_examples=150)
@given(patterns, texts)
def test_a_language_contains_the_texts_in_which_an_engine_finds_a_match(pattern: str, texts: list[str]) -> None:
    assert found(pattern, texts) == [judged(pattern, text) for text in texts]


@settings(max_examples=200)
@given(looking, texts)
def test_anchors_and_look_ahead_agree_with_an_engine(pattern: str, texts: list[str]) -> None:
    try:
        pattern_language(pattern, 100)
    except PatternError as error:
        assume("look-ahead in a repetition" not in str(error))
    assert found(pattern, texts) == [judged(pattern, text) for text in texts]


# Results of V8: pattern, texts with a match, texts without.
LOOKING = (
    ("^^a$$", ["a"], ["aa"]),
    ("(^|,)a", ["a", "b,a"], ["ba"]),
    ("(a|$)b*", ["", "c", "a"], []),
    ("(^a)+$", ["a"], ["aa", "ba"]),
    ("a^b", [], ["a", "ab", "a^b"]),
    ("^a$b", [], ["a", "ab"]),
    ("^([^,]+(,|$)){3,}$", ["a,b,c", "a,b,c,"], ["a,b", "a,,b"]),
    ("(?:^a|b$)", ["ax", "xb"], ["xax"]),
    ("(^$)|^x", ["", "x"], ["y"]),
    ("^(?:a$|b)*$", ["ba", "bb"], ["ab"]),
    ("^(?!-)[a-z-]+$", ["a-"], ["-a", ""]),
    (r"^(?=.*[A-Z])(?=.*\d).{3,}$", ["aA1"], ["A1", "abc"]),
    ("a(?!b)", ["a", "aba", "ac"], ["ab"]),
    ("^(?!aa|b$)", ["a", "bc"], ["aa", "b"]),
    ("(?=a)b", [], ["ab"]),
    ("^a(?=b$).", ["ab"], ["abb"]),
    ("^(?=(a))(?:)a$", ["a"], ["b"]),
    ("^(?:(?!-)[a-z-]){2}$", ["ab"], ["a-", "-a", "a"]),
    ("^(?:(?!^a|b)[a-c])?a", ["a", "ca"], ["ba"]),
    ("a*(?!^)b", ["ab", "cb"], ["b"]),
    ("(?:^|a|b$)*c", ["c", "aac", "bc"], ["", "b"]),
    ("^(?:a|$){2,}$", ["", "a", "aaa"], ["b"]),
    ("^(?:^|a){3}b$", ["b", "ab", "aaab"], ["aaaab"]),
)
SYNTAX = (
    (r"^\-\_\:\@\i\Z$", ["-_:@iZ"], ["-_:@i"]),
    ("^]{x}$", ["]{x}"], []),
    ("^a{,2}$", ["a{,2}"], ["aa"]),
    (r"^\101\8\0$", ["A8\u0000"], []),
    (r"^\c1[\c1]$", ["\\c1\u0011"], []),
    (r"^[\w-.]$", ["-", ".", "a"], ["/"]),
    (r"^\x4\u12$", ["x4u12"], []),
    ("^(?=a)*b$", ["b"], ["ab"]),
    (r"^\k<a>\-$", ["k<a>-"], []),
    (r"^\u{61}}$", ["u" * 61 + "}"], []),
    (r"^\p\-$", ["p-"], []),
    ("^[^]$", ["a", "\n"], [""]),
    ("^[]$", [], ["", "]"]),
    (r"^\1(a)$", ["a"], ["aa"]),
    (r"^(a\1)$", ["a"], ["aa"]),
    (r"^()\1a$", ["a"], []),
    (r"^\k<n>(?<n>a)$", ["a"], ["aa"]),
    (r"^\p{Lu}\p{Ll}+$", ["Éa", "Aa"], ["aa", "A1"]),
    (r"^\P{Letter}$", ["1"], ["a", "é"]),
    (r"^[\p{Nd}\-]+$", ["٣-1"], ["a"]),
    (r"^\p{gc=Zs}$", [" "], ["\t"]),
    (r"^\p{ASCII_Hex_Digit}{2}$", ["fF"], ["fg"]),
    (r"^\p{Uppercase}$", ["Ⓐ"], ["a"]),
    (r"^\p{LC}$", ["ǅ"], ["ª"]),
)


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
        *LOOKING,
        *SYNTAX,
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
    r"\b+",
    "(?<=a)*",
    "(?<name",
    "(?P<name>a)",
    "(?i)a",
    r"(?<n>a)\k<m>",
    "a{101}",
    "(" * 2000,
)
NOT_SUPPORTED = (r"(a)\1", r"(?<n>a)\k<n>", r"(?<=\1(a))", "(?<=a$)", r"\p{Script=Greek}", r"\p{Nonsense}")


@pytest.mark.parametrize("pattern", [*MALFORMED, *NOT_SUPPORTED])
def test_malformed_and_unsupported_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        pattern_language(pattern, 100)


def test_a_plain_pattern_is_a_plain_expression() -> None:
    letters = characters(((0x61, 0x7A),))
    assert pattern_language("^[a-z]{0,5000}$", 5000) == repeat(letters, 0, 5000)
    assert pattern_language("[a-z]", 5000) == sequence(ANY_TEXT, letters, ANY_TEXT)


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        ("(?<=a)b", r"look-behind \(\?<=...\) is not supported"),
        ("(?<!a)b", r"look-behind \(\?<!...\) is not supported"),
        (r"\bcat", r"word boundary \\b is not supported"),
        (r"a\B", r"word boundary \\B is not supported"),
        ("^((?!ab).)*$", r"look-ahead in a repetition is not supported; \^\(\?!\.\*x\)"),
    ],
)
def test_other_look_around_is_refused_by_name(pattern: str, advice: str) -> None:
    with pytest.raises(PatternError, match=advice):
        pattern_language(pattern, 100)


@pytest.mark.parametrize("pattern", ["(^|,)a", "a($|b)", "^(a|$){2,}$", "^$|(^a$)", r"^(\/?[a-z]*($|\/))*$"])
def test_anchors_need_no_intersection(pattern: str) -> None:
    assert pattern_language(pattern, 100).is_plain


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "((a+)+)+$",
            "|".join("a" * 9999),
            "(" * 9999 + ")" * 9999,
            "((a{1000}){1000}){1000}",
            "[" * 9999,
            r"\1" * 999,
        ),
        *("(?!a)" * 999, "((?=.*a)|(?=.*b))" * 40 + "c", "(^|$|a)*" * 50, "((?!ab).){0,5000}$", "(^|a){5000}"),
        "(" * 20 + "^|a|$" + ")*" * 20,
        "".join(f"(?!{'ab' * count})" for count in range(1, 60)),
        *(r"(\b|a)*" * 50, "(?<=a.{20})b", "((?!abcdefghijklmnopqrstuvwxyz).)*$"),
        "".join(f"(?<!{'ab' * count})" for count in range(1, 60)),
    ],
)
def test_a_hostile_pattern_ends_soon(pattern: str) -> None:
    start = time.process_time()
    for build in (lambda: pattern_language(pattern, 5000), lambda: finite_texts(pattern, 256)):
        try:
            build()
        except PatternError:
            continue
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^(a|b)$", ["a", "b"]),
        ("^(b|aa|b|)$", ["", "b", "aa"]),
        ("^a{1,3}b?$", ["a", "aa", "ab", "aaa", "aab", "aaab"]),
        ("^[é0]$|^𝄞$", ["0", "é", "𝄞"]),
        ("^(?!b)[ab]c$", ["ac"]),
        ("^(?=.*a)[ab]b?$", ["a", "ab"]),
        ("^a$b", []),
        ("^(?:){5000}$", [""]),
        ("^a{6000}$", None),
        ("^[0-9]{1,2}$", None),
        ("^a*$", None),
        ("^a", None),
        ("a$", None),
        ("^a|b$", None),
        ("^(a{0,4000}){0,4000}$", None),
        ("^.$", None),
    ],
)
def test_the_few_texts_of_a_pattern_are_listed(pattern: str, expected: list[str] | None) -> None:
    assert finite_texts(pattern, 20) == expected


def test_all_but_two_patterns_of_real_schemas_are_read(shared_data: Path) -> None:
    rows = read_rows(shared_data / "jsonschemabench" / "cases.jsonl.zst")
    sources = {source for row in rows for source in _sources(row["schema"])}
    assert len(sources) > 1000
    refused = {}
    for source in sources:
        try:
            pattern_language(source, 5000)
        except PatternError as error:
            refused[source] = str(error).partition(" is not supported")[0]
    assert sorted(refused.values()) == ["a look-ahead in a repetition", r"the word boundary \b"]


def _sources(value: object) -> list[str]:
    """Every pattern in a schema, including keys of `patternProperties`."""
    if isinstance(value, list):
        return [source for item in value for source in _sources(item)]
    if not isinstance(value, dict):
        return []
    own = [value["pattern"]] if isinstance(value.get("pattern"), str) else []
    keys = value.get("patternProperties")
    own += list(keys) if isinstance(keys, dict) else []
    return own + [source for item in value.values() for source in _sources(item)]


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        ("(?i)abc", r"list the letters of both cases"),
        ("a(?-i:b)", r"list the letters of both cases"),
        ("(?P<year>a)", r"is \(\?<name>"),
        ("a(?#why)", "no comments"),
        ("(?>a+)b", "no atomic groups"),
        ("(?=", r"unexpected|not closed"),
        ("(?", "no kind of group known to ECMA-262 at offset 1$"),
    ],
)
def test_groups_of_other_engines_are_refused_with_what_to_write(source: str, advice: str) -> None:
    with pytest.raises(PatternError, match=advice):
        pattern_language(source, 100)
