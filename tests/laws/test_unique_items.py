"""Arrays whose items may have to differ, compared with brute force: which are valid, and what may follow a prefix."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.errors import SchemaError
from schemalm.tokenizer import Tokenizer

from .properties import assert_encodes

MAX_ITEMS = 3
MAX_VISITED = 150
BOTH = ["a", "b"]
# Each schema has few values, all of them in `VALUES` or equal to one with another spelling of a number.
FEW = [
    *({"enum": BOTH}, {"const": "a"}, {"const": "b"}, {"enum": ["a", "ab", None]}, {"enum": [1, 2]}, {"const": 1.0}),
    *({"type": "string", "pattern": "^(a|b|ab)$"}, {"type": "integer", "minimum": 1, "maximum": 2}),
    *({"type": "boolean"}, {"type": ["null", "boolean"], "not": {"const": False}}),
    {"type": "array", "items": {"enum": BOTH}, "maxItems": 1},
    {"type": "array", "items": {"enum": BOTH}, "maxItems": 2, "uniqueItems": True},
    {"type": "array", "items": {"enum": BOTH}, "maxItems": 2, "not": {"uniqueItems": True}},
    {"type": "object", "properties": {"k": {"const": 1}}, "additionalProperties": False},
    {"type": "object", "additionalProperties": {"const": 1}, "propertyNames": {"pattern": "^[xy]$"}},
    {"anyOf": [{"const": "a"}, {"type": "array", "items": {"const": "b"}, "maxItems": 1}]},
    {"oneOf": [{"enum": BOTH}, {"enum": ["b", None]}]},
]
MANY = [True, {"type": "string"}, {"type": "array"}, {"type": "object"}, {"type": "string", "pattern": "^a"}]
VALUES: list[Any] = [
    *("a", "b", "ab", True, False, None, 1, 2, [], ["a"], ["b"], ["a", "b"], ["b", "a"], ["a", "a"], ["b", "b"]),
    *({}, {"k": 1}, {"x": 1}, {"y": 1}, {"x": 1, "y": 1}, {"y": 1, "x": 1}),
]


def arrays(items: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Returns assertions about arrays, with items of these kinds."""
    item, counts = st.sampled_from(items), st.integers(0, MAX_ITEMS)
    plain = st.fixed_dictionaries(
        {},
        optional={
            "uniqueItems": st.just(True),
            "items": item,
            "prefixItems": st.lists(item, min_size=1, max_size=MAX_ITEMS),
            "minItems": counts,
            "maxItems": counts,
            "contains": item,
            "minContains": counts,
            "maxContains": counts,
        },
    )
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            st.builds(lambda schema: {"not": schema}, inner),
            st.builds(
                lambda name, schemas: {name: schemas}, st.sampled_from(["anyOf", "oneOf", "allOf"]), pairs(inner)
            ),
            st.fixed_dictionaries({"if": inner, "then": inner, "else": inner}),
            st.builds(lambda one, other: one | other, inner, plain),
        ),
        max_leaves=3,
    )


def pairs(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(inner, min_size=2, max_size=2)


def bounded(items: st.SearchStrategy[Any], more: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Returns schemas of short arrays: each item is one of `items`, and other assertions are about the kinds `more`."""
    head = st.fixed_dictionaries(
        {"type": st.just("array"), "maxItems": st.integers(1, MAX_ITEMS), "items": items},
        optional={"uniqueItems": st.just(True)},
    )
    return st.builds(lambda first, second: {"allOf": [first, second]}, head, arrays(more))


few = bounded(st.sampled_from(FEW) | st.builds(lambda two: {"anyOf": two}, pairs(st.sampled_from(FEW))), FEW)
many = bounded(st.just(True), [*FEW, *MANY])
with_examples = settings(
    # Run more examples with `LAW_EXAMPLES=5000 pytest tests/laws`.
    max_examples=int(os.environ.get("LAW_EXAMPLES", "60")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def spellings(value: Any) -> Iterator[Any]:
    """Returns the values that are equal to a value: whole numbers with a fraction and without."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield from (int(value), float(value))
    elif isinstance(value, list):
        yield from map(list, product(*map(spellings, value)))
    elif isinstance(value, dict):
        for items in product(*map(spellings, value.values())):
            yield dict(zip(value, items, strict=True))
    else:
        yield value


def valid_arrays(schema: dict[str, Any]) -> list[list[Any]]:
    """Returns every valid array of `VALUES`."""
    validator = jsonschema_rs.validator_for(schema)
    each = jsonschema_rs.validator_for(schema["allOf"][0]["items"])
    values = [value for value in VALUES if each.is_valid(value)]
    found = (list(items) for length in range(MAX_ITEMS + 1) for items in product(values, repeat=length))
    return [array for array in found if validator.is_valid(array)]


def compiled(schema: dict[str, Any], valid: list[list[Any]]) -> Tokenizer:
    """Returns the tokenizer of a schema. A schema with valid values must compile."""
    try:
        return Tokenizer.from_grammar(compile_schema(schema))
    except SchemaError:
        assert not valid
        assume(False)
        raise


@pytest.mark.slow
@with_examples
@given(schema=few, seed=st.integers(0, 2**32))
def test_masks_admit_exactly_the_prefixes_of_valid_arrays(schema: dict[str, Any], seed: int) -> None:
    valid = valid_arrays(schema)
    tokenizer = compiled(schema, valid)
    assert valid, "a schema that no array satisfies is refused"
    beginnings: dict[int, Any] = {}
    for array in valid:
        for spelled in spellings(array):
            node = beginnings
            for token in tokenizer.encode(spelled):
                node = node.setdefault(token, {})
    chance = random.Random(seed)
    pending = [(tokenizer.machine(), beginnings, [])]
    for _ in range(MAX_VISITED):
        if not pending:
            break
        machine, node, path = pending.pop(chance.randrange(len(pending)))
        assert set(np.flatnonzero(machine.mask()).tolist()) == node.keys(), [*map(tokenizer.describe, path)]
        assert jsonschema_rs.is_valid(schema, tokenizer.decode([*path, *machine.completion()]))
        for token in node:
            after = machine.copy()
            after.advance(token)
            pending.append((after, node[token], [*path, token]))


@pytest.mark.slow
@with_examples
@given(schema=many, seed=st.integers(0, 2**32))
def test_walks_with_many_items_never_reach_an_empty_mask(schema: dict[str, Any], seed: int) -> None:
    valid, chance = valid_arrays(schema), random.Random(seed)
    tokenizer = compiled(schema, valid)
    for array in chance.sample(valid, min(5, len(valid))):
        assert_encodes(tokenizer, array)
    known = [token for array in valid[:5] for token in tokenizer.encode(array)]
    machine, tokens = tokenizer.machine(), list[int]()
    while not machine.is_complete and len(tokens) < 30:
        allowed = np.flatnonzero(machine.mask()).tolist()
        assert allowed, [*map(tokenizer.describe, tokens)]
        likely = [token for token in allowed if token in known]
        tokens.append(chance.choice(likely if likely and chance.random() < 0.8 else allowed))
        machine.advance(tokens[-1])
        if len(tokens) % 3 == 0:
            assert jsonschema_rs.is_valid(schema, tokenizer.decode([*tokens, *machine.completion()]))
