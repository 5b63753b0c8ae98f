"""Digits that complete a number are multiples of all divisors of one choice."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.limits import Budget, Limits
from schemalm.regular.congruences import completions
from schemalm.regular.language import intersection, union
from schemalm.regular.multiples import as_fraction, multiples
from schemalm.regular.search import Memo

divisors = st.one_of(st.integers(1, 200), st.sampled_from([10**9 + 7, 999_999_999_999_989, 0.5, 1.1, 0.03, 2.5]))


@settings(deadline=None)
@given(st.lists(divisors, min_size=1, max_size=3), st.integers(1, 10**6), st.integers(0, 3))
def test_completions_make_multiples(asked: list[float], begun: int, least: int) -> None:
    memo = Memo(Budget(Limits()))
    language = intersection(multiples(divisor) for divisor in asked)
    for byte in str(begun).encode():
        language = memo.after(language, byte)
    for text in completions(language, least):
        assert len(text) >= max(least, 1)
        number = Fraction(int(f"{begun}{text.decode()}"))
        divides = [(number / Fraction(str(divisor))).denominator == 1 for divisor in asked]
        # If a part allows other forms of numbers, some choices leave it out; their completions are guesses.
        assert any(divides)
        assert memo.contains(language, text) == all(divides)


@given(st.lists(st.integers(2, 30), min_size=2, max_size=3, unique=True))
def test_each_alternative_is_a_choice(asked: list[int]) -> None:
    memo = Memo(Budget(Limits()))
    language = memo.after(union([multiples(divisor) for divisor in asked]), ord("1"))
    found = {int(b"1" + text) for text in completions(language, 2)}
    assert all(any(number % divisor == 0 for number in found) for divisor in asked)


@given(st.lists(divisors, min_size=1, max_size=4))
def test_several_divisors_equal_their_least_common_multiple(asked: list[float]) -> None:
    fractions = [Fraction(modulus, 10**places) for modulus, places in map(as_fraction, asked)]
    common = Fraction(
        math.lcm(*(fraction.numerator for fraction in fractions)),
        math.gcd(*(fraction.denominator for fraction in fractions)),
    )
    memo = Memo(Budget(Limits()))
    for factor in (1, 2, 3, 7):
        number = common * factor
        if number.denominator == 1:
            assert memo.contains(multiples(*asked), str(number).encode())
            is_multiple = all(((number + 1) / fraction).denominator == 1 for fraction in fractions)
            assert memo.contains(multiples(*asked), str(number + 1).encode()) == is_multiple


def test_zero_is_the_only_multiple_if_no_other_can_be_written() -> None:
    memo = Memo(Budget(Limits()))
    language = multiples(10**200 + 1, 10**200 + 3)
    assert [memo.contains(language, text) for text in (b"0", b"0.0", b"-0.0", b"1", str(10**200 + 1).encode())] == [
        *(True, True, True, False, False)
    ]
