"""The count of undeclared names that benchmarks make, with regular expressions and with the checker of the rules."""

from __future__ import annotations

from typing import Any

import pytest

from undeclared import NameCount, names_used


def workflow(job: dict[str, Any]) -> dict[str, Any]:
    return {"on": {"workflow_dispatch": {"inputs": {"level": {}}}}, "jobs": {"first": {"steps": []}, "second": job}}


@pytest.mark.parametrize(
    ("job", "found"),
    [
        ({"needs": "first"}, [("needs", True)]),
        ({"needs": ["First", "third"]}, [("needs", True), ("needs", False)]),
        ({"needs": "first", "if": "needs.first.result == 'x'"}, [("needs", True), ("needs.x", True)]),
        ({"if": "needs.first.result == 'needs.text'"}, [("needs.x", False)]),
        ({"steps": [{"id": "a"}, {"run": "${{ steps.a.outputs.b }}"}]}, [("steps.x", True)]),
        ({"steps": [{"run": "${{ steps.a.outputs.b }}"}, {"id": "a"}]}, [("steps.x", False)]),
        ({"outputs": {"x": "${{ steps.a.outputs.b }}"}, "steps": [{"id": "a"}]}, [("steps.x", True)]),
        ({"strategy": {"matrix": {"os": ["a"]}}, "name": "${{ matrix.os }} ${{ matrix.v }}"}, None),
        ({"strategy": {"matrix": "${{ fromJSON('[]') }}"}, "name": "${{ matrix.v }}"}, [("matrix.x", True)]),
        ({"name": "${{ inputs.level }} of ${{ inputs.levels }}"}, [("inputs.x", True), ("inputs.x", False)]),
        ({"name": "${{ '${{ matrix.a' }} ${{ matrix.b }} ${{ '}}' == matrix.c }}"}, 2 * [("matrix.x", False)]),
        ({"name": "steps.a and github.event.inputs.other"}, []),
    ],
)
def test_uses_and_declarations_are_found(job: dict[str, Any], found: list[tuple[str, bool]] | None) -> None:
    expected = [("matrix.x", True), ("matrix.x", False)] if found is None else found
    assert list(names_used(workflow(job))) == expected


def test_both_counts_agree_on_a_reference_to_nothing() -> None:
    count = NameCount()
    count.add({"on": "push", "jobs": {"a": {"runs-on": "x", "steps": [{"run": "${{ steps.b.outcome }}"}]}}})
    count.add({"on": "push", "jobs": {"a": {"runs-on": "x", "steps": [{"run": "true"}]}}})
    found = count.to_dict()
    assert (found["documents"], found["with_undeclared"], found["refused_by_checker"]) == (2, 1, 1)
    assert found["names"]["steps.x"] == [1, 1]
