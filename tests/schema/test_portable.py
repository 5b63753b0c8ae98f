"""A portable schema has the same values, and can be read by a program that cannot read the original schema."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument, SchemaError
from schemalm.schema import portable
from schemalm.tokenizer import Tokenizer

DRAFT_4 = "http://json-schema.org/draft-04/schema"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
NAMES = [
    "Map\u2039string(any)>",
    "a b",
    "a^b",
    "a|b",
    "{x}",
    'a"b',
    "ä",
    "中",
    "a%b",
    "a\\b",
    "`",
    "<t>",
    "[0]",
    "#",
    "a/b~c",
    "😀",
]


def is_valid(schema: Any, value: Any) -> bool:
    return jsonschema_rs.validator_for(schema).is_valid(value)


def holds(schema: Any, value: Any) -> bool:
    try:
        Tokenizer.from_grammar(compile_schema(schema)).encode(value)
    except InvalidDocument:
        return False
    return True


def pointer_part(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


SCHEMAS: list[tuple[Any, list[Any]]] = [
    ({"minimum": 1, "exclusiveMinimum": True}, [1, 1.5, 0]),
    ({"minimum": 1, "exclusiveMinimum": False, "maximum": 3, "exclusiveMaximum": True}, [1, 3, 2]),
    ({"$schema": DRAFT_4, "minimum": 1, "exclusiveMinimum": True, "type": "integer"}, [1, 2, 2.0]),
    ({"exclusiveMaximum": True, "maximum": 3, "const": 2}, [2, 1]),
    ({"type": "array", "items": [{"type": "null"}], "additionalItems": False}, [[], [None], [1], [None, 1]]),
    ({"items": [{"type": "null"}], "additionalItems": {"type": "string"}}, [[None, "a"], [None, 1]]),
    (
        {"$schema": DRAFT_7, "items": [{"type": "null"}], "additionalItems": {"type": "string"}},
        [[None, "a"], [None, 1]],
    ),
    ({"prefixItems": [{"type": "string"}], "items": [{"type": "null"}]}, [[None], ["a"]]),
    ({"id": "http://a.example/x", "properties": {"id": {"type": "string"}}}, [{"id": "a"}, {"id": 1}]),
    ({"required": ["a", "a"], "enum": [{"a": 1}, {"a": 1.0}, {}], "type": ["object"]}, [{"a": 1}, {}]),
    ({"dependencies": {"a": ["b"], "c": {"required": ["d"]}}}, [{"a": 1}, {"a": 1, "b": 1}, {"c": 1}]),
    (
        {"dependencies": {"a": ["b"], "c": {"maxProperties": 1}}, "dependentRequired": {"a": ["c"]}},
        [{"a": 1, "b": 1}, {"a": 1, "c": 1}, {"a": 1}, {"c": 1}, {"c": 1, "d": 1}],
    ),
    (
        {"$schema": DRAFT_7, "$ref": "#/definitions/a", "pattern": "(", "definitions": {"a": {"type": "string"}}},
        ["a", 1],
    ),
    ({"$ref": "#/$defs/a", "pattern": r"\Ab", "$defs": {"a": {"minLength": 3}}}, ["Abc", "Ab", "b", "abc"]),
    ({"type": "string", "definitions": {"unused": {"pattern": "("}}}, ["a", 1]),
    (
        {"properties": {"pattern": {"const": "a.b"}}, "const": {"pattern": "a.b"}},
        [{"pattern": "a"}, {"pattern": "a.b"}],
    ),
    ({"enum": [{"pattern": r"\A"}, {"$ref": "#/x y"}]}, [{"pattern": r"\A"}, {"$ref": "#/x y"}, {"pattern": "A"}]),
    (
        {"patternProperties": {r"^\A$": {"type": "null"}, "^A$": {"enum": [None, 1]}}, "additionalProperties": False},
        [{"A": None}, {"A": 1}, {"": None}],
    ),
    (
        {"patternProperties": {"^a.$": {"type": "null"}}, "properties": {"b": {"$ref": "#/patternProperties/%5Ea.$"}}},
        [{"ax": None, "b": None}, {"b": 1}, {"ax": 1}],
    ),
    (
        {"properties": {"a": {"$ref": "#"}, "b": {"pattern": r"^\z$"}}, "maxProperties": 1},
        [{"a": {"b": "z"}}, {"a": {"b": ""}}],
    ),
    ({"$id": "no uri \u2039at\u203a all", "$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}}, [None, 1]),
    ({"$id": "http://a.example/ b", "$defs": {"a": {"$id": "c d", "type": "null"}}, "$ref": "c d"}, [None, 1]),
    (
        {"$defs": {"a": {"$anchor": "x", "pattern": "."}}, "properties": {"a": {"$ref": "#x"}}},
        [{"a": "b"}, {"a": "\r"}],
    ),
    (
        {
            "$id": "http://a.example/list",
            "$dynamicAnchor": "node",
            "properties": {"next": {"$dynamicRef": "#node"}, "name": {"pattern": "^.$"}},
            "unevaluatedProperties": False,
        },
        [{"next": {"name": "a"}}, {"next": {"name": "\r"}}, {"next": {"x": 1}}],
    ),
    (
        {"$recursiveRef": "#", "type": "object"} | {"$recursiveRef": "#/$defs/a", "$defs": {"a": {"minProperties": 1}}},
        [{"a": 1}],
    ),
    (
        {"allOf": [{"$ref": "http://json-schema.org/draft-07/schema#"}], "type": "object"},
        [{"type": "null"}, {"type": 1}],
    ),
    ({"not": {"pattern": r"^(?!é)"}, "type": "string"}, ["é", "aé"]),
    (
        {
            "$defs": {"yes": True, "no": False},
            "properties": {"a": {"$ref": "#/$defs/no"}, "b": {"$ref": "#/$defs/yes"}},
        },
        [{"a": 1}, {"b": 1}],
    ),
    (True, [1]),
    ({}, [1]),
]


@pytest.mark.parametrize(("schema", "values"), SCHEMAS, ids=[json.dumps(schema)[:60] for schema, _ in SCHEMAS])
def test_the_values_are_the_same(schema: Any, values: list[Any]) -> None:
    said = compile_schema(schema).portable_schema()
    assert [is_valid(said, value) for value in values] == [holds(schema, value) for value in values]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_encoded", [False, True])
def test_references_with_any_characters_are_followed(name: str, is_encoded: bool) -> None:
    part = pointer_part(name)
    written = "".join(f"%{byte:02X}" for byte in part.encode()) if is_encoded else part.replace("%", "%25")
    schema = {"properties": {"a": {"$ref": f"#/definitions/{written}"}}, "definitions": {name: {"type": "null"}}}
    said = compile_schema(schema).portable_schema()
    assert is_valid(said, {"a": None})
    assert not is_valid(said, {"a": 1})


def test_the_draft_is_stated() -> None:
    assert compile_schema({"$schema": DRAFT_7}).draft == "http://json-schema.org/draft-07/schema"
    assert compile_schema({"minimum": 1, "exclusiveMinimum": True}).draft.endswith("2020-12/schema")
    assert compile_schema({"type": "null"}).portable_schema()["$schema"].endswith("2020-12/schema")  # type: ignore[index]


def test_the_patterns_are_listed_with_their_locations() -> None:
    schema = {"properties": {"a": {"pattern": "x"}}, "patternProperties": {"^b/": {}}, "enum": [{"pattern": "y"}, {}]}
    assert compile_schema(schema).expressions() == {"/patternProperties/^b~1": "^b/", "/properties/a/pattern": "x"}


def test_mutual_references_do_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    schema: dict[str, Any] = {"enum": list(range(100))}
    for _ in range(20):
        schema = {"items": schema}
    references = [{"$ref": "#" + "/items" * depth} for depth in range(1, 20)]
    grammar = compile_schema({**schema, "properties": {str(i): target for i, target in enumerate(references)}})
    assert grammar.portable_schema()
    monkeypatch.setattr(portable, "MAX_PARTS", 1000)
    with pytest.raises(SchemaError, match="more than 1,000 parts"):
        grammar.portable_schema()
