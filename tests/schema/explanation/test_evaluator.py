"""Exactly the values that an independent validator refuses get an explanation."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from schemalm.compilation import compile_schema
from schemalm.schema.explanation import Explainer

SCHEMAS: list[dict[str, Any]] = [
    {"type": ["integer", "null"]},
    {"enum": ["a", 1, None, {"a": 1}]},
    {"minLength": 2, "pattern": "^a"},
    {"minimum": 1, "exclusiveMaximum": 3, "multipleOf": 1},
    {"required": ["a"], "properties": {"a": {"type": "integer"}}},
    {"properties": {"a": {}}, "patternProperties": {"^b": {"type": "null"}}, "additionalProperties": False},
    {"propertyNames": {"maxLength": 1}, "maxProperties": 1},
    {"items": {"type": "integer"}, "minItems": 1, "uniqueItems": True},
    {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}},
    {"contains": {"type": "integer"}, "maxContains": 1},
    {"anyOf": [{"required": ["a"]}, {"type": "integer"}, {"items": False}]},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    {"oneOf": [{"type": "integer"}, {"minimum": 2}]},
    {"not": {"required": ["a", "b"]}},
    {"not": {"anyOf": [{"type": "string"}, {"contains": {"const": 1}}]}},
    {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"type": ["object", "array"]}},
    {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"b": {"maxProperties": 1}}},
    {"properties": {"a": {}}, "unevaluatedProperties": False, "type": "object"},
    {"anyOf": [{"type": "object", "additionalProperties": {"$ref": "#"}, "minProperties": 1}, {"type": "integer"}]},
]  # fmt: skip
VALUES: list[Any] = [
    None, True, 0, 1, 2, 2.5, 3, "", "a", "ab", "ba", [], [1], [1, 1], [1, "a"], ["a", 1], [None], {}, {"a": 1},
    {"a": "x"}, {"b": None}, {"b": 1}, {"a": 1, "b": 2}, {"aa": 1}, {"a": {"b": 1}}, {"a": {"b": []}}, [[1]],
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS)
def test_exactly_the_refused_values_are_explained(schema: dict[str, Any]) -> None:
    grammar = compile_schema(schema)
    validator = jsonschema_rs.Draft202012Validator(schema)
    explainer = Explainer(grammar.shapes, grammar.budget)
    for value in VALUES:
        assert (explainer.explain(grammar.shape, value) is None) == validator.is_valid(value), value
