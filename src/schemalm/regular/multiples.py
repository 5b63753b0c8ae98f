"""`multipleOf` as a language of number texts, decided by arithmetic instead of unrolled remainders.

In: divisors, positive ints or finite floats. A float has the value of its decimal text, and all divisors together count
as their least common multiple, p / 10 ** k. Out: the texts whose decimal value is a multiple, to be intersected with
`number_texts`. A state is the remainder modulo p of what has been read, reduced to what later digits can distinguish. A
state exists only if some text continues from it, apart from exponents that `number_texts` excludes. jsonschema-rs
divides decimal numbers too, and reads a float as its `repr`, so a text of a float with another `repr` may be judged
differently. The cost: no float from 1e16 on is a multiple of a divisor with prime factors other than 2 and 5, since
each would need all remainders at 17 digits.

A text of up to 15 significant digits has the decimal value of its float's `repr`. With 16 or 17 digits, the two differ
by less than 3 in the sixteenth digit. If only one of them is a multiple of a divisor with k places after the point, the
digits from the k-th place on are all zeros or all nines, or there are none. `misjudged_by_divisor` is the plain
language of all such texts. It contains some texts that are judged correctly, but no ints and no ordinary decimal
fractions. The cost: under `multipleOf`, its texts cannot be written, such as 0.30000000000000004 for 0.1.
"""

from __future__ import annotations

import math
from decimal import Decimal
from functools import lru_cache

from schemalm.regular.digits import DIGIT, DIGITS, NONZERO, exponents_between, one_of
from schemalm.regular.language import (
    ALL_BYTES,
    EMPTY,
    NOTHING,
    Computed,
    Congruence,
    Derivatives,
    Language,
    Partition,
    byte_set,
    repeat,
    sequence,
    union,
)
from schemalm.regular.numbers import (
    MAX_DIGITS,
    MAX_EXPONENT,
    MAX_SIGNIFICANT,
    MIN_EXPONENT,
    POINT,
    POSITIONAL,
    SIGN,
    ZERO,
    equal_number_texts,
)
from schemalm.regular.words import literal, words

CHARACTERS = b"0123456789.e"
MIN_POSITIVE_EXPONENT = POSITIONAL[-1] + 1
MIN_NEGATIVE_EXPONENT = 1 - POSITIONAL[0]
# Every double keeps this many significant digits if its first digit has the weight 10 ** e with e at least the minimum.
KEPT_DIGITS = 15
MIN_KEPT_EXPONENT = -307
FRACTION = repeat(sequence(POINT, DIGITS), 0, 1)
LONG_FRACTION = sequence(repeat(DIGIT, KEPT_DIGITS - 1, MAX_SIGNIFICANT - 2), NONZERO)


def multiples(*divisors: int | float) -> Language:
    """The texts of the numbers that are multiples of all `divisors`, which are positive.

    These are the multiples of the least common multiple.
    """
    fractions = [as_fraction(divisor) for divisor in divisors]
    most_places, least = max(places for _, places in fractions), 1
    for modulus, places in fractions:
        least = math.lcm(least, modulus * 10 ** (most_places - places))
        if least >= 10 ** (MAX_DIGITS + most_places):
            return words(text.encode() for text in equal_number_texts(0))
    while most_places and least % 10 == 0:
        least, most_places = least // 10, most_places - 1
    return _multiples(least, most_places)


@lru_cache(maxsize=1024)
def _multiples(modulus: int, places: int) -> Language:
    """The texts of the multiples of `modulus` / 10 ** `places`."""
    following: dict[Language, int] = {}
    for digit in range(10):
        states = [_whole(modulus, places, digit, 0)]
        if digit:
            states.append(_significand(modulus, places, digit, MAX_SIGNIFICANT - 1))
        after = union(states)
        following[after] = following.get(after, 0) | 1 << ord("0") + digit
    return sequence(SIGN, union(sequence(byte_set(mask), after) for after, mask in following.items()))


def as_fraction(divisor: int | float) -> tuple[int, int]:
    """The smallest integers p and k with `divisor` = p / 10 ** k."""
    if isinstance(divisor, int):
        return divisor, 0
    _, digits, exponent = Decimal(repr(divisor)).normalize().as_tuple()
    assert isinstance(exponent, int)
    return int("".join(map(str, digits))) * 10 ** max(exponent, 0), max(-exponent, 0)


def is_decimal(modulus: int) -> bool:
    """Whether `modulus` has no prime factors but 2 and 5."""
    return _reduced(modulus, modulus.bit_length()) == 1


@lru_cache(maxsize=4096)
def _reduced(modulus: int, zeros: int) -> int:
    """The modulus that remains for a number that will be followed by this many zeros."""
    return modulus // math.gcd(modulus, 10**zeros)


def _solvable(modulus: int, remainder: int, num_digits: int, zeros: int) -> bool:
    """Whether `num_digits` more digits and then `zeros` zeros can make a multiple of `modulus`; False for zeros < 0."""
    if zeros < 0:
        return False
    power = 10**num_digits
    return bool(-remainder * power % _reduced(modulus, zeros) < power)


def _completing(modulus: int, remainder: int, num_digits: int, zeros: int) -> bytes:
    """The smallest `num_digits` digits that, followed by `zeros` zeros, make a multiple of `modulus`."""
    smallest = -remainder * 10**num_digits % _reduced(modulus, zeros)
    return str(smallest).zfill(num_digits).encode() if num_digits else b""


class _Digits(Computed):
    """A state that only digits, the point and an `e` may follow."""

    __slots__ = ()

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """A partition of the bytes into sets with equal derivatives."""
        masks: dict[Language, int] = {NOTHING: ALL_BYTES & ~sum(1 << byte for byte in CHARACTERS)}
        for byte in CHARACTERS:
            after = self.after(byte, {})
            masks[after] = masks.get(after, 0) | 1 << byte
        return tuple(masks.values())


class _Whole(_Digits):
    """Digits before the point; parts: (modulus, places after the point, remainder, digits that must follow)."""

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The state after a digit or the point."""
        modulus, places, remainder, missing = self.parts
        if byte == ord("."):
            return NOTHING if missing else _fraction(modulus, places, remainder)
        if byte == ord("e"):
            return NOTHING
        return _whole(modulus, places, 10 * remainder + byte - ord("0"), max(0, missing - 1))

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """The length of the shortest text: digits alone, or fewer digits and a point."""
        modulus, places, remainder, missing = self.parts
        length = missing
        while not _solvable(modulus, remainder, length, places):
            num_places = min(places, length - 1 - missing)
            if num_places > 0 and _solvable(modulus, remainder, length - 1, places - num_places):
                return int(length)
            length += 1
        return int(length)

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """The fewest digits without a point that make a multiple."""
        modulus, places, remainder, length = self.parts
        while not _solvable(modulus, remainder, length, places):
            length += 1
        return _completing(modulus, remainder, length, places)

    def congruence(self) -> Congruence | None:
        """The rule for ending with digits alone, without a point."""
        modulus, places, remainder, missing = self.parts
        reduced = _reduced(modulus, places)
        return reduced, remainder % reduced, missing


class _Fraction(_Digits):
    """Digits after the point; parts: (modulus, remaining places, remainder)."""

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The state after a digit; trailing zeros may follow."""
        modulus, places, remainder = self.parts
        if byte in b".e":
            return NOTHING
        if not places:
            return self if byte == ord("0") else NOTHING
        return _fraction(modulus, places - 1, 10 * remainder + byte - ord("0"))

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """The length of the shortest text."""
        modulus, places, remainder = self.parts
        return next(n for n in range(places + 1) if _solvable(modulus, remainder, n, places - n))

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """The fewest digits that make a multiple."""
        modulus, places, remainder = self.parts
        length = self.min_bytes(memo)
        return _completing(modulus, remainder, length, places - length)


class _Significand(_Digits):
    """Digits before an exponent; parts: (modulus, remaining places, remainder, digits that may follow, point read).

    Places count from 10 ** 0. More digits than places may be read; an exponent makes up for them.
    """

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The state after a digit after the point, the point, or the `e`."""
        modulus, places, remainder, num_following, has_point = self.parts
        if byte == ord("e"):
            return _exponents(modulus, places, remainder)
        if byte == ord("."):
            return NOTHING if has_point else _Significand(False, modulus, places, remainder, num_following, True)
        if not has_point or not num_following:
            return NOTHING
        return _significand(modulus, places - 1, 10 * remainder + byte - ord("0"), num_following - 1, True)

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """The length of the shortest text: digits, a point before them, and an exponent of two or three digits."""
        modulus, places, remainder, num_following, has_point = self.parts
        largest = _largest_exponent(modulus)
        return min(
            n + (n > 0 and not has_point) + len(f"e{exponent:+03d}")
            for exponent in {min(largest, 99), largest}
            for n in range(num_following + 1)
            if _solvable(modulus, remainder, n, exponent + places - n)
        )


def _largest_exponent(modulus: int) -> int:
    return MAX_EXPONENT if is_decimal(modulus) else POSITIONAL[0] - 1


def _whole(modulus: int, places: int, remainder: int, missing: int) -> Language:
    """The state before the point after `remainder`; every text has at least `missing` more digits."""
    while not _solvable(modulus, remainder, missing + places, 0):
        missing += 1
    remainder %= _reduced(modulus, missing + places)
    nullable = not missing and remainder * 10**places % modulus == 0
    return _Whole(nullable, modulus, places, remainder, missing)


def _fraction(modulus: int, places: int, remainder: int) -> Language:
    """The state after the point after `remainder`; NOTHING if no digits make a multiple."""
    if not _solvable(modulus, remainder, places, 0):
        return NOTHING
    remainder %= _reduced(modulus, places)
    return _Fraction(remainder * 10**places % modulus == 0, modulus, places, remainder)


def _significand(modulus: int, places: int, remainder: int, num_following: int, has_point: bool = False) -> Language:
    """The state before an exponent after `remainder`; NOTHING if no digits and no exponent make a multiple."""
    largest = _largest_exponent(modulus) + places
    if not any(_solvable(modulus, remainder, n, largest - n) for n in range(num_following + 1)):
        return NOTHING
    if places < MIN_NEGATIVE_EXPONENT:
        remainder %= _reduced(modulus, MIN_POSITIVE_EXPONENT + places)
    return _Significand(False, modulus, places, remainder % modulus, num_following, has_point)


def _exponents(modulus: int, places: int, remainder: int) -> Language:
    """The exponents, without the `e`, that turn a significand into a multiple."""
    left, largest = modulus // math.gcd(modulus, remainder), _largest_exponent(modulus)
    smallest = next((zeros for zeros in range(largest + places + 1) if _reduced(left, zeros) == 1), None)
    if smallest is None:
        return NOTHING
    positive = exponents_between(max(smallest - places, MIN_POSITIVE_EXPONENT), largest)
    negative = exponents_between(MIN_NEGATIVE_EXPONENT, places - smallest)
    return union([sequence(literal(b"+"), positive), sequence(literal(b"-"), negative)])


@lru_cache(maxsize=1024, typed=True)
def misjudged_by_divisor(divisor: int | float) -> Language:
    """Texts that may be judged differently from the float that they denote."""
    modulus, places = as_fraction(divisor)
    exact = _exact_exponent(modulus, places)
    large = _large(exact) if is_decimal(modulus) else sequence(NONZERO, FRACTION, literal(b"e+"), DIGITS)
    return sequence(SIGN, union([_above_one(places, exact), _below_one(places, exact), large, _small(places, exact)]))


def _exact_exponent(modulus: int, places: int) -> int:
    """The least e such that all texts of 17 digits whose first digit has the weight 10 ** e are multiples."""
    last = MAX_EXPONENT + places
    zeros = next((zeros for zeros in range(last) if 10**zeros % modulus == 0), last)
    return zeros - places + MAX_SIGNIFICANT - 1


def _tail(num_kept: int, num_read: int) -> Language:
    """What follows `num_read` digits, if the first `num_kept` belong to the places of the divisor."""
    if num_kept > KEPT_DIGITS:
        return sequence(repeat(DIGIT, max(0, KEPT_DIGITS - num_read), MAX_SIGNIFICANT - 1 - num_read), NONZERO)
    num_filled = KEPT_DIGITS - max(num_kept, num_read)
    last = {b"0": union([one_of(b"12"), sequence(one_of(b"012"), NONZERO)])}
    last[b"9"] = sequence(one_of(b"789"), repeat(NONZERO, 0, 1))
    filled = [sequence(literal(digit * num_filled), rest) for digit, rest in last.items()]
    return sequence(
        repeat(DIGIT, num_kept - num_read, num_kept - num_read) if num_kept > num_read else EMPTY, union(filled)
    )


def _leading(num_kept: int, following: Language) -> Language:
    """The first digit and what follows it; the digit is a 9 if it comes after the places of the divisor."""
    return sequence(NONZERO if num_kept else literal(b"9"), following)


def _above_one(places: int, exact: int) -> Language:
    """The texts with a point and digits other than 0 before it; floats from 2 ** 53 on are even."""
    found: Language = NOTHING
    for before in reversed(range(1, MAX_SIGNIFICANT)):
        fractions = NOTHING if before > exact else _tail(places + before, before)
        found = union([sequence(POINT, fractions), sequence(DIGIT, found)])
    odd = sequence(
        literal(b"9"), repeat(DIGIT, POSITIONAL[-1] - 1, POSITIONAL[-1] - 1), one_of(b"13579"), literal(b".0")
    )
    return union([sequence(NONZERO, found), odd if exact > MAX_SIGNIFICANT - 1 else NOTHING])


def _below_one(places: int, exact: int) -> Language:
    """The texts with a point after a 0, by the number of zeros that follow."""
    return union(
        sequence(ZERO, POINT, literal(b"0" * zeros), _leading(places - zeros, _tail(places - zeros, 1)))
        for zeros in range(-POSITIONAL[0])
        if places >= zeros and -zeros - 1 < exact
    )


def _large(exact: int) -> Language:
    """The texts with a positive exponent."""
    rounded = exponents_between(POSITIONAL[-1] + 1, min(exact - 1, MAX_EXPONENT))
    return sequence(NONZERO, POINT, LONG_FRACTION, literal(b"e+"), rounded)


def _small(places: int, exact: int) -> Language:
    """The texts with a negative exponent: together if the divisor has places for all digits, else one by one."""
    smallest, largest = 1 - POSITIONAL[0], min(places + 1, -MIN_KEPT_EXPONENT)
    together = min(places - KEPT_DIGITS, largest)
    rounded = exponents_between(max(smallest, 1 - exact), together)
    found = [sequence(NONZERO, POINT, LONG_FRACTION, literal(b"e-"), rounded)]
    for exponent in range(max(smallest, together + 1), largest + 1):
        num_kept = places - exponent + 1
        ending = literal(f"e-{exponent:02d}".encode())
        found.append(sequence(_leading(num_kept, sequence(POINT, _tail(num_kept, 1))), ending))
    if places >= -MIN_KEPT_EXPONENT:
        tiny = exponents_between(1 - MIN_KEPT_EXPONENT, -MIN_EXPONENT)
        found.append(sequence(NONZERO, FRACTION, literal(b"e-"), tiny))
    return union(found)
