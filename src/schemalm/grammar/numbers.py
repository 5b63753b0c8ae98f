"""Numbers as decimal text: the texts that Python's `repr` writes for int and finite float, and few others.

`1` and `1.0` are different texts and stay different values. Integers have at most 309 digits, which covers every
integer that a double can hold; every text of a float is a finite one. Which texts of 16 or 17 digits `repr` writes is
no regular matter: all of them are admitted. Where a schema tells numbers apart, those are left out whose text misleads
about the value (`misleading_fractions`, `other_texts`), so texts may be judged as they stand. The price: where a schema
tells integers from fractions, fractions within 1e-14 of an integer's size around it cannot be written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache

from schemalm.grammar.language import Language, literal, sequence, union
from schemalm.grammar.pattern import pattern_language

MAX_DIGITS = 309
# `repr` writes floats without an exponent where their leading digit counts 10 ** e with e in this range.
POSITIONAL = range(-4, 16)
# So many significant digits tell all doubles apart.
MAX_SIGNIFICANT = 17
# The digits of the largest double, 1.7976931348623157e+308: a text with that exponent must not exceed them.
MAX_MANTISSA = "7976931348623157"

INTEGER = rf"0|-?[1-9][0-9]{{0,{MAX_DIGITS - 1}}}"
INTEGRAL_DECIMAL = r"-?(0|[1-9][0-9]{0,15})\.0"
POSITIVE_EXPONENT = r"e\+(1[6-9]|[2-9][0-9]|[12][0-9][0-9]|30[0-7])"
NEGATIVE_EXPONENT = r"e-(0[5-9]|[1-9][0-9]|[12][0-9][0-9]|30[0-8])"


def _significant(num_digits: int) -> str:
    """What follows the point after other digits, so that `num_digits` more are significant at most."""
    return f"[0-9]{{0,{num_digits - 1}}}[1-9]"


MANTISSA = rf"-?[1-9](\.{_significant(MAX_SIGNIFICANT - 1)})?"


def _decimals() -> Iterator[str]:
    """Texts with a fraction and no exponent, by the digits before the point."""
    yield rf"-?0\.0{{0,3}}[1-9]({_significant(MAX_SIGNIFICANT - 1)})?"
    yield from (
        rf"-?[1-9][0-9]{{{before - 1}}}\.{_significant(MAX_SIGNIFICANT - before)}"
        for before in range(1, MAX_SIGNIFICANT)
    )


def _subnormals() -> Iterator[str]:
    """Texts of the smallest doubles, whose significant digits are fewer."""
    yield "-?5e-324"
    yield from (
        rf"-?[1-9](\.{_significant(significant_digits(-exponent) - 1)})?e-{exponent}" for exponent in range(309, 324)
    )


def _largest() -> str:
    """Mantissas up to that of the largest double, one alternative per digit at which a text may turn smaller."""
    smaller = [
        f"{MAX_MANTISSA[:index]}[0-{int(digit) - 1}]({_significant(len(MAX_MANTISSA) - 1 - index)})?"
        for index, digit in enumerate(MAX_MANTISSA[:-1])
    ]
    last = f"{MAX_MANTISSA[:-1]}[1-{MAX_MANTISSA[-1]}]"
    prefixes = [MAX_MANTISSA[: index + 1] for index in range(len(MAX_MANTISSA) - 1)]
    return rf"-?1(\.({'|'.join([*smaller, *prefixes, last])}))?e\+308"


def _any_of(sources: Iterable[str]) -> Language:
    return union(pattern_language(f"^({source})$", MAX_DIGITS) for source in sources)


@cache
def integer_texts(fractions: bool) -> Language:
    """The texts of integral numbers; `fractions`: whether `1.0` and `1e+16` count, as they do since draft 6."""
    whole = [INTEGRAL_DECIMAL, MANTISSA + POSITIVE_EXPONENT, _largest()] if fractions else []
    return _any_of([INTEGER, *whole])


@cache
def number_texts() -> Language:
    """The texts of all numbers."""
    return union([integer_texts(True), _any_of([*_decimals(), MANTISSA + NEGATIVE_EXPONENT, *_subnormals()])])


def text_of_number(value: int | float) -> str:
    """The decimal text of a number; empty for integers of more digits than Python writes."""
    try:
        return repr(value)
    except ValueError:
        return ""


def number_of_text(text: str) -> int | float:
    """The number that a text stands for: an int without point and exponent, else a float."""
    return int(text) if is_integer_text(text) else float(text)


def is_integer_text(text: str) -> bool:
    """Whether a number's text stands for an int rather than a float."""
    return "." not in text and "e" not in text


def is_integral(value: int | float) -> bool:
    """Whether a number has no fractional part; infinities and NaN have none that could be zero."""
    return isinstance(value, int) or value.is_integer()


def significant_digits(exponent: int) -> int:
    """How many digits tell apart the doubles whose leading digit counts 10 ** exponent."""
    return min(MAX_SIGNIFICANT, 325 + exponent)


def texts_of_equals(value: int | float) -> tuple[str, ...]:
    """The `repr` of every int and float that stands for the same decimal number as `value`."""
    if value == 0:
        return "0", "0.0", "-0.0"
    exact = Decimal(repr(value))
    texts = [str(int(exact))] if exact == exact.to_integral_value() else []
    as_float = repr(float(exact))
    return (*texts, as_float) if Decimal(as_float) == exact else tuple(texts)


@cache
def misleading_fractions() -> Language:
    """Texts with a fraction other than 0 that may stand for an integral double: `1.0000000000000001`.

    Judged by the digits before the point alone: as coarse as the doubles are at the largest number of so many digits.
    """
    found = [_misleading(r"-?0", 0, MAX_SIGNIFICANT)]
    found += [
        _misleading(rf"-?[1-9][0-9]{{{before - 1}}}", 10**before - 1, MAX_SIGNIFICANT - before)
        for before in range(1, MAX_SIGNIFICANT)
    ]
    return union(found)


def _misleading(whole: str, largest: int, num_digits: int) -> Language:
    """The texts of `whole` with a fraction of at most `num_digits` digits that is lost after `largest`."""
    lost: set[bytes] = set()
    for fractions in (range(1, 10**num_digits), range(10**num_digits - 1, 0, -1)):
        for fraction in fractions:
            text = f"{fraction:0{num_digits}d}"
            if not float(f"{largest}.{text}").is_integer():
                break
            lost.add(text.rstrip("0").encode())
    return sequence(_any_of([whole]), literal(b"."), union(map(literal, lost)))


def other_texts(text: str) -> Language:
    """The admitted texts that stand for the same float as its `repr`, without the `repr` itself."""
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
    same = {sign + other for other in found if float(sign + other) == value}
    return union(literal(other.encode()) for other in same - {text})


def _layout(digits: str, exponent: int) -> str:
    """The digits as `repr` lays them out, the first one counting 10 ** exponent."""
    if exponent not in POSITIONAL:
        return f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{exponent:+03d}"
    if exponent < 0:
        return f"0.{'0' * (-exponent - 1)}{digits}"
    return f"{digits[: exponent + 1].ljust(exponent + 1, '0')}.{digits[exponent + 1 :] or '0'}"
