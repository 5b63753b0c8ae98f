"""Hostile schemas: of each kind, every public call ends in a value or in a limit that is named, and soon."""

from __future__ import annotations

from typing import Any

from tests.attacks.attack import Attack


def branches(count: int) -> dict[str, Any]:
    """Exactly one of many objects, each with a key of its own that it requires."""
    texts = ({"required": [f"k{n}"], "properties": {f"k{n}": {"type": "string"}}} for n in range(count))
    return {"type": "object", "oneOf": list(texts)}


def conditions(count: int) -> dict[str, Any]:
    """Many conditions on a tag that need not be there."""
    parts = (
        {
            "if": {"properties": {"f": {"const": f"f{n}"}}},
            "then": {"properties": {f"p{n}": {"type": "integer"}}, "required": [f"p{n}"]},
        }
        for n in range(count)
    )
    return {"type": "object", "allOf": list(parts)}


BOUNDED = ("value", "LimitError")
ATTACKS: dict[str, Attack] = {
    "schema: exactly one of 4 required keys": Attack("schema", ("value",), (branches(4), [{"k0": "a"}])),
    "schema: conditions of 3 tags": Attack("schema", ("value",), (conditions(3), [{"f": "f0", "p0": 1}])),
    "schema: a long text": Attack("schema", ("LimitError", "SchemaError"), {"type": "string", "minLength": 10**9}),
}
