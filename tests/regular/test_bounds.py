"""A text is within a bound if jsonschema-rs accepts its number."""

from __future__ import annotations

import math
from collections.abc import Callable

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemalm.regular.bounds import at_least, at_most, misjudged_by_bound
from schemalm.regular.language import NOTHING, Language, derivative
from schemalm.regular.numbers import MAX_DIGITS, number_of_text, number_texts, text_of_number

floats = st.floats(allow_nan=False, allow_infinity=False)
short = st.decimals(-1000, 1000, places=2).map(float)
bounds = st.one_of(
    st.integers(-100, 100),
    st.integers(-(10**30), 10**30),
    st.integers(-3, 3).map(lambda step: 2**60 + step),
    short,
    floats,
    floats.filter(lambda value: abs(value) < 1e300).map(int),
)
KEYWORDS: dict[str, Callable[[float], Language]] = {
    "minimum": lambda bound: at_least(bound, False),
    "exclusiveMinimum": lambda bound: at_least(bound, True),
    "maximum": lambda bound: at_most(bound, False),
    "exclusiveMaximum": lambda bound: at_most(bound, True),
}


def holds(language: Language, text: str) -> bool:
    for byte in text.encode():
        language = derivative(language, byte, {})
    return language.nullable


def texts_around(bound: float, steps: list[int]) -> set[str]:
    """Texts of numbers close to `bound`, and texts of 15 to 17 digits that are not a `repr`."""
    found = {str(int(bound) + step) for step in steps}
    near = float(bound) if abs(bound) < 10**308 else 1.7e308 if bound > 0 else -1.7e308
    for step in steps:
        near = math.nextafter(near, math.copysign(math.inf, step))
        found |= {repr(near), repr(float(f"{near:.15g}"))}
        if 1e-4 <= abs(near) < 1e15:
            found |= {f"{near:.{precision}g}" for precision in (15, 16, 17)}
        elif abs(near) < 1e307:
            found |= {f"{near:.{precision}e}" for precision in (14, 15, 16)}
    return {text for text in found if holds(number_texts(), text)}


@pytest.mark.slow
@settings(max_examples=120)
@given(bounds, st.lists(st.integers(-2, 2), min_size=1, max_size=6), st.one_of(bounds, floats))
@example(0, [1, -1], -0.0)
@example(-0.0, [1], 0)
@example(1, [-1, -1, 1], 0.9999999999999999)
@example(14, [0], 14.0)
@example(2**53, [1, -1], 2**53 + 1)
@example(36028797018963969, [0], 3.602879701896397e16)
@example(1e23, [0], 10**23)
@example(1e23, [0], 99999999999999991611392)
@example(5e-324, [1, -1], 0.0)
@example(1.7976931348623157e308, [-1], 10**308)
@example(10**400, [0], 1.7976931348623157e308)
@example(-(10**400), [0], -1.7976931348623157e308)
def test_a_text_is_within_a_bound_if_its_number_is(bound: float, steps: list[int], value: float) -> None:
    misjudged = misjudged_by_bound(bound)
    texts = {*texts_around(bound, steps), *([text_of_number(value)] if abs(value) < 10**MAX_DIGITS else [])}
    for keyword, language in KEYWORDS.items():
        validator = jsonschema_rs.Draft202012Validator({keyword: bound})
        for text in texts:
            if not holds(misjudged, text):
                assert holds(language(bound), text) == validator.is_valid(number_of_text(text)), (keyword, text)


@given(st.one_of(floats, st.integers(-(2**53), 2**53)))
def test_nothing_is_excluded_for_floats_and_for_ints_that_are_doubles(bound: float) -> None:
    assert misjudged_by_bound(bound) == NOTHING


@settings(max_examples=50)
@given(st.integers(2**53, 2**70), st.lists(st.integers(-2, 2), min_size=1, max_size=4))
def test_excluded_texts_denote_a_float_beside_the_bound(bound: int, steps: list[int]) -> None:
    left_out = {float(text) for text in texts_around(bound, steps) if holds(misjudged_by_bound(bound), text)}
    assert len(left_out) <= 1
    assert all(abs(value - bound) <= 2 * math.ulp(bound) for value in left_out)


@pytest.mark.parametrize("bound", [0, 1, -1, 100, 65535, 0.1, 1.5, -90.0, 180, 2**31 - 1, 2**53 - 1])
def test_few_derivatives_are_alive(bound: float) -> None:
    for keyword, language in KEYWORDS.items():
        found = [language(bound)]
        assert found[0].is_plain
        for state in found:
            after = {derivative(state, byte, {}) for byte in b"0123456789.e+-"}
            found += [following for following in after if following not in found]
        assert len(found) < 90, keyword


def test_a_bound_of_many_digits_is_not_nested_deeply() -> None:
    def depth(language: Language) -> int:
        return 1 + max(map(depth, language.operands()), default=0)

    assert depth(at_least(int("123456789" * 34), False)) < 40
