"""References are counted by the checker of the rules, also for a grammar without rules."""

from __future__ import annotations

from typing import Any

from schemalm.compilation import compile_schema
from schemalm.evaluation.samples.references import compare_references, name_checker

RULES: dict[str, Any] = {
    "rules": 1,
    "names": {"part": {"declared": [{"keys": "/parts"}], "referred": [{"values": "/used/[]", "order": "any"}]}},
}
SCHEMA: dict[str, Any] = {
    "properties": {"parts": {"type": "object"}, "used": {"type": "array", "items": {"type": "string"}}}
}
BUILD = {"runs-on": "x", "steps": [{"id": "a", "run": "b"}, {"run": "${{ steps.a.outputs.c }} ${{ steps.b.outcome }}"}]}
WORKFLOW = {"on": "push", "jobs": {"build": BUILD, "test": {"needs": ["build", "built"], "runs-on": "x", "steps": []}}}


def test_references_are_counted_by_kind() -> None:
    used = {"parts": {"a": 1, "b": 2}, "used": ["a", "b", "c"]}
    grammar = compile_schema(SCHEMA, rules=RULES)
    total, part = compare_references(grammar, [used], [{"used": []}], [{"used": ["a"]}])
    assert (total.kind, part.kind) == ("all", "part")
    assert (part.num_samples, part.resolved.samples) == (3, 2 / 3)
    assert (part.num_held_out, part.resolved.held_out) == (0, None)
    assert part.to_dict()["resolved"] == {"samples": 2 / 3, "held_out": None, "train": 0}


def test_without_rules_those_of_the_schema_count_that_know_most() -> None:
    for rules in (None, "default", "github-workflow-strict"):
        found = compare_references(compile_schema("github-workflow", rules=rules), [WORKFLOW], [], [])
        counts = {one.kind: (one.num_samples, one.resolved.samples) for one in found}
        assert counts == {"all": (4, 0.5), "job": (2, 0.5), "step": (2, 0.5)}


def test_a_schema_without_names_has_no_references() -> None:
    assert name_checker(compile_schema(SCHEMA)) is None
    assert compare_references(compile_schema(SCHEMA), [{}], [{}], []) == ()
