"""Memos remember what fits their allowance, and give the same whether they remember it or not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemalm.tokenizer.memo import CHARACTERS_OF_AN_ENTRY, Allowance, Memo


@given(st.lists(st.text(max_size=4)), st.integers(0, 400), st.integers(0, 3))
def test_a_memo_is_the_function_whatever_it_remembers(keys: list[str], num_characters: int, max_length: int) -> None:
    allowance = Allowance(num_characters)
    memo = Memo(str.upper, allowance, max_length)
    assert [memo[key] for key in keys] == [key.upper() for key in keys]
    assert all(len(key) <= max_length for key in memo)
    assert len(memo) <= num_characters // CHARACTERS_OF_AN_ENTRY + 1


def test_what_is_remembered_is_found_once() -> None:
    found: list[str] = []
    memo = Memo(lambda key: found.append(key) or len(found), Allowance(1_000))  # type: ignore[func-returns-value]
    assert (memo["a"], memo["a"], memo["b"], memo["a"]) == (1, 1, 2, 1)


def test_memos_share_an_allowance_until_it_is_restored() -> None:
    allowance = Allowance(2 * CHARACTERS_OF_AN_ENTRY)
    first, second = Memo(str.upper, allowance), Memo(str.lower, allowance)
    assert (first["a"], first["b"], second["C"]) == ("A", "B", "c")
    assert allowance.is_spent
    assert (len(first), len(second)) == (2, 0)
    first.clear()
    allowance.restore()
    assert second["C"] == "c"
    assert len(second) == 1
