"""The tokenizer: training, files, determinism, decoding and its errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.documents import json_equal
from schemalm.documents.partial import partial_of
from schemalm.errors import ConfigurationError, DataError, DecodeError, InvalidDocument
from schemalm.grammar import Grammar
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer.pretokenizer import MergeScope

SCOPES: tuple[MergeScope, ...] = ("word", "value")


@pytest.fixture(scope="module", params=SCOPES)
def trained(request: pytest.FixtureRequest, grammar: Grammar, documents: list[Any]) -> Tokenizer:
    return Tokenizer.train(grammar, documents, vocab_size=400, merge_scope=request.param)


def test_documents_round_trip_in_fewer_tokens(trained: Tokenizer, documents: list[Any]) -> None:
    plain = Tokenizer.from_grammar(trained.grammar)
    for value in documents[:20]:
        ids = trained.encode(value)
        assert json_equal(trained.decode(ids), value)
        assert len(ids) < 0.6 * len(plain.encode(value))


def test_tokens_are_distinct_and_described(trained: Tokenizer) -> None:
    assert len(trained.grammar.symbols) + 2 < trained.vocab_size <= 400
    assert len(set(trained.vocabulary.spellings[2:])) == trained.vocab_size - 2
    assert all(trained.describe(token) for token in range(trained.vocab_size))


def test_saving_and_loading_preserves_the_bytes(trained: Tokenizer, documents: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    trained.save(path)
    loaded = Tokenizer.load(path)
    assert loaded.to_json() == path.read_bytes() == trained.to_json()
    assert loaded.digest == trained.digest
    assert loaded.states == trained.states
    assert loaded.encode_batch(documents[:5]) == trained.encode_batch(documents[:5])


@pytest.mark.slow
def test_training_is_the_same_in_every_process(outputs_in_processes: Callable[[str], set[str]]) -> None:
    program = (
        "from schemalm.compilation import compile_schema\n"
        "from schemalm.tokenizer import Tokenizer\n"
        "jobs = {name: {'runs-on': 'ubuntu-latest', 'steps': [{'run': f'make {name}'}]} for name in 'abc'}\n"
        "values = [{'on': 'push', 'name': f'CI {n}', 'jobs': jobs} for n in range(20)]\n"
        "print(Tokenizer.train(compile_schema('github-workflow'), values, vocab_size=600).digest)\n"
    )
    assert len(outputs_in_processes(program)) == 1


def test_a_large_source_does_not_dominate_the_vocabulary(grammar: Grammar) -> None:
    loud = [{"name": "repeated phrase of one source"}] * 60
    quiet = [{"name": "shared phrase"}] * 6
    sources = ["loud"] * 60 + [f"quiet {index}" for index in range(6)]
    tokenizer = Tokenizer.train(grammar, loud + quiet, vocab_size=320, sources=sources)
    assert len(tokenizer.encode(quiet[0])) == 3
    assert any("shared phrase" in tokenizer.describe(token) for token in range(tokenizer.vocab_size))


def test_training_refuses_a_small_vocabulary_and_invalid_values(grammar: Grammar) -> None:
    with pytest.raises(ConfigurationError, match="vocab_size"):
        Tokenizer.train(grammar, [], vocab_size=100)
    with pytest.raises(InvalidDocument):
        Tokenizer.train(grammar, [{"name": 1}], vocab_size=400)


def test_a_batch_returns_errors_in_place_on_request(grammar: Grammar) -> None:
    tokenizer = Tokenizer.from_grammar(grammar)
    good, bad = {"name": "a"}, {"name": 1}
    ids, error = tokenizer.encode_batch([good, bad], on_error="return")
    assert ids == tokenizer.encode(good)
    assert isinstance(error, InvalidDocument)
    assert error.pointer == "/name"
    with pytest.raises(InvalidDocument):
        tokenizer.encode_batch([good, bad])


@pytest.mark.slow
def test_workers_return_the_same_as_one_process(grammar: Grammar, documents: list[Any]) -> None:
    tokenizer = Tokenizer.train(grammar, documents, vocab_size=400)
    values = [*documents * 30, {"name": 1}, documents[0]]
    one, two = (tokenizer.encode_batch(values, on_error="return", workers=count) for count in (1, 2))
    assert [str(found) for found in one] == [str(found) for found in two]
    assert isinstance(two[-2], InvalidDocument)
    assert two[-2].pointer == "/name"
    with pytest.raises(InvalidDocument, match="/name"):
        tokenizer.encode_batch(values, workers=2)
    with pytest.raises(ConfigurationError, match="at least 1, got 0"):
        tokenizer.encode_batch(values, workers=0)


def test_descriptions_of_tokens_are_readable(grammar: Grammar) -> None:
    tokenizer = Tokenizer.from_grammar(grammar)
    ids = tokenizer.encode({"name": "é", "kind": "large", "free": "x"})
    described = [tokenizer.describe(token) for token in ids]
    assert described[0] == "KEY:name"
    assert described[1] == r"'\\xc3'"
    assert "CONST:large" in described
    assert described[-1] == "OBJECT_END"
    assert (tokenizer.describe(tokenizer.pad_id), tokenizer.describe(tokenizer.bos_id)) == ("PAD", "BOS")


def test_decoding_names_the_offending_token(grammar: Grammar) -> None:
    tokenizer = Tokenizer.from_grammar(grammar)
    ids = tokenizer.encode({"name": "a"})
    for tokens, position in (
        ([], 0),
        (ids[:-1], len(ids) - 1),
        ([*ids, ids[-1]], len(ids)),
        ([ids[0], ids[0]], 1),
        ([tokenizer.pad_id], 0),
        ([tokenizer.bos_id, *ids], 0),
        ([ids[0], -1], 1),
        ([ids[0], tokenizer.vocab_size], 1),
    ):
        with pytest.raises(DecodeError) as caught:
            tokenizer.decode(tokens)
        assert caught.value.position == position


def test_a_prefix_that_no_document_begins_with_is_refused(grammar: Grammar) -> None:
    tokenizer = Tokenizer.from_grammar(grammar)
    ids = tokenizer.encode({"name": "a"})
    for tokens, position in (([ids[-1], ids[0]], 1), ([tokenizer.pad_id], 0), ([ids[0], 10**6], 1), ([ids[0], -3], 1)):
        with pytest.raises(DecodeError) as caught:
            tokenizer.decode_prefix(tokens)
        assert caught.value.position == position


def test_a_repeated_free_key_is_refused(grammar: Grammar) -> None:
    tokenizer = Tokenizer.from_grammar(grammar)
    once = tokenizer.encode({"k": "v"})[:-1]
    with pytest.raises(DecodeError, match="repeats"):
        tokenizer.decode([*once, *once, tokenizer.encode({})[0]])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"kind": "typed", "format": 2}',
        '{"kind": "typed", "format": 1}',
        '{"kind": "byte-bpe"}',
        "\0",
    ],
)
def test_a_file_that_is_not_a_tokenizer_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(DataError):
        Tokenizer.load(path)
    with pytest.raises(DataError, match="cannot read"):
        Tokenizer.load(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"merges":[', '"merges":[["no such token","b"],'),
        ('"merges":[', '"merges":[["a"],'),
        ('"whole_values":[', '"whole_values":["\\ud800",'),
        ('"merge_scope":"word"', '"merge_scope":"page"'),
        ('"vocab_size":', '"vocab_size":1'),
        ('"schema":{', '"schema":{"minLength":-1,'),
        ('"schema":{', '"schema":{"required":["another"],'),
        ('"key_orders":[', '"key_orders":[1,'),
        ('"key_orders":[', '"key_orders":[["name","name"],'),
        ('"states":{', '"state":{'),
    ],
)
def test_a_damaged_file_is_refused(grammar: Grammar, documents: list[Any], tmp_path: Path, old: str, new: str) -> None:
    content = Tokenizer.train(grammar, documents[:30], vocab_size=330).to_json().decode()
    assert old in content
    path = tmp_path / "tokenizer.json"
    path.write_text(content.replace(old, new, 1))
    with pytest.raises(DataError):
        Tokenizer.load(path)


def test_a_file_with_the_removed_merge_scope_must_be_trained_again(grammar: Grammar) -> None:
    content = Tokenizer(grammar).to_json().replace(b'"merge_scope":"word"', b'"merge_scope":"derivation"')
    with pytest.raises(DataError, match=r"old\.json has merge_scope 'derivation', .*: train it again"):
        Tokenizer.from_json(content, "old.json")


def test_a_prompt_does_not_change_the_tokens(documents: list[Any]) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": {}}
    grammar = compile_schema(schema)
    tokenizer = Tokenizer.train(grammar, documents, vocab_size=350)
    prompted = tokenizer.grammar.with_prompt(partial_of({"name": documents[0]["name"]}))
    assert len(prompted.symbols) == len(tokenizer.grammar.symbols)


def test_a_text_of_a_million_characters_is_encoded_under_a_bound() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema({"type": "string", "maxLength": 10**9}))
    text = "word " * 200_000
    assert len(tokenizer.encode(text)) == len(text) + 1
    bounded = Tokenizer.from_grammar(compile_schema({"type": "string", "maxLength": len(text) - 1}))
    with pytest.raises(InvalidDocument) as caught:
        bounded.encode(text)
    assert caught.value.keyword == "maxLength"


def test_a_tokenizer_of_guarded_items_is_saved_and_loaded(tmp_path: Path) -> None:
    grammar = compile_schema({"type": "array", "uniqueItems": True, "items": {"enum": ["red", "green"]}})
    tokenizer = Tokenizer.train(grammar, [["red", "green"], ["red"]] * 5, vocab_size=290)
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = Tokenizer.load(tmp_path / "tokenizer.json")
    assert loaded.decode(loaded.encode(["green", "red"])) == ["green", "red"]
    with pytest.raises(InvalidDocument) as caught:
        loaded.encode(["red", "red"])
    assert (caught.value.pointer, caught.value.keyword) == ("/1", "uniqueItems")
