"""Fuzzes reading and compiling schemas; a schema that compiles has a value that survives encoding and decoding."""

from __future__ import annotations

import json

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["schemalm"]):
    from schemalm import Limits, Tokenizer, compile_schema

from fuzz.harness import fuzz

LIMITS = Limits(compile_seconds=2.0, call_work=100_000, schema_bytes=1 << 16, minimum_count=50, automaton_states=2_000)
SEEDS = tuple(
    json.dumps(schema).encode()
    for schema in (
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "^a+$"}}, "required": ["a"]},
        {"$defs": {"n": {"items": {"$ref": "#/$defs/n"}}}, "$ref": "#/$defs/n", "uniqueItems": True},
        {"oneOf": [{"const": 1}, {"enum": ["a", None]}, {"type": "number", "multipleOf": 0.5, "minimum": 3}]},
        {"if": {"required": ["x"]}, "then": {"minProperties": 2}, "else": {"maxProperties": 3}, "type": "object"},
        {"$id": "http://x/", "definitions": {"a": {"$schema": "http://json-schema.org/draft-04/schema#", "$id": "b"}}},
        {"type": "object", "patternProperties": {"^x-": {}}, "unevaluatedProperties": False, "dependentRequired": {}},
        {"type": "array", "prefixItems": [{}, False], "contains": {"type": "null"}, "minContains": 1, "format": "date"},
    )
)


def read(content: bytes) -> None:
    """Compile a schema, and encode its shortest value."""
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError):
        return
    if not isinstance(schema, dict | bool):
        return
    tokenizer = Tokenizer.from_grammar(compile_schema(schema, limits=LIMITS))
    value = tokenizer.decode_prefix([])
    assert tokenizer.decode(tokenizer.encode(value)) == value, value


if __name__ == "__main__":
    fuzz("schemas", read, SEEDS)
