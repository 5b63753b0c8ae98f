"""The cost of an explanation grows with the formulas and the locations and is bounded; the value is refused anyway."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument
from schemalm.limits import Limits
from schemalm.schema.explanation import Explainer
from schemalm.schema.explanation.explainer import NO_REASON
from schemalm.tokenizer import Tokenizer

NODE = {"$ref": "#/$defs/n"}


def recursive(node: dict[str, Any]) -> dict[str, Any]:
    return {"$defs": {"n": node}, "$ref": "#/$defs/n"}


def object_of(**keywords: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": NODE}, **keywords}


def chain(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"a": value}
    return value


def listed(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


def work_of(schema: Any, value: Any, limits: Limits | None = None) -> tuple[int, str]:
    """The units of work of explaining a refusal, and its message."""
    grammar = compile_schema(schema, limits=limits or Limits())
    before = grammar.budget.num_units
    failure = Explainer(grammar.shapes, grammar.budget).explain(grammar.shape, value)
    assert failure is not None
    return grammar.budget.num_units - before, failure.message


CLOSED = object_of(required=["a"], additionalProperties=False)
RECURSIVE: dict[str, dict[str, Any]] = {
    "anyOf": {"anyOf": [CLOSED, object_of(required=["a"]), {"type": "integer"}]},
    "oneOf": {"oneOf": [CLOSED, object_of(required=["a", "b"]), {"type": "integer"}]},
    "oneOf of which both hold": {"oneOf": [object_of(required=["a"]), object_of(minProperties=1), {"type": "string"}]},
    "not": {"not": {"not": {"anyOf": [CLOSED, object_of(minProperties=1), {"type": "integer"}]}}},
    "not of allOf": {
        "not": {"allOf": [{"not": CLOSED}, {"not": object_of(required=["b"])}, {"type": ["string", "object"]}]}
    },
    "if": {"if": object_of(required=["a"]), "then": object_of(), "else": {"type": "integer"}},
    "allOf": {"allOf": [{"anyOf": [CLOSED, {"type": "integer"}]}, {"anyOf": [object_of(), {"type": "integer"}]}]},
}


@pytest.mark.parametrize("name", RECURSIVE)
def test_nested_alternatives_take_work_linear_in_the_depth(name: str) -> None:
    schema = recursive(RECURSIVE[name])
    half, _ = work_of(schema, chain(32))
    whole, message = work_of(schema, chain(64))
    assert message != NO_REASON
    assert whole < 2.5 * half < 200_000


def test_contains_over_recursion_takes_polynomial_work() -> None:
    schema = recursive(
        {
            "anyOf": [
                {"type": "array", "contains": NODE},
                {"type": "array", "items": NODE, "minItems": 1},
                {"type": "integer"},
            ]
        }
    )
    num_units, message = work_of(schema, listed(32))
    assert message != NO_REASON
    assert num_units < 100_000


def object_of_kind(number: int) -> dict[str, Any]:
    properties = {"kind": {"const": number}, f"k{number}": {"type": "string"}}
    return {"type": "object", "properties": properties, "additionalProperties": False}


WIDE: dict[str, tuple[Any, Any]] = {
    "contains": ({"contains": {"anyOf": [{"required": [f"k{i}"]} for i in range(20)], "type": "object"}}, [{}] * 500),
    "items": ({"items": {"type": "integer"}}, [*range(20_000), "x"]),
    "wrong items": ({"items": {"type": "integer"}}, ["x"] * 20_000),
    "members": ({"additionalProperties": {"type": "integer"}}, {**dict.fromkeys(map(str, range(20_000)), 1), "x": "x"}),
    "key patterns": (
        {"patternProperties": {f"^x{i}": {} for i in range(50)}, "additionalProperties": False},
        dict.fromkeys((f"y{i}" for i in range(1_000)), 1),
    ),
    "propertyNames": ({"propertyNames": {"pattern": "^(a|b)*c$"}}, dict.fromkeys(("ab" * i for i in range(500)), 1)),
    "a long enum": ({"enum": [f"value{i}" for i in range(2_000)]}, "valu"),
    "a long text": ({"pattern": "^a*$"}, "a" * 100_000 + "b"),
    "uniqueItems": ({"uniqueItems": True}, [*range(10_000), 5]),
    "alternatives": (
        {"anyOf": [{**object_of_kind(i), "required": ["kind", f"k{i}"]} for i in range(30)]},
        {"kind": 7, "k8": "x"},
    ),
}


@pytest.mark.parametrize("name", WIDE)
def test_wide_values_and_schemas_are_explained_within_the_limit(name: str) -> None:
    num_units, message = work_of(*WIDE[name])
    assert message != NO_REASON
    assert num_units < 150_000


def test_values_of_any_depth_are_explained_without_pythons_stack() -> None:
    _, message = work_of(recursive(RECURSIVE["anyOf"]), chain(1_000))
    assert message.startswith("expected integer or object")


def tree(depth: int) -> Any:
    return "x" if depth == 0 else {f"x{i}": tree(depth - 1) for i in range(8)}


def test_the_first_faults_are_reported_if_all_would_take_too_long() -> None:
    members = {"type": "object", "additionalProperties": NODE}
    schema = recursive(
        {"anyOf": [{**members, "minProperties": 1}, {**members, "required": ["x0"]}, {"type": "integer"}]}
    )
    num_units, message = work_of(schema, tree(3), Limits(call_work=10_000))
    assert message == 'expected integer or object, found string "x"'
    assert num_units < 10_000


def test_the_value_is_still_refused_if_the_reason_takes_too_long() -> None:
    grammar = compile_schema(
        {"items": {"anyOf": [{"type": "integer"}, {"required": ["a"]}]}}, limits=Limits(call_work=500)
    )
    tokenizer = Tokenizer.from_grammar(grammar)
    with pytest.raises(InvalidDocument) as caught:
        tokenizer.encode([*[{"a": 1}] * 500, {"b": 1}])
    assert (caught.value.message, caught.value.pointer, caught.value.keyword) == (NO_REASON, "/500/b", "limit")
    with pytest.raises(InvalidDocument, match="the key 'a' is missing"):
        tokenizer.encode([{"b": 1}])
    assert tokenizer.decode(tokenizer.encode([1])) == [1]
