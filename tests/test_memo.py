"""A memo caches as many results as its allowance permits, and always returns those of its function."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemalm.memo import ENTRY_COST, Allowance, Memo


@given(st.lists(st.text(max_size=4)), st.integers(0, 400), st.integers(0, 3))
def test_a_memo_equals_its_function_whatever_it_caches(keys: list[str], num_characters: int, max_length: int) -> None:
    allowance = Allowance(num_characters)
    memo = Memo(str.upper, allowance, max_length)
    assert [memo[key] for key in keys] == [key.upper() for key in keys]
    assert all(len(key) <= max_length for key in memo)
    assert len(memo) <= num_characters // ENTRY_COST + 1


def test_a_cached_result_is_computed_once() -> None:
    found: list[str] = []
    memo = Memo(lambda key: found.append(key) or len(found), Allowance(1_000))  # type: ignore[func-returns-value]
    assert (memo["a"], memo["a"], memo["b"], memo["a"]) == (1, 1, 2, 1)


def test_memos_share_an_allowance_until_it_is_restored() -> None:
    allowance = Allowance(2 * ENTRY_COST)
    first, second = Memo(str.upper, allowance), Memo(str.lower, allowance)
    assert (first["a"], first["b"], second["C"]) == ("A", "B", "c")
    assert allowance.is_spent
    assert (len(first), len(second)) == (2, 0)
    first.clear()
    allowance.restore()
    assert second["C"] == "c"
    assert len(second) == 1
