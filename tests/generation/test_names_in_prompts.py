"""Prompts under rules about names: what they refer to is declared, or they are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from schemalm.checking import Checker
from schemalm.compilation import compile_schema
from schemalm.documents.cut import read_cut
from schemalm.documents.prompt_reader import read_prompts
from schemalm.documents.value_paths import value_at
from schemalm.errors import PromptError
from schemalm.generation import Run, generate, regenerate
from schemalm.generation.engine import MAX_RESTARTS, Engine
from schemalm.generation.in_progress import DocumentInProgress, completed
from schemalm.generation.prompts import prompt_tables
from schemalm.generation.results import Generated
from schemalm.grammar.states import Object
from schemalm.machine import Machine
from schemalm.rules.amendments import amended
from schemalm.rules.places import AtPlace
from schemalm.schema.formula import Formula
from schemalm.tokenizer import Tokenizer

JOBS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "jobs": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"needs": {"type": "array", "items": {"type": "string"}}, "run": {"type": "string"}},
                "additionalProperties": False,
            },
        }
    },
    "additionalProperties": False,
}
RULES: dict[str, Any] = {
    "rules": 1,
    "names": {
        "job": {
            "declared": [{"keys": "/jobs"}],
            "referred": [{"values": "/jobs/*/needs/[]", "order": "any", "acyclic": True}],
        }
    },
}


@pytest.fixture(scope="module")
def jobs() -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema(JOBS, rules=RULES))


def cheapest(tokenizer: Tokenizer, prompt: str) -> Any:
    """Return the cheapest document under a prompt."""
    (value,) = read_prompts(prompt)
    tables = prompt_tables(tokenizer, value)
    assert tables is not None
    return tokenizer.decode(completed(Machine(tables), None))


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("jobs: {w: {needs: [a, b, c]}, a: {run: x}, ...: ...}", {"w", "a", "b", "c"}),
        ("jobs: {w: {needs: [a]}, a: {needs: [b]}, ...: ...}", {"w", "a", "b"}),
        ("jobs: {w: {needs: [a]}, a: ...}", {"w", "a"}),
        ("jobs: {w: {needs: [a, b]}, a: {}, b: ...}", {"w", "a", "b"}),
        ("jobs: {w: {needs: [..., a]}, ...: ...}", {"w", "a"}),
        ("jobs: {w: {needs: [a, ..., b]}, ...: ...}", {"w", "a", "b"}),
    ],
)
def test_names_that_a_prompt_refers_to_are_declared(jobs: Tokenizer, prompt: str, names: set[str]) -> None:
    value = cheapest(jobs, prompt)
    assert {*value["jobs"]} == names
    assert not Checker(jobs.grammar).failures(value)


@pytest.mark.parametrize(
    ("prompt", "pointer", "reason"),
    [
        ("jobs: {w: {needs: [b]}, a: {run: x}}", "/jobs/w/needs/0", 'there is no job "b"; declared are "w", "a"'),
        ("jobs: {w: {needs: [w]}, ...: ...}", "/jobs/w/needs/0", 'the job "w" refers to itself'),
        ("jobs: {w: {needs: [a]}, a: {needs: [w]}, ...: ...}", "/jobs/a/needs/0", "in a circle"),
        ("jobs: {w: {needs: [b]}, a: {}}", "/jobs/w/needs/0", 'there is no job "b"'),
        ("jobs: {w: {needs: [a]}, a: {needs: [..., b, ...]}}", "/jobs/a/needs/0", 'there is no job "b"'),
    ],
)
def test_a_name_that_can_never_be_declared_is_refused(jobs: Tokenizer, prompt: str, pointer: str, reason: str) -> None:
    (value,) = read_prompts(prompt)
    with pytest.raises(PromptError) as caught:
        prompt_tables(jobs, value)
    assert caught.value.pointer == pointer
    assert reason in caught.value.message


def test_a_closed_object_gets_no_other_names(jobs: Tokenizer) -> None:
    (value,) = read_prompts("jobs: {c: {needs: [..., b]}, a: {}, b: {}}")
    tables = prompt_tables(jobs, value)
    assert tables is not None
    machine = Machine(tables)
    while (mask := machine.mask()).sum() == 1:
        machine.advance(int(mask.argmax()))
    assert {jobs.describe(int(token)) for token in mask.nonzero()[0]} == {"'a'", "'b'"}


def check_valid(run: Run, documents: list[Generated]) -> None:
    """Check documents by the schema and by the rules."""
    grammar = run.tokenizer.grammar
    schema = grammar.schema if grammar.rules is None else amended(grammar.schema, grammar.rules.file.amend)
    judge, checker = jsonschema_rs.validator_for(schema), Checker(grammar)
    for document in documents:
        assert judge.is_valid(document.value)
        assert not checker.failures(document.value)


@pytest.mark.slow
@pytest.mark.parametrize("max_tokens", [4, 60, 250])
@pytest.mark.parametrize(
    "prompt",
    [
        "jobs: {w: {needs: [a, b, c], runs-on: x, steps: [{run: y}]}, a: {runs-on: x, steps: [{run: y}]}, ...: ...}",
        "jobs: {w: {needs: [a, b, c], ...: ...}, a: ..., b: {...: ...}, ...: ...}",
        "jobs: {w: {needs: [a, ...], ...: ...}, ...: ...}",
    ],
)
def test_generated_workflows_declare_what_a_prompt_refers_to(workflow_run: Run, prompt: str, max_tokens: int) -> None:
    (value,) = read_prompts(prompt)
    documents = generate(workflow_run, value, num_samples=4, temperature=1.0, max_tokens=max_tokens)
    check_valid(workflow_run, documents)
    for document in documents:
        needed = value["jobs"]["w"]["needs"]
        assert {name for name in needed if name is not ...} <= document.value["jobs"].keys()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "kept"),
    [("jobs.a.steps[0]", ("steps", 0, "id")), ("jobs.a", ("outputs", "x"))],
)
def test_a_part_keeps_names_that_the_rest_refers_to(strict_run: Run, part: str, kept: tuple[str | int, ...]) -> None:
    value = {
        "on": "push",
        "jobs": {
            "a": {
                "runs-on": "ubuntu-latest",
                "outputs": {"x": "${{ steps.make.outputs.y }}"},
                "steps": [{"id": "make", "run": "a"}, {"run": "${{ steps.make.outputs.y }}"}],
            },
            "b": {"needs": "a", "runs-on": "ubuntu-latest", "steps": [{"run": "${{ needs.a.outputs.x }}"}]},
        },
    }
    document = regenerate(strict_run, value, [part], tries=2, max_tokens=40, temperature=1.0).value
    assert document["jobs"]["b"] == value["jobs"]["b"]
    assert kept[-1] in value_at(document["jobs"]["a"], kept[:-1])
    assert not Checker(strict_run.tokenizer.grammar).failures(document)


def stuck_at(monkeypatch: pytest.MonkeyPatch, num_tokens: int, times: int) -> list[int]:
    """Let documents get stuck after some tokens, so many times; return the list of the restarts to come."""
    take_forced, restart, restarts = DocumentInProgress.take_forced, Engine._restart, list[int]()
    left = [times]

    def gets_stuck(self: DocumentInProgress) -> None:
        take_forced(self)
        if len(self.tokens) >= num_tokens and not self.machine.is_complete and left[0]:
            left[0] -= 1
            self.is_stuck, self.admitted = True, None

    def counted(self: Engine, row: Any) -> None:
        restarts.append(row.num_restarts)
        restart(self, row)

    monkeypatch.setattr(DocumentInProgress, "take_forced", gets_stuck)
    monkeypatch.setattr(Engine, "_restart", counted)
    return restarts


def test_a_document_that_gets_stuck_is_begun_anew(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    restarts = stuck_at(monkeypatch, 5, times=3)
    prompt = {"kind": "job", "steps": [{"run": "a"}, ...]}
    (document,) = generate(run, prompt, temperature=1.0, max_tokens=60)
    assert restarts == [0, 1, 2]
    assert document.closed_by != "limit"
    assert len(document.logprobs) <= len(document.tokens)
    assert run.tokenizer.decode(document.tokens) == document.value
    check_valid(run, [document])


def test_a_document_that_always_gets_stuck_is_ended(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    restarts = stuck_at(monkeypatch, 5, times=1000)
    documents = generate(run, {"kind": "job"}, num_samples=3, temperature=1.0, max_tokens=60)
    assert len(restarts) == 3 * MAX_RESTARTS
    assert [document.closed_by for document in documents] == ["limit"] * 3
    check_valid(run, documents)


def closed_within(part: Any) -> Iterator[frozenset[str]]:
    """Yield what is closed at the places that a formula speaks of."""
    if isinstance(part, AtPlace):
        yield part.closed
    elif isinstance(part, Formula | tuple):
        for inner in part.parts if isinstance(part, Formula) else part:
            yield from closed_within(inner)


@pytest.mark.slow
def test_at_the_beginning_only_what_a_prompt_refers_to_is_open(strict_run: Run) -> None:
    text = "on: push\njobs:\n  a:\n    strategy: {matrix: {python: [1]}}\n    name: ${{ matrix.python }} on ${{ m"
    machines = strict_run.tokenizer.machine(), Machine(strict_run.tokenizer.tables_with(read_cut(text).partial))
    without, prompted = (
        frozenset().union(*closed_within(state.obligation.formulas))
        for state in (machine.grammar.nonterminals[machine.nonterminal].state for machine in machines)
        if isinstance(state, Object)
    )
    assert "matrix-key" in without
    assert prompted >= without - {"matrix-key"}
    assert "matrix-key" not in prompted
