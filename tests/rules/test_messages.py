"""What people read about a workflow that breaks the built-in rules, whole messages."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.checking import Checker
from schemalm.compilation import compile_schema
from schemalm.documents.reading import parse_document

ID = (
    "is not allowed here: an id begins with a letter or an underscore, and has only letters, digits, - and _; "
    "two underscores at its beginning are reserved"
)
ACTION = "is not allowed here: a step uses docker://IMAGE, ./FOLDER or OWNER/REPOSITORY@REF, and no reusable workflow"
JOB = "jobs: {build: {runs-on: ubuntu-latest, steps: [{run: make}]}}"


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(compile_schema("github-workflow"))


def messages(checker: Checker, text: str) -> list[str]:
    return [f"{failure.pointer}: {failure.message}" for failure in checker.failures(parse_document(text))]


STEPS: dict[str, list[str]] = {
    "{uses: a/b@v1, run: make}": [
        ": has both 'run' and 'uses', but only one of them is allowed; remove 'run' or remove 'uses'"
    ],
    "{uses: a/b@v1, run: make, shell: bash}": [
        ": has both 'run' and 'uses', but only one of them is allowed; remove 'uses'"
    ],
    "{uses: a/b@v1, shell: bash}": [": because the key 'shell' is present, the key 'run' is missing; remove 'shell'"],
    "{run: make, with: {a: b}}": [": because the key 'with' is present, the key 'uses' is missing; remove 'with'"],
    "{name: x}": [": one of these keys is missing: 'run' or 'uses'"],
    "{}": [": one of these keys is missing: 'run', 'uses' or 'parallel'"],
    "{run: make, shel: bash}": ["/shel: the key 'shel' is not allowed here; did you mean 'shell'?"],
    "{run: [make]}": [
        '/run: expected boolean or null or number or string, found array ["make"]; write it without the list around it'
    ],
    "{run: make, timeout-minutes: '5'}": [
        "/timeout-minutes: a text here must be exactly one expression: `${{ ... }}`; write it without quotes"
    ],
    "{run: make, id: a b}": [f'/id: "a b" {ID}'],
    "{uses: checkout}": [f'/uses: "checkout" {ACTION}'],
    "{uses: a/b/.github/workflows/c.yml@v1}": [f'/uses: "a/b/.github/workflows/c.yml@v1" {ACTION}'],
    "{run: 'echo ${{ github.ref '}": ["/run: the expression is not closed; expected `}}`"],
    "{run: 'echo ${{ hashFile(1) }}'}": ["/run: there is no function `hashFile` here; did you mean hashFiles?"],
    "{run: make, if: 'github.ref = 1'}": ["/if: `=` is no operator; two values are compared with `==`"],
    "{run: make, if: ''}": ["/if: the condition is empty; write an expression, or leave the condition out"],
}


@pytest.mark.parametrize("step", STEPS)
def test_a_wrong_step_is_described(checker: Checker, step: str) -> None:
    text = f"on: push\njobs: {{build: {{runs-on: ubuntu-latest, steps: [{step}]}}}}"
    assert messages(checker, text) == [f"/jobs/build/steps/0{message}" for message in STEPS[step]]


WORKFLOWS: dict[str, list[str]] = {
    "on: push\njobs: {build: {needs: b, runs-on: x}}": ['/jobs/build/needs: there is no job "b"; declared is "build"'],
    "on: push\njobs: {a b: {runs-on: x}}": [f"/jobs/a b: the key 'a b': \"a b\" {ID}"],
    f"on: push\nname: x\nName: y\n{JOB}": [
        "/Name: the keys 'name' and 'Name' differ in upper and lower case alone; rename one of them"
    ],
    f"on: {{schedule: [{{cron: 61 * * * *}}]}}\n{JOB}": [
        '/on/schedule/0/cron: "61 * * * *" is not allowed here: a time has five fields, minute hour day month weekday, '
        "with numbers in their bounds"
    ],
    f"on: {{workflow_dispatch: {{inputs: {{x: {{type: boolean, default: 'true'}}}}}}}}\n{JOB}": [
        '/on/workflow_dispatch/inputs/x/default: expected boolean, found string "true"; write it without quotes'
    ],
    f"on: {{workflow_dispatch: {{inputs: {{x: {{type: strin}}}}}}}}\n{JOB}": [
        '/on/workflow_dispatch/inputs/x/type: "strin" is not one of "string", "boolean", "number", "environment", '
        '"choice"; did you mean "string"?'
    ],
    "on: push\njobs: {build: {uses: ./a.yml}}": [
        '/jobs/build/uses: "./a.yml" is not allowed here: '
        "a job uses ./.github/workflows/FILE or OWNER/REPOSITORY/.github/workflows/FILE@REF"
    ],
    "on: push\njobs: {build: {runs-on: x, strategy: {matrix: {os: linux}}}}": [
        "/jobs/build/strategy/matrix/os: a text here must be exactly one expression: `${{ ... }}`; put it in a list"
    ],
    "on: push\njobs: {build: {runs-on: {group: a/b}}}": [
        '/jobs/build/runs-on/group: "a/b" is not allowed here: '
        "a runner group has no prefix, or that of an organization or enterprise"
    ],
}


@pytest.mark.parametrize("text", WORKFLOWS)
def test_a_wrong_workflow_is_described(checker: Checker, text: str) -> None:
    assert messages(checker, text) == WORKFLOWS[text]


def amended(**amendments: Any) -> dict[str, Any]:
    return {"rules": 1, "amend": {name.replace("_", "-"): part for name, part in amendments.items()}}


def test_a_pattern_that_a_change_brings_is_described_by_its_reason() -> None:
    change = {"pointer": "", "operation": "merge", "value": {"pattern": "^a"}, "reason": "names begin with a"}
    checker = Checker(compile_schema({"type": "string"}, rules=amended(form=change)))
    assert [failure.message for failure in checker.failures("b")] == ['"b" is not allowed here: names begin with a']


def test_a_pattern_with_two_reasons_is_described_by_itself() -> None:
    change = {"pointer": "", "operation": "merge", "value": {"pattern": "^a"}, "reason": "names begin with a"}
    checker = Checker(
        compile_schema({"type": "string"}, rules=amended(form=change, same={**change, "reason": "other"}))
    )
    assert [failure.message for failure in checker.failures("b")] == ['"b" does not match the pattern ^a']
