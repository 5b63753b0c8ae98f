"""Every independent failure of a value is found, and none that follows from another one."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.grammar import Grammar
from schemalm.limits import Limits
from schemalm.schema.explanation import Explainer
from schemalm.schema.explanation.explainer import NO_REASON


def failures_of(grammar: Grammar, value: Any) -> list[str]:
    found = Explainer(grammar.shapes, grammar.budget).explain_all(grammar.shape, value)
    return [f"{failure.pointer}: {failure.message}" for failure in found]


@pytest.fixture(scope="module")
def workflows() -> Grammar:
    return compile_schema("github-workflow", rules=None)


def test_failures_in_all_parts_of_a_workflow_are_found(workflows: Grammar) -> None:
    steps = [{"uses": "a/b@v1", "run": "x"}, {"run": "x", "nme": "y", "env": {"a": None}}, {"run": 3}]
    jobs = {
        "build": {"runs-on": "x", "steps": steps, "timeout-minutes": True},
        "other": {"runs-on": "x", "needs": 3},
        "1 2": {"runs-on": 3},
    }
    found = failures_of(workflows, {"on": "push", "jobs": jobs, "permissions": {"packagess": "read"}})
    assert sorted(found) == [
        "/jobs/1 2: the key '1 2' is not allowed here; allowed: keys like ^[_a-zA-Z][a-zA-Z0-9_-]*$",
        "/jobs/build/steps/0: has both 'uses' and 'run', but only one of them is allowed; "
        "remove 'uses' or remove 'run'",
        "/jobs/build/steps/1/env/a: expected boolean or number or string, found null; remove 'a'",
        "/jobs/build/steps/1/nme: the key 'nme' is not allowed here; did you mean 'name'?",
        "/jobs/build/steps/2/run: expected string, found number 3; put it in quotes",
        "/jobs/build/timeout-minutes: expected number or string, found boolean true",
        "/jobs/other/needs: expected array or string, found number 3",
        "/permissions/packagess: the key 'packagess' is not allowed here; did you mean 'packages'?",
    ]


def test_what_the_right_name_of_a_key_repairs_is_not_a_failure_of_its_own(workflows: Grammar) -> None:
    jobs = {"build": {"runs-on": "x", "steps": [{"runn": "make"}]}, "other": {"runson": "x", "steps": [{"run": "x"}]}}
    assert failures_of(workflows, {"on": "push", "jobs": jobs}) == [
        "/jobs/build/steps/0/runn: the key 'runn' is not allowed here; did you mean 'run'?",
        "/jobs/other/runson: the key 'runson' is not allowed here; did you mean 'runs-on'?",
    ]


def test_a_misspelled_key_has_its_nearest_name_though_renaming_it_does_not_help(workflows: Grammar) -> None:
    job = {"runs-on": "x", "steps": [{"runn": "make", "shel": "bash"}]}
    assert failures_of(workflows, {"on": "push", "jobs": {"build": job}}) == [
        "/jobs/build/steps/0/runn: the key 'runn' is not allowed here; did you mean 'run'?",
        "/jobs/build/steps/0/shel: the key 'shel' is not allowed here; the nearest allowed key is 'shell'",
    ]


SMALL = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
CASES: list[tuple[Any, Any, list[str]]] = [
    ({"type": "integer"}, 1, []),
    ({"minLength": 3, "pattern": "^x"}, "a", [
        ': "a" has 1 character; the minimum is 3', ': "a" does not match the pattern ^x',
    ]),
    ({"uniqueItems": True}, [1, 2, 1, 1], [
        "/2: the item 1 repeats an earlier one", "/3: the item 1 repeats an earlier one",
    ]),
    # Two parts say the same.
    ({"allOf": [SMALL, SMALL, {"required": ["a"]}]}, {"zz": 1}, [
        "/zz: the key 'zz' is not allowed here; allowed: 'a'", ": the key 'a' is missing",
    ]),
    # A value under a key that is not allowed has no failures of its own.
    ({"allOf": [SMALL, {"additionalProperties": {"type": "string"}}]}, {"zz": 1}, [
        "/zz: the key 'zz' is not allowed here; allowed: 'a'",
    ]),
    # Of alternatives, the nearest one counts, with all its failures.
    ({"anyOf": [{"type": "null"}, {"type": "object", "properties": {
        "kind": {"const": "k"}, "x": {"type": "integer"}, "y": {"type": "integer"},
    }}]}, {"kind": "k", "x": "a", "y": "b"}, [
        '/x: expected integer, found string "a"', '/y: expected integer, found string "b"',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "expected"), CASES)
def test_failures_are_independent_of_one_another(schema: Any, value: Any, expected: list[str]) -> None:
    assert failures_of(compile_schema(schema), value) == expected


def test_the_number_of_failures_is_bounded() -> None:
    grammar = compile_schema({"items": {"items": {"type": "integer"}}})
    assert len(failures_of(grammar, [["x"] * 200] * 200)) == 101


def test_failures_without_remedies_are_reported_if_all_would_take_too_long() -> None:
    grammar = compile_schema({"items": {"enum": ["alpha", "beta"]}}, limits=Limits(call_work=3_000))
    found = failures_of(grammar, ["alhpa"] * 200)
    assert found[0] == '/0: "alhpa" is not one of "alpha", "beta"'
    assert failures_of(grammar, ["alpha"] * 5_000 + ["beat"]) == [f": {NO_REASON}"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "ab"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
SCHEMAS = [case[0] for case in CASES] + [
    {"type": ["object", "array"], "items": {"type": "integer"}, "additionalProperties": {"type": "string"}},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}, {"type": "array", "maxItems": 1}]},
    {"not": {"required": ["a", "b"]}, "propertyNames": {"enum": ["a", "b"]}},
]


@pytest.mark.parametrize("schema", SCHEMAS)
@given(value=VALUES)
def test_there_are_failures_if_and_only_if_the_value_is_invalid(schema: Any, value: Any) -> None:
    grammar = compile_schema(schema)
    found = Explainer(grammar.shapes, grammar.budget).explain_all(grammar.shape, value)
    assert bool(found) == (not jsonschema_rs.is_valid(schema, value))
    assert len({(failure.path, failure.message) for failure in found}) == len(found)
