"""What `unevaluatedProperties` and `unevaluatedItems` apply to depends on the branches that are true."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument, SchemaError
from schemalm.limits import Limits
from schemalm.tokenizer import Tokenizer

DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"

OBJECTS: tuple[Any, ...] = (
    *({}, {"a": 1}, {"b": 1}, {"a": "s"}, {"a": 1, "b": 2}, {"a": 1, "x": 2}, {"xy": 1}, {"a": 1, "b": 1, "c": 1}),
    *({"c": 1}, {"a": "s", "b": 2}, {"kind": "p", "a": 1}, {"kind": "q", "b": 1}, {"kind": "q", "a": 1}, {"z": "s"}),
)
ARRAYS: tuple[Any, ...] = (
    *([], [1], ["s"], [1, 1], [1, "s"], ["s", 1], ["s", "s"], [1, "s", None], ["s", 1, None], [1, 2, 3], [None], [[1]]),
)
NAMED = {
    "a": {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
    "b": {"properties": {"b": {}}, "required": ["b"]},
}

PROPERTIES: dict[str, Any] = {
    "alone": {},
    "beside properties": {"properties": {"a": {}}},
    "beside patternProperties": {"patternProperties": {"^x": {}}},
    "beside additionalProperties": {"additionalProperties": {"type": "integer"}},
    "additionalProperties inside": {"allOf": [{"additionalProperties": {"type": "integer"}}]},
    "properties inside allOf": {"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]},
    "anyOf": {"anyOf": [NAMED["a"], NAMED["b"]]},
    "oneOf": {"oneOf": [NAMED["a"], NAMED["b"]]},
    "anyOf inside allOf": {"allOf": [{"anyOf": [NAMED["a"], NAMED["b"]]}], "properties": {"c": {}}},
    "not": {"not": {"not": NAMED["a"]}},
    "if then else": {
        "if": {"properties": {"kind": {"const": "p"}}, "required": ["kind"]},
        "then": {"properties": {"a": {}}},
        "else": {"properties": {"b": {}, "kind": {}}},
    },
    "if alone": {"if": {"properties": {"a": {"type": "integer"}}, "required": ["a"]}},
    "dependentSchemas": {"properties": {"a": {}}, "dependentSchemas": {"a": {"properties": {"b": {}}}}},
    "$ref": {"$defs": {"n": NAMED["a"]}, "$ref": "#/$defs/n"},
    "$ref through anyOf": {
        "$defs": {"n": NAMED["a"], "m": {"anyOf": [{"$ref": "#/$defs/n"}, NAMED["b"]]}},
        "$ref": "#/$defs/m",
    },
    "nested": {"allOf": [{"properties": {"a": {}}, "unevaluatedProperties": {"type": "integer"}}]},
    "nested in a branch": {
        "anyOf": [
            {"properties": {"a": {}}, "required": ["a"], "unevaluatedProperties": {"type": "integer"}},
            {"properties": {"b": {}}},
        ]
    },
    "cousins": {"allOf": [{"properties": {"a": {}}}, {"unevaluatedProperties": {"type": "integer"}}]},
    "recursion": {"properties": {"a": {"anyOf": [{"$ref": "#"}, {"type": "integer"}]}}},
}
ITEMS: dict[str, Any] = {
    "alone": {},
    "beside items": {"items": {"type": "integer"}},
    "beside prefixItems": {"prefixItems": [{"type": "integer"}]},
    "prefixItems inside allOf": {"allOf": [{"prefixItems": [{}]}, {"prefixItems": [{}, {"type": "string"}]}]},
    "prefixItems inside anyOf": {
        "anyOf": [{"prefixItems": [{"const": 1}]}, {"prefixItems": [{"const": "s"}, {"const": 1}]}]
    },
    "contains": {"contains": {"type": "string"}},
    "contains inside anyOf": {"anyOf": [{"contains": {"type": "string"}}, {"prefixItems": [{}]}]},
    "contains beside prefixItems": {"prefixItems": [{"type": "integer"}], "contains": {"type": "string"}},
    "items in a branch": {"anyOf": [{"items": {"type": "integer"}}, {"maxItems": 1}]},
    "if": {"if": {"prefixItems": [{"const": 1}]}, "then": {"prefixItems": [{}, {}]}, "else": {"prefixItems": [{}]}},
    "nested": {"allOf": [{"prefixItems": [{}], "unevaluatedItems": {"type": "string"}}]},
    "$ref": {"$defs": {"n": {"prefixItems": [{}]}}, "$ref": "#/$defs/n"},
}
CASES = [
    (name, keyword, {**schema, keyword: rest})
    for keyword, named in (("unevaluatedProperties", PROPERTIES), ("unevaluatedItems", ITEMS))
    for name, schema in named.items()
    for rest in (False, {"type": "string"}, True)
]


def accepts(tokenizer: Tokenizer, value: Any) -> bool:
    try:
        tokenizer.encode(value)
    except InvalidDocument:
        return False
    return True


def assert_agrees(schema: Any, values: tuple[Any, ...]) -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    validator = jsonschema_rs.validator_for(schema)
    found = {repr(value): accepts(tokenizer, value) for value in values}
    assert found == {repr(value): validator.is_valid(value) for value in values}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "keyword", "schema"), CASES)
def test_unevaluated_children_must_have_the_shape(name: str, keyword: str, schema: Any) -> None:
    assert_agrees({"$schema": DRAFT_2020, **schema}, OBJECTS if keyword == "unevaluatedProperties" else ARRAYS)


@pytest.mark.parametrize(("name", "schema"), list(PROPERTIES.items()))
def test_properties_were_so_in_2019(name: str, schema: Any) -> None:
    assert_agrees({"$schema": DRAFT_2019, **schema, "unevaluatedProperties": False}, OBJECTS)


@pytest.mark.parametrize(
    "schema",
    [
        {"items": [{"type": "integer"}]},
        {"items": [{"type": "integer"}], "additionalItems": {"type": "string"}},
        {"allOf": [{"items": [{}]}, {"items": [{}, {"type": "string"}]}]},
        {"anyOf": [{"items": [{"const": 1}]}, {"items": [{"const": "s"}, {"const": 1}]}]},
        {"items": {"type": "integer"}},
    ],
)
def test_tuples_were_items_in_2019(schema: Any) -> None:
    assert_agrees({"$schema": DRAFT_2019, **schema, "unevaluatedItems": False}, ARRAYS)


branches = st.sampled_from(
    [
        NAMED["a"],
        NAMED["b"],
        {"properties": {"a": {"type": "string"}}},
        {"patternProperties": {"^x": {}}},
        {"required": ["c"]},
        {"properties": {"c": {}}, "minProperties": 2},
        {"additionalProperties": {"type": "integer"}},
        {"not": {"properties": {"b": {}}, "required": ["b"]}},
    ]
)


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=2)
    return st.one_of(
        *(several.map(lambda parts, key=key: {key: parts}) for key in ("anyOf", "oneOf", "allOf")),
        st.fixed_dictionaries({"if": inner}, optional={"then": inner, "else": inner}),
        inner.map(lambda part: {"dependentSchemas": {"a": part}}),
        inner.map(lambda part: {"not": {"not": part}}),
    )


@pytest.mark.slow
@settings(max_examples=80)
@given(st.recursive(branches, _grown, max_leaves=4), st.sampled_from([False, {"type": "string"}]))
def test_random_branches_agree_with_the_validator(schema: Any, rest: Any) -> None:
    whole = {"$schema": DRAFT_2020, "properties": {"kind": {}}, **schema, "unevaluatedProperties": rest}
    try:
        assert_agrees(whole, OBJECTS)
    except SchemaError:
        validator = jsonschema_rs.validator_for(whole)
        assert not any(map(validator.is_valid, OBJECTS))


@pytest.mark.parametrize("keyword", ["unevaluatedProperties", "unevaluatedItems"])
def test_more_branches_than_the_limit_are_refused_at_the_keyword(keyword: str) -> None:
    inner = {"properties": {"a": {}}} if keyword.endswith("Properties") else {"prefixItems": [{}]}
    anyof = [{**inner, "description": str(n), "minLength": n} for n in range(1, 10)]
    schema = {"items": {"anyOf": anyof, keyword: False}}
    with pytest.raises(SchemaError, match="8") as caught:
        compile_schema(schema)
    assert (caught.value.pointer, caught.value.keyword) == (f"/items/{keyword}", keyword)
    compile_schema(schema, limits=Limits(unevaluated_branches=9))
    with pytest.raises(SchemaError):
        compile_schema({"items": {"anyOf": anyof[:4], keyword: False}}, limits=Limits(unevaluated_branches=3))


def test_branches_that_evaluate_nothing_do_not_count() -> None:
    schema = {"anyOf": [{"required": [f"k{n}"]} for n in range(30)], "unevaluatedProperties": {"type": "integer"}}
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    assert accepts(tokenizer, {"k3": 1})
    assert not accepts(tokenizer, {"k3": "s"})


def test_the_older_keyword_applies_without_a_draft() -> None:
    schema = {"items": [{"type": "integer"}], "unevaluatedItems": False}
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    assert [accepts(tokenizer, value) for value in ([], [1], [1, 2])] == [True, True, False]
