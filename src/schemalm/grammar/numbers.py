"""Numbers as decimal text: the texts that Python's `repr` writes for int and finite float.

`1` and `1.0` are different texts and stay different values. Integers have at most 309 digits, which covers
every integer that a double can hold; floats never overflow, so every accepted text is a finite number.
"""

from __future__ import annotations

from schemalm.grammar.language import Language, literal, union
from schemalm.grammar.pattern import pattern_language

MAX_DIGITS = 309
# The digits of the largest double, 1.7976931348623157e+308: a text with that exponent must not exceed them.
MAX_MANTISSA = "7976931348623157"

INTEGER = rf"-?(0|[1-9][0-9]{{0,{MAX_DIGITS - 1}}})"
DECIMAL = r"-?(0|[1-9][0-9]{0,15})\.[0-9]+"
INTEGRAL_DECIMAL = r"-?(0|[1-9][0-9]{0,15})\.0"
POSITIVE_EXPONENT = r"e\+(1[6-9]|[2-9][0-9]|[12][0-9][0-9]|30[0-7])"
NEGATIVE_EXPONENT = r"e-(0[5-9]|[1-9][0-9]|[12][0-9][0-9]|3[01][0-9]|32[0-3])"
MANTISSA = r"-?[1-9](\.[0-9]+)?"


def _largest() -> str:
    """Mantissas up to that of the largest double, one alternative per digit at which a text may turn smaller."""
    smaller = [f"{MAX_MANTISSA[:index]}[0-{int(digit) - 1}][0-9]*" for index, digit in enumerate(MAX_MANTISSA)]
    prefixes = [MAX_MANTISSA[: index + 1] for index in range(len(MAX_MANTISSA))]
    return rf"-?1(\.({'|'.join([*smaller, *prefixes])}))?e\+308"


def _anchored(source: str) -> Language:
    return pattern_language(f"^({source})$", MAX_DIGITS)


def integer_texts() -> Language:
    """The texts of integral numbers, `1.0` and `1e+16` included, as JSON Schema counts them."""
    return union(
        [
            _anchored(INTEGER),
            _anchored(INTEGRAL_DECIMAL),
            _anchored(MANTISSA + POSITIVE_EXPONENT),
            _anchored(_largest()),
        ]
    )


def number_texts() -> Language:
    """The texts of all numbers."""
    return union(
        [
            integer_texts(),
            _anchored(DECIMAL),
            _anchored(MANTISSA + NEGATIVE_EXPONENT),
            literal(b"5e-324"),
            literal(b"-5e-324"),
        ]
    )


def text_of_number(value: int | float) -> str:
    """The decimal text of a finite number."""
    return repr(value)


def number_of_text(text: str) -> int | float:
    """The number that a text stands for: an int without point and exponent, else a float."""
    return float(text) if "." in text or "e" in text else int(text)
