"""All outcomes of texts are found, and cheaply if the languages are words or prefixes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.errors import LimitError
from schemalm.limits import Budget, Limits
from schemalm.regular.automaton import Automaton
from schemalm.regular.language import ANY_TEXT, NOTHING, Language
from schemalm.regular.outcomes import conjunctions, outcome_of, relaxations
from schemalm.regular.pattern import pattern_language
from schemalm.regular.words import literal, words


def texts_of(pattern: str) -> Language:
    return pattern_language(pattern, 5_000)


parts = st.one_of(
    st.sampled_from(["^a", "b$", "^(ab)*$", "a.b", "^[ab]*$", "x", "^$"]).map(texts_of),
    st.lists(st.sampled_from([b"a", b"ab", b"b", b""]), max_size=3).map(words),
    st.sampled_from([ANY_TEXT, NOTHING]),
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([ANY_TEXT, texts_of("^[ab]{0,3}$"), words([b"a", b"ba"])]), st.lists(parts, max_size=5))
def test_reading_and_dividing_find_the_outcomes_of_all_texts(domain: Language, predicates: list[Language]) -> None:
    automaton = Automaton(Budget(Limits()))
    state = automaton.state((domain, *predicates))
    expected = set()
    for length in range(6):
        for text in product(b"abx", repeat=length):
            after = automaton.run(bytes(text), state)
            expected.add(automaton.outcome(after) if after >= 0 else 0)
    assert automaton.outcomes(state) == expected - {0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("schemalm.regular.outcomes.SHORT_READ_STEPS", -1)
        assert automaton.outcomes(state) == expected - {0}


@settings(max_examples=60, deadline=None)
@given(st.lists(parts, min_size=1, max_size=4), st.sets(st.integers(0, 15), min_size=1))
def test_conjunctions_contain_the_texts_with_the_given_outcomes(predicates: list[Language], asked: set[int]) -> None:
    outcomes = frozenset(2 * number % (2 << len(predicates)) + 1 for number in asked)
    automaton = Automaton(Budget(Limits()))
    languages = (ANY_TEXT, *predicates)
    exact = conjunctions(languages, outcomes)
    relaxed = relaxations(languages, outcomes).values()
    for length in range(4):
        for letters in product(b"abx", repeat=length):
            text, memo = bytes(letters), automaton.memo
            is_asked_for = outcome_of(languages, text, memo) in outcomes
            assert any(memo.contains(part, text) for part in exact) == is_asked_for
            assert any(memo.contains(part, text) for part in relaxed) >= is_asked_for


def work(predicate: Callable[[int], Language], count: int) -> int:
    budget = Budget(Limits())
    automaton = Automaton(budget)
    state = automaton.state((ANY_TEXT, *map(predicate, range(count))))
    outcomes = automaton.outcomes(state)
    assert len(outcomes) >= count + 1
    for outcome in outcomes:
        assert automaton.distance(state, frozenset([outcome])) >= 0
    for byte in b"f12":
        assert all(automaton.can_end(after, outcomes) for _, after in automaton.steps(state))
        state = automaton.step(state, byte)
    return budget.num_units


@pytest.mark.slow
@pytest.mark.parametrize(
    "predicate",
    [
        lambda number: literal(f"f{number}".encode()),
        lambda number: words([f"f{number}".encode(), f"f{number + 1}".encode()]),
        lambda number: texts_of(f"^f{number}x"),
    ],
    ids=["constants", "pairs of constants", "beginnings"],
)
def test_many_predicates_on_one_text_are_cheap(predicate: Callable[[int], Language]) -> None:
    assert work(predicate, 64) < 40_000
    assert work(predicate, 256) < 6 * work(predicate, 64)


@pytest.mark.slow
def test_too_many_outcomes_exceed_a_limit() -> None:
    automaton = Automaton(Budget(Limits(call_work=50_000)))
    state = automaton.state((ANY_TEXT, *(texts_of(f"k{number}.*x") for number in range(20))))
    with pytest.raises(LimitError, match="automaton_states"):
        automaton.outcomes(state)
    assert automaton.outcomes(automaton.state((ANY_TEXT, texts_of("^a")))) == {1, 3}
