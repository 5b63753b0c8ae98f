"""References lead to the node that their draft defines, inside the schema; nothing is fetched."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument, SchemaError
from schemalm.tokenizer import Tokenizer

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_6 = "http://json-schema.org/draft-06/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"

VALUES: tuple[Any, ...] = (
    *(None, 1, "", "a", [], [1], ["a"], [["a"]], [[1]], {}, {"a": 1}, {"a": "b"}, {"b": "a"}, {"a": {}}),
    *({"a": {"a": "b"}}, {"a": {"a": 1}}, {"a": {"b": 1}}, {"a": "b", "c": 1}, {"data": 1, "children": []}),
    *({"children": [{"children": [{"data": 1}]}]}, {"children": [{"daat": 1}]}, {"a": ["b", 1]}, {"a": ["b"]}),
)


def accepts(tokenizer: Tokenizer, value: Any) -> bool:
    try:
        tokenizer.encode(value)
    except InvalidDocument:
        return False
    return True


def assert_agrees(schema: Any) -> None:
    """Asserts that our verdict on every value is that of the validator of the schema's draft."""
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    validator = jsonschema_rs.validator_for(schema, retriever=refuse)
    expected = [validator.is_valid(value) for value in VALUES]
    assert [accepts(tokenizer, value) for value in VALUES] == expected
    assert True in expected
    assert False in expected


def refuse(uri: str) -> Any:
    raise ValueError(f"{uri} must not be fetched")


TREE = {
    "$schema": DRAFT_2020,
    "$id": "https://example.org/tree",
    "$dynamicAnchor": "node",
    "type": "object",
    "properties": {"data": True, "children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
}
STRICT_TREE = {
    "$schema": DRAFT_2020,
    "$id": "https://example.org/strict-tree",
    "$dynamicAnchor": "node",
    "$ref": "tree",
    "unevaluatedProperties": False,
    "$defs": {"tree": TREE},
}
INSIDE: dict[str, Any] = {
    "a pointer": {"$schema": DRAFT_7, "definitions": {"s": {"type": "string"}}, "items": {"$ref": "#/definitions/s"}},
    "a pointer with escapes": {
        "$schema": DRAFT_7,
        "definitions": {"a/b~c": {"type": "string"}},
        "items": {"$ref": "#/definitions/a~1b~0c"},
    },
    "a pointer with percents": {
        "$schema": DRAFT_7,
        "definitions": {'"%': {"type": "string"}},
        "items": {"$ref": "#/definitions/%22%25"},
    },
    "a pointer into a list": {"allOf": [{"type": "array"}], "items": {"$ref": "#/allOf/0"}},
    "a pointer to a property": {"properties": {"a": {"type": "string"}, "b": {"$ref": "#/properties/a"}}},
    "a pointer to a boolean": {"$defs": {"no": False}, "properties": {"a": {"$ref": "#/$defs/no"}}},
    "a pointer to an unknown keyword": {"x-shapes": {"s": {"type": "string"}}, "items": {"$ref": "#/x-shapes/s"}},
    "the root": {"type": "object", "additionalProperties": {"$ref": "#"}},
    "the root by its address": {
        "$schema": DRAFT_2020,
        "$id": "http://example.org/s",
        "type": "object",
        "additionalProperties": {"$ref": "http://example.org/s"},
    },
    "a pointer below an address": {
        "$schema": DRAFT_2020,
        "$id": "http://example.org/s",
        "$defs": {"s": {"type": "string"}},
        "items": {"$ref": "http://example.org/s#/$defs/s"},
    },
    "an anchor": {
        "$schema": DRAFT_2020,
        "$defs": {"s": {"$anchor": "here", "type": "string"}},
        "items": {"$ref": "#here"},
    },
    "an anchor of 2019-09": {
        "$schema": DRAFT_2019,
        "$defs": {"s": {"$anchor": "here", "type": "string"}},
        "items": {"$ref": "#here"},
    },
    "an anchor that is an $id": {
        "$schema": DRAFT_7,
        "definitions": {"s": {"$id": "#here", "type": "string"}},
        "items": {"$ref": "#here"},
    },
    "an anchor that is an id": {
        "$schema": DRAFT_4,
        "definitions": {"s": {"id": "#here", "type": "string"}},
        "items": {"$ref": "#here"},
    },
    "a resource inside": {
        "$schema": DRAFT_2020,
        "$defs": {
            "o": {
                "$id": "http://example.org/o",
                "$defs": {"s": {"type": "string"}},
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/s"},
            },
            "s": {"type": "integer"},
        },
        "$ref": "http://example.org/o",
    },
    "a resource inside by draft 4": {
        "$schema": DRAFT_4,
        "definitions": {
            "o": {
                "id": "http://example.org/o",
                "definitions": {"s": {"type": "string"}},
                "type": "object",
                "additionalProperties": {"$ref": "#/definitions/s"},
            }
        },
        "$ref": "http://example.org/o",
    },
    "a relative address": {
        "$schema": DRAFT_2020,
        "$id": "http://example.org/folder/root.json",
        "$defs": {"s": {"$id": "string.json", "type": "string"}},
        "items": {"$ref": "string.json"},
    },
    "an address beside a reference binds since 2019": {
        "$schema": DRAFT_2019,
        "$defs": {
            "o": {"$id": "http://example.org/x/o.json", "$ref": "s.json"},
            "s": {"$id": "http://example.org/x/s.json", "type": "string"},
        },
        "items": {"$ref": "http://example.org/x/o.json"},
    },
    "a chain": {
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/c"}, "c": {"type": "string"}},
        "items": {"$ref": "#/$defs/a"},
    },
    "mutual recursion": {
        "$defs": {
            "o": {"type": "object", "additionalProperties": {"$ref": "#/$defs/l"}},
            "l": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/o"}]}},
        },
        "$ref": "#/$defs/o",
    },
    "recursion through not": {
        "type": "object",
        "properties": {"a": {"not": {"$ref": "#"}}},
        "additionalProperties": False,
    },
    "a dynamic reference without another anchor": TREE,
    "a dynamic reference that is extended": STRICT_TREE,
    "a dynamic reference to a plain anchor": {
        "$schema": DRAFT_2020,
        "$defs": {"s": {"$anchor": "here", "type": "string"}},
        "items": {"$dynamicRef": "#here"},
    },
    "a recursive reference": {
        "$schema": DRAFT_2019,
        "properties": {"a": {"anyOf": [{"type": "string"}, {"$recursiveRef": "#"}]}},
        "type": "object",
        "additionalProperties": False,
    },
    "a recursive reference that is extended": {
        "$schema": DRAFT_2019,
        "$id": "http://example.org/strict",
        "$recursiveAnchor": True,
        "$defs": {
            "tree": {
                "$id": "tree",
                "$recursiveAnchor": True,
                "type": "object",
                "properties": {"data": True, "children": {"type": "array", "items": {"$recursiveRef": "#"}}},
            }
        },
        "$ref": "tree",
        "unevaluatedProperties": False,
    },
}


@pytest.mark.parametrize("name", INSIDE)
def test_a_reference_inside_the_schema_is_followed(name: str) -> None:
    assert_agrees(INSIDE[name])


@pytest.mark.parametrize(
    "reference",
    [
        "http://example.org/schema.json",
        "https://example.org/schema.json#/definitions/a",
        "file:///etc/passwd",
        "other.json",
        "other.json#/definitions/a",
        "../up.json",
        "/absolute.json",
        "//host/path",
        "urn:uuid:3d9a4f0c-8b1e-4a39-9d5e-0f3b6c2a7e11",
        "data:application/json,{}",
        "#nowhere",
        "#/definitions/missing",
        "#/allOf/7",
        "#/allOf/-1",
        "#/allOf/00",
        "http://[",
        "\x00",
        "",
    ],
)
@pytest.mark.parametrize("draft", [DRAFT_4, DRAFT_7, DRAFT_2020])
def test_a_reference_that_leads_outside_is_refused_at_its_location(
    reference: str, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket.connect", refuse)
    schema = {"$schema": draft, "x": [1], "allOf": [{}, {"properties": {"a/b": {"$ref": reference}}}]}
    if reference == "":
        compile_schema(schema)
        return
    with pytest.raises(SchemaError, match=r"nothing|no schema") as caught:
        compile_schema(schema)
    assert (caught.value.pointer, caught.value.keyword) == ("/allOf/1/properties/a~1b/$ref", "$ref")


@pytest.mark.parametrize("keyword", ["$dynamicRef", "$ref"])
def test_a_missing_anchor_is_refused(keyword: str) -> None:
    with pytest.raises(SchemaError) as caught:
        compile_schema({"$schema": DRAFT_2020, "items": {keyword: "#missing"}})
    assert (caught.value.pointer, caught.value.keyword) == (f"/items/{keyword}", keyword)


@pytest.mark.parametrize("pointer", ["/x-list", "/x-list/0", "/x-text"])
def test_a_reference_to_a_value_that_is_not_a_schema_is_refused(pointer: str) -> None:
    with pytest.raises(SchemaError, match="no schema") as caught:
        compile_schema({"x-list": [1], "x-text": "a", "items": {"$ref": f"#{pointer}"}})
    assert (caught.value.pointer, caught.value.keyword) == ("/items/$ref", "$ref")


CYCLES: dict[str, Any] = {
    "itself": {"$ref": "#"},
    "two": {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    "through allOf": {"$defs": {"a": {"allOf": [{"type": "string"}, {"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
    "through anyOf and not": {"anyOf": [{"type": "string"}, {"not": {"$ref": "#"}}]},
    "in a branch of another kind": {"anyOf": [{"type": "string"}, {"type": "object", "allOf": [{"$ref": "#"}]}]},
    "under a key": {"$defs": {"a": {"oneOf": [{"$ref": "#/$defs/a"}]}}, "properties": {"x": {"$ref": "#/$defs/a"}}},
    "through if": {"if": {"$ref": "#"}, "then": {"type": "string"}},
    "of recursive references": {"$schema": DRAFT_2019, "anyOf": [{"$recursiveRef": "#"}]},
    "of dynamic references": {"$schema": DRAFT_2020, "$dynamicAnchor": "n", "anyOf": [{"$dynamicRef": "#n"}]},
}


@pytest.mark.parametrize("name", CYCLES)
def test_a_reference_that_leads_back_to_itself_is_refused_at_its_location(name: str) -> None:
    with pytest.raises(SchemaError, match="back to itself") as caught:
        compile_schema(CYCLES[name])
    assert caught.value.keyword == "$ref"
    expected = {"two": ("/$defs/a", "/$defs/b"), "through allOf": ("/$defs/a",), "under a key": ("/$defs/a",)}
    assert caught.value.pointer in expected.get(name, ("",))


def test_a_reference_that_no_value_can_reach_need_not_lead_anywhere_finite() -> None:
    endless = {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/e"}}}
    tokenizer = Tokenizer.from_grammar(
        compile_schema({"$defs": {"e": endless}, "properties": {"x": {"$ref": "#/$defs/e"}}})
    )
    assert accepts(tokenizer, {"y": 1})
    assert not accepts(tokenizer, {"x": {"a": {}}})


def test_a_property_named_like_a_reference_is_not_one() -> None:
    schema = {
        "properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}, "$anchor": {}},
        "enum": [{"$ref": "x"}],
    }
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    assert accepts(tokenizer, {"$ref": "x"})


def test_data_in_constants_is_not_a_schema() -> None:
    schema = {"enum": [{"$id": "http://example.org/a", "$ref": "http://example.org/b"}, {"$anchor": "x"}]}
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    assert accepts(tokenizer, {"$anchor": "x"})
