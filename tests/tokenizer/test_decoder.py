"""The decoder: the short way gives a document's value or refuses it; what it leaves out is decoded all the same."""

from __future__ import annotations

import random
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.documents import json_equal
from schemalm.errors import DecodeError
from schemalm.grammar import Grammar
from schemalm.tokenizer import Tokenizer, decoder
from schemalm.tokenizer.compiled_rules import CompiledRules, RefusedError
from schemalm.tokenizer.decoder import Decoder

ANYTHING = Tokenizer(compile_schema(True))


def decoder_of(tokenizer: Tokenizer) -> Decoder:
    return Decoder(CompiledRules(tokenizer.grammar), tokenizer.vocabulary)


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


READ = [
    *(None, True, "", "a", 'q"\\/\b\t\n\x00\x01\x02\x7f', "é€😀", 0, -1, 1.0, 1e300, -0.0, 5e-324, 2**64 - 1, -(2**63)),
    *({}, [], [[], {}], {"": {"": ""}}, {"a": 1, 'b"': [1, "1"], "é": None}, [{"k": 1}, {"k": 2}, {"j": {"k": 3}}]),
]
LEFT_OUT = [2**64, [-(2**63) - 1], {"a": 10**300}, nested(1100)]


@pytest.mark.parametrize("value", READ, ids=repr)
def test_documents_are_read_at_once(value: Any) -> None:
    assert json_equal(decoder_of(ANYTHING).read(ANYTHING.encode(value)), value)


@pytest.mark.parametrize("value", LEFT_OUT, ids=["large", "small", "larger", "deep"])
def test_what_json_would_not_give_back_is_left_out_and_decoded(value: Any) -> None:
    ids = ANYTHING.encode(value)
    with pytest.raises(RefusedError):
        decoder_of(ANYTHING).read(ids)
    assert json_equal(ANYTHING.decode(ids), value)


def test_a_document_that_was_changed_is_refused_or_another_one(grammar: Grammar, documents: list[Any]) -> None:
    chance = random.Random(0)
    trained = Tokenizer.train(grammar, documents, vocab_size=330)
    for value in documents[:40]:
        ids = trained.encode(value)
        ids[chance.randrange(len(ids))] = chance.randrange(trained.vocab_size)
        try:
            decoded = trained.decode(ids)
        except DecodeError:
            continue
        assert json_equal(trained.decode(trained.encode(decoded)), decoded)


def test_marks_inside_texts_are_no_structure() -> None:
    characters = ANYTHING.grammar.symbols.characters[256:260]
    value = {"".join(characters): ["".join(characters), "\x00\x01\x02"]}
    assert json_equal(decoder_of(ANYTHING).read(ANYTHING.encode(value)), value)
    spelled = [ANYTHING.vocabulary.symbol_token(byte) for byte in characters[0].encode()]
    start, *rest = ANYTHING.encode({"k": 1})
    with pytest.raises(DecodeError) as caught:
        ANYTHING.decode([start, *spelled, *rest])
    assert caught.value.position == 1


@pytest.mark.parametrize("value", ["a", 12, {"a": "b"}])
def test_a_document_without_its_end_is_refused(value: Any) -> None:
    ids = ANYTHING.encode(value)
    for length in range(len(ids)):
        with pytest.raises(RefusedError):
            decoder_of(ANYTHING).read(ids[:length])


def test_items_that_repeat_where_they_may_are_decoded() -> None:
    tokenizer = Tokenizer(compile_schema({"anyOf": [{"uniqueItems": True}, {"minItems": 3}]}))
    for value in ([1, 2], [1, {"a": [1]}], [1, 1, 1.0], [{"a": [1], "b": 2}, {"b": 2, "a": [1]}, 3]):
        assert json_equal(tokenizer.decode(tokenizer.encode(value)), value)
    with pytest.raises(DecodeError):
        tokenizer.decode([*tokenizer.encode([1, 1, 1])[:-4], tokenizer.encode([])[-1]])


def test_forgetting_changes_nothing(monkeypatch: pytest.MonkeyPatch, documents: list[Any], grammar: Grammar) -> None:
    monkeypatch.setattr(decoder, "MAX_REMEMBERED", 200)
    tokenizer = Tokenizer(grammar)
    for value in documents[:20]:
        assert json_equal(tokenizer.decode(tokenizer.encode(value)), value)
