"""The patterns that cut documents state mean the same in the grammar as in Python."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest

from schemalm.documents.cut import read_cut
from schemalm.documents.partial import More, OneOf, Partial, PartialArray, PartialObject, TextLike
from schemalm.limits import Limits
from schemalm.regular.matching import PatternMatcher

PATTERN_TEXTS = [
    "",
    " ",
    "a",
    "a b",
    "a:",
    "a: b",
    "a:b",
    "#",
    "a #b",
    "a#",
    "\t",
    "x\n",
    "x\n\n",
    "\n",
    "é😉",
    "\x07",
    ",",
    "]",
]


@pytest.mark.parametrize(
    "text", ["x: tr", "x: [tr", "x: tr ", "tru", "x: 'a", 'x: "\\u00', 'x: "\\ud8', "x: |", "x: >\n  a", "-"]
)
def test_patterns_mean_the_same_in_the_grammar(text: str) -> None:
    for partial in texts_of(read_cut(text).partial):
        matches = PatternMatcher(f"^(?:{partial.rest})$", Limits())
        for rest in PATTERN_TEXTS:
            assert matches(rest) == bool(re.fullmatch(partial.rest, rest))
        if partial.excluded:
            matches = PatternMatcher(partial.excluded, Limits())
            for word in ["true", "trunk", "1", "1e5", "-", "--- a", "", "~"]:
                assert matches(word) == bool(re.fullmatch(partial.excluded, word))


def texts_of(partial: Partial | More) -> Iterator[TextLike]:
    """The texts in a partial value."""
    match partial:
        case TextLike():
            yield partial
        case OneOf():
            yield from itertools.chain.from_iterable(map(texts_of, partial.choices))
        case PartialArray():
            yield from itertools.chain.from_iterable(map(texts_of, partial.items))
        case PartialObject():
            yield from itertools.chain.from_iterable(texts_of(child) for _, child in partial.entries)
            if partial.next_key:
                yield partial.next_key
