"""Numbers as decimal text: the texts that Python's `repr` writes for int and finite float, and few others.

`1` and `1.0` are different texts and remain different values. Integers have at most 309 digits, which covers every
integer that a double can represent; every text of a float is finite. Which texts of 16 or 17 digits `repr` writes is
not a regular question, so all of them are included. If a schema distinguishes numbers, texts that suggest a wrong value
are excluded (`misleading_fractions`, `other_spellings`), so a text can be tested as it is. The cost: if a schema
distinguishes integers from fractions, fractions within a relative distance of 1e-14 from an integer cannot be written.
Expressions branch digit by digit and contain no intersection and no complement, so few derivatives are alive at once.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from schemalm.regular.digits import DIGIT, NONZERO, digits_between, exponents_between
from schemalm.regular.language import (
    EMPTY,
    NOTHING,
    Language,
    byte_classes,
    byte_set,
    derivative,
    repeat,
    sequence,
    union,
)
from schemalm.regular.words import literal, words

MAX_DIGITS = 309
# `repr` writes a float without an exponent if its first digit has the weight 10 ** e with e in this range.
POSITIONAL = range(-4, 16)
# Significant digits that distinguish all doubles.
MAX_SIGNIFICANT = 17
# Every integer below this is a double.
MAX_EXACT_INTEGER = 2**53
# The exponent of the largest double, and the smallest exponent of doubles with at least two digits.
MAX_EXPONENT = 308
MIN_EXPONENT = -323
# The digits of the largest double, 1.7976931348623157e+308: a text with that exponent must not exceed them.
MAX_MANTISSA = "7976931348623157"
SMALLEST = "5e-324"

ZERO = literal(b"0")
POINT = literal(b".")
MINUS = literal(b"-")
SIGN = repeat(MINUS, 0, 1)


def _fraction(num_digits: int) -> Language:
    """What `repr` writes after the point, up to `num_digits` digits, unless it is 0."""
    return sequence(repeat(DIGIT, 0, num_digits - 1), NONZERO)


def _optional(part: Language) -> Language:
    return union([EMPTY, part])


@cache
def integer_texts(fractions: bool) -> Language:
    """The texts of integral numbers; `fractions`: whether `1.0` and `1e+16` count, as they do since draft 6."""
    whole = union([ZERO, sequence(SIGN, NONZERO, repeat(DIGIT, 0, MAX_DIGITS - 1))])
    return union([whole, _integral_floats()]) if fractions else whole


@cache
def non_integer_texts(fractions: bool) -> Language:
    """The texts of all other numbers but `misleading_fractions`; `fractions` as for `integer_texts`."""
    return _fractions(misleading=False) if fractions else union([_integral_floats(), _fractions(misleading=True)])


@cache
def number_texts() -> Language:
    """The texts of all numbers."""
    return union([integer_texts(True), _fractions(misleading=True)])


@cache
def _integral_floats() -> Language:
    positional = sequence(union([ZERO, sequence(NONZERO, repeat(DIGIT, 0, POSITIONAL[-1]))]), literal(b".0"))
    fraction = _optional(sequence(POINT, _fraction(MAX_SIGNIFICANT - 1)))
    exponents = exponents_between(POSITIONAL[-1] + 1, MAX_EXPONENT - 1)
    largest = sequence(literal(b"1"), _optional(sequence(POINT, _largest_fraction())), literal(b"e+308"))
    return sequence(SIGN, union([positional, sequence(NONZERO, fraction, literal(b"e+"), exponents), largest]))


def _largest_fraction() -> Language:
    """What may follow the point if the exponent is that of the largest double."""
    found: Language = NOTHING
    for index in reversed(range(len(MAX_MANTISSA))):
        digit, num_following = MAX_MANTISSA[index], len(MAX_MANTISSA) - 1 - index
        smaller = (
            sequence(digits_between("0", chr(ord(digit) - 1)), _fraction(num_following)) if num_following else NOTHING
        )
        found = union([smaller, digits_between("1", digit), sequence(literal(digit.encode()), found)])
    return found


@cache
def _fractions(misleading: bool) -> Language:
    """The texts with a fraction other than 0; `misleading`: include those that may denote an integral double."""
    leading_zeros = repeat(ZERO, 0, -POSITIONAL[0] - 1)
    below_one = sequence(leading_zeros, NONZERO, _optional(_fraction(MAX_SIGNIFICANT - 1)))
    below_one = below_one if misleading else _without(below_one, _lost_fractions(0))
    positional: Language = NOTHING
    for before in reversed(range(1, MAX_SIGNIFICANT)):
        fraction = _fraction(MAX_SIGNIFICANT - before)
        fraction = fraction if misleading else _without(fraction, _lost_fractions(before))
        positional = union([sequence(POINT, fraction), sequence(DIGIT, positional)])
    return sequence(
        SIGN,
        union([sequence(ZERO, POINT, below_one), sequence(NONZERO, positional), _small(), literal(SMALLEST.encode())]),
    )


def _small() -> Language:
    """The texts with a negative exponent; those of the smallest doubles have fewer digits."""
    following: Language = NOTHING
    for num_digits in reversed(range(2, MAX_SIGNIFICANT + 1)):
        following = union([sequence(DIGIT, following), sequence(NONZERO, _negative_exponents(num_digits))])
    return sequence(NONZERO, union([_negative_exponents(1), sequence(POINT, following)]))


def _negative_exponents(num_digits: int) -> Language:
    """The exponents that this many significant digits may have."""
    smallest = next(e for e in range(MIN_EXPONENT, 0) if significant_digits(e) >= num_digits)
    return sequence(literal(b"e-"), exponents_between(1 - POSITIONAL[0], -smallest))


def _without(language: Language, texts: frozenset[bytes]) -> Language:
    """The language without a few texts."""
    if not texts:
        return language
    firsts = {text[0] for text in texts if text}
    parts: list[Language] = [EMPTY] if language.nullable and b"" not in texts else []
    for first in firsts:
        following = frozenset(text[1:] for text in texts if text[:1] == bytes([first]))
        parts.append(sequence(literal(bytes([first])), _without(derivative(language, first, {}), following)))
    others = ~sum(1 << first for first in firsts)
    for mask in byte_classes(language, {}):
        if mask & others:
            parts.append(sequence(byte_set(mask & others), derivative(language, (mask & -mask).bit_length() - 1, {})))
    return union(parts)


def text_of_number(value: int | float) -> str:
    """The decimal text of a number; empty for integers with more digits than Python writes."""
    try:
        return repr(value)
    except ValueError:
        return ""


def number_of_text(text: str) -> int | float:
    """The number that a text denotes: an int if it has no point and no exponent, else a float."""
    return int(text) if is_integer_text(text) else float(text)


def is_integer_text(text: str) -> bool:
    """Whether the text of a number denotes an int rather than a float."""
    return "." not in text and "e" not in text


def significant_digits(exponent: int) -> int:
    """The number of digits that distinguish the doubles whose first digit has the weight 10 ** exponent."""
    return min(MAX_SIGNIFICANT, 325 + exponent)


def equal_number_texts(value: int | float) -> tuple[str, ...]:
    """The `repr` of every int and float with the same decimal value as `value`."""
    if value == 0:
        return "0", "0.0", "-0.0"
    if isinstance(value, int) and abs(value) < MAX_EXACT_INTEGER:
        return str(value), repr(float(value))
    exact = Decimal(repr(value))
    texts = [str(int(exact))] if exact == exact.to_integral_value() else []
    as_float = repr(float(exact))
    return (*texts, as_float) if Decimal(as_float) == exact else tuple(texts)


@cache
def misleading_fractions() -> Language:
    """Texts with a fraction other than 0 that may denote an integral double, such as `1.0000000000000001`.

    Only the number of digits before the point is considered, with the precision of doubles at the largest such number.
    """
    below_one = sequence(ZERO, POINT, words(_lost_fractions(0)))
    others = [
        sequence(NONZERO, repeat(DIGIT, before - 1, before - 1), POINT, words(_lost_fractions(before)))
        for before in range(1, MAX_SIGNIFICANT)
    ]
    return sequence(SIGN, union([below_one, *others]))


@cache
def _lost_fractions(before: int) -> frozenset[bytes]:
    """The fractions that are lost after the largest number of `before` digits; after 0 if `before` is 0."""
    largest, num_digits = 10**before - 1, MAX_SIGNIFICANT - before
    lost: set[bytes] = set()
    for fractions in (range(1, 10**num_digits), range(10**num_digits - 1, 0, -1)):
        for fraction in fractions:
            text = f"{fraction:0{num_digits}d}"
            if not float(f"{largest}.{text}").is_integer():
                break
            lost.add(text.rstrip("0").encode())
    return frozenset(lost)


def other_spellings(text: str) -> set[str]:
    """All other included texts that denote the same float as `text`, which is its `repr`."""
    value = float(text)
    exact = abs(Decimal(value))
    found: set[str] = set()
    for exponent in range(exact.adjusted() - 1, exact.adjusted() + 2):
        num_digits = significant_digits(exponent)
        if num_digits < 1 or not value:
            continue
        unit = exponent - num_digits + 1
        lowest, highest = 10 ** (num_digits - 1), 10**num_digits - 1
        middle = min(max(int(exact.scaleb(-unit)), lowest), highest)
        for mantissas in (range(middle, highest + 1), range(middle, lowest - 1, -1)):
            for mantissa in mantissas:
                if mantissa != middle and float(f"{mantissa}e{unit}") != abs(value):
                    break
                found.add(_layout(str(mantissa).rstrip("0"), exponent))
    sign = "-" if value < 0 else ""
    return {sign + other for other in found if float(sign + other) == value} - {text}


def _layout(digits: str, exponent: int) -> str:
    """The digits in the layout of `repr`; the first digit has the weight 10 ** exponent."""
    if exponent not in POSITIONAL:
        return f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{exponent:+03d}"
    if exponent < 0:
        return f"0.{'0' * (-exponent - 1)}{digits}"
    return f"{digits[: exponent + 1].ljust(exponent + 1, '0')}.{digits[exponent + 1 :] or '0'}"
