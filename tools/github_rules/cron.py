"""The times of a schedule as a pattern: five fields as GitHub's reader takes them, in ECMA-262.

It does not cover what only JavaScript reads as a number, such as `0x5` or `1.0`.
"""

from __future__ import annotations

from collections.abc import Iterable

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def cron_pattern(*, any_day: str = "[*]") -> str:
    """The pattern of a whole text. `any_day` is the pattern of what stands for every value of a field."""
    fields = [
        _field(0, 59, {}, any_day),
        _field(0, 23, {}, any_day),
        _field(1, 31, {}, any_day),
        _field(1, 12, dict(enumerate(MONTHS, 1)), any_day),
        _field(0, 6, dict(enumerate(WEEKDAYS)), any_day),
    ]
    return f"^{' +'.join(fields)}$"


def _field(least: int, most: int, names: dict[int, str], every: str) -> str:
    values = range(least, most + 1)
    ranges = "|".join(f"{_value([low], names)}-{_value(range(low, most + 1), names)}" for low in values)
    step = _numbers(range(max(1, least), most + 1))
    item = f"(?:(?:{every}|{_value(values, names)}|{ranges})(?:/{step})?)"
    return f"{item}(?:,{item})*"


def _value(values: Iterable[int], names: dict[int, str]) -> str:
    values = list(values)
    words = ["".join(f"[{letter.upper()}{letter}]" for letter in names[value]) for value in values if value in names]
    return f"(?:{'|'.join([_numbers(values), *words])})"


def _numbers(values: Iterable[int]) -> str:
    """The numbers of a range below 100, with or without leading zeros."""
    by_ten: dict[int, list[int]] = {}
    for value in values:
        by_ten.setdefault(value // 10, []).append(value % 10)
    parts = [f"{tens or '0*'}{_digits(units)}" for tens, units in by_ten.items()]
    return f"(?:{'|'.join(parts)})"


def _digits(digits: list[int]) -> str:
    return str(digits[0]) if len(digits) == 1 else f"[{digits[0]}-{digits[-1]}]"
