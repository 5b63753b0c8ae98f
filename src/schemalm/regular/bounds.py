"""`minimum`, `maximum` and their exclusive forms as languages of number texts.

In: a bound, any int or finite float. Out: plain expressions, to be intersected with `number_texts`; they may contain
texts that are not numbers. An int has its own value; a float has the value of the decimal number that its `repr`
writes, which is how jsonschema-rs reads bounds and values. The text of a float has the value of the float that it is
read as. So a text and its number are on the same side of a bound, with one exception: if a bound is an int beyond
2 ** 53, a validator may compare the binary value of a float instead (`misjudged_by_bound`).
"""

from __future__ import annotations

import math
import sys
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import lru_cache

from schemalm.regular.digits import (
    DIGIT,
    DIGITS,
    NONZERO,
    digits_between,
    exponents_between,
    fractions_at_least,
    fractions_at_most,
    naturals_between,
    one_of,
)
from schemalm.regular.language import EMPTY, NOTHING, Language, repeat, sequence, union
from schemalm.regular.numbers import (
    MAX_DIGITS,
    MAX_EXACT_INTEGER,
    MAX_SIGNIFICANT,
    MINUS,
    POINT,
    POSITIONAL,
    ZERO,
    other_spellings,
)
from schemalm.regular.words import literal, words

# Enough digits for the exact value halfway between two doubles.
EXACT = Context(prec=800)
SMALLEST_FLOAT = math.ulp(0.0)

ANYTHING = repeat(one_of(b"0123456789.e+-"), 0, None)
FRACTION = repeat(sequence(POINT, DIGITS), 0, 1)
SIGNIFICAND = sequence(NONZERO, FRACTION)
# The layouts of floats without a sign, in ascending order of their numbers.
ZERO_FLOAT = literal(b"0.0")
SMALL = sequence(SIGNIFICAND, literal(b"e-"), DIGITS)
LARGE = sequence(SIGNIFICAND, literal(b"e+"), DIGITS)
BELOW_ONE = sequence(ZERO, POINT, repeat(ZERO, 0, None), NONZERO, DIGITS)
LAYOUTS = (ZERO_FLOAT, SMALL, union([BELOW_ONE, sequence(NONZERO, DIGITS, POINT, DIGITS)]), LARGE)


# 1 and 1.0 are equal as cache keys. Their types keep 10 ** 23 and 1e23 apart, which are different numbers in Python.
@lru_cache(maxsize=1024, typed=True)
def at_least(bound: int | float, exclusive: bool) -> Language:
    """The texts of numbers that are at least `bound`, or greater if `exclusive`."""
    return _from(exact_value(bound), exclusive, EMPTY, MINUS)


@lru_cache(maxsize=1024, typed=True)
def at_most(bound: int | float, exclusive: bool) -> Language:
    """The texts of numbers that are at most `bound`, or less if `exclusive`."""
    return _from(exact_value(bound).copy_negate(), exclusive, MINUS, EMPTY)


@lru_cache(maxsize=1024, typed=True)
def misjudged_by_bound(bound: int | float) -> Language:
    """The texts of floats whose decimal and binary values compare differently with an int beyond 2 ** 53."""
    if isinstance(bound, float) or abs(bound) <= MAX_EXACT_INTEGER:
        return NOTHING
    value, found = Decimal(bound), list[str]()
    for near in _floats_around(value):
        if Decimal(near).compare(value) != Decimal(repr(near)).compare(value):
            found += [repr(near), *other_spellings(repr(near))]
    return words(text.encode() for text in found)


def exact_value(value: int | float) -> Decimal:
    """The decimal value of an int, or of the `repr` of a float."""
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def _from(bound: Decimal, exclusive: bool, upward: Language, downward: Language) -> Language:
    """The texts from `bound` on in the direction of the sign `upward`; `downward` is the opposite sign."""
    if bound > 0 or (bound == 0 and exclusive):
        return sequence(upward, _magnitudes(bound, exclusive, larger=True))
    below = _magnitudes(bound.copy_negate(), exclusive, larger=False)
    return union([sequence(upward, DIGIT, ANYTHING), sequence(downward, below)])


def _magnitudes(bound: Decimal, exclusive: bool, larger: bool) -> Language:
    """The texts without a sign from `bound` to infinity if `larger`, else down to 0."""
    limit = math.ceil(bound) if larger else math.floor(bound)
    if exclusive and limit == bound:
        limit += 1 if larger else -1
    limit = min(limit, 10**MAX_DIGITS)
    integers = naturals_between(limit, None) if larger else naturals_between(0, limit)
    return union([integers, _floats(_closest_float(bound, exclusive, larger), larger)])


def _closest_float(bound: Decimal, exclusive: bool, larger: bool) -> float | None:
    """The non-negative float closest to `bound` among those within it; None if there is none."""
    compared = (1,) if exclusive else (0, 1)
    sign = 1 if larger else -1
    admitted = [
        near for near in _floats_around(bound) if sign * int(exact_value(near).compare(bound)) in compared and near >= 0
    ]
    return (min if larger else max)(admitted, default=None)


def _floats_around(value: Decimal) -> list[float]:
    """The float closest to `value`, and its two neighbours."""
    greatest = sys.float_info.max
    closest = max(-greatest, min(float(value), greatest))
    found = [math.nextafter(closest, -math.inf), closest, math.nextafter(closest, math.inf)]
    return [near for near in found if math.isfinite(near)]


def _floats(limit: float | None, larger: bool) -> Language:
    """The texts without a sign that are read as `limit` or more if `larger`, else as `limit` or less."""
    if limit is None:
        return NOTHING
    if limit <= SMALLEST_FLOAT if larger else limit == 0:
        return union(LAYOUTS[1:] if larger else LAYOUTS[:1])
    edge = _edge(limit, larger)
    exponent = edge.adjusted()
    layout = 2 if exponent in POSITIONAL else 1 if exponent < 0 else 3
    compared = _positional(edge, larger) if layout == 2 else _scientific(edge, larger)
    return union([compared, *(LAYOUTS[layout + 1 :] if larger else LAYOUTS[:layout])])


def _edge(limit: float, larger: bool) -> Decimal:
    """The smallest number of 17 significant digits that is read as `limit` if `larger`, else the largest one."""
    beside = math.nextafter(limit, 0 if larger else math.inf)
    if math.isinf(beside):
        return Decimal(repr(limit))
    halfway = EXACT.divide(EXACT.add(Decimal(limit), Decimal(beside)), Decimal(2))
    context = Context(prec=MAX_SIGNIFICANT, rounding=ROUND_CEILING if larger else ROUND_FLOOR)
    edge = context.plus(halfway)
    if float(edge) == limit:
        return edge
    return context.next_plus(edge) if larger else context.next_minus(edge)


def _positional(edge: Decimal, larger: bool) -> Language:
    """The texts with a point and no exponent from `edge` on."""
    whole, _, fraction = f"{edge:f}".partition(".")
    fraction = fraction.rstrip("0")
    if larger:
        others, fractions = naturals_between(int(whole) + 1, None), fractions_at_least(fraction)
    else:
        others, fractions = naturals_between(0, int(whole) - 1), fractions_at_most(fraction)
    return union([sequence(others, POINT, DIGITS), sequence(literal(whole.encode()), POINT, fractions)])


def _scientific(edge: Decimal, larger: bool) -> Language:
    """The texts with an exponent of the sign of `edge`, from `edge` on."""
    exponent = edge.adjusted()
    first, *following = map(str, edge.as_tuple().digits)
    rest = "".join(following).rstrip("0")
    if larger == (exponent > 0):
        exponents = exponents_between(abs(exponent) + 1, 999)
    else:
        exponents = exponents_between(0, abs(exponent) - 1)
    other_firsts = digits_between(chr(ord(first) + 1), "9") if larger else digits_between("1", chr(ord(first) - 1))
    fractions = sequence(POINT, fractions_at_least(rest) if larger else fractions_at_most(rest))
    ends_early = EMPTY if not (larger and rest) else NOTHING
    significands = union(
        [
            sequence(other_firsts, FRACTION),
            sequence(literal(first.encode()), union([ends_early, fractions])),
        ]
    )
    mark = literal(b"e+" if exponent > 0 else b"e-")
    same = sequence(significands, mark, literal(f"{abs(exponent):02d}".encode()))
    return union([sequence(SIGNIFICAND, mark, exponents), same])
