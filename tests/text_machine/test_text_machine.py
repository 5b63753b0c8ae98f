"""The machine over JSON text admits exactly the tokens after which a valid document exists."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import numpy as np
import pytest

from schemalm.compilation import compile_schema
from schemalm.documents import canonical_json
from schemalm.errors import ConfigurationError
from schemalm.text_machine import MAX_TOKEN_BYTES, ByteVocabulary, TextMachine, TextTables
from schemalm.tokenizer import Tokenizer

PIECES = (
    b'"', b'",', b'":', b'":"', b'{"', b"},", b"}}", b"],", b"[]", b"{}", b'["', b'","', b'"]', b"[1", b"1,2", b",1",
    b"true", b"tru", b"rue", b"null", b"fal", b'\\"', b"\\n", b"\\u00", b"1f", b'a":1,"', b'"a":', b'"b":', b',"c":',
    b'"a"', b'"x":"', b"ab", b"abc", b'"abc"', b'["a","', b'":[', "ü".encode(), b"\xc3", b'\xbc"', b"\xf0\x9f",
    b"\x98\x80", b"12", b".5", b"e+", b"-1", b'a"', b'"a":1', b"}]", b"]}", b"a,", b'"a","a"', b"[1,1",
    b'{"a":1,"a":', b"]", b"ab",
)  # fmt: skip
# Every byte is a token, no text has the token after the pieces, and one is too long to be admitted.
TOKENS = [*(bytes([byte]) for byte in range(256)), *PIECES, b"", b"a" * (MAX_TOKEN_BYTES + 1)]
VOCABULARY = ByteVocabulary(TOKENS)

SCHEMAS: dict[str, Any] = {
    "anything": True,
    "names and free keys": {
        "properties": {"a": {"type": "string"}, "b": {}, 'a"x': {}, "ab": {"enum": ["a", "abc", 1, None, True]}},
        "additionalProperties": {"type": "number"},
        "type": "object",
    },
    "names alone": {
        "type": "object",
        "properties": {"a": {"type": "boolean"}, "abc": {"type": "object"}},
        "required": ["abc"],
        "additionalProperties": False,
    },
    "few free keys": {"type": "object", "patternProperties": {"^[ab]{1,9}$": {}}, "additionalProperties": False},
    "many free keys": {"type": "object", "patternProperties": {"^[ab]{1,60}$": {}}, "additionalProperties": False},
    "many free keys and few": {
        "type": "object", "patternProperties": {"^([ab]{1,60}|x[ab]?)$": {}}, "additionalProperties": False
    },
    "keys that run out": {"propertyNames": {"maxLength": 1, "pattern": '[abcx\n"]'}, "minProperties": 3},
    "different items": {"type": "array", "uniqueItems": True},
    "different strings": {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
    "different constants": {
        "type": "array", "uniqueItems": True, "minItems": 3, "items": {"enum": ["a", "ab", 1, None, True]}
    },
    "different arrays in objects": {
        "type": "object",
        "additionalProperties": {
            "type": "array",
            "uniqueItems": True,
            "items": {"type": "array", "uniqueItems": True, "items": {"type": "integer", "minimum": 0, "maximum": 3}},
        },
    },
    "repeated items": {"not": {"type": "array", "uniqueItems": True}},
    "contains": {"type": "array", "contains": {"type": "object", "required": ["a"]}},
    "lengths": {"type": "string", "minLength": 3, "maxLength": 5},
    "pattern": {"type": "object", "additionalProperties": {"type": "string", "pattern": '^[a"\\\\\n]*$'}},
    "numbers": {"type": "array", "items": {"type": "number", "multipleOf": 3}},
    "branches": {"oneOf": [{"type": "string", "pattern": "^a"}, {"type": "string", "maxLength": 2}]},
    "a constant": {"const": {"a": [1, "x"], "b": None}},
}  # fmt: skip


@pytest.fixture(scope="module", params=SCHEMAS)
def tables(request: pytest.FixtureRequest) -> TextTables:
    return TextTables(compile_schema(SCHEMAS[request.param]), VOCABULARY)


def admitted(machine: TextMachine) -> set[int]:
    bits = np.unpackbits(machine.mask(), bitorder="little")
    return set(np.flatnonzero(bits[: len(TOKENS)]).tolist())


def admitted_by_reading(machine: TextMachine) -> set[int]:
    """The tokens that a copy reads byte by byte."""
    usable = [token for token, text in enumerate(TOKENS) if 0 < len(text) <= MAX_TOKEN_BYTES]
    return {token for token in usable if machine.copy().read(TOKENS[token]) == len(TOKENS[token])}


def walks(tables: TextTables, num_walks: int, num_tokens: int) -> Iterator[tuple[TextMachine, bytes]]:
    """Machines along random texts, with the text so far; longer tokens come more often."""
    rng = random.Random(0)
    for _ in range(num_walks):
        machine, text = TextMachine(tables), b""
        for _ in range(num_tokens):
            yield machine, text
            found = sorted(admitted(machine))
            if not found:
                break
            long = [token for token in found if len(TOKENS[token]) > 1 or rng.random() < 0.2]
            token = rng.choice(long or found)
            machine.advance(token)
            text += TOKENS[token]


@pytest.mark.slow
def test_a_mask_has_exactly_the_tokens_that_can_be_read(tables: TextTables) -> None:
    for machine, text in walks(tables, num_walks=4, num_tokens=30):
        assert admitted(machine) == admitted_by_reading(machine), text


@pytest.mark.slow
def test_every_text_ends_as_a_valid_document(tables: TextTables) -> None:
    validator = jsonschema_rs.validator_for(tables.grammar.schema)
    for machine, text in walks(tables, num_walks=4, num_tokens=30):
        assert validator.is_valid(json.loads(text + machine.ending())), text
        if machine.is_complete:
            assert validator.is_valid(json.loads(text))


@pytest.mark.slow
def test_the_text_of_every_valid_value_is_read(tables: TextTables) -> None:
    tokenizer = Tokenizer.from_grammar(tables.grammar)
    rng = random.Random(1)
    for _ in range(10):
        tokens, machine = [], tokenizer.machine()
        while not machine.is_complete and len(tokens) < 60:
            tokens.append(rng.choice(np.flatnonzero(machine.mask()).tolist()))
            machine.advance(tokens[-1])
        text = canonical_json(tokenizer.decode_prefix(tokens))
        follower = TextMachine(tables)
        assert follower.read(text) == len(text)
        assert follower.is_complete


def test_a_token_that_the_mask_forbids_changes_nothing() -> None:
    machine = TextMachine(TextTables(compile_schema(SCHEMAS["names alone"]), VOCABULARY))
    before = machine.mask()
    for token in (ord("["), len(TOKENS) - 2, len(TOKENS), -1):
        with pytest.raises(ValueError, match="is not admitted here"):
            machine.advance(token)
    assert np.array_equal(machine.mask(), before)


def test_reading_stops_at_the_first_byte_that_no_document_has() -> None:
    machine = TextMachine(TextTables(compile_schema(SCHEMAS["names alone"]), VOCABULARY))
    assert machine.read(b'{"a":1}') == len(b'{"a":')
    assert machine.copy().read(b"false,") == len(b"false,")


def test_white_space_between_tokens_of_json_is_not_admitted() -> None:
    machine = TextMachine(TextTables(compile_schema(True), VOCABULARY))
    assert machine.copy().read(b" 1") == 0
    assert machine.copy().read(b'{ "a": 1}') == 1


def test_a_whole_number_may_go_on() -> None:
    machine = TextMachine(TextTables(compile_schema({"type": "integer"}), VOCABULARY))
    machine.read(b"1")
    assert machine.is_complete
    assert ord("2") in admitted(machine)


def test_grammars_with_rules_are_refused() -> None:
    grammar = compile_schema({"type": "object", "properties": {"a": {}}}, rules={"rules": 1})
    with pytest.raises(ConfigurationError, match="rules=None"):
        TextTables(grammar, VOCABULARY)


def test_states_are_forgotten_when_they_take_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = TextTables(compile_schema(True), VOCABULARY)
    machine = TextMachine(tables)
    machine.read(b'{"a":[1,')
    expected = admitted(machine)
    monkeypatch.setattr("schemalm.text_machine.machine.MAX_STATES", 3)
    again = TextMachine(tables)
    again.read(b'{"a":[1,')
    assert admitted(again) == expected
