"""Which names a choice allows, and which tokens write them."""

from __future__ import annotations

import numpy as np

from schemalm.limits import DEFAULT_LIMITS, Budget
from schemalm.machine.choices import ANYTHING, Choice, Rest, only, other_than
from schemalm.machine.slots import SlotRow
from schemalm.regular.automaton import Automaton
from schemalm.regular.pattern import pattern_language

# The tokens 0 to 4: "a", "ab", "b" and the end, "B" and the end, and one that touches no name.
TEXTS = {(b"a", False): [0], (b"ab", False): [1], (b"b", True): [2], (b"B", True): [3]}
ROW = SlotRow(
    np.ones(5, dtype=bool),
    np.array([0, 0, 0, 0, 1], dtype=bool),
    texts=TEXTS,
    written={token: written for written, tokens in TEXTS.items() for token in tokens},
)


def tokens(choice: Choice, prefix: bytes = b"") -> list[int]:
    return np.flatnonzero(choice.tokens(ROW, prefix)).tolist()


def test_only_some_names_are_followed_to_their_end() -> None:
    assert tokens(only([b"ab"], ignores_case=False)) == [0, 1, 4]
    assert tokens(only([b"ab"], ignores_case=False), b"a") == [2, 4]
    assert tokens(only([b"ab"], ignores_case=True), b"A") == [2, 3, 4]


def test_names_that_are_taken_may_not_end() -> None:
    assert tokens(other_than([b"ab"], ignores_case=False), b"a") == [0, 1, 3, 4]
    assert tokens(other_than([b"AB"], ignores_case=True), b"a") == [0, 1, 4]


def test_both_choices_hold_together() -> None:
    both = only([b"a", b"b"], ignores_case=False) & other_than([b"a"], ignores_case=False)
    assert both.allows(b"b", True)
    assert not both.allows(b"a", True)
    assert not (both & other_than([b"B"], ignores_case=True)).has_names()


def test_without_a_choice_every_name_is_allowed() -> None:
    assert ANYTHING.has_names()
    assert tokens(ANYTHING) == [0, 1, 2, 3, 4]


def test_a_name_can_be_completed_if_one_of_its_spellings_is_not_taken() -> None:
    choice = only([b"ab"], ignores_case=True)._replace(but_not=frozenset([b"Ab", b"AB", b"ab"]))
    assert not choice.allows(b"A", False)
    assert choice.allows(b"a", False)
    assert [*choice.endings(b"ab", b"a", None)] == [b"B"]
    assert tokens(choice, b"a") == [3, 4]
    assert tokens(choice, b"A") == [4]


def test_spellings_that_a_text_may_not_have_are_left_out() -> None:
    automaton = Automaton(Budget(DEFAULT_LIMITS))
    rest = Rest(automaton, automaton.state((pattern_language("^[a-z]*$", 10),)), frozenset([1]))
    assert [*only([b"AB"], ignores_case=True).endings(b"AB", b"", rest)] == [b"ab"]
    assert not only([b"AB"], ignores_case=False).has_names(rest)


def test_a_long_name_whose_spellings_all_cannot_end_is_refused_without_trying_each() -> None:
    automaton = Automaton(Budget(DEFAULT_LIMITS))
    rest = Rest(automaton, automaton.state((pattern_language("^([A-Za-z]{64}!|[a-z]{2})$", 64),)), frozenset([1]))
    name = b"n" * 64
    assert [*only([name], ignores_case=True).endings(name, b"", rest)] == []
    assert [*only([b"nn"], ignores_case=True).endings(b"nn", b"", rest)] == [b"nn"]
