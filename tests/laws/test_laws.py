"""The laws of the design as properties over small random schemas; the oracle is jsonschema-rs, never our own code."""

from __future__ import annotations

import os
import random
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from schemalm.documents import json_equal
from schemalm.errors import InvalidDocument, SchemaError
from schemalm.grammar import compile_schema
from schemalm.tokenizer import Tokenizer

NAMES = ("a", "b", "c", "", "x/y~z", "é")
KEYS = (*NAMES, "x-1", "x-2", "ab", "include", "1")
STRINGS = ("", "a", "b", "ab", "abc", "x-1", "include", "é", "𝄞 b", "12")
NUMBERS = (0, 1, 1.0, -1, 2, 0.5, -0.0, 0.1, 1.5e300, 10**18, 1e16)
# Without the dot: where it meets a carriage return or U+2028, the oracle departs from ECMA-262.
PATTERNS = ("^a", "b$", "^(include|x.*)$", "^[ab]$", "^x-", "", "^[^b]{2,3}$", "[0-9]+", "^(a|b|c)?$", "^[^a]*$")
KINDS = ("null", "boolean", "integer", "number", "string", "array", "object")
MAX_TOKENS = 60

scalars = st.one_of(st.none(), st.booleans(), st.sampled_from(STRINGS), st.sampled_from(NUMBERS))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=8,
)
small_values = st.one_of(scalars, st.lists(scalars, max_size=2), st.dictionaries(st.sampled_from(NAMES), scalars))


def _tables(names: tuple[str, ...], inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(names), inner, min_size=1, max_size=3)


def _lists(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, min_size=1, max_size=3)


def _some(fixed: dict[str, Any], /, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(fixed, optional=optional)


leaves = st.one_of(
    st.builds(dict),
    st.just({"$ref": "#/definitions/r"}),
    st.just({"$ref": "#"}),
    st.booleans(),
    _some({"type": st.one_of(st.sampled_from(KINDS), st.lists(st.sampled_from(KINDS), min_size=1, unique=True))}),
    _some({"enum": st.lists(small_values, min_size=1, max_size=4, unique_by=repr)}),
    _some({"const": small_values}),
    _some({"type": st.just("string")}, pattern=st.sampled_from(PATTERNS), minLength=st.integers(0, 3)),
    _some({"pattern": st.sampled_from(PATTERNS)}),
    _some({"required": st.lists(st.sampled_from(NAMES), max_size=2, unique=True)}),
)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.lists(st.sampled_from(NAMES), max_size=2, unique=True)
    rest = st.one_of(st.just(False), inner)
    objects = _some(
        {},
        type=st.just("object"),
        properties=_tables(NAMES, inner),
        required=names,
        patternProperties=_tables(PATTERNS, inner),
        additionalProperties=rest,
        minProperties=st.integers(0, 3),
        dependencies=_tables(NAMES, st.one_of(inner, names)),
    )
    arrays = _some(
        {},
        type=st.just("array"),
        items=st.one_of(inner, _lists(inner)),
        additionalItems=rest,
        minItems=st.integers(0, 3),
    )
    branches = st.one_of(*(_some({keyword: _lists(inner)}) for keyword in ("allOf", "anyOf", "oneOf")))
    choices = st.one_of(
        branches,
        _some({"not": inner}),
        _some({"if": inner}, then=inner, **{"else": inner}),
        _some({"type": st.just("object"), "properties": _tables(NAMES, inner)}, oneOf=_lists(objects)),
    )
    # Branches that differ in what lies under the same few keys, so that a child's verdict settles them.
    member = st.one_of(_some({"enum": st.lists(st.sampled_from(("a", "b", 1)), min_size=1, unique=True)}), inner)
    branch = _some({"properties": _tables(("a", "b"), member)}, required=st.just(["a"]), minProperties=st.just(2))
    undecided = st.one_of(
        *(_some({keyword: st.lists(branch, min_size=2, max_size=3)}) for keyword in ("anyOf", "oneOf")),
        _some({"not": branch}),
        _some({"if": branch, "then": branch}, **{"else": branch}),
        _some({"not": _some({"items": member})}),
        _some({"not": _some({"additionalProperties": member})}),
    )
    single = st.one_of(objects, arrays, choices, undecided, undecided)
    return st.one_of(single, st.builds(lambda left, right: {**left, **right}, single, single))


nodes = st.recursive(leaves, _containers, max_leaves=7)
schemas = st.builds(
    lambda root, shared: {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"r": shared},
        **(root if isinstance(root, dict) else {"allOf": [root]}),
    },
    nodes,
    nodes,
)
seeds = st.integers(0, 2**32)
# More examples: `LAW_EXAMPLES=5000 pytest tests/laws`.
lawful = settings(
    max_examples=int(os.environ.get("LAW_EXAMPLES", "120")),
    deadline=None,
    derandomize="LAW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def compiled(schema: Any) -> Tokenizer:
    """A tokenizer of the schema; schemas that are refused for their references or for having no value are skipped."""
    try:
        return Tokenizer.from_grammar(compile_schema(schema))
    except SchemaError:
        assume(False)
        raise


def trained(tokenizer: Tokenizer, chance: random.Random) -> Tokenizer:
    """The tokenizer with merges learned from documents of random walks."""
    documents = [tokenizer.decode(walk(tokenizer, chance)) for _ in range(4)]
    scope = chance.choice(["word", "value", "derivation"])
    return Tokenizer.train(tokenizer.grammar, documents * 2, vocab_size=tokenizer.vocab_size + 20, merge_scope=scope)


def walk(tokenizer: Tokenizer, chance: random.Random) -> list[int]:
    """Tokens drawn from the mask, then the completion."""
    machine = tokenizer.machine()
    tokens: list[int] = []
    while not machine.is_complete and len(tokens) < MAX_TOKENS:
        allowed = np.flatnonzero(machine.mask())
        assert len(allowed), "a machine that is not complete has a way on"
        structural = allowed[allowed >= 2 + 256]
        # Among all tokens the bytes prevail: half of the draws leave them out.
        pool = structural if len(structural) and chance.random() < 0.5 else allowed
        tokens.append(int(chance.choice(pool.tolist())))
        machine.advance(tokens[-1])
    return tokens + machine.completion()


def mutated(value: Any, chance: random.Random) -> Any:
    """A copy of the value with one place changed."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        name = chance.choice(list(value))
        change = chance.randrange(3)
        if change == 0:
            return {key: item for key, item in value.items() if key != name}
        if change == 1:
            return {**value, chance.choice(KEYS): chance.choice([*STRINGS, *NUMBERS, None, {}, []])}
        return {**value, name: mutated(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        index = chance.randrange(len(value))
        replacement = [] if chance.random() < 0.5 else [mutated(value[index], chance)]
        return [*value[:index], *replacement, *value[index + 1 :]]
    return chance.choice([*STRINGS, *NUMBERS, None, True, {}, [], {"a": 1}, ["a"]])


def assert_encodes(tokenizer: Tokenizer, value: Any) -> None:
    """Laws 1 and 4 for one valid value."""
    ids = tokenizer.encode(value)
    machine = tokenizer.machine()
    for token in ids:
        assert machine.mask()[token], f"the mask forbids {tokenizer.describe(token)}"
        machine.advance(token)
    assert machine.is_complete
    assert json_equal(tokenizer.decode(ids), value)


def assert_refused(tokenizer: Tokenizer, value: Any) -> None:
    """Law 5 for one invalid value."""
    with pytest.raises(InvalidDocument) as caught:
        tokenizer.encode(value)
    place = value
    for part in caught.value.pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        place = place[int(name)] if isinstance(place, list) else place[name]
    assert caught.value.keyword
    assert "cannot be written" not in caught.value.message


@lawful
@given(schemas, seeds)
def test_whatever_the_machine_accepts_is_valid_at_every_prefix(schema: Any, seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = trained(compiled(schema), chance)
    validator = jsonschema_rs.Draft7Validator(schema)
    for _ in range(2):
        ids = walk(tokenizer, chance)
        value = tokenizer.decode(ids)
        assert validator.is_valid(value), value
        assert_encodes(tokenizer, value)
        for length in range(len(ids)):
            assert validator.is_valid(tokenizer.decode_prefix(ids[:length]))


@lawful
@given(schemas, st.lists(values, min_size=1, max_size=4), seeds)
def test_values_encode_exactly_where_they_are_valid(schema: Any, given_values: list[Any], seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = compiled(schema)
    validator = jsonschema_rs.Draft7Validator(schema)
    near = [tokenizer.decode(walk(tokenizer, chance)) for _ in range(4)]
    for value in [*given_values, *(mutated(value, chance) for value in near)]:
        if validator.is_valid(value):
            assert_encodes(tokenizer, value)
        else:
            assert_refused(tokenizer, value)


@lawful
@given(schemas, st.lists(values, min_size=5, max_size=10))
def test_a_schema_is_refused_as_empty_only_where_no_value_is_valid(schema: Any, given_values: list[Any]) -> None:
    try:
        compile_schema(schema)
    except SchemaError as error:
        assume("satisfies" in error.message)
        validator = jsonschema_rs.Draft7Validator(schema)
        assert not any(validator.is_valid(value) for value in given_values)


def thinned(value: Any, chance: random.Random) -> Any:
    """A part of the value: some keys left out, arrays cut short."""
    if isinstance(value, dict):
        return {name: thinned(item, chance) for name, item in value.items() if chance.random() < 0.6}
    if isinstance(value, list):
        return [thinned(item, chance) for item in value[: chance.randint(0, len(value))]]
    return value


def states(value: Any, prompt: Any) -> bool:
    """Whether the value states everything that the prompt states."""
    if isinstance(prompt, dict):
        return isinstance(value, dict) and all(name in value and states(value[name], prompt[name]) for name in prompt)
    if isinstance(prompt, list):
        enough = isinstance(value, list) and len(value) >= len(prompt)
        return enough and all(map(states, value, prompt))
    return json_equal(value, prompt)


@lawful
@given(schemas, seeds)
def test_under_a_prompt_every_walk_states_it_and_is_valid(schema: Any, seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = compiled(schema)
    validator = jsonschema_rs.Draft7Validator(schema)
    for _ in range(2):
        prompt = thinned(tokenizer.decode(walk(tokenizer, chance)), chance)
        prompted = Tokenizer(tokenizer.grammar.with_prompt(prompt))
        for _ in range(2):
            # What the prompted machine writes, the plain grammar reads.
            value = tokenizer.decode(walk(prompted, chance))
            assert states(value, prompt)
            assert validator.is_valid(value)


def slow_encoding(tokenizer: Tokenizer, value: Any) -> list[int]:
    """Section 3 of the design, word for word: the earliest merge first, as often as it applies, inside segments."""
    vocabulary = tokenizer.vocabulary
    ids: list[int] = []
    for segment in tokenizer.segments(value):
        parts = [segment] if segment in vocabulary.whole_values else list(segment)
        for left, right in vocabulary.merges:
            position = 0
            while position + 1 < len(parts):
                if (parts[position], parts[position + 1]) == (left, right):
                    parts[position : position + 2] = [left + right]
                position += 1
        ids += [vocabulary.ids[part] for part in parts]
    return ids


@lawful
@given(schemas, seeds)
def test_the_merge_engine_equals_an_obvious_implementation(schema: Any, seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = trained(compiled(schema), chance)
    for _ in range(3):
        value = tokenizer.decode(walk(tokenizer, chance))
        assert tokenizer.encode(value) == slow_encoding(tokenizer, value)
