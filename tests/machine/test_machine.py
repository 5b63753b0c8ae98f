"""The machine: masks are never empty, free keys never repeat, completions end the document."""

from __future__ import annotations

import random
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.documents.partial import opened, partial_of
from schemalm.machine import Machine, Tables
from schemalm.tokenizer import Tokenizer

DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def fed(tokenizer: Tokenizer, *described: str) -> Machine:
    """Returns a machine that has consumed the tokens with these descriptions."""
    machine = tokenizer.machine()
    tokens = {tokenizer.describe(token): token for token in range(tokenizer.vocab_size)}
    for name in described:
        machine.advance(tokens[name])
    return machine


def admitted(tokenizer: Tokenizer, machine: Machine) -> set[str]:
    return {tokenizer.describe(int(token)) for token in np.flatnonzero(machine.mask())}


def walk(tokenizer: Tokenizer, chance: random.Random, max_tokens: int) -> list[int]:
    machine = tokenizer.machine()
    tokens: list[int] = []
    while not machine.is_complete and len(tokens) < max_tokens:
        allowed = np.flatnonzero(machine.mask()).tolist()
        assert allowed
        tokens.append(chance.choice(allowed))
        machine.advance(tokens[-1])
    return tokens + machine.completion()


def tokenizer_of(schema: Any) -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema({"$schema": DRAFT_7, **schema}))


@pytest.fixture(scope="module")
def workflows() -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema("github-workflow"))


def test_a_mask_admits_exactly_the_tokens_that_can_be_consumed(workflows: Tokenizer) -> None:
    machine = workflows.machine()
    for token in workflows.encode({"on": "push", "jobs": {"a": {"runs-on": "x", "steps": [{"run": "make"}]}}}):
        mask = machine.mask()
        assert mask.shape == (workflows.vocab_size,)
        assert mask.dtype == np.bool_
        for other in range(0, workflows.vocab_size, 7):
            if mask[other]:
                machine.copy().advance(other)
            else:
                with pytest.raises(ValueError, match="not admitted"):
                    machine.copy().advance(other)
        machine.advance(token)
    assert machine.is_complete
    assert not machine.mask().any()
    assert machine.completion() == []


@pytest.mark.parametrize("token", [-1, 0, 1, 10**9])
def test_ids_that_are_no_token_of_a_document_are_refused(workflows: Tokenizer, token: int) -> None:
    with pytest.raises(ValueError, match="not admitted"):
        workflows.machine().advance(token)


def test_a_mask_cannot_be_changed(workflows: Tokenizer) -> None:
    with pytest.raises(ValueError, match="read-only"):
        workflows.machine().mask()[0] = True


def test_a_copy_is_independent(workflows: Tokenizer) -> None:
    machine = fed(workflows, "KEY:on")
    twin = machine.copy()
    twin.advance(twin.completion()[0])
    assert machine.depth == 2
    assert machine.path == "on"
    assert machine.completion() != twin.completion()


def test_the_path_contains_the_keys_that_lead_here(workflows: Tokenizer) -> None:
    machine = workflows.machine()
    paths = []
    for token in workflows.encode({"on": "push", "jobs": {"build": {"runs-on": "x", "steps": [{"run": "m"}]}}}):
        paths.append(machine.path)
        machine.advance(token)
    assert {
        "",
        "on",
        "jobs",
        "jobs.*",
        "jobs.*.runs-on",
        "jobs.*.steps",
        "jobs.*.steps[]",
        "jobs.*.steps[].run",
    } == set(paths)


def test_a_free_key_never_repeats() -> None:
    tokenizer = tokenizer_of({"type": "object", "additionalProperties": {"type": "null"}})
    machine = fed(tokenizer, "FREE_KEY", "'a'", "KEY_END", "NULL", "FREE_KEY", "'a'")
    assert "KEY_END" not in admitted(tokenizer, machine)
    assert tokenizer.decode_prefix([*tokenizer.encode({"a": None})[:-1], tokenizer.encode({"a": None})[0]]) != {
        "a": None
    }


def test_a_free_key_may_repeat_in_another_object() -> None:
    tokenizer = tokenizer_of({"type": "object", "additionalProperties": {"$ref": "#"}})
    value = {"a": {"a": {"a": {}}, "b": {}}, "b": {"a": {}}}
    ids = tokenizer.encode(value)
    machine = tokenizer.machine()
    for token in ids:
        machine.advance(token)
    assert tokenizer.decode(ids) == value


def test_a_prefix_that_leads_only_to_used_keys_is_forbidden() -> None:
    schema = {
        "type": "object",
        "patternProperties": {"^(include|x.*)$": {"type": "null"}},
        "additionalProperties": False,
    }
    tokenizer = tokenizer_of(schema)
    start = tokenizer.machine()
    for token in tokenizer.encode({"include": None})[:-1]:
        start.advance(token)
    machine = start.copy()
    machine.advance(tokenizer.encode({"include": None})[0])
    assert admitted(tokenizer, machine) == {"'x'"}
    chance = random.Random(0)
    for _ in range(50):
        twin = start.copy()
        while not twin.is_complete:
            allowed = np.flatnonzero(twin.mask()).tolist()
            assert allowed
            twin.advance(chance.choice(allowed))


def test_a_token_of_several_bytes_that_leads_only_to_used_keys_is_forbidden() -> None:
    schema = {
        "type": "object",
        "patternProperties": {"^(include|x.*)$": {"type": "null"}},
        "additionalProperties": False,
    }
    values = [{"include": None, f"x{index}": None} for index in range(9)]
    tokenizer = Tokenizer.train(compile_schema(schema), values, vocab_size=300)
    machine = tokenizer.machine()
    ids = tokenizer.encode({"include": None})
    for token in ids[:-1]:
        machine.advance(token)
    machine.advance(ids[0])
    assert len(ids) == 4
    assert not any("i" in description for description in admitted(tokenizer, machine))


def test_used_keys_of_another_outcome_do_not_forbid_tokens() -> None:
    schema = {
        "type": "object",
        "patternProperties": {"^a": {"type": "null"}, "^(ab|ac|b.*)$": {"enum": [None, True]}},
        "additionalProperties": False,
    }
    tokenizer = tokenizer_of(schema)
    for value in ({"a": None, "ab": None, "ac": None, "b": True}, {"ac": None, "ab": None, "a": None}):
        machine = tokenizer.machine()
        for token in tokenizer.encode(value):
            assert machine.mask()[token]
            machine.advance(token)


def test_no_key_begins_if_every_key_is_used() -> None:
    schema = {"type": "object", "patternProperties": {"^[a-q]{2}$": {"type": "null"}}, "additionalProperties": False}
    letters = "abcdefg"
    tokenizer = tokenizer_of({**schema, "propertyNames": {"pattern": "^[a-g]*$"}})
    machine = tokenizer.machine()
    for token in tokenizer.encode({first + second: None for first in letters for second in letters})[:-1]:
        assert machine.mask()[token]
        machine.advance(token)
    assert admitted(tokenizer, machine) == {"OBJECT_END"}


UNDECIDED: dict[str, Any] = {
    "an array that must contain an item": {"type": "array", "not": {"items": {"not": {"const": "needle"}}}},
    "an object that must have a matching member": {
        "type": "object",
        "not": {"patternProperties": {"^x": {"not": {"const": "needle"}}}},
    },
    "a member that settles a branch two levels up": {
        "type": "object",
        "oneOf": [
            {"properties": {"a": {"properties": {"b": {"const": 1}}, "required": ["b"]}}, "required": ["c"]},
            {"properties": {"a": {"properties": {"b": {"const": 2}}, "required": ["b"]}}, "required": ["d"]},
        ],
        "required": ["a"],
    },
    "several keys by pattern": {
        "type": "object",
        "patternProperties": {"^(ab?|c.)$": {"type": "string", "pattern": "^[0-9]{3}$"}},
        "additionalProperties": False,
        "minProperties": 6,
    },
    "numbers apart from integers": {"oneOf": [{"type": "integer"}, {"type": "number"}]},
    "deep recursion": {
        "definitions": {"n": {"type": "object", "properties": {"n": {"$ref": "#/definitions/n"}}, "minProperties": 1}},
        "$ref": "#/definitions/n",
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", UNDECIDED)
@settings(max_examples=8)
@given(seed=st.integers(0, 2**32))
def test_a_completion_ends_every_document(name: str, seed: int) -> None:
    schema = UNDECIDED[name]
    tokenizer = tokenizer_of(schema)
    validator = jsonschema_rs.Draft7Validator(schema)
    ids = walk(tokenizer, random.Random(seed), 30)
    assert validator.is_valid(tokenizer.decode(ids))
    for length in range(0, len(ids), 3):
        assert validator.is_valid(tokenizer.decode_prefix(ids[:length]))


COUNTED: dict[str, Any] = {
    "a text of a length": {"type": "string", "minLength": 2, "maxLength": 5},
    "a text of a length and a pattern": {"type": "string", "minLength": 3, "maxLength": 9, "pattern": "^[aé]+b"},
    "numbers in bounds": {"type": "number", "minimum": -2.5, "exclusiveMaximum": 10},
    "multiples": {"type": "integer", "multipleOf": 7, "minimum": 1},
    "items by number": {"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": ["null", "boolean"]}},
    "items to contain": {
        "type": "array",
        "contains": {"type": "null"},
        "items": {"type": ["null", "boolean"]},
        "minItems": 2,
    },
    "keys by number": {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 2,
        "additionalProperties": {"type": "null"},
    },
    "names of keys": {"type": "object", "propertyNames": {"pattern": "^a", "maxLength": 3}, "minProperties": 2},
    "keys that bring others": {
        "type": "object",
        "dependencies": {"a": ["b"], "b": {"required": ["c"]}},
        "minProperties": 1,
    },
    "a condition": {
        "type": "object",
        "properties": {"k": {"enum": ["x", "y"]}},
        "required": ["k"],
        "if": {"properties": {"k": {"const": "x"}}},
        "then": {"properties": {"v": {"type": "null"}}, "required": ["v"]},
        "else": {"maxProperties": 1},
    },
    "a date": {"type": "string", "format": "date"},
}


@pytest.mark.parametrize("name", COUNTED)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_every_prefix_of_a_walk_is_valid_once_completed(name: str, seed: int) -> None:
    schema = COUNTED[name]
    tokenizer = tokenizer_of(schema)
    validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
    ids = walk(tokenizer, random.Random(seed), 20)
    assert validator.is_valid(tokenizer.decode(ids))
    for length in range(0, len(ids), 4):
        assert validator.is_valid(tokenizer.decode_prefix(ids[:length]))


@pytest.mark.parametrize("name", [name for name in (*UNDECIDED, *COUNTED) if "keys" not in name])
def test_a_completion_is_as_long_as_its_cost_without_used_free_keys(name: str) -> None:
    tokenizer = tokenizer_of({**UNDECIDED, **COUNTED}[name])
    grammar = tokenizer.grammar
    assert len(tokenizer.machine().completion()) == grammar.costs(grammar.start)[1]


def test_a_text_of_a_million_characters_shares_its_masks() -> None:
    tokenizer = tokenizer_of({"type": "string", "maxLength": 10**9})
    machine = tokenizer.machine()
    first = machine.mask()
    token = tokenizer.encode("a")[0]
    for _ in range(300):
        machine.advance(token)
        assert machine.mask() is first


def test_a_bound_that_is_near_shows_in_the_mask() -> None:
    tokenizer = tokenizer_of({"type": "string", "maxLength": 3})
    machine = tokenizer.machine()
    for token in tokenizer.encode("a𝄞b")[:-1]:
        assert machine.mask()[token]
        machine.advance(token)
    assert admitted(tokenizer, machine) == {"END"}


def test_long_new_keys_are_found_at_once() -> None:
    tokenizer = tokenizer_of(
        {
            "type": "object",
            "patternProperties": {"^[a-z]{40}$": {"type": "null"}},
            "additionalProperties": False,
            "minProperties": 9,
        }
    )
    value = tokenizer.decode_prefix([])
    assert sorted(map(len, value)) == [40] * 9


def test_the_completion_is_short(workflows: Tokenizer) -> None:
    assert len(workflows.machine().completion()) < 40


@pytest.mark.slow
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_under_a_prompt_every_walk_contains_it(seed: int) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "jobs": {"type": "object", "minProperties": 1}},
        "required": ["name"],
    }
    tokenizer = tokenizer_of(schema)
    prompt = {"jobs": {"build": {"steps": [1]}}, "extra": "é"}
    machine = Machine(Tables(tokenizer.grammar.with_prompt(opened(partial_of(prompt))), tokenizer.vocabulary))
    chance = random.Random(seed)
    tokens: list[int] = []
    while not machine.is_complete and len(tokens) < 60:
        tokens.append(chance.choice(np.flatnonzero(machine.mask()).tolist()))
        machine.advance(tokens[-1])
    value = tokenizer.decode([*tokens, *machine.completion()])
    assert value["jobs"]["build"]["steps"][:1] == [1]
    assert value["extra"] == "é"
    assert isinstance(value["name"], str)
