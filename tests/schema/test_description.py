"""What a schema says about a place: from all its parts that may speak of the value there."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.schema.description import MAX_PARTS, Description, description_at
from schemalm.schema.nodes import Nodes

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "Menu",
    "properties": {
        "size": {"description": " How large. ", "enum": ["S", "M"], "default": "M"},
        "step": {"$ref": "#/definitions/step", "description": "ignored beside a reference"},
        "either": {"oneOf": [{"type": "string", "title": "One"}, {"type": ["null", "string"], "title": "Other"}]},
        "items": {"items": [{"title": "first"}], "additionalItems": {"title": "rest"}},
        "list": {"items": {"const": 1}},
        "when": {"if": {"title": "not this"}, "then": {"title": "then"}, "else": {"title": "else"}},
        "loop": {"$ref": "#/properties/loop"},
    },
    "patternProperties": {"^x-": {"title": "extension"}, "(": {"title": "never"}},
    "additionalProperties": {"type": "integer"},
    "definitions": {"step": {"properties": {"run": {"title": "Run"}}, "allOf": [{"title": "Step"}]}},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), Description(titles=("Menu",))),
        (("size",), Description((), ("How large.",), (), ("S", "M"), ("M",))),
        (("step",), Description(titles=("Step",))),
        (("step", "run"), Description(titles=("Run",))),
        (("either",), Description(titles=("One", "Other"), types=("string", "null"))),
        (("items", 0), Description(titles=("first",))),
        (("items", 3), Description(titles=("rest",))),
        (("list", 7), Description(constants=(1,))),
        (("when",), Description(titles=("then", "else"))),
        (("x-a",), Description(titles=("extension",))),
        (("other",), Description(types=("integer",))),
        (("loop",), Description()),
        (("size", "deeper", 3), Description()),
    ],
)
def test_what_is_said_about_a_place(path: tuple[str | int, ...], expected: Description) -> None:
    assert description_at(Nodes(SCHEMA, "annotate"), path) == expected


def test_new_drafts_keep_what_stands_beside_a_reference() -> None:
    schema = {"$ref": "#/$defs/a", "title": "beside", "$defs": {"a": {"description": "behind"}}}
    assert description_at(Nodes(schema, "annotate"), ()) == Description(("beside",), ("behind",))


def test_the_work_is_bounded() -> None:
    wide = {"anyOf": [{"title": str(number)} for number in range(3 * MAX_PARTS)]}
    assert len(description_at(Nodes(wide, "annotate"), ()).titles) < MAX_PARTS
