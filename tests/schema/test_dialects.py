"""A part of a schema with its own `$schema` is read by that draft, whatever encloses it, and no mixture crashes."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import jsonschema_rs
import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument, SchemaError
from schemalm.tokenizer import Tokenizer

DRAFTS = {
    "4": "http://json-schema.org/draft-04/schema#",
    "6": "http://json-schema.org/draft-06/schema#",
    "7": "http://json-schema.org/draft-07/schema",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "2020-12": "https://json-schema.org/draft/2020-12/schema#",
}
PAIRS = list(permutations(DRAFTS, 2))
# Parts whose meaning depends on the draft, and values that show it.
TELLING: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "const": ({"const": 1}, [1, 2]),
    "if": ({"if": {"type": "string"}, "then": {"maxLength": 1}}, ["ab", 1]),
    "dependentRequired": ({"dependentRequired": {"a": ["b"]}}, [{"a": 1}, {}]),
    "prefixItems": ({"prefixItems": [{"type": "string"}]}, [[1], ["a"]]),
    "integers": ({"type": "integer"}, [1, 1.0]),
    "beside a reference": ({"$ref": "#/definitions/any", "type": "string"}, [1, "a"]),
    "a list of items": ({"items": [{"type": "string"}]}, [[1], ["a"]]),
    "an exclusive bound": ({"minimum": 1, "exclusiveMinimum": True}, [1, 2]),
}


def refuse(uri: str) -> Any:
    raise LookupError(uri)


def verdicts(schema: Any, values: list[Any]) -> list[bool]:
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    found = tokenizer.encode_batch(values, on_error="return")
    return [not isinstance(ids, InvalidDocument) for ids in found]


def mixed(outer: str, inner: str, part: dict[str, Any], named: dict[str, str]) -> dict[str, Any]:
    """A schema of one draft with a part of another draft under the key `a`."""
    return {
        "$schema": DRAFTS[outer],
        "definitions": {"any": {}},
        "properties": {"a": {"$schema": DRAFTS[inner], **named, **part}},
    }


@pytest.mark.slow
@pytest.mark.parametrize(("outer", "inner"), PAIRS)
@pytest.mark.parametrize("telling", [name for name in TELLING if name != "beside a reference"])
def test_a_part_means_the_same_as_a_schema_of_its_draft(outer: str, inner: str, telling: str) -> None:
    part, values = TELLING[telling]
    try:
        expected = verdicts({"$schema": DRAFTS[inner], **part}, values)
    except SchemaError:
        return  # not a valid schema of that draft
    address = "http://example.org/part"
    for named in ({}, {"id": address} if inner == "4" else {"$id": address}):
        assert verdicts(mixed(outer, inner, part, named), [{"a": value} for value in values]) == expected


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
@pytest.mark.parametrize("telling", [name for name in TELLING if name not in ("a list of items", "an exclusive bound")])
def test_an_independent_validator_reads_mixtures_alike(outer: str, inner: str, telling: str) -> None:
    part, values = TELLING[telling]
    schema = mixed(outer, inner, part, {})
    instances = [{"a": value} for value in values]
    validator = jsonschema_rs.validator_for(schema, retriever=refuse)
    assert verdicts(schema, instances) == [validator.is_valid(value) for value in instances]


def test_everything_inside_a_part_has_its_draft_up_to_the_next_part() -> None:
    innermost = {"$schema": DRAFTS["7"], "const": 1}
    part = {"$schema": DRAFTS["4"], "properties": {"b": {"const": 1}, "c": {"allOf": [innermost]}}}
    schema = {"$schema": DRAFTS["2020-12"], "properties": {"a": part, "d": {"const": 1}}}
    values = [{"a": {"b": 2}}, {"a": {"c": 2}}, {"d": 2}, {"a": {"b": 2, "c": 1}, "d": 1}]
    assert verdicts(schema, values) == [True, False, False, True]


@pytest.mark.parametrize("draft", [name for name in DRAFTS if name != "2020-12"])
def test_a_reference_leads_into_the_draft_of_its_target(draft: str) -> None:
    key, newer = ("id" if draft == "4" else "$id"), {"dependentRequired": {"a": ["b"]}, "prefixItems": [False]}
    schema = {
        "$schema": DRAFTS["2020-12"],
        "$defs": {"old": {"$schema": DRAFTS[draft], key: "http://example.org/old", **newer}},
        "properties": {"a": {"$ref": "http://example.org/old"}, "b": {"$ref": "#/$defs/old"}, "c": newer},
    }
    values: list[Any] = [{name: [1]} for name in "abc"]
    assert verdicts(schema, values) == [True, True, False]


@pytest.mark.parametrize("reference", ["#/$defs/old/definitions/text", "#/definitions/text"])
def test_a_pointer_in_a_named_part_starts_at_the_part_or_at_the_whole(reference: str) -> None:
    part = {"properties": {"b": {"$ref": reference}}, "definitions": {"text": {"type": "string"}}}
    schema = {
        "$defs": {"old": {"$schema": DRAFTS["4"], "id": "schemas/old", **part}},
        "properties": {"a": {"$ref": "#/$defs/old"}},
    }
    assert verdicts(schema, [{"a": {"b": ""}}, {"a": {"b": 1}}]) == [True, False]


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
@pytest.mark.parametrize("names", [{"$id": "http://example.org/"}, {"id": "http://example.org/"}, {"$anchor": "a"}, {}])
def test_unreferenced_parts_may_contain_anything(outer: str, inner: str, names: dict[str, str]) -> None:
    part = {"$schema": DRAFTS[inner], "properties": {"b": {}}, "definitions": {"c": {"id": "#c", "$id": "d"}}}
    for listed in ({}, {"items": {}}, {"not": {}}, {"$defs": {"e": {}}}, {"prefixItems": [{}]}):
        schema = {"$schema": DRAFTS[outer], **names, "definitions": {"a": {**part, **listed}}, "type": "null"}
        assert verdicts(schema, [None, 1]) == [True, False]


@pytest.mark.parametrize("inner", [name for name in DRAFTS if name != "4"])
def test_a_boolean_may_occur_in_a_part_of_a_draft_without_booleans(inner: str) -> None:
    part = {"$schema": DRAFTS["4"], "properties": {"b": True, "c": False}}
    for names in ({"$id": "http://example.org/"}, {"$anchor": "x"}, {}):
        unused = {"$schema": DRAFTS[inner], **names, "definitions": {"a": part}}
        assert verdicts(unused, [{"c": 1}]) == [True]
        assert verdicts({**unused, "allOf": [{"$ref": "#/definitions/a"}]}, [{"b": 1}, {"c": 1}]) == [True, False]


@pytest.mark.parametrize(
    "schema",
    [
        {"$id": "http://[", "properties": {"a": {"$id": "http://["}}, "type": "null"},
        {"$id": "x", "$defs": {"a": {"$schema": DRAFTS["2020-12"], "$ref": "#/$defs/a"}}, "type": "null"},
        {"$id": "x", "unknown": {"$schema": DRAFTS["4"], "properties": [], "allOf": 1}, "type": "null"},
        {"$schema": DRAFTS["4"], "id": "x", "$defs": 1, "prefixItems": 2, "dependentSchemas": [3], "type": "null"},
        {"$id": "x", "default": {"$schema": DRAFTS["4"], "minimum": "a"}, "type": "null"},
        {"$anchor": "a", "not": {"$schema": "http://example.org/unknown", "type": "string"}, "type": "null"},
        {"$anchor": "a", "not": {"$schema": "relative", "type": "string"}, "type": "null"},
    ],
)
def test_odd_names_and_odd_parts_do_not_crash(schema: dict[str, Any]) -> None:
    assert verdicts(schema, [None, 1]) == [True, False]


def test_a_part_that_is_not_valid_in_its_draft_is_refused_at_its_location() -> None:
    part = {"$schema": DRAFTS["4"], "$id": "x", "items": [{"minimum": "a"}]}
    with pytest.raises(SchemaError, match="not a JSON Schema") as caught:
        compile_schema({"$schema": DRAFTS["2020-12"], "$defs": {"a": part}})
    assert caught.value.pointer == "/$defs/a/items/0/minimum"


@pytest.mark.parametrize("telling", ["const", "integers", "an exclusive bound"])
def test_a_part_keeps_its_draft_in_the_portable_schema(telling: str) -> None:
    part, values = TELLING[telling]
    grammar = compile_schema(mixed("2020-12", "4", part, {"id": "http://example.org/part"}))
    expected = verdicts({"$schema": DRAFTS["4"], **part}, values)
    plain = grammar.portable_schema()
    assert verdicts(plain, [{"a": value} for value in values]) == expected
