"""Hostile schemas: every public call must quickly end in a value, or in an error that names a limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.attacks.attack import Attack

VALUE, BOUNDED, REFUSED = ("value",), ("value", "LimitError"), ("SchemaError", "LimitError")
ANY = (*VALUE, *REFUSED)


def parts(keyword: str, count: int, make: Callable[[int], Any]) -> dict[str, Any]:
    """Return many subschemas under one keyword."""
    return {keyword: [make(number) for number in range(count)]}


def branches(count: int) -> dict[str, Any]:
    """Exactly one of many objects, each of which requires its own key."""
    found = parts("oneOf", count, lambda n: {"required": [f"k{n}"], "properties": {f"k{n}": {"type": "string"}}})
    return {"type": "object", **found}


def conditions(count: int) -> dict[str, Any]:
    """Many conditions on an optional tag."""
    return {
        "type": "object",
        **parts(
            "allOf",
            count,
            lambda n: {
                "if": {"properties": {"f": {"const": f"f{n}"}}},
                "then": {"properties": {f"p{n}": {"type": "integer"}}, "required": [f"p{n}"]},
            },
        ),
    }


def mutual(count: int, num_branches: int) -> dict[str, Any]:
    """Open objects that refer to each other, under `oneOf`."""
    names = [f"d{n}" for n in range(count)]
    definitions = {
        name: {"type": "object", "properties": {n: {"$ref": f"#/$defs/{n}"} for n in names}} for name in names
    }
    return {"$defs": definitions, "oneOf": [{"$ref": f"#/$defs/{n}", "required": [n]} for n in names[:num_branches]]}


def different(count: int) -> dict[str, Any]:
    """Many different items."""
    return {"type": "array", "items": {"type": "integer"}, "uniqueItems": True, "minItems": count}


def contained(count: int) -> dict[str, Any]:
    """Exactly one of four kinds of items, up to a thousand times."""
    return {
        "type": "array",
        "maxItems": 1_000,
        **parts("oneOf", 4, lambda n: {"contains": {"const": n}, "minContains": 1, "maxContains": count}),
    }


def named(count: int) -> dict[str, Any]:
    """Many property names."""
    return {"type": "object", "properties": {f"p{n}": {"type": "integer"} for n in range(count)}}


def explained(depth: int) -> Any:
    """An invalid value with several reasons at every level."""
    schema = {
        "$defs": {
            "n": {
                "anyOf": [
                    {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["a"]}
                    | {"additionalProperties": False},
                    {"type": "object", "properties": {name: {"$ref": "#/$defs/n"} for name in "ab"}, "required": ["a"]},
                    {"type": "integer"},
                ]
            }
        },
        "$ref": "#/$defs/n",
    }
    value: Any = "text"
    for _ in range(depth):
        value = {"a": value}
    return schema, [value]


MIXED = {
    "$id": "http://x/",
    "definitions": {"a": {"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"b": True}}},
}
TEXTS = {"type": "string", "allOf": [{"pattern": "a[ab]{200}a"}, {"pattern": "b[ab]{211}b"}]}
NUMBERS = {
    "type": "number",
    **parts("anyOf", 6, lambda n: {"multipleOf": 7 + 4 * n, "minimum": 1_000 * n + 1}),
    **parts("allOf", 5, lambda n: {"multipleOf": [2, 3, 5, 7, 11][n], "maximum": 10**9}),
}
PRIME = {"type": "integer", "multipleOf": 999_999_999_999_989}
ATTACKS: dict[str, Attack] = {
    "schema: exactly one of 64 required keys": Attack("schema", VALUE, (branches(64), [{"k0": "a"}])),
    "schema: conditions of 16 tags": Attack("schema", VALUE, (conditions(16), [{"f": "f0", "p0": 1}])),
    "schema: objects that lead to each other, 2 of 8": Attack("schema", BOUNDED, lambda: mutual(8, 2)),
    "schema: objects that lead to each other, 4 of 8": Attack("schema", BOUNDED, lambda: mutual(8, 4)),
    "schema: a long text": Attack("schema", REFUSED, {"type": "string", "minLength": 10**9}),
    "schema: a reference to itself": Attack("schema", REFUSED, {"$ref": "#"}),
    "schema: all of itself": Attack("schema", (*VALUE, "SchemaError"), {"allOf": [{"$ref": "#"}]}),
    "schema: exactly one of 256 required keys": Attack("schema", VALUE, (branches(256), [{"k0": "a"}])),
    "schema: conditions of 64 tags": Attack("schema", VALUE, (conditions(64), [{"f": "f0", "p0": 1}])),
    "schema: 200 different items": Attack("schema", BOUNDED, lambda: (different(200), [list(range(200))])),
    "schema: 5000 different items": Attack("schema", BOUNDED, lambda: different(5_000)),
    "schema: one of four contains": Attack("schema", BOUNDED, lambda: (contained(1_000), [[0, 9] * 50])),
    "schema: texts of two lengths": Attack("schema", BOUNDED, TEXTS),
    "schema: a text with a far end": Attack("schema", ANY, {"type": "string", "pattern": "^.*a.{2000}b$"}),
    "schema: a refusal with many reasons": Attack("schema", VALUE, lambda: explained(100)),
    "schema: many multiples and bounds": Attack("schema", BOUNDED, NUMBERS),
    "schema: 300,000 integers": Attack("schema", ANY, lambda: {"enum": list(range(300_000))}),
    "schema: 400,000 texts": Attack("schema", ANY, lambda: {"enum": [f"text {n}" for n in range(400_000)]}),
    "schema: a multiple of a large prime": Attack("schema", BOUNDED, PRIME),
    "schema: 20,000 properties": Attack("schema", BOUNDED, lambda: named(20_000)),
    "schema: a number in the place of a schema": Attack("schema", REFUSED, {"contains": 1}),
    "schema: drafts inside each other": Attack("schema", VALUE, (MIXED, [{"a": 1}])),
}
