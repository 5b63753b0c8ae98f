"""The rest of a text with placeholders is a shortest one, and every character of it leads nearer to the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.rules.expressions.placeholders import Placeholders, after, rest

ROOM = 14


def read(text: str, exact: bool) -> Placeholders | None:
    state: Placeholders | None = Placeholders()
    for char in text:
        state = after(state, char, exact) if state is not None else None
    return state


def next_rests(state: Placeholders, exact: bool) -> Iterator[bytes]:
    """The rests after each character that may come next."""
    for char in "{}0123456789a":
        longer = after(state, char, exact)
        found = rest(longer, exact, False, ROOM) if longer is not None else None
        if found is not None:
            yield found


@given(st.text("{}01238a", max_size=12), st.booleans())
def test_a_rest_ends_what_is_open_and_no_character_saves_more_than_itself(text: str, exact: bool) -> None:
    state = read(text, exact)
    found = rest(state, exact, False, ROOM) if state is not None else None
    if state is None or found is None:
        return
    assert rest(read(text + found.decode(), exact) or Placeholders(), exact, False, ROOM) == b""
    nearest = min(map(len, next_rests(state, exact)))
    assert nearest == len(found) - 1 if found else nearest >= 0


@pytest.mark.parametrize(
    ("text", "found"),
    [("{3", b"}{0}{1}{2}"), ("{3}{", b"0}{1}{2}"), ("{12}{1", b"}{0}{2}{3}{4}{5}{6}{7}{8}{9}{10}{11}"), ("{{}", b"}")],
)
def test_missing_indexes_are_written(text: str, found: bytes) -> None:
    state = read(text, exact=True)
    assert state is not None
    assert rest(state, exact=True, must_count=False, most=ROOM) == found


def test_a_brace_that_may_not_be_doubled_gets_an_index() -> None:
    assert rest(Placeholders(0, "", "{"), exact=False, must_count=True, most=ROOM) == b"0}"


def test_there_is_no_rest_if_the_index_leaves_no_room() -> None:
    assert rest(Placeholders(0, "9", "{"), exact=False, must_count=False, most=5) is None
