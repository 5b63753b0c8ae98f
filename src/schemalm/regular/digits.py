"""Languages of decimal digits, compared with given digits.

In: digit strings, or the ends of a range. Out: plain expressions. A comparison splits its digits in halves, so the
depth of an expression is logarithmic in its length, and few alternatives run in parallel. Not covered: signs, points
and the layout of numbers; see `numbers.py` and `bounds.py`.
"""

from __future__ import annotations

from schemalm.regular.language import NOTHING, Language, byte_set, repeat, sequence, union
from schemalm.regular.words import literal, words


def one_of(characters: bytes) -> Language:
    """One of these bytes."""
    return byte_set(sum(1 << character for character in set(characters)))


DIGIT = one_of(b"0123456789")
NONZERO = one_of(b"123456789")
DIGITS = repeat(DIGIT, 0, None)


def digits_between(low: str, high: str) -> Language:
    """The digit strings from `low` to `high`, two strings of the same length."""
    if low > high:
        return NOTHING
    if low[:1] == high[:1]:
        return sequence(literal(low[:1].encode()), digits_between(low[1:], high[1:])) if low else literal(b"")
    if not low.strip("0") and not high.strip("9"):
        return _any(len(low))
    return union(
        [
            sequence(literal(low[:1].encode()), _at_least(low[1:])),
            sequence(one_of(bytes(range(ord(low[0]) + 1, ord(high[0])))), _any(len(low) - 1)),
            sequence(literal(high[:1].encode()), _at_most(high[1:])),
        ]
    )


def _any(num_digits: int) -> Language:
    return repeat(DIGIT, num_digits, num_digits)


def _at_least(digits: str) -> Language:
    head = digits.rstrip("0")
    return sequence(union([_beyond(head, True), literal(head.encode())]), _any(len(digits) - len(head)))


def _at_most(digits: str) -> Language:
    head = digits.rstrip("9")
    return sequence(union([_beyond(head, False), literal(head.encode())]), _any(len(digits) - len(head)))


def _beyond(digits: str, larger: bool) -> Language:
    """The digit strings of the length of `digits` that are larger, or smaller."""
    if len(digits) < 2:
        return _digit_beyond(digits, larger) if digits else NOTHING
    half = len(digits) // 2
    first, second = digits[:half], digits[half:]
    return union(
        [
            sequence(_beyond(first, larger), _any(len(second))),
            sequence(literal(first.encode()), _beyond(second, larger)),
        ]
    )


def _digit_beyond(digit: str, larger: bool) -> Language:
    return one_of(bytes(range(ord(digit) + 1, 0x3A) if larger else range(0x30, ord(digit))))


def fractions_at_least(digits: str) -> Language:
    """The digits f, any number of them, with 0.f >= 0.`digits`."""
    return union([_fractions_beyond(digits, True), sequence(literal(digits.encode()), DIGITS)])


def fractions_at_most(digits: str) -> Language:
    """The digits f, any number of them, with 0.f <= 0.`digits`; none of them ends in 0 but `0` itself."""
    prefixes = [digits[:end].encode() for end in range(len(digits) + 1)]
    return union([_fractions_beyond(digits, False), words([*prefixes, b"0"])])


def _fractions_beyond(digits: str, larger: bool) -> Language:
    """The fractions that are larger (or smaller) than `digits` at the first digit that differs."""
    if len(digits) < 2:
        return sequence(_digit_beyond(digits, larger), DIGITS) if digits else NOTHING
    half = len(digits) // 2
    rest = sequence(literal(digits[:half].encode()), _fractions_beyond(digits[half:], larger))
    return union([_fractions_beyond(digits[:half], larger), rest])


def naturals_between(low: int, high: int | None) -> Language:
    """The natural numbers from `low` to `high`, without leading zeros; `high` None: no upper bound."""
    first = str(max(low, 0))
    if high is None:
        more = sequence(NONZERO, repeat(DIGIT, len(first), None))
        return union([digits_between(first, "9" * len(first)), more])
    if high < max(low, 0):
        return NOTHING
    last = str(high)
    if len(first) == len(last):
        return digits_between(first, last)
    between = sequence(NONZERO, repeat(DIGIT, len(first), len(last) - 2)) if len(last) - len(first) > 1 else NOTHING
    smallest = digits_between(first, "9" * len(first))
    return union([smallest, between, digits_between("1".ljust(len(last), "0"), last)])


def exponents_between(low: int, high: int) -> Language:
    """The exponents from `low` to `high`, below 1000, without a sign, of at least two digits."""
    two_digits = digits_between(f"{low:02d}", f"{min(high, 99):02d}") if low < 100 else NOTHING
    three_digits = digits_between(f"{max(low, 100)}", f"{high}") if high >= 100 else NOTHING
    return union([two_digits, three_digits])
