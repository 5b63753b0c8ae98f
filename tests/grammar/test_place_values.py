"""A value at a place is found, also where other keys have to come first."""

from __future__ import annotations

from typing import Any

from schemalm.compilation import compile_schema
from schemalm.grammar.place_values import value_at

JOB = {"properties": {"runs-on": {"type": "string"}, "needs": {"enum": ["a", "b"]}}, "required": ["runs-on"]}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "on": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "jobs": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": False, **JOB}},
    },
    "required": ["on", "jobs"],
    "additionalProperties": False,
}
NAMES = {"job": {"declared": [{"keys": "/jobs"}], "referred": [{"values": "/jobs/*/needs", "order": "any"}]}}


def admitted_at(path: str) -> set[str]:
    """The symbols that the value at a path admits."""
    grammar = compile_schema(SCHEMA, rules={"rules": 1, "names": NAMES})
    assert grammar.rules is not None
    value = value_at(grammar, next(place for place in grammar.rules.names.tree if place.path == path))
    assert value is not None
    return {str(grammar.symbols.symbols[symbol]) for symbol in grammar.admitted(value)}


def test_the_keys_that_are_required_before_a_place_do_not_hide_it() -> None:
    assert admitted_at("/jobs/*/needs") == {"CONST:a", "CONST:b"}
