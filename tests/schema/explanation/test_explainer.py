"""A refusal names the location and the keyword that a person should look at first."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument
from schemalm.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def workflows() -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema("github-workflow", rules=None))


def with_steps(*steps: Any) -> Any:
    return {"on": "push", "jobs": {"build": {"runs-on": "ubuntu-latest", "steps": list(steps)}}}


def with_job(**job: Any) -> Any:
    return {"on": "push", "jobs": {"build": {"runs-on": "ubuntu-latest", **job}}}


INVALID: dict[str, tuple[Any, str, str]] = {
    "no jobs": ({"on": "push"}, "", "required"),
    "jobs of the wrong kind": ({"on": "push", "jobs": []}, "/jobs", "type"),
    "no job at all": ({"on": "push", "jobs": {}}, "/jobs", "minProperties"),
    "a misspelled key": ({"on": "push", "job": {}, "jobs": {"a": {"runs-on": "x"}}}, "/job", "additionalProperties"),
    "no runner": ({"on": "push", "jobs": {"build": {"steps": [{"run": "x"}]}}}, "/jobs/build", "required"),
    "an unknown event": ({"on": "pushed", "jobs": {"a": {"runs-on": "x"}}}, "/on", "enum"),
    "an unknown key of a job": (with_job(step=[]), "/jobs/build/step", "additionalProperties"),
    "a string for a number": (with_job(**{"timeout-minutes": True}), "/jobs/build/timeout-minutes", "type"),
    "a step of the wrong kind": (with_steps("make"), "/jobs/build/steps/0", "type"),
    "an unknown key of a step": (
        with_steps({"uses": "a/b@v1"}, {"run": "make", "shel": "bash"}),
        "/jobs/build/steps/1/shel",
        "additionalProperties",
    ),
    "no steps": (with_job(steps=[]), "/jobs/build/steps", "minItems"),
    "a step that does nothing": (with_steps({"name": "x"}), "/jobs/build/steps/0", "oneOf"),
    "a permission that is none": (
        with_job(permissions={"contents": "all"}),
        "/jobs/build/permissions/contents",
        "enum",
    ),
    "a key that is no name": ({"on": "push", "jobs": {"1 2": {"runs-on": "x"}}}, "/jobs/1 2", "additionalProperties"),
    "null": (None, "", "type"),
}


@pytest.mark.parametrize("name", INVALID)
def test_a_refused_workflow_names_location_and_keyword(workflows: Tokenizer, name: str) -> None:
    value, pointer, keyword = INVALID[name]
    with pytest.raises(InvalidDocument) as caught:
        workflows.encode(value)
    assert (caught.value.pointer, caught.value.keyword) == (pointer, keyword), caught.value


def refused(schema: Any, value: Any) -> InvalidDocument:
    with pytest.raises(InvalidDocument) as caught:
        Tokenizer.from_grammar(compile_schema(schema)).encode(value)
    return caught.value


@pytest.mark.parametrize(
    ("schema", "value", "pointer", "keyword"),
    [
        ({"minLength": 2}, "a", "", "minLength"),
        ({"pattern": "^a"}, "b", "", "pattern"),
        ({"type": "integer"}, 0.5, "", "type"),
        ({"const": 1}, 2, "", "enum"),
        ({"const": None}, 2, "", "const"),
        ({"items": [{"type": "string"}], "additionalItems": False, "$schema": "http://json-schema.org/draft-07/schema#"},
         ["a", 1], "/1", "false schema"),
        ({"minItems": 2}, [1], "", "minItems"),
        ({"minProperties": 1}, {}, "", "minProperties"),
        ({"properties": {"a/b~c": {"type": "null"}}}, {"a/b~c": 1}, "/a~1b~0c", "type"),
        ({"properties": {"": {"type": "null"}}}, {"": 1}, "/", "type"),
        ({"not": {"type": "string"}}, "a", "", "not"),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1, "b": 2}, "", "oneOf"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "", "type"),
        ({"dependencies": {"a": ["b"]}}, {"a": 1}, "", "required"),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": 1}, "", "required"),
        ({"maxLength": 1}, "ab", "", "maxLength"),
        ({"maxItems": 1}, [1, 2], "", "maxItems"),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, "", "maxProperties"),
        ({"properties": {"a": {"minimum": 1}}}, {"a": 0.5}, "/a", "minimum"),
        ({"exclusiveMinimum": 1}, 1, "", "minimum"),
        ({"maximum": 1}, 1.5, "", "maximum"),
        ({"multipleOf": 3}, 4, "", "multipleOf"),
        ({"format": "date"}, "2023-02-29", "", "format"),
        ({"uniqueItems": True}, [1, 2, 1.0], "/2", "uniqueItems"),
        ({"items": {"contains": {"const": 1}}}, [[1], [2]], "/1", "contains"),
        ({"contains": {"const": 1}, "maxContains": 1}, [1, 1], "", "contains"),
        ({"propertyNames": {"maxLength": 1}}, {"a": 1, "b/c": 2}, "/b~1c", "propertyNames"),
        ({"prefixItems": [{}, {"type": "null"}]}, [1, 2], "/1", "type"),
        ({"prefixItems": [{}], "items": False}, [1, 2], "/1", "false schema"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "", "required"),
        ({"dependentSchemas": {"a": {"maxProperties": 1}}}, {"a": 1, "b": 2}, "", "maxProperties"),
        ({"properties": {"a": {}}, "patternProperties": {"^x": {}}, "additionalProperties": False},
         {"a": 1, "x": 2, "b": 3}, "/b", "additionalProperties"),
        ({"patternProperties": {"^x": {"type": "null"}}}, {"x/1": 1}, "/x~11", "type"),
        ({"$defs": {"n": {"items": {"$ref": "#/$defs/n"}, "maxItems": 1}}, "$ref": "#/$defs/n"},
         [[[1, 2]]], "/0/0", "maxItems"),
        ({"additionalProperties": {"type": "integer"}}, {"a": 1, "b": "x"}, "/b", "type"),
    ],
)  # fmt: skip
def test_each_keyword_is_named(schema: Any, value: Any, pointer: str, keyword: str) -> None:
    error = refused(schema, value)
    assert (error.pointer, error.keyword) == (pointer, keyword), error


class Text(str):
    """A subclass, which is not a JSON string."""

    __slots__ = ()


def kind_name(value: object) -> str:
    """The name of a test; some of the values cannot be written."""
    return type(value).__name__


NO_JSON: list[tuple[Any, str, str]] = [
    (float("nan"), "", "not a JSON number"),
    ({"a": float("inf")}, "/a", "not a JSON number"),
    (["a", "\ud800"], "/1", "surrogate"),
    ({"\udfff": 1}, "/\udfff", "surrogate"),
    ({"a": {1: 2}}, "/a/1", "not a string"),
    ([b"x"], "/0", "bytes"),
    ((1, 2), "", "tuple"),
    (array("i", [1]), "", "array"),
    ({"a": object()}, "/a", "object"),
    ({"a": {1, 2}}, "/a", "set"),
    (Text("x"), "", "Text"),
    (10**5000, "", "digits"),
    (10**400, "", "309 digits"),
    ([-(10**309)], "/0", "309 digits"),
]


@pytest.mark.parametrize(
    "schema", [{}, {"type": ["number", "string", "array", "object"], "patternProperties": {"^x": {}}}]
)
@pytest.mark.parametrize(("value", "pointer", "message"), NO_JSON, ids=kind_name)
def test_a_value_that_is_not_json_is_refused_at_its_location(
    schema: Any, value: Any, pointer: str, message: str
) -> None:
    error = refused(schema, value)
    assert error.pointer == pointer
    assert message in error.message


@pytest.mark.parametrize("value", [entry[0] for entry in NO_JSON], ids=kind_name)
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer"},
        {"pattern": "^a", "type": "string"},
        {"const": 1},
        {"enum": ["a"]},
        {"patternProperties": {"^a": {}}, "additionalProperties": False},
        {"anyOf": [{"type": "integer"}, {"type": "array"}]},
    ],
)
def test_no_value_crashes_an_explanation(schema: Any, value: Any) -> None:
    assert refused(schema, value).keyword


@pytest.mark.parametrize("value", [entry[0] for entry in NO_JSON], ids=kind_name)
def test_no_value_beside_the_fault_crashes_an_explanation(value: Any) -> None:
    schema = {"properties": {"a": {"type": "null"}, "b": {"type": ["string", "array"], "enum": ["x", 1]}}}
    assert refused(schema, {"b": value, "a": 1}).keyword


@pytest.mark.slow
def test_values_that_are_nested_too_deep_are_refused() -> None:
    value: Any = []
    for _ in range(10_000):
        value = [value]
    assert "deep" in refused({}, value).message
    assert "deep" in refused({"items": {"$ref": "#"}, "not": {"const": 1}, "type": "array"}, [value]).message
    cycle: list[Any] = []
    cycle.append(cycle)
    assert "deep" in refused({"items": {"type": "array"}}, cycle).message


def test_a_long_value_is_shortened() -> None:
    assert len(refused({"type": "string"}, ["x" * 10_000]).message) < 200
