"""Which names a choice allows, and which tokens write them."""

from __future__ import annotations

import numpy as np

from schemalm.machine.choices import ANYTHING, Choice, only, other_than
from schemalm.machine.slots import SlotRow

# The tokens 0 to 4: "a", "ab", "b" and the end, "B" and the end, and one that touches no name.
TEXTS = {(b"a", False): [0], (b"ab", False): [1], (b"b", True): [2], (b"B", True): [3]}
ROW = SlotRow(
    np.ones(5, dtype=bool),
    np.array([0, 0, 0, 0, 1], dtype=bool),
    texts=TEXTS,
    written={token: written for written, tokens in TEXTS.items() for token in tokens},
)


def tokens(choice: Choice, prefix: bytes = b"") -> list[int]:
    return np.flatnonzero(choice.tokens(ROW, prefix)).tolist()


def test_only_some_names_are_followed_to_their_end() -> None:
    assert tokens(only([b"ab"], ignores_case=False)) == [0, 1, 4]
    assert tokens(only([b"ab"], ignores_case=False), b"a") == [2, 4]
    assert tokens(only([b"ab"], ignores_case=True), b"A") == [2, 3, 4]


def test_names_that_are_taken_may_not_end() -> None:
    assert tokens(other_than([b"ab"], ignores_case=False), b"a") == [0, 1, 3, 4]
    assert tokens(other_than([b"AB"], ignores_case=True), b"a") == [0, 1, 4]


def test_both_choices_hold_together() -> None:
    both = only([b"a", b"b"], ignores_case=False) & other_than([b"a"], ignores_case=False)
    assert both.allows(b"b", True)
    assert not both.allows(b"a", True)
    assert not (both & other_than([b"B"], ignores_case=True)).has_names()


def test_without_a_choice_every_name_is_allowed() -> None:
    assert ANYTHING.has_names()
    assert tokens(ANYTHING) == [0, 1, 2, 3, 4]
