"""A search finds a shortest text of a language or proves that there is none, without following all alternatives."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.errors import LimitError
from schemalm.limits import Budget, Limits
from schemalm.regular import search
from schemalm.regular.language import (
    ANY_CHARACTER,
    ANY_TEXT,
    NOTHING,
    Language,
    complement,
    intersection,
    repeat,
    union,
)
from schemalm.regular.pattern import pattern_language
from schemalm.regular.search import MAX_PARALLEL, GaveUpError, Memo, Search, width
from schemalm.regular.words import words

MANY = 20_000


def texts_of(pattern: str) -> Language:
    return pattern_language(pattern, 5_000)


def searching(**limits: int) -> tuple[Search, Memo]:
    budget = Budget(Limits(**limits))
    memo = Memo(budget)
    return Search(memo, budget), memo


parts = st.sampled_from(
    ["^a*b", "b$", "^(ab)*$", "^[ab]{2,3}$", "a.a", "^(a|bb){1,3}$", "a[ab]b", "^(aa)*$", "^(a{3})+$", "^$", "x"]
).map(texts_of)
languages = st.lists(st.tuples(parts, st.booleans()), min_size=1, max_size=3).map(
    lambda chosen: intersection([ANY_TEXT, *(complement(part) if negated else part for part, negated in chosen)])
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(languages, st.integers(1, MAX_PARALLEL))
def test_a_shortest_text_agrees_with_an_exhaustive_search(language: Language, together: int) -> None:
    finding, memo = searching()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "MAX_PARALLEL", together)
        found = finding.shortest([language], MANY)
        some = finding.any([language], MANY)
    texts = (bytes(text) for length in range(7) for text in product(b"abcx", repeat=length))
    expected = next((text for text in texts if memo.contains(language, text)), None)
    assert (found is None) == (some is None)
    if found is not None and some is not None:
        assert memo.contains(language, found) and memo.contains(language, some)
        assert len(found) == len(expected) if expected is not None else len(found) > 6
    else:
        assert expected is None


def test_a_text_of_several_languages_is_the_shortest_of_all() -> None:
    finding, _ = searching()
    apart = [intersection([texts_of("^a+$"), texts_of(f"^(a{{{count}}})+$")]) for count in (5, 3, 4)]
    assert finding.shortest(apart, MANY) == b"aaa"
    assert finding.shortest(apart, MANY, max_bytes=2) is None
    assert finding.shortest(apart[:1], MANY) == b"aaaaa"


def test_products_of_long_windows_are_found_without_following_them_all() -> None:
    finding, memo = searching()
    product_of_windows = intersection([texts_of("a[ab]{200}a"), texts_of("b[ab]{211}b")])
    text = finding.shortest([product_of_windows], MANY)
    assert text is not None
    assert len(text) == 213
    assert memo.contains(product_of_windows, text)


def test_a_search_over_its_limit_fails_and_the_next_one_works() -> None:
    finding, _ = searching()
    hard = intersection([texts_of(f"^(a{{{count}}})+$") for count in (97, 89, 101)])
    with pytest.raises(GaveUpError):
        finding.shortest([hard], 500)
    assert finding.shortest([intersection([texts_of("^a+$"), texts_of("^(aa)+$")])], 500) == b"aa"


def test_incompatible_lengths_are_detected_without_a_search() -> None:
    finding, _ = searching()
    long_dates = intersection([texts_of("^[0-9]{4}-[0-9]{2}(:[0-9]{2})?$"), repeat(ANY_CHARACTER, 40, None)])
    assert finding.any([long_dates], 1) is None
    without_all = intersection([texts_of("^[a-z]*$"), complement(ANY_TEXT)])
    assert finding.any([without_all], 1) is None


@pytest.mark.parametrize("number", [10**6, 10**6 + 1, 10**9])
def test_a_text_longer_than_a_completion_counts_as_none(number: int) -> None:
    finding, _ = searching()
    long = intersection([ANY_TEXT, complement(repeat(ANY_CHARACTER, 0, number - 1))])
    found = finding.any([long], MANY)
    assert (None if found is None else len(found)) == (number if number <= 10**6 else None)


def test_languages_of_character_counts_need_no_search() -> None:
    finding, _ = searching()
    between = intersection([repeat(ANY_CHARACTER, 10, 900), complement(repeat(ANY_CHARACTER, 0, 799))])
    assert finding.shortest([between], 1) == b"a" * 800
    empty = intersection([repeat(ANY_CHARACTER, 10, 700), complement(repeat(ANY_CHARACTER, 0, 799))])
    assert finding.shortest([empty], 1) is None


def test_work_is_counted_and_ends_a_call() -> None:
    budget = Budget(Limits(call_work=2_000))
    memo = Memo(budget)
    language = texts_of("^.*a.{2000}b$")
    with pytest.raises(LimitError, match="call_work"), budget.call("mask"):
        memo.contains(language, b"a" * 300)
    assert budget.num_units > 2_000
    assert not memo.contains(language, b"b")


def test_the_memo_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MAX_MEMO_ENTRIES", 1_000)
    _, memo = searching()
    language = texts_of("^.*a.{40}b")
    for number in range(50):
        memo.contains(language, f"{number:b}".replace("1", "a").encode() * 4)
        assert len(memo._derivatives) < 4_000


def test_width_counts_the_alternatives_of_all_parts() -> None:
    two = union([texts_of("^a+$"), texts_of("^b+$")])
    assert width(two) == 2
    assert width(intersection([two, complement(union([words([b"x"]), texts_of("^c+$")]))])) == 4
    assert width(NOTHING) == 1
