"""Real schemas that jsonschema-rs rejects as written, with valid and invalid values."""

from __future__ import annotations

from typing import Any

_MAP = "Map\u2039string(any)>"


def _of_string(name: str, pattern: str) -> dict[str, Any]:
    properties = {name: {"type": "string", "pattern": pattern}}
    return {"type": "object", "required": [name], "additionalProperties": False, "properties": properties}


MISREAD: dict[str, tuple[dict[str, Any], list[Any], list[Any]]] = {
    "an e-mail pattern": (
        _of_string("email", r"^[\w-.]+@[\w-]+\.[a-z]{2,4}$"),
        [{"email": "a-b.c@site-1.org"}, {"email": "_@a.eu"}],
        [{"email": "é@a.eu"}, {"email": "a,b@a.eu"}, {}],
    ),
    "spellings of draft 4": (
        {
            "id": "http://example.com/tank",
            "type": "object",
            "required": ["level"],
            "additionalProperties": False,
            "properties": {
                "level": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 9},
                "pair": {"items": [{"type": "integer"}, {"enum": ["a", "b"]}], "additionalItems": False},
            },
        },
        [{"level": 9}, {"level": 0.5, "pair": [1, "a"]}],
        [{"level": 0}, {"level": 1, "pair": [1, "c"]}, {"level": 1, "pair": [1, "a", 1]}],
    ),
    "a reference with unusual characters": (
        {
            "type": "object",
            "required": ["labels"],
            "additionalProperties": False,
            "properties": {"labels": {"$ref": f"#/definitions/{_MAP}"}},
            "definitions": {_MAP: {"type": "object", "additionalProperties": {"type": "string", "maxLength": 9}}},
        },
        [{"labels": {}}, {"labels": {"a": "b"}}],
        [{"labels": {"a": 1}}, {"labels": 1}],
    ),
    "a count without its lower bound": (
        _of_string("code", "^[a-z]a{,2}$"),
        [{"code": "ba{,2}"}, {"code": "za{,2}"}],
        [{"code": "ba"}, {"code": "baa"}, {"code": "b"}],
    ),
    "braces that stand for themselves": (
        _of_string("name", "^{{[a-z]{1,6}}}$"),
        [{"name": "{{x}}"}, {"name": "{{abc}}"}],
        [{"name": "x"}, {"name": "{{}}"}],
    ),
}
