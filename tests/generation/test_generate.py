"""Generation: every document valid, prompts kept, budgets harmless, seeds repeatable."""

from __future__ import annotations

import math
import random
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
from tests.partial_values import described, partial_from, satisfies

from schemalm.documents.partial import opened, partial_of
from schemalm.errors import ConfigurationError, LimitError, PromptError
from schemalm.generation import Run, generate
from schemalm.generation.in_progress import DocumentInProgress
from schemalm.machine import Machine


@pytest.mark.parametrize("max_tokens", [1, 7, 60, 300])
def test_every_document_is_valid_whatever_the_budget(run: Run, max_tokens: int) -> None:
    judge = jsonschema_rs.validator_for(run.tokenizer.grammar.schema)
    for document in generate(run, num_samples=20, temperature=1.0, max_tokens=max_tokens):
        assert judge.is_valid(document.value)
        assert run.tokenizer.decode(document.tokens) == document.value
        assert document.finish in ("complete", "steered", "closed")
        assert (document.closed_by == "tokens") == (document.finish == "closed")
        assert document.logprob <= 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "prompt",
    [
        {},
        {"name": "CI", "kind": "job"},
        {"steps": [{"run": "make"}, {"name": "second", ...: ...}]},
        {"env": {"FIRST": "1", "a.b/c": 2}, "replicas": 3},
        {"env": {}, "steps": [{...: ...}, ...]},
        {"name": 'with "quotes", ünïcode and\nlines'},
    ],
)
def test_the_content_of_a_prompt_is_kept(run: Run, prompt: Any) -> None:
    judge = jsonschema_rs.validator_for(run.tokenizer.grammar.schema)
    for document in generate(run, prompt=prompt, num_samples=6, temperature=1.0, max_tokens=80):
        assert satisfies(document.value, partial_of(prompt, is_open=True))
        assert judge.is_valid(document.value)


CLOSED: list[Any] = [
    {"kind": "job", "env": {"A": "on", "B": 2}, "steps": [...], ...: False},
    {"env": {}, "steps": [{"run": "make"}, ..., {"uses": "last"}]},
    {"steps": [..., {"name": "middle", "run": "x"}, ...], "name": ...},
    {"env": {"A": ..., ...: ...}, "steps": [{"run": ...}, {"uses": "y", ...: ...}]},
    {"name": "", "kind": ..., "steps": [...], ...: False},
]


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("max_tokens", [2, 16, 200])
@pytest.mark.parametrize("prompt", CLOSED)
def test_what_is_closed_stays_exactly_as_stated(run: Run, prompt: Any, temperature: float, max_tokens: int) -> None:
    judge = jsonschema_rs.validator_for(run.tokenizer.grammar.schema)
    for document in generate(run, prompt, num_samples=10, temperature=temperature, max_tokens=max_tokens):
        assert satisfies(document.value, partial_of(prompt, is_open=True))
        assert judge.is_valid(document.value)
        assert run.tokenizer.decode(document.tokens) == document.value


@pytest.mark.slow
def test_random_prompts_of_random_documents_are_kept(run: Run) -> None:
    chance = random.Random(0)
    judge = jsonschema_rs.validator_for(run.tokenizer.grammar.schema)
    for number, document in enumerate(generate(run, num_samples=60, temperature=1.2, max_tokens=60)):
        prompt = partial_from(document.value, chance)
        for written in generate(run, prompt, num_samples=3, temperature=1.5, max_tokens=40, seed=number):
            assert satisfies(written.value, prompt), described(prompt)
            assert judge.is_valid(written.value)


def test_a_gap_in_a_list_is_filled_or_not(run: Run) -> None:
    prompt = {"steps": [{"run": "a"}, ..., {"run": "z"}], ...: False, "kind": "job"}
    documents = generate(run, prompt, num_samples=20, temperature=1.0, max_tokens=60)
    assert len({len(document.value["steps"]) for document in documents}) > 1
    assert all(document.value["steps"][0] == {"run": "a"} for document in documents)
    assert all(document.value["steps"][-1] == {"run": "z"} for document in documents)


def test_only_what_is_open_grows(run: Run) -> None:
    prompt = {"kind": "job", "env": {"A": "on"}, "steps": [{"run": "a"}]}
    settings: dict[str, Any] = {"num_samples": 20, "temperature": 1.0, "max_tokens": 80}
    closed = [document.value for document in generate(run, prompt, **settings)]
    assert all(value["env"] == {"A": "on"} and value["steps"] == [{"run": "a"}] for value in closed)
    assert any(value.keys() > prompt.keys() for value in closed)
    stated = opened(partial_of(prompt))
    grown = [document.value for document in generate(run, stated, **settings)]
    assert all(satisfies(value, stated) for value in grown)
    assert any(len(value["env"]) > 1 for value in grown)
    assert any(len(value["steps"]) > 1 for value in grown)


def test_a_document_that_is_stated_whole_takes_no_choice(run: Run) -> None:
    value = {"name": "a", "kind": "job", "steps": [{"run": "make"}]}
    for document in generate(run, value | {...: False}, num_samples=2, max_tokens=100):
        assert document.value == value
        assert document.tokens == run.tokenizer.encode(value)
        assert (document.logprob, document.num_forced) == (0, len(document.tokens))


@pytest.mark.parametrize(
    ("prompt", "pointer"),
    [
        ({"kind": "daemon"}, "/kind"),
        ({"name": "x", "replicas": 1.5}, "/replicas"),
        ({"env": {"A": True}}, "/env/A"),
        ({"steps": [{"run": "x", "uses": "y"}]}, "/steps/0"),
        (5, ""),
    ],
)
def test_a_prompt_that_no_document_contains_is_refused_with_its_pointer(run: Run, prompt: Any, pointer: str) -> None:
    with pytest.raises(PromptError) as caught:
        generate(run, prompt=prompt)
    assert caught.value.pointer == pointer


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ({"kind": "daemon"}, '"daemon" is not one of '),
        ({"name": "x", "replicas": 1.5}, "1.5"),
        ({"steps": [{"run": "x", "uses": "y"}]}, "uses"),
        (5, "expected object, found number 5"),
    ],
)
def test_a_prompt_is_refused_with_the_reason(run: Run, prompt: Any, reason: str) -> None:
    with pytest.raises(PromptError, match=reason) as caught:
        generate(run, prompt=prompt)
    assert "missing" not in str(caught.value)


def test_equal_seeds_give_equal_documents_and_other_seeds_others(run: Run) -> None:
    first = generate(run, num_samples=8, seed=3, max_tokens=60)
    assert first == generate(run, num_samples=8, seed=3, max_tokens=60)
    assert [document.value for document in first] != [
        document.value for document in generate(run, num_samples=8, seed=4, max_tokens=60)
    ]


def test_rows_that_take_new_documents_give_the_requested_number(run: Run) -> None:
    documents = generate(run, num_samples=150, max_tokens=20)
    assert len(documents) == 150


def test_forced_tokens_cost_no_choice(run: Run) -> None:
    documents = generate(run, prompt={"name": "a", "kind": "job", "steps": [{"run": "make"}]}, num_samples=3)
    assert all(document.num_forced > 0 for document in documents)


@pytest.mark.parametrize(
    "settings", [{"temperature": -1.0}, {"top_p": 0.0}, {"top_k": 0}, {"num_samples": 0}, {"max_tokens": 0}]
)
def test_settings_out_of_range_are_refused(run: Run, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        generate(run, **settings)


@pytest.mark.parametrize("settings", [{"temperature": 0.0}, {"top_k": 1}, {"top_p": 1e-9}])
def test_greedy_settings_agree(run: Run, settings: dict[str, Any]) -> None:
    expected = generate(run, temperature=0.0, max_tokens=40)[0].tokens
    assert generate(run, max_tokens=40, **settings)[0].tokens == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1}, "temperature must be a number from 0 to 100, got -1"),
        ({"temperature": math.nan}, "temperature must be a number from 0 to 100, got nan"),
        ({"temperature": "hot"}, "temperature must be a number from 0 to 100, got 'hot'"),
        ({"top_p": 0}, "top_p must be a number above 0 and at most 1, got 0"),
        ({"top_p": math.inf}, "top_p must be a number above 0 and at most 1, got inf"),
        ({"top_k": 0}, "top_k must be a whole number of at least 1, got 0"),
        ({"top_k": 2.5}, r"top_k must be a whole number of at least 1, got 2\.5"),
        ({"num_samples": 0}, "num_samples must be a whole number of at least 1, got 0"),
        ({"num_samples": 1.5}, r"num_samples must be a whole number of at least 1, got 1\.5"),
        ({"max_tokens": -3}, "max_tokens must be a whole number of at least 1, got -3"),
        ({"max_tokens": math.inf}, "max_tokens must be a whole number of at least 1, got inf"),
        ({"min_p": -0.1}, r"min_p must be a number from 0 to 1, got -0\.1"),
        ({"seed": -1}, "seed must be a whole number from 0 to .*, got -1"),
        ({"seed": 2**64}, "seed must be a whole number from 0 to .*, got 18446744073709551616"),
    ],
)
def test_settings_out_of_range_are_refused_before_any_work(settings: dict[str, Any], message: str) -> None:
    nothing: Any = None  # no model is used
    with pytest.raises(ConfigurationError, match=message):
        generate(nothing, prompt={"kind": "job"}, **settings)


def test_numbers_of_numpy_are_numbers(run: Run) -> None:
    settings = {"temperature": np.float32(0.5), "num_samples": np.int64(1), "seed": np.int64(3)}
    (document,) = generate(run, max_tokens=4, **settings)  # type: ignore[arg-type]
    assert document.tokens


def test_a_document_that_reaches_a_limit_is_ended_and_the_others_continue(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"num_samples": 6, "temperature": 1.0, "max_tokens": 60}
    expected = generate(run, **settings)
    take, unlucky = DocumentInProgress.take, []
    limit = LimitError("this takes more work than one call may", limit="call_work", maximum=1, operation="advance")

    def stops(self: DocumentInProgress, *arguments: Any) -> None:
        if len(self.tokens) == 9 and self.tokens == expected[2].tokens[:9] and not unlucky:
            unlucky.append(self)
            monkeypatch.setattr(self.machine, "advance", lambda token: (_ for _ in ()).throw(limit), raising=False)
        take(self, *arguments)

    monkeypatch.setattr(DocumentInProgress, "take", stops)
    found = generate(run, **settings)
    assert [document.closed_by for document in found].count("limit") == 1
    assert (found[2].finish, found[2].closed_by) == ("closed", "limit")
    assert found[2].tokens[:9] == expected[2].tokens[:9]
    judge = jsonschema_rs.validator_for(run.tokenizer.grammar.schema)
    assert all(judge.is_valid(document.value) for document in found)


def test_tokens_are_removed_if_even_the_ending_takes_too_much_work(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = LimitError("this takes more work than one call may", limit="call_work", maximum=1, operation="completion")
    completion = Machine.completion

    def costly(self: Machine) -> list[int]:
        if self.depth > 3:
            raise limit
        return completion(self)

    monkeypatch.setattr(Machine, "completion", costly)
    documents = generate(run, prompt={"kind": "job"}, num_samples=30, temperature=1.0, max_tokens=12)
    document = next(document for document in documents if document.closed_by == "limit")
    assert document.value["kind"] == "job"
    assert jsonschema_rs.validator_for(run.tokenizer.grammar.schema).is_valid(document.value)
    assert run.tokenizer.decode(document.tokens) == document.value
