"""GitHub's definitions as JSON Schema, and the places of their texts."""

from __future__ import annotations

from typing import Any

import pytest

from github_rules.definitions import Definitions
from github_rules.places import Form, PlaceFinder
from github_rules.schema import KEY, NON_EMPTY_TEXT, TEXT, SchemaWriter

NODES: dict[str, Any] = {
    "root": {"mapping": {"properties": {"name": "string", "on": {"type": "event", "required": True}, "env": "env"}}},
    "event": {"one-of": ["push", "pull", "events"]},
    "push": {"string": {"constant": "push"}},
    "pull": {"string": {"constant": "pull"}},
    "events": {"sequence": {"item-type": "kind"}},
    "kind": {"allowed-values": ["opened", "closed"]},
    "env": {"context": ["github", "hash(1,2)"], "mapping": {"loose-key-type": "name", "loose-value-type": "string"}},
    "name": {"string": {"require-non-empty": True}},
    "job": {"context": ["needs"], "mapping": {"properties": {"if": "if", "env": "env", "fast": "boolean", "x": "any"}}},
    "if": {"string": {}},
    "steps": {"sequence": {"item-type": "step"}},
    "step": {"one-of": ["run", "nested"]},
    "run": {"mapping": {"properties": {"run": {"type": "string", "required": True}}}},
    "commands": {"one-of": ["call", "start", "nested"]},
    "call": {
        "mapping": {
            "properties": {"name": "string", "call": {"type": "name", "required": True}, "with": "env"},
        }
    },
    "start": {"mapping": {"properties": {"name": "string", "start": {"type": "name", "required": True}}}},
    "nested": {"mapping": {"properties": {"parallel": {"type": "steps", "required": True}}}},
}


def writer(
    *, own: tuple[str, ...] = (), never: tuple[str, ...] = (), united: dict[str, list[str]] | None = None
) -> SchemaWriter:
    return SchemaWriter(Definitions(NODES, []), list(own), list(never), united or {})


def finder(*, never: tuple[str, ...] = ()) -> PlaceFinder:
    return PlaceFinder(Definitions(NODES, []), ("join",), frozenset(["if"]), frozenset(never), frozenset())


def test_a_mapping_becomes_an_object_with_the_keys_that_github_knows() -> None:
    schema = writer().body("root", expression=False)
    assert schema["required"] == ["on"]
    assert schema["properties"]["name"] == {"type": TEXT}
    assert schema["additionalProperties"] is False


def test_other_keys_may_not_be_empty_or_expressions() -> None:
    made = writer()
    assert made.body("env", expression=False)["propertyNames"] == {"$ref": f"#/definitions/{KEY}"}
    assert made.written[KEY]["minLength"] == 1


def test_constants_of_a_choice_become_one_list() -> None:
    assert writer().body("event", expression=False) == {
        "anyOf": [{"enum": ["push", "pull"]}, {"type": "array", "items": {"$ref": "#/definitions/kind"}}]
    }


def test_united_mappings_become_one_object_that_says_which_keys_exclude_one_another() -> None:
    made = writer(united={"command": ["call", "start"]})
    assert made.body("commands", expression=False)["anyOf"][0] == {"$ref": "#/definitions/command"}
    command = made.written["command"]
    assert [*command.pop("properties")] == ["name", "call", "with", "start"]
    assert command == {
        "type": "object",
        "oneOf": [{"required": ["call"]}, {"required": ["start"]}],
        "dependencies": {"with": ["call"]},
        "additionalProperties": False,
    }


def test_where_contexts_are_known_an_expression_may_be_in_the_place_of_a_value() -> None:
    schema = writer().body("job", expression=False)
    assert schema["type"] == ["object", "string"]
    assert schema["properties"]["fast"] == {"type": ["boolean", "string"]}
    assert writer().body("boolean", expression=False) == {"type": "boolean"}


def test_what_is_never_one_expression_stays_an_object() -> None:
    assert writer(never=("env",)).body("env", expression=False)["type"] == "object"


def test_a_definition_that_is_used_in_two_ways_is_written_twice() -> None:
    made = writer()
    assert made.reference("events", expression=False) == {"$ref": "#/definitions/events"}
    assert made.reference("events", expression=True) == {"$ref": "#/definitions/events-with-expressions"}
    assert made.written["events-with-expressions"]["type"] == ["array", "string"]


def test_definitions_with_rules_by_hand_have_a_name() -> None:
    made = writer(own=("name",))
    assert made.reference("name", expression=False) == {"$ref": "#/definitions/name"}
    assert made.written["name"] == {"type": NON_EMPTY_TEXT, "minLength": 1}


def test_definitions_may_contain_themselves() -> None:
    made = writer()
    made.reference("steps", expression=False)
    assert made.written["nested"]["properties"]["parallel"] == {"$ref": "#/definitions/steps"}


def test_what_is_behind_a_flag_is_left_out() -> None:
    left = Definitions(NODES, ["nested", "root.env"])
    assert left.choices("step") == ["run"]
    assert set(left.properties("root")) == {"name", "on"}


def test_what_is_left_out_must_exist() -> None:
    with pytest.raises(KeyError, match=r"have no root\.no"):
        Definitions(NODES, ["root.no"])


def test_places_have_the_contexts_of_the_definitions_around_them() -> None:
    found = finder().places("job")
    assert found[Form("condition", ("needs",), ("join",))] == ["/if"]
    assert found[Form("whole", ("needs",), ("join",), "boolean")] == ["/fast"]
    assert found[Form("text", ("github", "needs"), ("hash", "join"), "text")] == ["/env/*"]


def test_texts_without_contexts_hold_no_expressions() -> None:
    assert finder().places("root")[Form("none")] == ["/name"]


def test_constants_are_no_places() -> None:
    assert not any("/on" in paths for paths in finder().places("root").values())


def test_texts_in_values_of_any_type_are_places_to_some_depth() -> None:
    (paths,) = (paths for paths in finder().places("job").values() if "/x" in paths)
    assert {"/x", "/x/*", "/x/[]", "/x/[]/*"} < set(paths)


def test_steps_in_steps_are_places_once() -> None:
    assert finder().places("steps")[Form("none")] == ["/[]/run", "/[]/parallel/[]/run"]


def test_a_place_has_a_type_if_it_is_asked_for() -> None:
    form = Form("whole", ("needs",), (), "number")
    assert form.place(["/a"], typed=True)["accepts"] == "number"
    assert "accepts" not in form.place(["/a"], typed=False)
    assert Form("none").place(["/a"], typed=True) == {"at": ["/a"], "form": "none"}
