"""Comparisons of digits agree with Python's integers and fractions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schemalm.regular.digits import (
    digits_between,
    exponents_between,
    fractions_at_least,
    fractions_at_most,
    naturals_between,
)
from schemalm.regular.language import Language, derivative

strings = st.text("0159", max_size=6)
fractions = st.text("0159", min_size=1, max_size=5).filter(lambda digits: digits == "0" or digits[-1] != "0")
naturals = st.one_of(st.integers(0, 200), st.integers(0, 10**30))


def holds(language: Language, text: str) -> bool:
    for byte in text.encode():
        language = derivative(language, byte, {})
    return language.nullable


@given(strings, strings, strings)
def test_digit_strings_of_one_length_are_compared(low: str, high: str, text: str) -> None:
    size = max(len(low), len(high))
    low, high = low.zfill(size), high.zfill(size)
    assert holds(digits_between(low, high), text) == (len(text) == size and low <= text <= high)


@given(naturals, st.one_of(st.none(), naturals), st.data())
def test_naturals_are_compared(low: int, high: int | None, data: st.DataObject) -> None:
    around = st.sampled_from([low, *([high] if high is not None else [])])
    value = data.draw(st.one_of(naturals, st.builds(lambda end, step: max(0, end + step), around, st.integers(-2, 2))))
    assert holds(naturals_between(low, high), str(value)) == (low <= value and (high is None or value <= high))
    assert not holds(naturals_between(low, high), f"0{value}")


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_exponents_have_at_least_two_digits(low: int, high: int, value: int) -> None:
    assert holds(exponents_between(low, high), f"{value:02d}") == (low <= value <= high)


@given(st.text("0159", max_size=4).map(lambda digits: digits.rstrip("0")), fractions)
def test_fractions_of_any_length_are_compared(limit: str, text: str) -> None:
    difference = Fraction(f"0.{text}") - Fraction(f"0.{limit}0")
    assert holds(fractions_at_least(limit), text) == (difference >= 0)
    assert holds(fractions_at_most(limit), text) == (difference <= 0)
