"""A prompt that no document can keep is refused with the part at fault and the reason."""

from __future__ import annotations

import pytest

from schemalm.compilation import compile_schema
from schemalm.documents.partial import Partial
from schemalm.documents.prompt_reader import read_prompts
from schemalm.errors import PromptError
from schemalm.generation.prompts import prompt_tables
from schemalm.grammar import Grammar
from schemalm.machine import Machine
from schemalm.tokenizer import Tokenizer

JOB = "jobs: {a: {runs-on: x, "


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema("github-workflow"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prompt", "pointer", "reason"),
    [
        ("on: psh", "/on", 'did you mean "push"?'),
        ("on: {psh: null}", "/on/psh", "the key 'psh' is not allowed here; did you mean 'push'?"),
        ("on: [psuh, ...]", "/on/0", "is not one of"),
        ("jobs: {}", "/jobs", "the minimum is 1; the prompt allows no more here: open this part with ..."),
        ("jobs: {a: {steps: [{run: x}]}}", "/jobs/a", "the key 'runs-on' is missing; the prompt allows no more here"),
        ("jobs: {1a: ...}", "/jobs/1a", "an id begins with a letter or an underscore"),
        ("name: {a: 1}", "/name", "expected boolean or null or number or string, found object"),
        ("[1]", "", "expected object, found array"),
        ("concurrency: {cancel-in-progress: true}", "/concurrency", "the key 'group' is missing"),
        ("on: {schedule: [{cron: '* * * *'}]}", "/on/schedule/0/cron", "a time has five fields"),
        (JOB + "shell: bash}}", "/jobs/a/shell", "the key 'shell' is not allowed here"),
        (JOB + "timeout-minutes: soon}}", "/jobs/a/timeout-minutes", "exactly one expression"),
        (JOB + "permissions: {contents: admin}}}", "/jobs/a/permissions/contents", "is not one of"),
        (JOB + "steps: [{name: x}]}}", "/jobs/a/steps/0", "one of these keys is missing: 'run' or 'uses'"),
        (JOB + "steps: [{uses: a/b@c, with: [1]}]}}", "/jobs/a/steps/0/with", "found array"),
        (JOB + "steps: [{run: '${{ foo }}'}]}}", "/jobs/a/steps/0/run", "there is nothing with the name `foo` here"),
        (JOB + "steps: [{run: '${{ github.x'}]}}", "/jobs/a/steps/0/run", "the expression is not closed"),
        (JOB + "steps: [{id: x, run: a}, {id: x, run: b}]}}", "/jobs/a/steps/1/id", "is declared twice"),
        (JOB + "needs: b}}", "/jobs/a/needs", 'there is no job "b"; declared is "a"'),
        ("jobs: {a: {needs: b, ...}, b: {needs: a, ...}}", "/jobs/b/needs", "refer to each other in a circle"),
    ],
)
def test_a_prompt_that_is_wrong_says_where_and_why(
    tokenizer: Tokenizer, prompt: str, pointer: str, reason: str
) -> None:
    (value,) = read_prompts(prompt)
    with pytest.raises(PromptError) as caught:
        prompt_tables(tokenizer, value)
    assert caught.value.pointer == pointer
    assert reason in caught.value.message


@pytest.fixture(scope="module")
def small() -> Tokenizer:
    step = {"properties": {"run": {"type": "string"}}, "additionalProperties": False}
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "steps": {"items": step}}}
    return Tokenizer.from_grammar(compile_schema(schema))


def test_a_fault_among_many_parts_is_found_in_few_steps(small: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts: list[Partial] = []
    with_prompt = Grammar.with_prompt

    def counted(grammar: Grammar, prompt: Partial) -> Grammar:
        prompts.append(prompt)
        return with_prompt(grammar, prompt)

    monkeypatch.setattr(Grammar, "with_prompt", counted)
    steps = [{"run": f"make {index}"} for index in range(63)]
    with pytest.raises(PromptError) as caught:
        prompt_tables(small, {"steps": [*steps, {"rn": "make"}]})
    assert caught.value.pointer == "/steps/63/rn"
    assert len(prompts) < 20


def test_a_prompt_that_is_nested_deeply_is_refused(small: Tokenizer) -> None:
    nested: object = ...
    for _ in range(125):
        nested = {"key": nested}
    with pytest.raises(PromptError):
        prompt_tables(small, {"name": nested})


def test_a_prompt_that_can_be_kept_has_a_completion(tokenizer: Tokenizer) -> None:
    (value,) = read_prompts("on: {push: {branches: [main, ..., dev]}}\njobs: {a: {needs: b, ...}, ...}\n")
    tables = prompt_tables(tokenizer, value)
    assert tables is not None
    document = tokenizer.decode(Machine(tables).completion())
    assert document["on"] == {"push": {"branches": ["main", "dev"]}}
    assert {*document["jobs"]} == {"a", "b"}


def test_no_prompt_needs_no_tables(tokenizer: Tokenizer) -> None:
    assert prompt_tables(tokenizer, None) is None
