"""Pieces are split into segments where merges must not cross."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.grammar import Grammar
from schemalm.grammar.symbols import symbol_of
from schemalm.machine.vocabulary import Vocabulary
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer.pretokenizer import MAX_SEGMENT_SYMBOLS, PATTERNS, MergeScope, spelled

from .conftest import segments_of

VALUE = {"name": "a b", "tags": ["x", 1.5], "free": "y"}


def test_words_are_split_from_each_other_and_from_structure(grammar: Grammar) -> None:
    assert segments_of(Tokenizer(grammar, merge_scope="word"), VALUE) == [
        "KEY:name",
        "a",
        "  b END",
        "KEY:tags ITEM AS:string",
        "x END",
        "ITEM AS:number",
        "1 . 5 END",
        "ARRAY_END",
        "FREE_KEY",
        "f r e e KEY_END",
        "AS:string",
        "y END",
        "OBJECT_END",
    ]


def test_whole_contents_are_segments_under_the_scope_value(grammar: Grammar) -> None:
    segments = segments_of(Tokenizer(grammar, merge_scope="value"), VALUE)
    assert segments[:2] == ["KEY:name", "a   b END"]
    assert "1 . 5 END" in segments


def test_constants_close_their_segment(grammar: Grammar) -> None:
    assert segments_of(Tokenizer(grammar), {"kind": "", "": True}) == ["KEY:kind CONST:", "KEY: TRUE", "OBJECT_END"]


def test_a_whole_value_is_one_segment(grammar: Grammar) -> None:
    end = "".join(segment for segment in Tokenizer(grammar).segments({"name": ""}) if len(segment) == 1)[1]
    whole = "a b" + end
    tokenizer = Tokenizer(grammar, Vocabulary(grammar, [whole], ()))
    assert whole in tokenizer.segments({"name": "a b"})
    assert len(tokenizer.encode({"name": "a b"})) == 3


def test_each_spelling_of_a_number_keeps_its_own() -> None:
    tokenizer = Tokenizer(compile_schema({"type": "array", "items": {"enum": [1, 100]}}), merge_scope="value")
    assert segments_of(tokenizer, [1, 1.0, 100, 100.0]) == [
        *("ITEM", "1 END", "ITEM", "1 . 0 END", "ITEM", "1 0 0 END", "ITEM", "1 0 0 . 0 END"),
        "ARRAY_END",
    ]


@pytest.mark.parametrize("scope", ["word", "value"])
def test_only_the_last_symbol_of_a_segment_ends_something(
    scope: MergeScope, grammar: Grammar, documents: list[Any]
) -> None:
    tokenizer, symbols = Tokenizer(grammar, merge_scope=scope), grammar.symbols
    deep: Any = {}
    for _ in range(2 * MAX_SEGMENT_SYMBOLS):
        deep = {"child": deep}
    for value in (*documents[:50], deep):
        for segment in tokenizer.segments(value):
            assert all(symbols.arities[symbol_of(character)] for character in segment[:-1])


@pytest.mark.parametrize("scope", ["word", "value"])
@given(text=st.text())
def test_segments_leave_out_no_character(scope: MergeScope, text: str) -> None:
    assert "".join(re.findall(PATTERNS[scope], spelled(text))) == spelled(text)


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["word", "value"])
@given(text=st.text())
def test_every_text_survives_every_scope(scope: MergeScope, text: str) -> None:
    tokenizer = Tokenizer(compile_schema({"type": "string"}), merge_scope=scope)
    assert tokenizer.decode(tokenizer.encode(text)) == text
