"""Automata judge texts by several languages, are minimal, and know how far their ends are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.grammar.automaton import Automaton, AutomatonTooLargeError, build_automaton
from schemalm.grammar.language import ANY_TEXT, NOTHING, literal, union
from schemalm.grammar.pattern import pattern_language


def built(*patterns: str, max_states: int = 20_000) -> Automaton:
    """The automaton whose verdict has a bit for each pattern."""
    languages = tuple(pattern_language(pattern, 5000) for pattern in patterns)
    automaton = build_automaton(languages, lambda _: True, max_states)
    assert automaton is not None
    return automaton


@settings(deadline=None)
@given(st.text("abx", max_size=5))
def test_the_verdict_has_one_bit_per_language(text: str) -> None:
    automaton = built("^a", "b$", "^x*$")
    expected = text.startswith("a") | text.endswith("b") << 1 | (set(text) <= {"x"}) << 2
    assert automaton.ends[automaton.run(text.encode())] == expected


def test_equal_languages_give_equal_automata() -> None:
    first, second = built("^(a|b)*$"), built("^(?:[ab]|aa|bbb)*$")
    assert first.transitions == second.transitions
    assert repr(first) == repr(second)
    assert repr(first) != repr(built("^a*$"))


def test_an_automaton_is_minimal() -> None:
    assert built("^(abc|xbc)$").num_states == built("^[ax]bc$").num_states


def test_without_an_accepted_text_there_is_none() -> None:
    assert build_automaton((), lambda _: True, 100, NOTHING) is None
    assert build_automaton((ANY_TEXT,), lambda verdict: verdict == 0, 100) is None


def test_distances_count_bytes_to_the_nearest_end() -> None:
    automaton = built("^𝄞b$")
    assert automaton.distances[1][0] == 5
    assert automaton.distances[0][0] == 0
    assert automaton.closest_byte(0, 1) == "𝄞".encode()[0]


def test_texts_are_listed_where_they_are_few() -> None:
    automaton = built("^(b|aa|c)$", "^c")
    assert automaton.texts(1, 10) == ["b", "aa"]
    assert automaton.texts(3, 10) == ["c"]
    assert automaton.texts(1, 1) == []
    assert automaton.texts(2, 10) == []


def test_texts_are_counted_from_every_state() -> None:
    automaton = build_automaton((), lambda _: True, 100, union(map(literal, (b"a", b"ab", b"ac"))))
    assert automaton is not None
    everything = frozenset([0])
    assert automaton.num_texts(everything)[0] == 3
    assert automaton.num_texts(everything)[automaton.run(b"a")] == 3
    assert automaton.num_texts(everything)[automaton.run(b"ab")] == 1
    assert built("^a*$").num_texts(frozenset([1]))[0] is None


@pytest.mark.parametrize("pattern", ["(a|b)*a(a|b){30}", "((a{500}){50}){5000}", "^((a{50}){50}){50}$"])
def test_hostile_patterns_are_refused_in_short_time(pattern: str) -> None:
    start = time.monotonic()
    with pytest.raises(AutomatonTooLargeError):
        built(pattern)
    assert time.monotonic() - start < 15


def test_a_long_chain_is_built_in_short_time() -> None:
    start = time.monotonic()
    automaton = built("^a{1000}$")
    assert automaton.ends[automaton.run(b"a" * 1000)] == 1
    assert time.monotonic() - start < 10
