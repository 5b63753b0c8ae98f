"""The changes that a message suggests make the document valid, by an independent validator."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from schemalm.compilation import compile_schema
from schemalm.schema.explanation import Explainer, Failure
from schemalm.schema.explanation.locations import HOLE, Change, Location, Remove, changed


def failure_of(schema: Any, value: Any) -> tuple[Failure, Any]:
    grammar = compile_schema(schema, rules=None)
    failure = Explainer(grammar.shapes, grammar.budget).explain(grammar.shape, value)
    assert failure is not None
    return failure, grammar.schema


def after(value: Any, changes: tuple[Change, ...], filling: Any) -> Any:
    root = Location(value)
    for change in changes:
        root = changed(root, change)
    return filled(root.value, filling)


def filled(value: Any, filling: Any) -> Any:
    """The value with something in place of what the message leaves open."""
    if value is HOLE:
        return filling
    if isinstance(value, dict):
        return {name: filled(item, filling) for name, item in value.items()}
    return [filled(item, filling) for item in value] if isinstance(value, list) else value


def workflow(step: dict[str, Any], **job: Any) -> Any:
    return {"on": "push", "jobs": {"build": {"runs-on": "ubuntu-latest", "steps": [step], **job}}}


SHAPE = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": kind}, key: {"type": "number"}},
            "required": ["kind", key],
            "additionalProperties": False,
        }
        for kind, key in {"circle": "radius", "square": "side"}.items()
    ]
}
EVENTS = {"properties": {"a": {}, "b": {}, "c": {}}, "oneOf": [{"required": [key]} for key in "abc"]}
# Possible values of a key that a message says to add.
FILLINGS: list[Any] = ["x", 1, True, [], [{"run": "x"}]]
# A schema, and a value that is not valid.
MENDED: list[tuple[Any, Any]] = [
    ("github-workflow", workflow({"uses": "a/b@v1", "run": "make"})),
    ("github-workflow", workflow({"uses": "a/b@v1", "shell": "bash"})),
    ("github-workflow", workflow({"uses": "a/b@v1", "run": "make", "shell": "bash"})),
    ("github-workflow", workflow({"name": "x"})),
    ("github-workflow", workflow({"run": "make", "shel": "bash"})),
    ("github-workflow", workflow({"run": ["make"]})),
    ("github-workflow", workflow({"run": 3})),
    ("github-workflow", workflow({"run": "make", "timeout-minutes": "5"})),
    ("github-workflow", workflow({"run": "make"}, steeps=[])),
    ("github-workflow", workflow({"run": "make"}, strategy={"matrix": {"os": "linux"}})),
    ("github-workflow", {"on": "pull-request", "jobs": {"a": {"runs-on": "x"}}}),
    ("github-workflow", {"on": {"push": {"branch": ["x"]}}, "jobs": {"a": {"runs-on": "x"}}}),
    ("github-workflow", {"on": {"push": {"tags": ["x"], "tags-ignore": ["y"]}}, "jobs": {"a": {"runs-on": "x"}}}),
    ("github-workflow", {"on": "push", "job": {"a": {"runs-on": "x"}}}),
    (SHAPE, {"kind": "circel", "radius": 1}),
    (SHAPE, {"kind": "circle", "raduis": 1}),
    (SHAPE, {"kind": "circle"}),
    (SHAPE, {"kind": "square", "side": "3"}),
    (SHAPE, [{"kind": "square", "side": 3}]),
    (EVENTS, {"a": 1, "b": 2}),
    (EVENTS, {"a": 1, "b": 2, "c": 3}),
    ({"not": {"required": ["a", "b"]}}, {"a": 1, "b": 2}),
    ({"not": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, "type": "object"}, {"a": 1, "b": 2}),
    ({"dependencies": {"with": ["uses"]}}, {"with": 1}),
    ({"dependencies": {"with": ["uses"]}, "not": {"required": ["uses"]}, "type": "object"}, {"with": 1}),
    ({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "maxProperties": 1}, {"a": 1}),
    ({"enum": ["alpha", "beta"]}, "Alpha"),
    ({"type": "array", "items": {"type": "string"}}, "x"),
    ({"properties": {"a": {"type": "string"}}}, {"a": None}),
    ({"uniqueItems": True}, [1, 2, 1]),
    ({"propertyNames": {"enum": ["alpha"]}}, {"alhpa": 1}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("schema", "value"), MENDED)
def test_each_suggested_change_makes_the_document_valid(schema: Any, value: Any) -> None:
    failure, source = failure_of(schema, value)
    assert failure.remedies
    for changes in failure.remedies:
        mended = [after(value, changes, filling) for filling in FILLINGS]
        assert any(jsonschema_rs.is_valid(source, one) for one in mended), f"{failure.message}: {mended[0]}"


def test_a_fault_is_repaired_although_others_remain() -> None:
    schema = {"properties": {"name": {}, "size": {"type": "string"}}, "additionalProperties": False}
    failure, _ = failure_of(schema, {"nmae": 1, "size": 3})
    assert failure.message.endswith("did you mean 'name'?")


def test_no_suggestion_breaks_something_else() -> None:
    failure, _ = failure_of({"type": "string", "enum": ["10"]}, 9)
    assert failure.remedies == ()


def test_the_value_itself_stays_as_it_is() -> None:
    value = workflow({"uses": "a/b@v1", "run": "make"})
    failure_of("github-workflow", value)
    assert value == workflow({"uses": "a/b@v1", "run": "make"})


def test_a_change_keeps_the_locations_beside_it() -> None:
    root = Location({"a": {"b": {"c": 1}, "d": {"e": 2}}, "f": [3]})
    after_it = changed(root, Remove(root.child("a").child("b"), "c"))
    assert after_it.value == {"a": {"b": {}, "d": {"e": 2}}, "f": [3]}
    assert after_it.child("f") is root.child("f")
    assert after_it.child("a").child("d") is root.child("a").child("d")
    assert after_it.child("a") is not root.child("a")


def test_a_second_change_keeps_the_first() -> None:
    root = Location({"a": {"b": 1, "c": 2, "d": 3}})
    first, second = (Remove(root.child("a"), key) for key in "bc")
    assert changed(changed(root, first), second).value == {"a": {"d": 3}}


def test_no_second_change_undoes_the_first() -> None:
    build = {"runs-on": "x", "strategy": {"matrix": {"os": ["a"], "deps": [None]}}, "steps": [{"run": "make"}]}
    failure, _ = failure_of("github-workflow", {"on": "push", "jobs": {"build": build}})
    assert "and remove" not in failure.message
