"""Hostile schemas end in SchemaError, soon."""

from __future__ import annotations

import time
from typing import Any

import pytest

from schemalm.errors import SchemaError
from schemalm.grammar import Limits, compile_schema


def nested(keyword: str, depth: int) -> Any:
    """A schema inside a schema, `depth` times."""
    schema: Any = {"type": "string"}
    for _ in range(depth):
        schema = {keyword: [schema, {"minLength": 1}] if keyword.endswith("Of") else schema}
    return schema


def doubling(depth: int) -> Any:
    """References that each lead twice to the next: 2 ** depth when written out."""
    definitions: dict[str, Any] = {
        f"d{index}": {"properties": {"a": {"$ref": f"#/$defs/d{index + 1}"}, "b": {"$ref": f"#/$defs/d{index + 1}"}}}
        for index in range(depth)
    }
    return {"$defs": {**definitions, f"d{depth}": {"type": "string"}}, "$ref": "#/$defs/d0"}


HOSTILE: dict[str, Any] = {
    "deep not": nested("not", 300),
    "deep allOf": nested("allOf", 300),
    "deep items": nested("items", 5000),
    "long pattern": {"type": "string", "pattern": "a{1000000}"},
    "nested repetition": {"type": "string", "pattern": "((a{900}){900}){900}"},
    "exponential pattern": {"type": "string", "pattern": "(a|b)*a(a|b){40}"},
    "long text": {"type": "string", "minLength": 10**9},
    "long array": {"type": "array", "minItems": 10**9},
    "large object": {"type": "object", "minProperties": 10**9},
    "reference to itself": {"$ref": "#"},
    "cycle of references": {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    "cycle in a branch": {"anyOf": [{"type": "string"}, {"not": {"$ref": "#"}}]},
    "no finite value": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}},
    "no value": {"allOf": [{"type": "string"}, {"type": "number"}]},
    "false": False,
    "a pattern against another": {"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "^b"}]},
    "more keys than there are": {
        "type": "object",
        "patternProperties": {"^[ab]$": {}},
        "additionalProperties": False,
        "minProperties": 3,
    },
    "more keys than two patterns share": {
        "type": "object",
        "allOf": [
            {"patternProperties": {"^(a|x.*)$": {}}, "additionalProperties": False},
            {"patternProperties": {"^(a|y.*)$": {}}, "additionalProperties": False},
        ],
        "minProperties": 2,
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_schemas_are_refused_soon(name: str) -> None:
    start = time.monotonic()
    with pytest.raises(SchemaError):
        compile_schema(HOSTILE[name])
    assert time.monotonic() - start < 15


def test_references_that_double_are_no_harm() -> None:
    start = time.monotonic()
    compile_schema(doubling(60))
    assert time.monotonic() - start < 15


@pytest.mark.parametrize(
    ("schema", "limits"),
    [
        ({"title": "x" * 200}, Limits(schema_bytes=100)),
        ({"not": {"not": {}}}, Limits(schema_depth=2)),
        ({"type": "string", "pattern": "a{50}"}, Limits(automaton_states=20)),
        ({"type": "array", "minItems": 50}, Limits(grammar_states=20)),
        ({"type": "string", "pattern": "a{50}"}, Limits(pattern_repeat=20)),
        ({"type": "object", "minProperties": 50}, Limits(finite_pattern_keys=20)),
    ],
)
def test_every_limit_ends_in_a_schema_error(schema: Any, limits: Limits) -> None:
    compile_schema(schema)
    with pytest.raises(SchemaError, match=r"limit|more than"):
        compile_schema(schema, limits=limits)
