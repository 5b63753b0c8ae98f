"""Multiples by arithmetic on digits agree with exact fractions and with jsonschema-rs."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemalm.regular.language import NOTHING, Computed, Language, byte_classes, derivative
from schemalm.regular.multiples import as_fraction, is_decimal, misjudged_by_divisor, multiples
from schemalm.regular.numbers import number_of_text, number_texts

divisors = st.one_of(
    st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5, 1.5, 2.0, 0.0001, 1e-8, 3e-7, 1e300, 5e-324, 1e-16, 1, 2, 3, 5, 7]),
    st.sampled_from([10, 60, 100, 1000, 997, 10**20, 2**64, 10**18 + 9, 0.3, 0.7, 12.5, 4e-7]),
    st.integers(1, 10**6),
    st.integers(1, 10**40),
    st.floats(1e-300, 1e300),
)
factors = st.one_of(st.integers(0, 100), st.integers(0, 10**6), st.integers(0, 10**18), st.integers(0, 10**40))


def holds(language: Language, text: str) -> bool:
    for byte in text.encode():
        language = derivative(language, byte, {})
    return language.nullable


def exact(value: float) -> Fraction:
    return Fraction(Decimal(repr(value)))


def texts_around(divisor: float, factor: int, steps: int) -> set[str]:
    """Texts of a multiple and of numbers beside it, as `repr` and in other spellings."""
    product = exact(divisor) * factor
    found = {str(int(product) + step) for step in (0, 1, -1)}
    if product < 10**308:
        near = float(product)
        found |= {repr(near), repr(-near)}
        layout = "e" if near >= 1e16 or 0 < near < 1e-4 else "g"
        for precision in (14, 15, 16):
            significand, _, exponent = f"{near:.{precision}e}".partition("e")
            digits = str(int(significand.replace(".", "")) + steps)
            beside = Decimal(digits).scaleb(int(exponent) - precision)
            found.add(f"{beside:.{precision}e}".replace("e+0", "e+") if layout == "e" else f"{beside:f}")
    found |= {text.rstrip("0") for text in found if "." in text and "e" not in text}
    return {text for text in found if len(text) < 310 and holds(number_texts(), text)}


@pytest.mark.slow
@settings(max_examples=400)
@given(divisors, factors, st.integers(-20, 20))
@example(0.01, 1999, 0)
@example(0.05, 87, 0)
@example(0.1, 3, 4)
@example(10, 10**19, 0)
@example(1e-8, 15, 0)
@example(7, 0, 0)
def test_multiples_agree_with_exact_fractions(divisor: float, factor: int, steps: int) -> None:
    language = multiples(divisor)
    for text in texts_around(divisor, factor, steps):
        is_multiple = (Fraction(Decimal(text)) / exact(divisor)).denominator == 1
        left_out = "e+" in text and not is_decimal(as_fraction(divisor)[0])
        assert holds(language, text) == (is_multiple and not left_out), text


@pytest.mark.slow
@settings(max_examples=400)
@given(divisors, factors, st.integers(-20, 20))
@example(0.1, 3, 4)
@example(3, 3 * 10**17, 1)
@example(1, 2**53 + 1, 0)
@example(0.01, 1234567890123456, 1)
def test_texts_outside_misjudged_agree_with_their_number(divisor: float, factor: int, steps: int) -> None:
    validator = jsonschema_rs.Draft202012Validator({"multipleOf": divisor})
    for text in texts_around(divisor, factor, steps):
        if not holds(misjudged_by_divisor(divisor), text):
            assert holds(multiples(divisor), text) == validator.is_valid(number_of_text(text)), text


@settings(max_examples=200)
@given(st.sampled_from([0.01, 0.05, 0.25, 0.5, 0.1, 0.001, 5, 10, 0.3, 1.5, 7, 60]), st.integers(-(10**9), 10**9))
def test_ordinary_multiples_are_admitted(divisor: float, factor: int) -> None:
    text = repr(float(exact(divisor) * factor))
    assert holds(multiples(divisor), text)
    assert not holds(misjudged_by_divisor(divisor), text)


@pytest.mark.parametrize("divisor", [7, 60, 1000, 0.25, 0.37, 3e-7, 12.5, 1e20])
def test_min_bytes_of_a_state_is_the_length_of_its_shortest_text(divisor: float) -> None:
    found = [multiples(divisor)]
    for state in found[:200]:
        found += [after for after in steps(state) if after not in found]
    for state in found[:200]:
        if isinstance(state, Computed):
            assert breadth_first(state) == state.min_bytes({})


def steps(state: Language) -> list[Language]:
    masks = byte_classes(state, {})
    following = [derivative(state, (mask & -mask).bit_length() - 1, {}) for mask in masks]
    return [after for after in following if after != NOTHING]


def breadth_first(start: Language) -> int:
    level, seen, length = {start}, {start}, 0
    while not any(state.nullable for state in level):
        level = {after for state in level for after in steps(state)} - seen
        seen |= level
        length += 1
    return length


@pytest.mark.parametrize(("divisor", "num_states"), [(0.01, 80), (5, 80), (100, 170), (7, 30), (60, 30), (0.0001, 80)])
def test_equivalent_remainders_are_one_state(divisor: float, num_states: int) -> None:
    found = [multiples(divisor)]
    for state in found:
        found += [after for after in steps(state) if after not in found]
    assert len(found) <= num_states


def test_a_large_divisor_costs_no_more() -> None:
    divisor = 10**18 + 9
    assert holds(multiples(divisor), str(divisor * 123456789))
    assert not holds(multiples(divisor), str(divisor * 123456789 + 1))


@pytest.mark.parametrize("text", ["1", "123456789012345678", "19.99", "0.3", "1e+16", "1.5e+300", "0.0"])
def test_ints_and_ordinary_fractions_are_never_excluded(text: str) -> None:
    for divisor in (0.01, 0.1, 1, 5, 10):
        assert not holds(misjudged_by_divisor(divisor), text)


def test_the_excluded_language_is_a_plain_expression() -> None:
    assert all(misjudged_by_divisor(divisor).is_plain for divisor in (1, 7, 0.01, 0.37, 1e-8, 1e-308, 10**20))
