"""The times of a schedule as a pattern: five fields as GitHub's reader takes them, in ECMA-262.

It does not cover what only JavaScript reads as a number, such as `0x5` or `1.0`.
"""

from __future__ import annotations

from collections.abc import Iterable

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


# In minutes: GitHub starts a workflow at most every five minutes.
LEAST_GAP = 5
# Of the days up to this one, each month has one.
LAST_COMMON_DAY = 28


def cron_pattern() -> str:
    """The pattern of a whole text, as GitHub's parser reads it."""
    fields = [_field(0, 59), _field(0, 23), _field(1, 31), _months(), _weekdays()]
    return f"^{' +'.join(fields)}$"


def rare_cron_pattern() -> str:
    """The same, for times with at least five minutes between them that come at least once a year.

    It does not cover lists of minutes of other kinds than `0,30` (multiples of five) and `7,27,47` (ten times the same
    digit), or days of which the first is the 29th or later in some months only.
    """
    steps = _numbers(range(LEAST_GAP, 60 - LEAST_GAP + 1))
    lists = [_ascending([*range(0, 60, LEAST_GAP)]), *(_ascending([*range(unit, 60, 10)]) for unit in range(10))]
    minutes = f"(?:(?:[*]|{_numbers(range(60))}|{_ranges(0, 59, {})})/{steps}|{'|'.join(lists)})"
    days = f"(?:{_field(1, 31)} +[*]|{_item(1, 31, {}, LAST_COMMON_DAY)}(?:,{_item(1, 31, {}, 31)})* +{_months()})"
    return f"^{minutes} +{_field(0, 23)} +{days} +{_weekdays()}$"


def _months() -> str:
    return _field(1, 12, dict(enumerate(MONTHS, 1)))


def _weekdays() -> str:
    return _field(0, 6, dict(enumerate(WEEKDAYS)))


def _ascending(values: list[int]) -> str:
    """A list of some of these values, each at most once, in order."""
    chains = []
    for position, first in enumerate(values):
        rest = "".join(f"(?:,{_numbers([value])})?" for value in values[position + 1 :])
        chains.append(f"{_numbers([first])}{rest}")
    return f"(?:{'|'.join(chains)})"


def _field(least: int, most: int, names: dict[int, str] | None = None) -> str:
    item = _item(least, most, names or {}, most)
    return f"{item}(?:,{item})*"


def _item(least: int, most: int, names: dict[int, str], last_start: int) -> str:
    """One item of a field's list, which begins at the last start or earlier."""
    starts = range(least, last_start + 1)
    step = _numbers(range(max(1, least), most + 1))
    return f"(?:(?:[*]|{_value(starts, names)}|{_ranges(least, most, names, last_start)})(?:/{step})?)"


def _ranges(least: int, most: int, names: dict[int, str], last_start: int | None = None) -> str:
    starts = range(least, (most if last_start is None else last_start) + 1)
    return "|".join(f"{_value([low], names)}-{_value(range(low, most + 1), names)}" for low in starts)


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
