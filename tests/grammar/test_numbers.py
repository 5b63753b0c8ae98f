"""Every number has a text, every admitted text has a number, and texts are judged as their numbers are."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemalm.grammar.automaton import Automaton, build_automaton
from schemalm.grammar.language import complement, intersection
from schemalm.grammar.numbers import (
    MAX_DIGITS,
    integer_texts,
    is_integral,
    misleading_fractions,
    number_of_text,
    number_texts,
    other_texts,
    text_of_number,
    texts_of_equals,
)

floats = st.floats(allow_nan=False, allow_infinity=False)
integers = st.one_of(st.integers(), st.integers(-(10**300), 10**300))


@pytest.fixture(scope="module")
def every_number() -> Automaton:
    automaton = build_automaton((), lambda _: True, 20_000, number_texts())
    assert automaton is not None
    return automaton


@pytest.fixture(scope="module")
def told_apart() -> Automaton:
    within = intersection([number_texts(), complement(misleading_fractions())])
    automaton = build_automaton((integer_texts(True),), lambda _: True, 20_000, within)
    assert automaton is not None
    return automaton


def verdict(automaton: Automaton, text: str) -> int:
    state = automaton.run(text.encode())
    return automaton.ends[state] if state >= 0 else -1


def walk(automaton: Automaton, chance: random.Random) -> str:
    """A random accepted text; zeros, nines and points are drawn more often."""
    state, text = 0, b""
    while True:
        following = [byte for byte in range(256) if automaton.rows[state][byte] >= 0]
        if automaton.ends[state] >= 0 and (not following or chance.random() < 0.08):
            return text.decode()
        frequent = [byte for byte in following if byte in b"09."]
        byte = chance.choice(frequent if frequent and chance.random() < 0.6 else following)
        state, text = automaton.rows[state][byte], text + bytes([byte])


@settings(max_examples=500, deadline=None)
@given(floats)
@example(5e-324)
@example(2.2250738585072014e-308)
@example(1.7976931348623157e308)
@example(-0.0)
@example(1e16)
@example(9999999999999998.0)
@example(0.0001)
@example(1e-05)
def test_every_finite_float_has_its_text(every_number: Automaton, value: float) -> None:
    text = text_of_number(value)
    assert verdict(every_number, text) == 0
    assert number_of_text(text) == value
    assert isinstance(number_of_text(text), float)


@settings(deadline=None)
@given(integers)
def test_every_integer_of_309_digits_has_its_text(every_number: Automaton, value: int) -> None:
    assert verdict(every_number, text_of_number(value)) == 0
    assert number_of_text(text_of_number(value)) == value


NO_NUMBERS = (
    *(
        "",
        "-",
        "01",
        "-0",
        "+1",
        "1.",
        ".5",
        "1.50",
        "1.5e3",
        "1e5",
        "1e+15",
        "1e+309",
        "1.8e+308",
        "1e-324",
        "0.00001",
    ),
    *("1.7976931348623159e+308", "1.123456789012345678", "10.0e+20", "NaN", "nan", "Infinity", "1e400", "0x1"),
    "9" * (MAX_DIGITS + 1),
)


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_no_number_is_written_as_is_no_text(every_number: Automaton, text: str) -> None:
    assert verdict(every_number, text) == -1


@settings(max_examples=300, deadline=None)
@given(st.one_of(floats, integers, st.integers(0, 2**54).map(float), floats.map(lambda x: x / 1e300)))
def test_integers_are_told_apart(told_apart: Automaton, value: float) -> None:
    found = verdict(told_apart, text_of_number(value))
    almost_integral = not is_integral(value) and abs(value - round(value)) <= 1e-14 * abs(value)
    assert found == is_integral(value) or (almost_integral and found == -1)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_an_admitted_text_is_judged_as_its_number_is(told_apart: Automaton, seed: int) -> None:
    text = walk(told_apart, random.Random(seed))
    value = number_of_text(text)
    assert math.isfinite(value)
    assert verdict(told_apart, text) == is_integral(value)


@settings(max_examples=60, deadline=None)
@given(floats.filter(bool))
@example(0.1)
@example(1e23)
@example(9007199254740992.0)
@example(1e-323)
def test_other_texts_of_a_float_stand_for_it(value: float) -> None:
    language = intersection([other_texts(repr(value)), number_texts()])
    automaton = build_automaton((), lambda _: True, 20_000, language)
    for text in automaton.texts(0, 1000) if automaton else []:
        assert number_of_text(text) == value
        assert text != repr(value)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_a_text_that_is_not_the_repr_is_among_the_other_texts(every_number: Automaton, seed: int) -> None:
    text = walk(every_number, random.Random(seed))
    value = number_of_text(text)
    if isinstance(value, float) and repr(value) != text:
        automaton = build_automaton((), lambda _: True, 20_000, other_texts(repr(value)))
        assert automaton is not None
        assert verdict(automaton, text) == 0


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (1, {"1", "1.0"}),
        (1.0, {"1", "1.0"}),
        (0, {"0", "0.0", "-0.0"}),
        (-0.0, {"0", "0.0", "-0.0"}),
        (0.5, {"0.5"}),
        (2**53 + 1, {"9007199254740993"}),
        (1e16, {"10000000000000000", "1e+16"}),
        (1e23, {"1" + "0" * 23, "1e+23"}),
        (10**23, {"1" + "0" * 23, "1e+23"}),
        (10**400, {"1" + "0" * 400}),
    ],
)
def test_equal_numbers_share_their_texts(value: float, texts: set[str]) -> None:
    assert set(texts_of_equals(value)) == texts


def test_before_draft_6_a_float_is_no_integer() -> None:
    automaton = build_automaton((integer_texts(False),), lambda _: True, 20_000, number_texts())
    assert automaton is not None
    assert verdict(automaton, "1") == 1
    assert verdict(automaton, "1.0") == verdict(automaton, "1e+16") == 0


@pytest.mark.parametrize(
    ("value", "integral"), [(1, True), (1.0, True), (0.5, False), (math.inf, False), (math.nan, False)]
)
def test_infinities_are_not_integral(value: float, integral: bool) -> None:
    assert is_integral(value) is integral
