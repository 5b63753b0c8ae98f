"""Amendments change a copy of the schema; one that does not fit says what it found."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from schemalm.errors import RulesError
from schemalm.rules.amendments import amended
from schemalm.rules.structure import Amendment

SCHEMA = {"properties": {"a/b": {"type": "string"}, "c": {"enum": [1, 2]}}, "required": ["c"]}


def change(pointer: str, operation: Any, **value: Any) -> dict[str, Amendment]:
    return {"change": Amendment(pointer=pointer, operation=operation, reason="because", **value)}


@pytest.mark.parametrize(
    ("amendments", "pointer", "expected"),
    [
        (change("/properties/a~1b/type", "remove"), "properties", {"a/b": {}, "c": {"enum": [1, 2]}}),
        (change("/properties/c/enum/0", "remove"), "properties", {"a/b": {"type": "string"}, "c": {"enum": [2]}}),
        (change("/required", "replace", value=["d"]), "required", ["d"]),
        (change("/required/0", "replace", value="d"), "required", ["d"]),
        (change("/required", "add", value=["d", "e"]), "required", ["c", "d", "e"]),
        (change("/properties/c", "add", value={"type": "number"}), "required", ["c"]),
        (change("/properties", "merge", value={"a/b": {"type": None, "minLength": 1}, "c": None}),
         "properties", {"a/b": {"minLength": 1}}),
        (change("/properties/c", "merge", value={"d": {"e": {"x": None}}}),
         "properties", {"a/b": {"type": "string"}, "c": {"enum": [1, 2], "d": {"e": {}}}}),
        (change("", "merge", value={"required": None, "properties": None}), None, {}),
        (change("", "add", value={"title": "t"}), "title", "t"),
        (change("", "replace", value=True), None, True),
    ],
)  # fmt: skip
def test_a_change_applies_to_a_copy(amendments: dict[str, Amendment], pointer: str | None, expected: Any) -> None:
    schema = copy.deepcopy(SCHEMA)
    found = amended(schema, amendments)
    assert (found if pointer is None else found[pointer]) == expected  # type: ignore[index]
    assert schema == SCHEMA


def test_changes_apply_in_order() -> None:
    amendments = {
        "first": Amendment(pointer="", operation="add", value={"minProperties": {}}, reason="r"),
        "second": Amendment(pointer="/minProperties", operation="replace", value=2, reason="r"),
    }
    assert amended({}, amendments) == {"minProperties": 2}


def test_the_value_of_a_change_is_copied() -> None:
    value: dict[str, Any] = {"d": {}}
    found = amended({}, change("", "add", value=value))
    assert isinstance(found, dict)
    found["d"]["x"] = 1
    assert value == {"d": {}}


@pytest.mark.parametrize(
    ("amendments", "message"),
    [
        (change("/properties/x", "remove"), "/properties has no 'x'"),
        (change("/properties/c/enums", "remove"), "did you mean enum?"),
        (change("/properties/c/enum/2", "replace", value=1), "/properties/c/enum has 2 items"),
        (change("/properties/c/enum/01", "remove"), "/properties/c/enum has 2 items"),
        (change("/required/0/x", "remove"), "/required/0 is the value 'c'"),
        (change("/properties", "add", value={"c": {}}), "/properties already has 'c'"),
        (change("/required", "add", value=["d", "d"]), "/required already has the item 'd'"),
        (change("/required", "add", value={"d": 1}), "add needs an object for an object, or a list for a list"),
        (change("/required", "merge", value={"d": 1}), "merge needs two objects; /required is a list"),
        (change("/properties", "merge", value=[1]), "merge needs two objects; the value is a list"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(amendments: dict[str, Amendment], message: str) -> None:
    with pytest.raises(RulesError) as caught:
        amended(SCHEMA, amendments)
    assert caught.value.pointer == "/amend/change"
    assert message in caught.value.message
    assert caught.value.message.endswith("if the schema has changed, correct this change or delete it")


def test_an_empty_key_that_is_there_is_not_added() -> None:
    with pytest.raises(RulesError, match="the schema already has ''"):
        amended({"": 1}, change("", "add", value={"": 2}))


def test_a_boolean_schema_has_no_parts() -> None:
    with pytest.raises(RulesError, match="the schema is the value True"):
        amended(True, change("/a", "remove"))
