"""The encoder: the symbols of values and their order; its caches change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument
from schemalm.grammar import Grammar
from schemalm.tokenizer import Tokenizer, encoder
from schemalm.tokenizer.pretokenizer import MAX_SEGMENT_SYMBOLS, MergeScope

from .conftest import segments_of

ANYTHING = compile_schema(True)


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("scope", ["word", "value"])
def test_structure_of_any_depth_is_encoded_in_short_segments(scope: MergeScope) -> None:
    tokenizer, value = Tokenizer(ANYTHING, merge_scope=scope), nested(3 * MAX_SEGMENT_SYMBOLS)
    segments = tokenizer.segments(value)
    assert max(map(len, segments)) == MAX_SEGMENT_SYMBOLS
    assert "".join(segments) == "".join(tokenizer.vocabulary.spellings[token] for token in tokenizer.encode(value))
    assert tokenizer.decode(tokenizer.encode(value)) == value


@pytest.mark.parametrize("limit", [0, 1, 2_000])
def test_a_full_cache_changes_no_tokens(
    limit: int, grammar: Grammar, documents: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Tokenizer(grammar).encode_batch(documents)
    monkeypatch.setattr(encoder, "MAX_REMEMBERED", limit)
    monkeypatch.setattr(encoder, "MAX_REMEMBERED_PIECES", limit)
    bounded = Tokenizer(grammar)
    assert bounded.encode_batch(documents) == expected
    assert bounded.encode_batch(documents[::-1]) == expected[::-1]


def test_keys_are_put_in_order_whether_the_order_is_cached_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = compile_schema({"properties": {name: {"type": "integer"} for name in "abc"}})
    for limit in (encoder.MAX_ORDERED_KEYS, 1):
        monkeypatch.setattr(encoder, "MAX_ORDERED_KEYS", limit)
        tokenizer = Tokenizer(schema)
        ordered = tokenizer.encode({"a": 1, "b": 2, "c": 3, "x": 4, "w": 5})
        for _ in range(2):
            assert tokenizer.encode({"x": 4, "c": 3, "w": 5, "a": 1, "b": 2}) == ordered


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ("\ud800", "/"),
        (["a", "a", "\ud800", "a"], "/2"),
        ({"k": [[], ["a", float("nan")]], "l": 1}, "/k/1/1"),
        ([{"a": 1}, {"a": {"b": (1,)}}], "/1/a/b"),
        ([[], {"a": 1, 2: "key"}], "/1/2"),
    ],
    ids=["root", "item", "nested item", "member", "key"],
)
def test_values_that_are_not_json_are_refused_with_their_pointer(value: Any, pointer: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        Tokenizer(ANYTHING).encode(value)
    assert (caught.value.pointer or "/") == pointer


@pytest.mark.parametrize(
    ("value", "pointer"),
    [({"a": 1, "A": 2}, "/A"), ([1, {"b": 1, "B": 2}, 3], "/1/B"), ({"x": {"y": {"a": 1, "A": 2}}}, "/x/y/A")],
    ids=["document", "item", "member"],
)
def test_keys_that_differ_in_case_alone_are_refused_with_their_pointer(value: Any, pointer: str) -> None:
    tokenizer = Tokenizer(compile_schema(True, rules={"rules": 1, "keys": {"unique": "ignore-case"}}))
    with pytest.raises(InvalidDocument, match="differ in upper and lower case alone") as caught:
        tokenizer.encode(value)
    assert caught.value.pointer == pointer


def test_keys_that_are_not_strings_are_refused_where_keys_may_not_differ_in_case_alone() -> None:
    tokenizer = Tokenizer(compile_schema(True, rules={"rules": 1, "keys": {"unique": "ignore-case"}}))
    with pytest.raises(InvalidDocument, match="the key True is not a string"):
        tokenizer.encode({"on": "push", True: 1})


def test_equal_values_of_different_types_are_encoded_differently_in_one_state() -> None:
    tokenizer = Tokenizer(compile_schema({"items": True}))
    items = [1, True, 1.0, "1", "true", 0, False, -0.0, 0.0, None, "null"]
    for order in (items, items[::-1], items):
        for value in (order, *([item] for item in order)):
            assert repr(tokenizer.decode(tokenizer.encode(value))) == repr(value)


def test_a_refused_number_or_literal_is_refused_again() -> None:
    tokenizer = Tokenizer(compile_schema({"items": {"enum": [1, True, None]}}))
    for _ in range(2):
        assert tokenizer.decode(tokenizer.encode([1, True, None])) == [1, True, None]
        for refused in (2, False, "x", object()):
            with pytest.raises(InvalidDocument):
                tokenizer.encode([1, True, refused])


def test_named_keys_take_the_canonical_order_and_free_keys_keep_their_own(grammar: Grammar) -> None:
    tokenizer = Tokenizer(grammar)
    value = {"z": "1", "tags": [], "b": "2", "name": "n", "a": "3"}
    assert list(tokenizer.decode(tokenizer.encode(value))) == ["name", "tags", "z", "b", "a"]
    assert tokenizer.encode(value) == tokenizer.encode({"name": "n", "z": "1", "b": "2", "tags": [], "a": "3"})


def test_an_outcome_decides_which_keys_may_follow() -> None:
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
    assert segments_of(tokenizer, {"radius": None, "kind": "circle"}) == [
        "KEY:kind CONST:circle",
        "KEY:radius NULL",
        "OBJECT_END",
    ]


def test_guarded_items_have_the_same_segments_as_unguarded_ones() -> None:
    plain = Tokenizer(compile_schema({"type": "array", "items": {"type": "integer"}}))
    guarded = Tokenizer(compile_schema({"type": "array", "items": {"type": "integer"}, "uniqueItems": True}))
    assert segments_of(guarded, [3, 1, 2]) == segments_of(plain, [3, 1, 2])


@pytest.mark.parametrize("value", [{"a": "\ud800"}, {"\ud800": "a"}, {"a": "ä\udfff"}])
@pytest.mark.parametrize("method", ["encode", "segments", "pieces", "train"])
def test_lone_surrogates_are_refused_by_every_method_that_encodes(method: str, value: Any) -> None:
    free = compile_schema({"additionalProperties": {"type": "string"}})
    with pytest.raises(InvalidDocument, match="lone surrogate"):
        if method == "train":
            Tokenizer.train(free, [value], vocab_size=400)
        else:
            getattr(Tokenizer(free), method)(value)
