"""Sets of code points agree with Python sets, and properties with known members."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.regular.character_ranges import Ranges, common, complement, normalized, property_ranges
from schemalm.regular.utf8 import MAX_CODE_POINT

edges = st.sampled_from(
    [0, 1, 0x61, 0x62, 0x7F, 0x80, 0xD7FF, 0xD800, 0xDFFF, 0xE000, MAX_CODE_POINT - 1, MAX_CODE_POINT]
)
spans = st.tuples(edges, edges).map(lambda pair: (min(pair), max(pair)))
sets = st.lists(spans, max_size=4).map(normalized)
PLACES = sorted(
    {code + step for code in (0, 0x61, 0x7F, 0xD7FF, 0xDFFF, 0xE000) for step in (0, 1, 2)} | {MAX_CODE_POINT}
)


def has(ranges: Ranges, code: int) -> bool:
    return any(low <= code <= high for low, high in ranges)


@given(sets, sets)
def test_operations_agree_with_python_sets(first: Ranges, second: Ranges) -> None:
    for code in PLACES:
        assert has(complement(first), code) != has(first, code)
        assert has(common(first, second), code) == (has(first, code) and has(second, code))


@pytest.mark.parametrize("name", ["Lu", "Uppercase_Letter", "gc=Lu", "General_Category=Uppercase_Letter"])
def test_a_category_has_several_names(name: str) -> None:
    expected = [code for code in range(MAX_CODE_POINT + 1) if unicodedata.category(chr(code)) == "Lu"]
    assert property_ranges(name) == normalized((code, code) for code in expected)


@pytest.mark.parametrize(
    ("name", "members", "others"),
    [
        ("L", "aÉǅªж漢", "1_ \u0301"),
        ("LC", "aÉǅ", "ª漢"),
        ("P", "-_.«", "+a"),
        ("White_Space", "\t\u0085\u3000", "\ufeff\u200b"),
        ("Lower", "aªⓐ", "A"),
        ("ASCII", "\0\x7f", "\x80"),
        ("Any", "\0𝄞", ""),
        ("Assigned", "a", "\u0378"),
    ],
)
def test_a_property_has_the_members_that_unicode_defines(name: str, members: str, others: str) -> None:
    ranges = property_ranges(name)
    assert ranges is not None
    assert all(has(ranges, ord(character)) for character in members)
    assert not any(has(ranges, ord(character)) for character in others)


@pytest.mark.parametrize("name", ["Script=Greek", "Alphabetic", "gc=ASCII", "lu", "", "X"])
def test_an_unknown_property_has_no_ranges(name: str) -> None:
    assert property_ranges(name) is None
