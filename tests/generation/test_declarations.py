"""What a prompt refers to is declared where the prompt leaves room for it."""

from __future__ import annotations

import pytest

from schemalm.checking import Checker
from schemalm.compilation import compile_schema
from schemalm.documents.prompt_reader import read_prompts
from schemalm.errors import PromptError
from schemalm.generation.in_progress import completed
from schemalm.generation.prompt_faults import cheapest_value
from schemalm.generation.prompts import prompt_tables
from schemalm.machine import Machine
from schemalm.tokenizer import Tokenizer

MATRIX = ("jobs", "a", "strategy", "matrix")
STEP_ID = ("jobs", "a", "steps", 0, "id")
STEP = "steps: [{run: 'echo ${{ steps.x.outputs.y }}'}]"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema("github-workflow", rules="github-workflow-strict"))


@pytest.mark.parametrize(
    ("prompt", "path", "declared"),
    [
        ("run-name: ${{ inputs.target }}", ("on", "workflow_dispatch", "inputs"), {"target": None}),
        ("jobs: {a: {runs-on: '${{ matrix.os }}', ...}}", MATRIX, {"os"}),
        (
            "jobs: {a: {name: '${{ matrix.os }} ${{ matrix.v }}', ...}}",
            MATRIX,
            {"os", "v"},
        ),
        ("jobs: {a: {if: needs.b.result == 'success', ...}, ...}", ("jobs",), {"a", "b"}),
        ("jobs: {a: {outputs: {o: '${{ steps.x.outputs.y }}'}, ...}}", STEP_ID, "x"),
        (
            "jobs: {a: {steps: [..., {run: 'echo ${{ steps.x.outputs.y }}'}], ...}}",
            STEP_ID,
            "x",
        ),
    ],
)
def test_names_that_a_prompt_refers_to_are_declared(
    tokenizer: Tokenizer, prompt: str, path: tuple[str | int, ...], declared: object
) -> None:
    (value,) = read_prompts(prompt)
    tables = prompt_tables(tokenizer, value)
    assert tables is not None
    found = cheapest_value(tables)
    if Checker(tokenizer.grammar).failures(found):  # names that can be promised are declared by the machine
        found = tokenizer.decode(completed(Machine(tables), None))
    for part in path:
        found = found[part]
    assert found == declared if isinstance(declared, str) else {*found} == {*declared}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("prompt", "pointer"),
    [
        ("on: push\nrun-name: ${{ inputs.target }}", "/run-name"),
        ("jobs: {a: {runs-on: '${{ matrix.os }}', " + "steps: [{run: x}]}}", "/jobs/a/runs-on"),
        ("jobs: {a: {runs-on: x, " + STEP + "}}", "/jobs/a/steps/0/run"),
        ("jobs: {a: {runs-on: x, " + STEP.replace("}]", "}, ...]") + "}}", "/jobs/a/steps/0/run"),
    ],
)
def test_a_prompt_that_leaves_no_room_for_a_declaration_is_refused(
    tokenizer: Tokenizer, prompt: str, pointer: str
) -> None:
    (value,) = read_prompts(prompt)
    with pytest.raises(PromptError) as caught:
        prompt_tables(tokenizer, value)
    assert caught.value.pointer == pointer
