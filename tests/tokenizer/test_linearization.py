"""Values become segments of symbols, cut where merges must not cross."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument
from schemalm.grammar import Grammar
from schemalm.grammar.symbols import NUM_BYTES, symbol_of
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer.segmentation import PATTERNS, MergeScope, spelled

VALUE = {"name": "a b", "tags": ["x", 1.5], "free": "y"}


def shown(tokenizer: Tokenizer, value: Any) -> list[str]:
    """The segments for people: structure by name, bytes as they are."""
    symbols = tokenizer.grammar.symbols.symbols
    return [
        " ".join(
            character if symbol_of(character) < NUM_BYTES else str(symbols[symbol_of(character)])
            for character in segment
        )
        for segment in tokenizer.segments(value)
    ]


def test_words_are_cut_from_each_other_and_from_structure(grammar: Grammar) -> None:
    assert shown(Tokenizer(grammar, merge_scope="word"), VALUE) == [
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
    segments = shown(Tokenizer(grammar, merge_scope="value"), VALUE)
    assert segments[:2] == ["KEY:name", "a   b END"]
    assert "1 . 5 END" in segments


def test_only_closings_and_free_keys_cut_under_the_scope_derivation(grammar: Grammar) -> None:
    assert shown(Tokenizer(grammar, merge_scope="derivation"), VALUE) == [
        "KEY:name a   b END KEY:tags ITEM AS:string x END ITEM AS:number 1 . 5 END ARRAY_END",
        "FREE_KEY",
        "f r e e KEY_END",
        "AS:string y END OBJECT_END",
    ]


def test_constants_close_their_segment(grammar: Grammar) -> None:
    assert shown(Tokenizer(grammar), {"kind": "", "": True}) == ["KEY:kind CONST:", "KEY: TRUE", "OBJECT_END"]


def test_a_whole_value_is_one_segment(grammar: Grammar) -> None:
    end = "".join(segment for segment in Tokenizer(grammar).segments({"name": ""}) if len(segment) == 1)[1]
    whole = "a b" + end
    tokenizer = Tokenizer(grammar, whole_values=[whole])
    assert whole in tokenizer.segments({"name": "a b"})
    assert len(tokenizer.encode({"name": "a b"})) == 3


@pytest.mark.parametrize("scope", ["word", "value", "derivation"])
@given(text=st.text())
def test_cuts_leave_out_no_character(scope: MergeScope, text: str) -> None:
    assert "".join(re.findall(PATTERNS[scope], spelled(text))) == spelled(text)


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["word", "value", "derivation"])
@given(text=st.text())
def test_every_text_survives_every_scope(scope: MergeScope, text: str) -> None:
    tokenizer = Tokenizer(compile_schema({"type": "string"}), merge_scope=scope)
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_named_keys_take_the_canonical_order_and_free_keys_keep_theirs(grammar: Grammar) -> None:
    tokenizer = Tokenizer(grammar)
    value = {"z": "1", "tags": [], "b": "2", "name": "n", "a": "3"}
    assert list(tokenizer.decode(tokenizer.encode(value))) == ["name", "tags", "z", "b", "a"]
    assert tokenizer.encode(value) == tokenizer.encode({"name": "n", "z": "1", "b": "2", "tags": [], "a": "3"})


def test_what_a_outcome_settles_may_be_written_after_it() -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["circle", "square"]}, "radius": {}, "side": {}},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "circle"}}},
        "then": {"required": ["radius"]},
        "else": {"required": ["side"]},
        "additionalProperties": False,
    }
    tokenizer = Tokenizer(compile_schema(schema))
    assert shown(tokenizer, {"radius": None, "kind": "circle"}) == [
        "KEY:kind CONST:circle",
        "KEY:radius NULL",
        "OBJECT_END",
    ]


def test_each_spelling_of_a_number_keeps_its_own() -> None:
    tokenizer = Tokenizer(compile_schema({"type": "array", "items": {"enum": [1, 100]}}), merge_scope="value")
    assert shown(tokenizer, [1, 1.0, 100, 100.0]) == [
        *("ITEM", "1 END", "ITEM", "1 . 0 END", "ITEM", "1 0 0 END", "ITEM", "1 0 0 . 0 END"),
        "ARRAY_END",
    ]


def test_guarded_items_are_written_like_others() -> None:
    plain = Tokenizer(compile_schema({"type": "array", "items": {"type": "integer"}}))
    guarded = Tokenizer(compile_schema({"type": "array", "items": {"type": "integer"}, "uniqueItems": True}))
    assert shown(guarded, [3, 1, 2]) == shown(plain, [3, 1, 2])


@pytest.mark.parametrize("value", [{"a": "\ud800"}, {"\ud800": "a"}, {"a": "ä\udfff"}])
@pytest.mark.parametrize("work", ["encode", "segments", "stretches", "train"])
def test_what_is_no_text_is_refused_wherever_values_are_written(work: str, value: Any) -> None:
    free = compile_schema({"additionalProperties": {"type": "string"}})
    with pytest.raises(InvalidDocument, match="lone surrogate"):
        if work == "train":
            Tokenizer.train(free, [value], vocab_size=400)
        else:
            getattr(Tokenizer(free), work)(value)
