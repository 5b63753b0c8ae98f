"""The decoder: the fast path returns a document's value or refuses it; the slow path decodes what it refuses."""

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


FAST = [
    *(None, True, "", "a", 'q"\\/\b\t\n\x00\x01\x02\x7f', "é€😀", 0, -1, 1.0, 1e300, -0.0, 5e-324, 2**64 - 1, -(2**63)),
    *({}, [], [[], {}], {"": {"": ""}}, {"a": 1, 'b"': [1, "1"], "é": None}, [{"k": 1}, {"k": 2}, {"j": {"k": 3}}]),
]
SLOW = [2**64, [-(2**63) - 1], {"a": 10**300}, nested(1100)]


@pytest.mark.parametrize("value", FAST, ids=repr)
def test_the_fast_path_decodes_documents(value: Any) -> None:
    assert json_equal(decoder_of(ANYTHING).decode_fast(ANYTHING.encode(value)), value)


@pytest.mark.parametrize("value", SLOW, ids=["large", "small", "larger", "deep"])
def test_values_that_do_not_survive_json_text_take_the_slow_path(value: Any) -> None:
    ids = ANYTHING.encode(value)
    with pytest.raises(RefusedError):
        decoder_of(ANYTHING).decode_fast(ids)
    assert json_equal(ANYTHING.decode(ids), value)


def test_a_changed_document_is_refused_or_decodes_to_a_valid_one(grammar: Grammar, documents: list[Any]) -> None:
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


def test_characters_of_symbols_inside_texts_are_not_structure() -> None:
    characters = ANYTHING.grammar.symbols.characters[256:260]
    value = {"".join(characters): ["".join(characters), "\x00\x01\x02"]}
    assert json_equal(decoder_of(ANYTHING).decode_fast(ANYTHING.encode(value)), value)
    spelled = [ANYTHING.vocabulary.symbol_token(byte) for byte in characters[0].encode()]
    start, *rest = ANYTHING.encode({"k": 1})
    with pytest.raises(DecodeError) as caught:
        ANYTHING.decode([start, *spelled, *rest])
    assert caught.value.position == 1


@pytest.mark.parametrize("value", ["a", 12, {"a": "b"}])
def test_an_incomplete_document_is_refused(value: Any) -> None:
    ids = ANYTHING.encode(value)
    for length in range(len(ids)):
        with pytest.raises(RefusedError):
            decoder_of(ANYTHING).decode_fast(ids[:length])


def test_repeated_items_are_decoded_if_the_schema_allows_them() -> None:
    tokenizer = Tokenizer(compile_schema({"anyOf": [{"uniqueItems": True}, {"minItems": 3}]}))
    for value in ([1, 2], [1, {"a": [1]}], [1, 1, 1.0], [{"a": [1], "b": 2}, {"b": 2, "a": [1]}, 3]):
        assert json_equal(tokenizer.decode(tokenizer.encode(value)), value)
    with pytest.raises(DecodeError):
        tokenizer.decode([*tokenizer.encode([1, 1, 1])[:-4], tokenizer.encode([])[-1]])


def test_a_full_cache_changes_nothing(monkeypatch: pytest.MonkeyPatch, documents: list[Any], grammar: Grammar) -> None:
    monkeypatch.setattr(decoder, "MAX_REMEMBERED", 200)
    tokenizer = Tokenizer(grammar)
    for value in documents[:20]:
        assert json_equal(tokenizer.decode(tokenizer.encode(value)), value)
