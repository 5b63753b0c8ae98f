"""Every supported keyword means what its draft says; every other constraining keyword is named and refused."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from schemalm.errors import InvalidDocument, SchemaError
from schemalm.grammar import compile_schema
from schemalm.tokenizer import Tokenizer

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_6 = "http://json-schema.org/draft-06/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"
DRAFTS = (DRAFT_4, DRAFT_6, DRAFT_7, DRAFT_2019, DRAFT_2020)

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, 0.5, 0.0, -0.0, 10**20, 1e300, "", "a", "b", "ab", "𝄞", "1"),
    *([], [1], ["a"], ["a", 1], [1, 1, 1], [[]], {}, {"a": 1}, {"a": "b"}, {"b": 1}, {"a": 1, "b": 2}, {"": ""}),
    *({"a": {}}, {"a": {"a": {}}}, {"ab": 1, "x": 2}, {"a/b~c": 1}, {"x": 1, "y": 2, "z": 3}),
)


def accepts(tokenizer: Tokenizer, value: Any) -> bool:
    try:
        tokenizer.encode(value)
    except InvalidDocument:
        return False
    return True


def assert_agrees(schema: Any) -> None:
    """Our verdict on every value is that of the validator of the schema's draft."""
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    validator = jsonschema_rs.validator_for(schema)
    verdicts = [accepts(tokenizer, value) for value in VALUES]
    assert verdicts == [validator.is_valid(value) for value in VALUES]
    assert any(verdicts)


SUPPORTED: dict[str, Any] = {
    "nothing": {},
    "type": {"type": "object"},
    "types": {"type": ["string", "null", "integer"]},
    "integer or number": {"type": ["integer", "number"]},
    "enum": {"enum": [1, "a", None, True, [1], {"a": 1}, 0.5]},
    "enum of the empty string": {"enum": ["", "a"]},
    "pattern": {"type": "string", "pattern": "^a"},
    "minLength": {"minLength": 2},
    "minLength 0": {"minLength": 0},
    "minItems": {"minItems": 2},
    "minProperties": {"minProperties": 2},
    "required": {"required": ["a"]},
    "properties": {"properties": {"a": {"type": "integer"}, "": {"type": "string"}}},
    "property names that need escapes": {"properties": {"a/b~c": {"type": "string"}}},
    "additionalProperties false": {"properties": {"a": {}}, "additionalProperties": False},
    "additionalProperties schema": {"additionalProperties": {"type": "integer"}},
    "patternProperties": {"patternProperties": {"^a": {"type": "integer"}, "b$": {"type": "number"}}},
    "patterns beside names": {
        "properties": {"a": {"type": "integer"}},
        "patternProperties": {"^a": {"type": "number"}},
        "additionalProperties": False,
    },
    "a pattern for few names": {
        "type": "object",
        "patternProperties": {"^(a|b)$": {"type": "integer"}},
        "additionalProperties": False,
        "minProperties": 1,
    },
    "items": {"items": {"type": "string"}},
    "dependencies": {"dependencies": {"a": ["b"], "ab": {"required": ["x"]}}},
    "allOf": {"allOf": [{"required": ["a"]}, {"minProperties": 2}]},
    "anyOf": {"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "array", "minItems": 1}]},
    "oneOf": {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    "oneOf integer and number": {"oneOf": [{"type": "integer"}, {"type": "number"}]},
    "not": {"not": {"type": "object", "required": ["a"]}},
    "not with properties": {"type": "object", "not": {"properties": {"a": {"type": "integer"}}}},
    "not of a number": {"not": {"enum": [0, "a"]}},
    "$ref": {
        "definitions": {"n": {"type": "object", "additionalProperties": {"$ref": "#/definitions/n"}}},
        "allOf": [{"$ref": "#/definitions/n"}],
    },
    "$ref beside others": {"definitions": {"n": {"type": "object"}}, "$ref": "#/definitions/n", "required": ["a"]},
    "an unknown keyword": {"x-note": {"minimum": 3}, "title": "t", "type": "string"},
}
SINCE_DRAFT_6: dict[str, Any] = {
    "const": {"const": 1},
    "const 0": {"const": 0},
    "const object": {"const": {"a": 1}},
    "boolean schemas": {"properties": {"a": False, "b": True}},
}
SINCE_DRAFT_7: dict[str, Any] = {
    "if then else": {"if": {"type": "object"}, "then": {"required": ["a"]}, "else": {"type": "string"}},
    "if without then": {"if": {"type": "object"}, "else": {"type": "string"}},
    "if on a property": {"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}},
}
UNTIL_DRAFT_2019: dict[str, Any] = {
    "tuple": {"items": [{"type": "string"}, {"type": "integer"}], "minItems": 1},
    "additionalItems": {"items": [{"type": "integer"}], "additionalItems": False},
}


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("name", SUPPORTED)
def test_a_keyword_means_what_the_draft_says(name: str, draft: str) -> None:
    assert_agrees({"$schema": draft, **SUPPORTED[name]})


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("name", SINCE_DRAFT_6)
def test_const_and_boolean_schemas_begin_with_draft_6(name: str, draft: str) -> None:
    if draft == DRAFT_4 and name == "boolean schemas":
        pytest.skip("no schema of draft 4")
    assert_agrees({"$schema": draft, **SINCE_DRAFT_6[name]})


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("name", SINCE_DRAFT_7)
def test_conditions_begin_with_draft_7(name: str, draft: str) -> None:
    assert_agrees({"$schema": draft, **SINCE_DRAFT_7[name]})


@pytest.mark.parametrize("draft", DRAFTS[:-1])
@pytest.mark.parametrize("name", UNTIL_DRAFT_2019)
def test_tuples_are_items_until_2019(name: str, draft: str) -> None:
    assert_agrees({"$schema": draft, **UNTIL_DRAFT_2019[name]})


UNSUPPORTED: dict[str, Any] = {
    "maxLength": 1,
    "maxItems": 1,
    "maxProperties": 1,
    "minimum": 1,
    "maximum": 1,
    "exclusiveMinimum": 1,
    "exclusiveMaximum": 1,
    "multipleOf": 2,
    "uniqueItems": True,
    "contains": {},
    "minContains": 1,
    "maxContains": 1,
    "propertyNames": {},
    "unevaluatedItems": False,
    "unevaluatedProperties": False,
    "prefixItems": [{}],
    "dependentRequired": {"a": ["b"]},
    "dependentSchemas": {"a": {}},
    "$dynamicRef": "#a",
    "format": "date",
}


@pytest.mark.parametrize("keyword", UNSUPPORTED)
def test_an_unsupported_keyword_is_named_with_its_place(keyword: str) -> None:
    schema = {"$schema": DRAFT_2020, "properties": {"a/b": {"anyOf": [{}, {keyword: UNSUPPORTED[keyword]}]}}}
    with pytest.raises(SchemaError, match=keyword.replace("$", r"\$")) as caught:
        compile_schema(schema)
    assert caught.value.keyword == keyword
    assert caught.value.pointer == f"/properties/a~1b/anyOf/1/{keyword}"


def test_format_is_an_annotation_where_asked() -> None:
    grammar = compile_schema({"type": "string", "format": "date"}, formats="annotate")
    assert {use.keyword: use.status for use in grammar.coverage()} == {"type": "construction", "format": "annotation"}


def test_a_keyword_of_a_later_draft_is_an_annotation() -> None:
    grammar = compile_schema({"$schema": DRAFT_7, "type": "object", "dependentRequired": {"a": ["b"]}})
    assert [use.status for use in grammar.coverage()] == ["annotation", "construction"]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("http://example.org/schema.json", "nothing is fetched"),
        ("file:///etc/passwd", "nothing is fetched"),
        ("other.json#/definitions/a", "nothing is fetched"),
        ("#/definitions/missing", "leads to nothing"),
        ("#/x-list", "leads to no schema"),
        ("#nowhere", "leads to nothing"),
        ("#", "back to itself"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(reference: str, message: str) -> None:
    schema = {"$schema": DRAFT_7, "x-list": [1], "allOf": [{"$ref": reference}]}
    with pytest.raises(SchemaError, match=message) as caught:
        compile_schema(schema)
    assert caught.value.keyword == "$ref"


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": DRAFT_2020, "$id": "http://x.org/s", "$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"},
        {"$schema": DRAFT_2020, "$defs": {"a": {"$anchor": "here", "type": "string"}}, "$ref": "#here"},
        {"$schema": DRAFT_2020, "$defs": {"a": {"$id": "http://x.org/a", "$defs": {"b": {"type": "string"}},
                                                "properties": {"a": {"$ref": "#/$defs/b"}}}},
         "$ref": "http://x.org/a"},
        {"$schema": DRAFT_4, "definitions": {"a": {"id": "http://x.org/a", "definitions": {"b": {"type": "string"}},
                                                   "properties": {"a": {"$ref": "#/definitions/b"}}}},
         "$ref": "http://x.org/a"},
        {"$schema": DRAFT_7, "definitions": {"a/b": {"type": "string"}}, "$ref": "#/definitions/a~1b"},
        {"$schema": DRAFT_7, "definitions": {"a": True}, "$ref": "#/definitions/a"},
        {"$schema": DRAFT_7, "properties": {"a": {"type": "string"}, "b": {"$ref": "#/properties/a"}}},
    ],
)  # fmt: skip
def test_a_reference_inside_the_schema_is_followed(schema: Any) -> None:
    assert_agrees(schema)


def test_an_error_names_the_place_of_a_pattern_that_cannot_be_used() -> None:
    with pytest.raises(SchemaError, match="look-ahead") as caught:
        compile_schema({"properties": {"a": {"type": "string", "pattern": "(?=a)"}}})
    assert caught.value.keyword == "pattern"
