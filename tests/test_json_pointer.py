"""Pointers name locations, whatever keys lead there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.json_pointer import escape, parts_of, pointer_to, unescape


@pytest.mark.parametrize(("name", "escaped"), [("a", "a"), ("a/b", "a~1b"), ("~", "~0"), ("~1", "~01"), ("/~", "~1~0")])
def test_names_are_escaped_in_pointers(name: str, escaped: str) -> None:
    assert escape(name) == escaped
    assert unescape(escaped) == name


def test_indices_and_the_whole_value_have_pointers() -> None:
    assert pointer_to(["steps", 0, "a/b"]) == "/steps/0/a~1b"
    assert pointer_to([]) == ""


@given(st.lists(st.text("a~/01", max_size=3), max_size=4))
def test_a_pointer_is_split_into_its_keys(path: list[str]) -> None:
    assert parts_of(pointer_to(path)) == path
