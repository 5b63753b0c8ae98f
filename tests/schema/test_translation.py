"""Every keyword means what its draft says; a schema without a draft may use the spellings of all drafts."""

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
DRAFTS = (DRAFT_4, DRAFT_6, DRAFT_7, DRAFT_2019, DRAFT_2020)

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, 0.5, 2.5, 3, 0.0, -0.0, 10, 10**20, 1e300),
    *("", "a", "b", "ab", "abc", "𝄞", "1", "2024-02-30", "127.0.0.1"),
    *([], [1], ["a"], ["a", 1], [1, "a"], [1, 1, 1], [1, 1.0], [1, 2, 3], [[]], ["a", "b"], [[1], [1]], [{}, {}]),
    *({}, {"a": 1}, {"a": "b"}, {"b": 1}, {"a": 1, "b": 2}, {"": ""}, {"a": {}}, {"a": {"a": {}}}, {"ab": 1, "x": 2}),
    *({"a/b~c": 1}, {"x": 1, "y": 2, "z": 3}, {"a": [1]}, {"a": None}, {"a": "b", "b": "a"}, {"a": 1, "x": {"b": 1}}),
)


def accepts(tokenizer: Tokenizer, value: Any) -> bool:
    try:
        ids = tokenizer.encode(value)
    except InvalidDocument:
        return False
    assert tokenizer.decode(ids) == value
    return True


def verdicts(schema: Any) -> list[bool]:
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    return [accepts(tokenizer, value) for value in VALUES]


def assert_agrees(schema: Any, oracle: Any = None) -> None:
    """Asserts that our verdict on every value is that of the validator; `oracle`: an equivalent schema for it."""
    validator = jsonschema_rs.validator_for(schema if oracle is None else oracle, validate_formats=True)
    found = dict(zip(map(repr, VALUES), verdicts(schema), strict=True))
    assert found == {repr(value): validator.is_valid(value) for value in VALUES}
    assert any(found.values())


SUPPORTED: dict[str, Any] = {
    "nothing": {},
    "type": {"type": "object"},
    "types": {"type": ["string", "null", "integer"]},
    "integer or number": {"type": ["integer", "number"]},
    "enum": {"enum": [1, "a", None, True, [1], {"a": 1}, 0.5]},
    "enum of the empty string": {"enum": ["", "a"]},
    "enum of equal numbers": {"enum": [0, 1.0]},
    "pattern": {"type": "string", "pattern": "^a"},
    "pattern for strings alone": {"pattern": "b"},
    "minLength": {"minLength": 2},
    "minLength 0": {"minLength": 0},
    "maxLength": {"maxLength": 1},
    "maxLength 0": {"maxLength": 0},
    "lengths that leave one": {"type": "string", "minLength": 2, "maxLength": 2},
    "lengths and a pattern": {"type": "string", "minLength": 2, "maxLength": 2, "pattern": "^[a𝄞]"},
    "minItems": {"minItems": 2},
    "maxItems": {"maxItems": 1},
    "items and their number": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
    "minProperties": {"minProperties": 2},
    "maxProperties": {"maxProperties": 1},
    "one property": {"type": "object", "minProperties": 1, "maxProperties": 1},
    "minimum": {"minimum": 1},
    "maximum": {"maximum": 1},
    "a fractional minimum": {"minimum": 0.5},
    "bounds": {"type": "number", "minimum": -1, "maximum": 2.5},
    "bounds of integers": {"type": "integer", "minimum": 0, "maximum": 3},
    "multipleOf": {"multipleOf": 2},
    "multipleOf a fraction": {"multipleOf": 0.5},
    "uniqueItems": {"uniqueItems": True},
    "uniqueItems false": {"uniqueItems": False},
    "uniqueItems in one branch": {"anyOf": [{"uniqueItems": True}, {"maxItems": 2}]},
    "not of uniqueItems": {"not": {"uniqueItems": True}},
    "not of uniqueItems in one branch": {
        "anyOf": [{"type": "string"}, {"type": "array", "not": {"uniqueItems": True}}]
    },
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
    "allOf": {"allOf": [{"required": ["a"]}, {"minProperties": 2}]},
    "anyOf": {"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "array", "minItems": 1}]},
    "anyOf over members": {"anyOf": [{"properties": {"a": {"type": "string"}}}, {"required": ["b"]}]},
    "oneOf": {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    "oneOf integer and number": {"oneOf": [{"type": "integer"}, {"type": "number"}]},
    "oneOf over items": {"oneOf": [{"items": {"type": "integer"}}, {"items": {"type": "string"}}]},
    "not": {"not": {"type": "object", "required": ["a"]}},
    "not with properties": {"type": "object", "not": {"properties": {"a": {"type": "integer"}}}},
    "not of a number": {"not": {"enum": [0, "a"]}},
    "not of a bound": {"not": {"minimum": 1}},
    "not of a length": {"type": "string", "not": {"minLength": 2}},
    "not of a number of items": {"type": "array", "not": {"maxItems": 1}},
    "not of a number of keys": {"type": "object", "not": {"minProperties": 1, "maxProperties": 2}},
    "$ref": {
        "definitions": {"n": {"type": "object", "additionalProperties": {"$ref": "#/definitions/n"}}},
        "allOf": [{"$ref": "#/definitions/n"}],
    },
    "$ref beside others": {"definitions": {"n": {"type": "object"}}, "$ref": "#/definitions/n", "required": ["a"]},
    "an unknown keyword": {"x-note": {"minimum": 3}, "title": "t", "type": "string"},
    "names of properties that are keywords": {"properties": {"$ref": {"type": "string"}, "a": {"type": "integer"}}},
}
UNTIL_DRAFT_7: dict[str, Any] = {
    "dependencies": {"dependencies": {"a": ["b"], "ab": {"required": ["x"]}}},
}
UNTIL_DRAFT_2019: dict[str, Any] = {
    "tuple": {"items": [{"type": "string"}, {"type": "integer"}], "minItems": 1},
    "additionalItems": {"items": [{"type": "integer"}], "additionalItems": False},
    "additionalItems without a tuple": {"items": {"type": "integer"}, "additionalItems": False},
}
DRAFT_4_ALONE: dict[str, Any] = {
    "exclusiveMinimum": {"minimum": 1, "exclusiveMinimum": True},
    "exclusiveMinimum false": {"minimum": 1, "exclusiveMinimum": False},
    "exclusiveMaximum": {"maximum": 1, "exclusiveMaximum": True},
    "bounds that leave one number": {"minimum": 0, "maximum": 2, "exclusiveMaximum": True, "exclusiveMinimum": True},
}
SINCE_DRAFT_6: dict[str, Any] = {
    "const": {"const": 1},
    "const 0": {"const": 0},
    "const object": {"const": {"a": 1}},
    "const array": {"const": ["a", 1]},
    "boolean schemas": {"properties": {"a": False, "b": True}},
    "contains": {"contains": {"type": "string"}},
    "contains anything": {"contains": {}},
    "propertyNames": {"propertyNames": {"maxLength": 1}},
    "propertyNames with an enum": {"propertyNames": {"enum": ["a", "b"]}},
    "propertyNames with a pattern": {"type": "object", "propertyNames": {"pattern": "^a"}, "minProperties": 1},
    "propertyNames beside required": {"propertyNames": {"minLength": 1}, "required": ["a"]},
    "no property names": {"propertyNames": {"type": "integer"}},
    "exclusiveMinimum": {"exclusiveMinimum": 1},
    "exclusiveMaximum": {"exclusiveMaximum": 1},
    "a length that is written as a fraction": {"maxLength": 1.0},
    "both minima": {"minimum": 1, "exclusiveMinimum": 0.5},
}
SINCE_DRAFT_7: dict[str, Any] = {
    "if then else": {"if": {"type": "object"}, "then": {"required": ["a"]}, "else": {"type": "string"}},
    "if without then": {"if": {"type": "object"}, "else": {"type": "string"}},
    "if on a property": {"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}},
    "then without if": {"then": {"type": "string"}, "else": {"type": "null"}},
}
SINCE_DRAFT_2019: dict[str, Any] = {
    "dependentRequired": {"dependentRequired": {"a": ["b"], "x": []}},
    "dependentSchemas": {"dependentSchemas": {"a": {"required": ["b"]}, "x": False}},
    "minContains": {"contains": {"type": "integer"}, "minContains": 2},
    "minContains 0": {"contains": {"type": "integer"}, "minContains": 0},
    "maxContains": {"contains": {"type": "integer"}, "maxContains": 1},
    "minContains 0 and maxContains": {"contains": {"type": "integer"}, "minContains": 0, "maxContains": 1},
    "counts without contains": {"minContains": 3, "maxContains": 0},
    "$ref beside others that bind": {"$defs": {"n": {"type": "object"}}, "$ref": "#/$defs/n", "required": ["a"]},
    "unevaluatedProperties": {"properties": {"a": {}}, "unevaluatedProperties": False},
    "unevaluatedProperties beside anyOf": {
        "anyOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": {}}}],
        "unevaluatedProperties": False,
    },
    "unevaluatedItems": {"anyOf": [{"items": {"type": "integer"}}, {"maxItems": 1}], "unevaluatedItems": False},
}
DRAFT_2020_ALONE: dict[str, Any] = {
    "prefixItems": {"prefixItems": [{"type": "string"}, {"type": "integer"}], "minItems": 1},
    "items behind prefixItems": {"prefixItems": [{"type": "integer"}], "items": False},
    "items behind prefixItems of a kind": {"prefixItems": [{}], "items": {"type": "integer"}},
    "unevaluatedItems": {"allOf": [{"contains": {"const": 1}}], "unevaluatedItems": {"type": "string"}},
}
GROUPS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    (SUPPORTED, DRAFTS),
    (UNTIL_DRAFT_7, DRAFTS[:3]),
    (UNTIL_DRAFT_2019, DRAFTS[:4]),
    (DRAFT_4_ALONE, DRAFTS[:1]),
    (SINCE_DRAFT_6, DRAFTS[1:]),
    (SINCE_DRAFT_7, DRAFTS[2:]),
    (SINCE_DRAFT_2019, DRAFTS[3:]),
    (DRAFT_2020_ALONE, DRAFTS[4:]),
]
MEANINGS = [(name, schema, draft) for group, drafts in GROUPS for name, schema in group.items() for draft in drafts]


@pytest.mark.parametrize(("name", "schema", "draft"), MEANINGS)
def test_a_keyword_means_what_its_draft_says(name: str, schema: Any, draft: str) -> None:
    assert_agrees({"$schema": draft, **schema})


LATER = [
    *((name, schema, DRAFT_4) for name, schema in SINCE_DRAFT_6.items() if name.startswith(("const", "contains"))),
    *((name, SINCE_DRAFT_6[name], DRAFT_4) for name in ("propertyNames", "no property names")),
    *((name, schema, draft) for name, schema in SINCE_DRAFT_7.items() for draft in DRAFTS[:2]),
    *((name, SINCE_DRAFT_2019[name], draft) for name in SINCE_DRAFT_2019 for draft in DRAFTS[:3]),
    *((name, schema, draft) for name, schema in DRAFT_2020_ALONE.items() for draft in (DRAFT_6, DRAFT_7)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "schema", "draft"), LATER)
def test_a_keyword_of_a_later_draft_has_no_effect(name: str, schema: Any, draft: str) -> None:
    assert_agrees({"$schema": draft, **schema})


OLD_SPELLINGS: dict[str, tuple[Any, Any]] = {
    "exclusiveMinimum": ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
    "exclusiveMaximum": ({"maximum": 1, "exclusiveMaximum": True}, {"exclusiveMaximum": 1}),
    "exclusiveMaximum false": ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
    "items": ({"items": [{"type": "string"}]}, {"prefixItems": [{"type": "string"}]}),
    "additionalItems": (
        {"items": [{}], "additionalItems": {"type": "integer"}},
        {"prefixItems": [{}], "items": {"type": "integer"}},
    ),
    "definitions": (
        {"definitions": {"a": {"type": "string"}}, "$ref": "#/definitions/a"},
        {"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"},
    ),
    "dependencies": (
        {"dependencies": {"a": ["b"], "ab": {"required": ["y"]}}},
        {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"ab": {"required": ["y"]}}},
    ),
}


@pytest.mark.parametrize("name", OLD_SPELLINGS)
def test_without_a_draft_the_older_spellings_bind(name: str) -> None:
    old, new = OLD_SPELLINGS[name]
    assert_agrees(old, {"$schema": DRAFT_2020, **new})


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SUPPORTED, *SINCE_DRAFT_6, *SINCE_DRAFT_7, *SINCE_DRAFT_2019, *DRAFT_2020_ALONE])
def test_without_a_draft_the_newest_one_counts(name: str) -> None:
    newest = {**SUPPORTED, **SINCE_DRAFT_6, **SINCE_DRAFT_7, **SINCE_DRAFT_2019, **DRAFT_2020_ALONE}
    assert verdicts(newest[name]) == verdicts({"$schema": DRAFT_2020, **newest[name]})


def test_old_and_new_spellings_may_be_combined() -> None:
    old = {"minimum": 1, "exclusiveMinimum": True, "items": [{"const": 1}], "dependencies": {"a": ["b"]}}
    new = {"if": {"type": "string"}, "then": {"const": "a"}}
    oracle = {"exclusiveMinimum": 1, "prefixItems": [{"const": 1}], "dependentRequired": {"a": ["b"]}, **new}
    assert_agrees({**old, **new}, {"$schema": DRAFT_2020, **oracle})


def test_items_that_match_contains_are_evaluated_since_2020() -> None:
    """The validator counts them in 2019-09 already, against section 9.3.1.3 of that draft."""
    schema = {"contains": {"const": 1}, "unevaluatedItems": {"type": "string"}}
    assert accepts(Tokenizer.from_grammar(compile_schema({"$schema": DRAFT_2020, **schema})), ["a", 1])
    assert not accepts(Tokenizer.from_grammar(compile_schema({"$schema": DRAFT_2019, **schema})), ["a", 1])


@pytest.mark.parametrize("draft", DRAFTS)
def test_siblings_of_a_reference_bind_since_2019(draft: str) -> None:
    keyword = "definitions" if draft in DRAFTS[:3] else "$defs"
    schema = {"$schema": draft, keyword: {"n": {"type": "object"}}, "$ref": f"#/{keyword}/n", "required": ["a"]}
    assert_agrees(schema)
    statuses = {use.keyword: use.status for use in compile_schema(schema).coverage()}
    assert statuses["required"] == ("annotation" if draft in DRAFTS[:3] else "construction")


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_draft_decides_whether_a_fraction_of_zero_is_an_integer(draft: str) -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema({"$schema": draft, "type": "integer"}))
    assert accepts(tokenizer, 1)
    assert accepts(tokenizer, 1.0) == (draft != DRAFT_4)


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("name", ["date", "ipv4", "email"])
def test_formats_are_asserted_in_every_draft(draft: str, name: str) -> None:
    assert_agrees({"$schema": draft, "format": name})


def test_a_format_is_an_annotation_on_request() -> None:
    grammar = compile_schema({"type": "string", "format": "date"}, formats="annotate")
    assert {use.keyword: use.status for use in grammar.coverage()} == {"type": "construction", "format": "annotation"}
    assert accepts(Tokenizer.from_grammar(grammar), "never")


@pytest.mark.parametrize("name", ["", "color-of-the-sky", "int32", "unknown", "url"])
def test_a_format_that_no_specification_names_is_an_annotation(name: str) -> None:
    grammar = compile_schema({"type": "string", "format": name})
    assert [use.status for use in grammar.coverage() if use.keyword == "format"] == ["annotation"]
    assert accepts(Tokenizer.from_grammar(grammar), "never")


@pytest.mark.parametrize(
    ("schema", "statuses"),
    [
        ({"$schema": DRAFT_7, "type": "object", "dependentRequired": {"a": ["b"]}}, ["annotation", "construction"]),
        ({"$schema": DRAFT_7, "items": {}, "additionalItems": False}, ["annotation", "construction"]),
        ({"uniqueItems": True}, ["guard"]),
        ({"uniqueItems": False}, ["construction"]),
        ({"then": {"type": "string"}}, ["annotation"]),
        ({"minContains": 1}, ["annotation"]),
        ({"title": "t", "x-unknown": 1, "default": 3}, []),
        ({"minimum": 1, "multipleOf": 3}, ["construction", "construction"]),
    ],
)
def test_coverage_says_how_each_keyword_is_enforced(schema: Any, statuses: list[str]) -> None:
    assert [use.status for use in compile_schema(schema).coverage()] == statuses


def test_coverage_names_each_location_once() -> None:
    schema = {
        "$defs": {"n": {"type": "object", "required": ["a/b"]}},
        "properties": {"a/b": {"$ref": "#/$defs/n"}, "c": {"$ref": "#/$defs/n"}},
        "unevaluatedProperties": {"minLength": 1},
    }
    pointers = [use.pointer for use in compile_schema(schema).coverage()]
    assert pointers == [
        *("/$defs/n/required", "/$defs/n/type", "/properties", "/properties/a~1b/$ref", "/properties/c/$ref"),
        *("/unevaluatedProperties", "/unevaluatedProperties/minLength"),
    ]


BAD_PATTERNS: dict[str, tuple[Any, str, str]] = {
    "malformed": ({"properties": {"a/b": {"pattern": "("}}}, "/properties/a~1b/pattern", "pattern"),
    "a back-reference": ({"pattern": r"(a)\1"}, "/pattern", "pattern"),
    "a repetition over the limit": ({"pattern": "a{1000000}"}, "/pattern", "pattern"),
    "a key pattern": ({"patternProperties": {"a/[": {}}}, "/patternProperties/a~1[", "patternProperties"),
    "inside a definition": (
        {"$defs": {"n": {"pattern": "["}}, "items": {"$ref": "#/$defs/n"}},
        "/$defs/n/pattern",
        "pattern",
    ),
    "inside propertyNames": ({"propertyNames": {"pattern": "+"}}, "/propertyNames/pattern", "pattern"),
    "inside a list": ({"anyOf": [{}, {"pattern": "a{2,1}"}]}, "/anyOf/1/pattern", "pattern"),
}


@pytest.mark.parametrize("name", BAD_PATTERNS)
def test_an_unusable_pattern_is_refused_at_its_location(name: str) -> None:
    schema, pointer, keyword = BAD_PATTERNS[name]
    with pytest.raises(SchemaError) as caught:
        compile_schema(schema)
    assert (caught.value.pointer, caught.value.keyword) == (pointer, keyword)


@pytest.mark.parametrize("keyword", ["minLength", "minItems", "minProperties", "minContains"])
def test_a_minimum_count_over_the_limit_is_refused_at_its_location(keyword: str) -> None:
    inner = {"contains": {}, keyword: 10**9}
    with pytest.raises(SchemaError, match="limit") as caught:
        compile_schema({"properties": {"a": inner}})
    assert (caught.value.pointer, caught.value.keyword) == (f"/properties/a/{keyword}", keyword)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"allOf": [{"type": "string"}, {"type": "number"}]},
        {"type": "string", "enum": [1]},
        {"minimum": 2, "maximum": 1, "type": "number"},
        {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2},
        {"type": "string", "minLength": 3, "maxLength": 2},
        {"type": "string", "pattern": "^a$", "minLength": 2},
        {"type": "string", "format": "date", "pattern": "x"},
        {"type": "array", "minItems": 2, "maxItems": 1},
        {"type": "array", "contains": {"type": "string"}, "items": {"type": "null"}},
        {"type": "array", "contains": {}, "maxItems": 0},
        {"type": "object", "required": ["a"], "properties": {"a": False}},
        {"type": "object", "required": ["a"], "propertyNames": {"const": "b"}},
        {"type": "object", "required": ["a", "b"], "maxProperties": 1},
        {"type": "object", "minProperties": 1, "additionalProperties": False},
        {"not": {}},
        {"oneOf": [{"const": 1}, {"const": 1}]},
        {"type": "object", "required": ["a"], "unevaluatedProperties": False},
        {"type": "integer", "multipleOf": 10, "minimum": 1, "maximum": 9},
    ],
)
def test_a_schema_that_no_value_satisfies_is_refused(schema: Any) -> None:
    with pytest.raises(SchemaError, match=r"no value|no finite value"):
        compile_schema(schema)
