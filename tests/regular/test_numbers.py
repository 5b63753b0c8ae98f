"""Every number has a text, every text of the language has a number, and both satisfy the same formulas."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemalm.regular.language import NOTHING, Language, derivative
from schemalm.regular.numbers import (
    MAX_DIGITS,
    equal_number_texts,
    integer_texts,
    misleading_fractions,
    non_integer_texts,
    number_of_text,
    number_texts,
    other_spellings,
    text_of_number,
)
from schemalm.regular.words import words

floats = st.floats(allow_nan=False, allow_infinity=False)
integers = st.one_of(st.integers(), st.integers(-(10**300), 10**300))


def is_integral(value: int | float) -> bool:
    """Whether a number has no fractional part."""
    return isinstance(value, int) or value.is_integer()


def holds(language: Language, text: str) -> bool:
    for byte in text.encode():
        language = derivative(language, byte, {})
    return language.nullable


def steps(language: Language) -> dict[int, Language]:
    """Every possible next byte with its derivative; the language is plain."""
    found = {byte: derivative(language, byte, {}) for byte in b"0123456789.e+-"}
    return {byte: after for byte, after in found.items() if after != NOTHING}


def walk(language: Language, chance: random.Random) -> str:
    """A random text of a plain language, in which zeros, nines and points are more frequent."""
    text = b""
    while True:
        following = steps(language)
        if language.nullable and (not following or chance.random() < 0.08):
            return text.decode()
        frequent = [byte for byte in following if byte in b"09."]
        byte = chance.choice(frequent if frequent and chance.random() < 0.6 else list(following))
        language, text = following[byte], text + bytes([byte])


@pytest.mark.slow
@settings(max_examples=500)
@given(floats)
@example(5e-324)
@example(2.2250738585072014e-308)
@example(1.7976931348623157e308)
@example(-0.0)
@example(1e16)
@example(9999999999999998.0)
@example(0.0001)
@example(1e-05)
def test_every_finite_float_has_its_text(value: float) -> None:
    text = text_of_number(value)
    assert holds(number_texts(), text)
    assert number_of_text(text) == value
    assert isinstance(number_of_text(text), float)


@given(integers)
def test_every_integer_of_309_digits_has_its_text(value: int) -> None:
    assert holds(number_texts(), text_of_number(value))
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
def test_texts_that_no_number_has_are_not_members(text: str) -> None:
    assert not holds(number_texts(), text)


@settings(max_examples=300)
@given(st.one_of(floats, integers, st.integers(0, 2**54).map(float), floats.map(lambda x: x / 1e300)))
def test_integers_are_distinguished_from_fractions(value: float) -> None:
    text = text_of_number(value)
    almost_integral = not is_integral(value) and abs(value - round(value)) <= 1e-14 * abs(value)
    assert holds(integer_texts(True), text) == is_integral(value)
    assert holds(non_integer_texts(True), text) == (not is_integral(value)) or almost_integral


@pytest.mark.slow
@settings(max_examples=300)
@given(st.integers(0, 2**32), st.booleans())
def test_a_text_agrees_with_its_number(seed: int, integral: bool) -> None:
    text = walk(integer_texts(True) if integral else non_integer_texts(True), random.Random(seed))
    assert math.isfinite(number_of_text(text))
    assert is_integral(number_of_text(text)) == integral


@pytest.mark.slow
@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_a_text_is_an_integer_or_not_or_misleading(seed: int) -> None:
    text = walk(number_texts(), random.Random(seed))
    parts = (integer_texts(True), non_integer_texts(True), misleading_fractions())
    assert [holds(part, text) for part in parts].count(True) == 1
    assert holds(integer_texts(False), text) != holds(non_integer_texts(False), text)


@pytest.mark.parametrize("language", [number_texts(), integer_texts(True), non_integer_texts(True)])
def test_few_derivatives_are_alive(language: Language) -> None:
    found = [language]
    for state in found:
        found += [after for after in dict.fromkeys(steps(state).values()) if after not in found]
    assert language.is_plain
    assert len(found) < 2 * MAX_DIGITS


@pytest.mark.slow
@settings(max_examples=60)
@given(floats.filter(bool), st.randoms())
@example(0.1, random.Random(0))
@example(1e23, random.Random(0))
@example(9007199254740992.0, random.Random(0))
@example(1e-323, random.Random(0))
def test_other_spellings_denote_the_same_float(value: float, chance: random.Random) -> None:
    others = words(text.encode() for text in other_spellings(repr(value)))
    if others != NOTHING:
        text = walk(others, chance)
        assert number_of_text(text) == value
        assert text != repr(value)


@pytest.mark.slow
@settings(max_examples=200)
@given(st.integers(0, 2**32))
def test_a_text_other_than_the_repr_is_an_other_spelling(seed: int) -> None:
    text = walk(number_texts(), random.Random(seed))
    value = number_of_text(text)
    if isinstance(value, float) and repr(value) != text:
        assert text in other_spellings(repr(value))


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
    assert set(equal_number_texts(value)) == texts


def test_a_float_is_not_an_integer_before_draft_6() -> None:
    assert holds(integer_texts(False), "1")
    assert not holds(integer_texts(False), "1.0")
    assert holds(non_integer_texts(False), "1.0")
    assert holds(non_integer_texts(False), "1e+16")


@pytest.mark.parametrize(
    ("value", "integral"), [(1, True), (1.0, True), (0.5, False), (math.inf, False), (math.nan, False)]
)
def test_infinities_are_not_integral(value: float, integral: bool) -> None:
    assert is_integral(value) is integral
