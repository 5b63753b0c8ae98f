"""What differs between two versions of the rules, in words."""

from __future__ import annotations

from typing import Any

from github_rules.changes import changes


def rules(
    *, keys: tuple[str, ...] = ("on",), kinds: tuple[str, ...] = ("opened",), contexts: tuple[str, ...] = ("github",)
) -> dict[str, Any]:
    definitions = {"issues": {"enum": list(kinds)}}
    root = {key: {"type": "string"} for key in keys}
    return {
        "amend": {"definitions": {"value": definitions}, "workflow": {"value": root}},
        "expressions": {
            "contexts": dict.fromkeys(contexts, "any"),
            "places": [{"at": ["/name"], "form": "text", "contexts": list(contexts)}],
        },
    }


def test_equal_rules_have_no_changes() -> None:
    assert list(changes(rules(), rules())) == []


def test_a_new_key_and_one_that_is_gone_are_named() -> None:
    assert list(changes(rules(keys=("on", "old")), rules(keys=("on", "new")))) == [
        "workflow: new key new",
        "workflow: key old is gone",
    ]


def test_a_new_constant_is_named() -> None:
    assert list(changes(rules(), rules(kinds=("opened", "stacked")))) == ["issues: new constant stacked"]


def test_a_new_context_is_named_where_it_may_be_used() -> None:
    assert list(changes(rules(), rules(contexts=("github", "vars")))) == [
        "/name: new context vars",
        "contexts: new entry vars",
    ]


def test_new_definitions_and_places_are_named() -> None:
    after = rules()
    after["amend"]["definitions"]["value"]["label"] = {"enum": []}
    after["expressions"]["places"].append({"at": ["/x"], "form": "none"})
    assert list(changes(rules(), after)) == ["new definition label", "new text /x"]
    assert list(changes(after, rules())) == ["definition label is gone", "text /x is gone"]


def test_another_schema_and_another_form_are_named() -> None:
    after = rules()
    after["amend"]["workflow"]["value"]["on"] = {"type": "number"}
    after["expressions"]["places"][0]["form"] = "whole"
    assert list(changes(rules(), after)) == ["workflow: another schema", "/name: form whole, was text"]
