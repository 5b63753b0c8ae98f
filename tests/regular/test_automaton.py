"""One automaton classifies texts by several languages, finds the state that a text leads to, and measures distances."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.errors import LimitError
from schemalm.limits import Budget, Limits
from schemalm.regular.automaton import DEAD, Automaton
from schemalm.regular.language import (
    ANY_CHARACTER,
    ANY_TEXT,
    BYTE_RANKS,
    NOTHING,
    Language,
    intersection,
    repeat,
    sequence,
    union,
)
from schemalm.regular.lazy_dfa import MAX_DISTINCT_COUNT
from schemalm.regular.pattern import pattern_language
from schemalm.regular.words import literal, words

HOLDS = frozenset([1])
MILLION = 10**6


def texts_of(pattern: str) -> Language:
    return pattern_language(pattern, 5_000)


def automaton(max_states: int = 20_000) -> Automaton:
    return Automaton(Budget(Limits(automaton_states=max_states)))


def num_states(machine: Automaton) -> int:
    return len(machine._languages)


@given(st.text("abx", max_size=5))
def test_the_outcome_has_one_bit_per_language(text: str) -> None:
    machine = automaton()
    start = machine.state((ANY_TEXT, texts_of("^a"), texts_of("b$"), texts_of("^x*$")))
    expected = text.startswith("a") << 1 | text.endswith("b") << 2 | (set(text) <= {"x"}) << 3 | 1
    assert machine.outcome(machine.run(text.encode(), start)) == expected


def test_the_outcome_is_zero_if_the_text_may_not_end() -> None:
    machine = automaton()
    start = machine.state((literal(b"ab"), ANY_TEXT))
    assert [machine.outcome(machine.run(text, start)) for text in (b"", b"a", b"ab")] == [0, 0, 3]
    assert machine.run(b"abc", start) == DEAD


def test_an_empty_language_has_no_state() -> None:
    machine = automaton()
    assert machine.state((NOTHING,)) == DEAD
    assert machine.state((NOTHING, ANY_TEXT)) == DEAD
    assert machine.state((ANY_TEXT, NOTHING)) != DEAD


def test_equal_languages_share_a_state() -> None:
    machine = automaton()
    start = machine.state((union([literal(b"xab"), literal(b"yab")]),))
    assert machine.step(start, ord("x")) == machine.step(start, ord("y"))
    assert machine.state((literal(b"ab"),)) == machine.step(start, ord("x"))


def test_states_are_made_only_when_a_text_reaches_them() -> None:
    machine = automaton()
    start = machine.state((texts_of("^[a-z]{1000}$"),))
    assert num_states(machine) == 1
    machine.run(b"abc", start)
    assert num_states(machine) == 4


def test_a_transition_is_computed_once_per_byte_class() -> None:
    machine = automaton()
    start = machine.state((texts_of("^[a-z][0-9]$"),))
    assert {machine.step(start, byte) for byte in b"abcxyz"} == {machine.step(start, ord("m"))}
    assert [byte for byte, _ in machine.steps(start)] == [ord("a")]


@pytest.mark.parametrize("maximum", [MILLION, 10**9])
def test_a_large_count_costs_nothing(maximum: int) -> None:
    machine = automaton()
    start = machine.state((repeat(ANY_CHARACTER, 0, maximum),))
    assert machine.outcomes(start) == HOLDS
    assert machine.distance(start, HOLDS) == 0
    assert num_states(machine) == 1


def test_a_long_text_is_counted_in_one_step() -> None:
    machine = automaton()
    start = machine.state((repeat(ANY_CHARACTER, MILLION, MILLION + 1),))
    text = "é" * MILLION
    assert machine.outcome(machine.run(text.encode(), start)) == 1
    assert machine.outcome(machine.run(text.encode()[:-2], start)) == 0
    assert machine.run((text + "ab").encode(), start) == DEAD
    assert num_states(machine) < 5


@given(st.text(max_size=4), st.integers(0, 4), st.integers(0, 4))
def test_a_count_counts_characters_and_not_bytes(text: str, minimum: int, more: int) -> None:
    machine = automaton()
    start = machine.state((repeat(ANY_CHARACTER, minimum, minimum + more),))
    state = machine.run(text.encode(), start)
    assert (state != DEAD and machine.outcome(state) == 1) == (minimum <= len(text) <= minimum + more)


@settings(max_examples=30)
@given(
    st.text("aé𝄞", min_size=MAX_DISTINCT_COUNT, max_size=3 * MAX_DISTINCT_COUNT),
    st.integers(0, 200),
    st.integers(0, 400),
)
def test_counting_at_once_reaches_the_same_state_as_counting_one_by_one(text: str, minimum: int, maximum: int) -> None:
    machine = automaton()
    start = machine.state((repeat(ANY_CHARACTER, min(minimum, maximum), maximum),))
    state = start
    for byte in text.encode():
        state = machine.step(state, byte) if state != DEAD else DEAD
    assert machine.run(text.encode(), start) == state


def test_counts_beyond_any_token_have_one_name() -> None:
    machine = automaton()
    states = [machine.state((repeat(ANY_CHARACTER, 0, count),)) for count in (129, 500, MILLION)]
    assert len(set(states)) == 3
    assert len({machine.clipped(state) for state in states}) == 1
    assert len({machine.name(state) for state in states}) == 1
    near = [machine.state((repeat(ANY_CHARACTER, 0, count),)) for count in (0, 1, 127, 128)]
    assert [machine.clipped(state) for state in near] == near
    assert len({machine.name(state) for state in near}) == 4


def test_counts_have_one_name_inside_a_character_too() -> None:
    machine = automaton()
    inside = [
        machine.run("𝄞".encode()[:2], machine.state((repeat(ANY_CHARACTER, count, 2 * count),)))
        for count in (1_000, 2_000)
    ]
    assert machine.clipped(inside[0]) == machine.clipped(inside[1])
    assert machine.step(machine.clipped(inside[0]), ord("a")) == DEAD


def test_an_unbounded_text_stays_unbounded_when_counts_are_clipped() -> None:
    machine = automaton()
    unbounded = machine.state((repeat(ANY_CHARACTER, 500, None),))
    bounded = machine.state((repeat(ANY_CHARACTER, 500, 600),))
    assert machine.clipped(unbounded) != machine.clipped(bounded)


def test_distances_count_bytes_to_the_nearest_end() -> None:
    machine = automaton()
    start = machine.state((texts_of("^𝄞b$"),))
    assert machine.distance(start, HOLDS) == 5
    assert machine.closest_byte(start, HOLDS) == "𝄞".encode()[0]
    assert machine.distance(machine.run("𝄞b".encode(), start), HOLDS) == 0


def test_a_distance_depends_on_the_outcomes() -> None:
    machine = automaton()
    start = machine.state((texts_of("^a{1,9}$"), texts_of("^aaa"), texts_of("^a{6}$")))
    assert machine.outcomes(start) == {1, 3, 7}
    distances = [machine.distance(start, frozenset(outcomes)) for outcomes in ([1], [3], [7], [5], [3, 7])]
    assert distances == [1, 3, 6, DEAD, 3]


patterns = st.sampled_from(["^a*b", "b$", "^(ab)*$", "^[ab]{2}$", "a.a", "^$", "^(a|bb){1,3}$"])


@settings(max_examples=60)
@given(st.lists(patterns, min_size=1, max_size=3), st.booleans())
def test_distances_equal_those_of_an_exhaustive_search(sources: list[str], in_common: bool) -> None:
    languages = [texts_of(source) for source in sources]
    domain = intersection([repeat(ANY_CHARACTER, 0, None), languages[0]]) if in_common else ANY_TEXT
    machine = automaton()
    start = machine.state((domain, *languages))
    shortest: dict[int, int] = {}
    for length in range(6):
        for text in product(b"abx", repeat=length):
            state = machine.run(bytes(text), start)
            if state != DEAD and machine.outcome(state):
                shortest.setdefault(machine.outcome(state), length)
    for outcome in range(1, 2 ** (len(languages) + 1), 2):
        found = machine.distance(start, frozenset([outcome]))
        if outcome in shortest:
            assert found == shortest[outcome]
        else:
            assert found == DEAD or found > 5
    assert shortest.keys() <= machine.outcomes(start)


def test_texts_are_ordered_by_length_and_then_by_readability() -> None:
    machine = automaton()
    start = machine.state((texts_of("^(b|aa|c|[ -~])$"), texts_of("^[cd]")))
    assert list(islice(machine.texts(start, HOLDS), 3)) == [b"a", b"b", b"e"]
    assert next(machine.texts(start, frozenset([3]))) == b"c"
    assert list(machine.texts(start, frozenset([5]))) == []


def test_every_text_is_listed_once() -> None:
    machine = automaton()
    start = machine.state((texts_of("^[a-c]{0,2}$"),))
    found = list(machine.texts(start, HOLDS))
    assert len(found) == len(set(found)) == 1 + 3 + 9
    assert [len(text) for text in found] == sorted(map(len, found))


def test_texts_are_counted_up_to_a_limit() -> None:
    machine = automaton()
    three = machine.state((words([b"a", b"ab", b"ac"]),))
    assert machine.has_more_texts(three, HOLDS, 2)
    assert not machine.has_more_texts(three, HOLDS, 3)
    assert not machine.has_more_texts(machine.run(b"ab", three), HOLDS, 1)
    assert machine.has_more_texts(machine.state((texts_of("^a*$"),)), HOLDS, 50)


def test_the_closest_byte_is_a_readable_one() -> None:
    machine = automaton()
    assert machine.closest_byte(machine.state((texts_of("^[!-~]$"),)), HOLDS) == ord("a")
    assert BYTE_RANKS[ord("a")] < BYTE_RANKS[ord("~")]


@pytest.mark.parametrize("pattern", ["(a|b)*a(a|b){30}", "((a{500}){50}){5000}", "^((a{50}){50}){50}$"])
def test_a_hostile_pattern_costs_only_what_texts_reach(pattern: str) -> None:
    machine = automaton()
    start = machine.state((texts_of(pattern),))
    machine.run(b"ab" * 20, start)
    assert machine.distance(start, HOLDS) >= 31
    assert num_states(machine) < 100


def test_a_search_over_the_limit_fails() -> None:
    machine = automaton(max_states=50)
    start = machine.state((intersection([texts_of("^(a{7})*$"), texts_of("^(a{11})*$"), texts_of("^(a{13})+$")]),))
    with pytest.raises(LimitError, match="50"):
        machine.distance(start, HOLDS)
    several = machine.state((ANY_TEXT, *(texts_of(f"^(a{{{count}}})+$") for count in (7, 11, 13))))
    with pytest.raises(LimitError, match="50"):
        machine.outcomes(several)


def test_an_empty_intersection_is_detected() -> None:
    machine = automaton()
    start = machine.state((intersection([texts_of("^a+$"), texts_of("^b+$")]),))
    assert machine.distance(start, HOLDS) == DEAD
    assert machine.outcomes(start) == frozenset()


@pytest.mark.slow
def test_names_are_the_same_in_every_process(outputs_in_processes: Callable[[str], set[str]]) -> None:
    program = (
        "from schemalm.limits import Budget, Limits\n"
        "from schemalm.regular.automaton import Automaton\n"
        "from schemalm.regular.language import complement, intersection\n"
        "from schemalm.regular.pattern import pattern_language\n"
        "machine = Automaton(Budget(Limits()))\n"
        "parts = [pattern_language(source, 100) for source in ('^a+(b|c|dd|e.)*$', 'x', '[0-9]{3,}')]\n"
        "start = machine.state((intersection([parts[0], complement(parts[1])]), *parts))\n"
        "print([machine.name(machine.run(b'adde'[:length], start)) for length in range(5)])\n"
    )
    assert len(outputs_in_processes(program)) == 1


def test_different_states_have_different_names() -> None:
    machine = automaton()
    start = machine.state((sequence(literal(b"abc"), ANY_TEXT),))
    names = [machine.name(machine.run(b"abc"[:length], start)) for length in range(4)]
    assert len(set(names)) == 4
    assert all(len(name) == 16 for name in names)
