"""Messages say what is wrong, what was expected, and the smallest change that helps."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument
from schemalm.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def workflows() -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema("github-workflow", rules=None))


def message_of(tokenizer: Tokenizer, value: Any) -> str:
    with pytest.raises(InvalidDocument) as caught:
        tokenizer.encode(value)
    return f"{caught.value.pointer}: {caught.value.message}"


STEPS: list[tuple[dict[str, Any], str]] = [
    (
        {"uses": "a/b@v1", "run": "make"},
        ": has both 'uses' and 'run', but only one of them is allowed; remove 'uses' or remove 'run'",
    ),
    (
        {"uses": "a/b@v1", "run": "make", "shell": "bash"},
        ": has both 'uses' and 'run', but only one of them is allowed; remove 'uses'",
    ),
    (
        {"uses": "a/b@v1", "shell": "bash"},
        ": because the key 'shell' is present, the key 'run' is missing; remove 'shell'",
    ),
    ({"shell": "bash"}, ": because the key 'shell' is present, the key 'run' is missing"),
    (
        {"name": "x"},
        ": one of these keys is missing: 'uses', 'run', 'wait', 'wait-all', 'cancel' or 'parallel'",
    ),
    ({"run": "make", "shel": "bash"}, "/shel: the key 'shel' is not allowed here; did you mean 'shell'?"),
    ({"run": ["make"]}, '/run: expected string, found array ["make"]; write it without the list around it'),
    ({"run": 3}, "/run: expected string, found number 3; put it in quotes"),
    ({"run": "make", "name": None}, "/name: expected string, found null; remove 'name'"),
    (
        {"run": "make", "timeout-minutes": "5"},
        '/timeout-minutes: "5" does not match the pattern ^\\$\\{\\{(.|[\\r\\n])*\\}\\}$; also allowed: number; '
        "write it without quotes",
    ),
]


@pytest.mark.parametrize(("step", "message"), STEPS)
def test_a_wrong_step_of_a_workflow_is_described(workflows: Tokenizer, step: dict[str, Any], message: str) -> None:
    value = {"on": "push", "jobs": {"build": {"runs-on": "ubuntu-latest", "steps": [step]}}}
    assert message_of(workflows, value) == f"/jobs/build/steps/0{message}"


def shape(kind: str, *keys: str) -> dict[str, Any]:
    properties = {"kind": {"const": kind}} | {key: {"type": "number"} for key in keys}
    return {"type": "object", "properties": properties, "required": ["kind", *keys], "additionalProperties": False}


SHAPES = {"oneOf": [shape("circle", "radius"), shape("square", "side"), shape("box", "width", "height")]}
NAMED = {
    "$defs": {"one": {"minimum": 1}, "two": {"maximum": 9}},
    "oneOf": [{"$ref": "#/$defs/one"}, {"$ref": "#/$defs/two"}],
}
CASES: list[tuple[Any, Any, str]] = [
    # Alternatives that are true together.
    ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, 3,
     ": more than one alternative matches: the one with type integer and the one with minimum 2"),
    (NAMED, 3, ": more than one alternative matches: $ref 'one' and $ref 'two'"),
    ({"oneOf": [{"required": ["a", "z"]}, {"required": ["b", "z"]}, {"required": ["c"]}]},
     {"a": 1, "b": 1, "c": 1, "z": 1},
     ": has 'a' with 'z', 'b' with 'z' and 'c', but only one of them is allowed; remove 'z'"),
    ({"not": {"required": ["a", "b"]}}, {"a": 1, "b": 2},
     ": has both 'a' and 'b', which are not allowed together; remove 'a' or remove 'b'"),
    ({"not": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, "type": "object"}, {"a": 1, "b": 2},
     ': {"a": 1, "b": 2} has a form that is not allowed; remove \'a\' and remove \'b\''),
    ({"not": {"required": ["a"]}, "type": "object"}, {"a": 1}, ": the key 'a' is not allowed here; remove 'a'"),
    ({"not": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "type": "object"}, {"a": 1},
     ": this is not allowed: 'a' is 1; remove 'a'"),
    # Alternatives that are all false.
    (SHAPES, {"kind": "circle", "side": 3}, "/side: the key 'side' is not allowed here; allowed: 'radius'"),
    (SHAPES, {"kind": "circle"}, ": the key 'radius' is missing"),
    (SHAPES, {"kind": "circel", "radius": 1},
     '/kind: "circel" is not one of "circle", "square", "box"; did you mean "circle"?'),
    (SHAPES, {"kind": "ring"}, '/kind: "ring" is not one of "circle", "square", "box"'),
    (SHAPES, {"kind": "box", "width": 1}, ": the key 'height' is missing"),
    (SHAPES, {"width": 1, "height": 2}, ": the key 'kind' is missing"),
    (SHAPES, 3, ": expected object, found number 3"),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1,
     ": expected null or string, found number 1; put it in quotes"),
    ({"anyOf": [{"type": "string", "maxLength": 1}, {"type": "integer"}]}, "ab",
     ': "ab" has 2 characters; the maximum is 1; also allowed: integer'),
    ({"anyOf": [{"required": ["a", "b"], "type": "object"}, {"required": ["c", "d"]}]}, {"c": 1},
     ": the key 'd' is missing"),
    ({"anyOf": [{"minimum": 5}, {"multipleOf": 2}]}, 3,
     ": no alternative matches: 3 is too small: the minimum is 5; 3 is not a multiple of 2"),
    # Conditions.
    ({"if": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]}, "then": {"required": ["b"]}}, {"kind": "a"},
     ": because 'kind' is \"a\", the key 'b' is missing; add 'b' or remove 'kind'"),
    ({"dependencies": {"with": ["uses"]}, "additionalProperties": True}, {"with": {}},
     ": because the key 'with' is present, the key 'uses' is missing; add 'uses' or remove 'with'"),
    ({"dependentSchemas": {"a": {"maxProperties": 1}}}, {"a": 1, "b": 2},
     ': because the key \'a\' is present, {"a": 1, "b": 2} has 2 keys; the maximum is 1; remove \'a\''),
    # Names and constants.
    ({"properties": {"name": {}, "tags": {}}, "additionalProperties": False}, {"nmae": 1},
     "/nmae: the key 'nmae' is not allowed here; did you mean 'name'?"),
    ({"properties": {"name": {}, "tags": {}}, "additionalProperties": False}, {"zz": 1},
     "/zz: the key 'zz' is not allowed here; allowed: 'name', 'tags'"),
    ({"patternProperties": {"^x-": {}}, "additionalProperties": False}, {"y": 1},
     "/y: the key 'y' is not allowed here; allowed: keys like ^x-"),
    ({"required": ["name"], "properties": {"name": {"type": "string"}}}, {"nmae": "x"},
     ": the key 'name' is missing; add 'name' or rename 'nmae' to 'name'"),
    ({"enum": ["alpha", "beta"]}, "aplha", ': "aplha" is not one of "alpha", "beta"; did you mean "alpha"?'),
    ({"enum": [1, 2]}, 3, ": 3 is not one of 1, 2"),
    ({"const": "on"}, "off", ': expected "on", found string "off"'),
    ({"propertyNames": {"enum": ["alpha", "beta"]}}, {"alhpa": 1},
     "/alhpa: the key 'alhpa': \"alhpa\" is not one of \"alpha\", \"beta\"; did you mean 'alpha'?"),
    # Kinds and sizes.
    ({"type": "array", "items": {"type": "string"}}, "x", ': expected array, found string "x"; put it in a list'),
    ({"type": "integer"}, "5", ': expected integer, found string "5"; write it without quotes'),
    ({"type": "boolean"}, "yes", ': expected boolean, found string "yes"'),
    ({"type": "string"}, True, ": expected string, found boolean true; put it in quotes"),
    ({"type": "string"}, None, ": expected string, found null"),
    ({"minProperties": 2}, {"a": 1}, ': {"a": 1} has 1 key; the minimum is 2'),
    ({"maxItems": 1}, [1, 2], ": [1, 2] has 2 items; the maximum is 1"),
    ({"exclusiveMinimum": 1}, 1, ": 1 is too small: it must be more than 1"),
    ({"contains": {"required": ["a"], "type": "object"}}, [{"b": 1}],
     ': [{"b": 1}] has no item of the required form; item 0 is the closest: the key \'a\' is missing'),
    ({"contains": {"const": 1}, "maxContains": 1}, [1, 1],
     ": [1, 1] has more than 1 items of the required form"),
    ({"uniqueItems": True}, [1, 2, 1], "/2: the item 1 repeats an earlier one"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "message"), CASES)
def test_a_refusal_is_described(schema: Any, value: Any, message: str) -> None:
    assert message_of(Tokenizer.from_grammar(compile_schema(schema)), value) == message


def test_invisible_characters_are_escaped() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema({"additionalProperties": {"type": "integer"}}))
    assert "\u202e" not in message_of(tokenizer, {"a": "x\u202ey"}).partition(": ")[2]


def test_long_keys_are_shortened() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema({"additionalProperties": False}))
    with pytest.raises(InvalidDocument) as caught:
        tokenizer.encode({"k" * 10_000: 1})
    assert len(caught.value.message) < 200
