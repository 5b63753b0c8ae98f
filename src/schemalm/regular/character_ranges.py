"""Sets of code points as inclusive ranges: the classes of ECMA-262 and the properties of Unicode.

In: ranges, or the name of a property. Out: ranges in ascending order that neither overlap nor touch. General categories
and the binary properties named here come from the standard library, so their Unicode version is that of the running
Python. Not covered: properties that need tables outside the standard library (scripts, `Alphabetic`, `Emoji`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from itertools import groupby

from schemalm.regular.utf8 import MAX_CODE_POINT

Ranges = tuple[tuple[int, int], ...]

ANY: Ranges = ((0, MAX_CODE_POINT),)
DIGITS: Ranges = ((0x30, 0x39),)
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
LINE_ENDS: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
SURROGATES: Ranges = ((0xD800, 0xDFFF),)
_SPACE_SEPARATORS = ((0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F))
SPACE: Ranges = ((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), *_SPACE_SEPARATORS, (0x3000, 0x3000), (0xFEFF, 0xFEFF))
WHITE_SPACE: Ranges = (*SPACE[:2], (0x85, 0x85), *SPACE[2:-1])

# Long names, each with the prefix of its two-letter codes.
_CATEGORY_NAMES = """
Other C, Control Cc, cntrl Cc, Format Cf, Unassigned Cn, Private_Use Co, Surrogate Cs, Letter L, Lowercase_Letter Ll,
Modifier_Letter Lm, Other_Letter Lo, Titlecase_Letter Lt, Uppercase_Letter Lu, Mark M, Combining_Mark M,
Spacing_Mark Mc, Enclosing_Mark Me, Nonspacing_Mark Mn, Number N, Decimal_Number Nd, digit Nd, Letter_Number Nl,
Other_Number No, Punctuation P, punct P, Connector_Punctuation Pc, Dash_Punctuation Pd, Close_Punctuation Pe,
Final_Punctuation Pf, Initial_Punctuation Pi, Other_Punctuation Po, Open_Punctuation Ps, Symbol S, Currency_Symbol Sc,
Modifier_Symbol Sk, Math_Symbol Sm, Other_Symbol So, Separator Z, Line_Separator Zl, Paragraph_Separator Zp,
Space_Separator Zs
"""
_CATEGORIES: dict[str, str] = dict(pair.split() for pair in _CATEGORY_NAMES.split(","))
_CASED = ("Lu", "Ll", "Lt")
_ALIASES = {"AHex": "ASCII_Hex_Digit", "space": "White_Space", "Upper": "Uppercase", "Lower": "Lowercase"}
_FIXED: dict[str, Ranges] = {
    "Any": ANY,
    "ASCII": ((0, 0x7F),),
    "ASCII_Hex_Digit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
    "White_Space": WHITE_SPACE,
}
_PREDICATES: dict[str, Callable[[str], bool]] = {"Uppercase": str.isupper, "Lowercase": str.islower}


def normalized(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same code points in ascending ranges that neither overlap nor touch."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


@cache
def complement(ranges: Ranges) -> Ranges:
    """The code points outside `ranges`, which must be normalized."""
    starts = [0, *(high + 1 for _, high in ranges)]
    ends = [*(low - 1 for low, _ in ranges), MAX_CODE_POINT]
    return tuple((start, end) for start, end in zip(starts, ends, strict=True) if start <= end)


def common(first: Ranges, second: Ranges) -> Ranges:
    """The code points in both; both must be normalized."""
    result = []
    i = j = 0
    while i < len(first) and j < len(second):
        low, high = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        if low <= high:
            result.append((low, high))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return tuple(result)


@cache
def property_ranges(expression: str) -> Ranges | None:
    """The code points of `\\p{expression}`; None if the property is not supported."""
    name, equals, value = expression.partition("=")
    if equals:
        return _category(value) if name in ("General_Category", "gc") else None
    name = _ALIASES.get(name, name)
    if name in _FIXED:
        return _FIXED[name]
    if name == "Assigned":
        return complement(_with_categories(("Cn",)))
    if name in _PREDICATES:
        return _runs(_PREDICATES[name](chr(code)) for code in range(MAX_CODE_POINT + 1))
    return _category(name)


def _category(name: str) -> Ranges | None:
    if name in ("LC", "Cased_Letter"):
        return _with_categories(_CASED)
    code = _CATEGORIES.get(name, name)
    codes = tuple(known for known in _CATEGORIES.values() if len(known) == 2 and known.startswith(code))
    return _with_categories(codes) if code in _CATEGORIES.values() else None


@cache
def _with_categories(codes: tuple[str, ...]) -> Ranges:
    return normalized(span for code in codes for span in _by_category()[code])


@cache
def _by_category() -> dict[str, list[tuple[int, int]]]:
    """The runs of each two-letter category: one pass over all code points, which takes about a fifth of a second."""
    found: dict[str, list[tuple[int, int]]] = {code: [] for code in _CATEGORIES.values() if len(code) == 2}
    start = 0
    for category, run in groupby(map(unicodedata.category, map(chr, range(MAX_CODE_POINT + 1)))):
        end = start + len(list(run))
        found[category].append((start, end - 1))
        start = end
    return found


def _runs(members: Iterable[bool]) -> Ranges:
    return normalized((code, code) for code, member in enumerate(members) if member)
