"""Near its budget, a document begins nothing that it has no room for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jsonschema_rs
import pytest

from schemalm.documents.partial import partial_of
from schemalm.generation import Run, generate, stream
from schemalm.generation.completing import requests_beyond
from schemalm.generation.engine import Engine, Request
from schemalm.generation.in_progress import DocumentInProgress
from schemalm.generation.prompts import tables_of
from schemalm.generation.sampling import Sampling

ENDLESS: Any = {"num_samples": 40, "temperature": 1.5}


def test_documents_keep_their_budget_if_texts_end_in_time(run: Run) -> None:
    documents = generate(run, max_tokens=40, **ENDLESS)
    assert {document.finish for document in documents} >= {"complete", "steered"}
    assert all(len(document.tokens) <= 40 for document in documents if document.finish != "closed")


def test_a_steered_document_is_valid_and_ended_by_the_model_itself(run: Run) -> None:
    judge = jsonschema_rs.validator_for(run.tokenizer.grammar.schema)
    steered = [document for document in generate(run, max_tokens=40, **ENDLESS) if document.finish == "steered"]
    for document in steered:
        assert judge.is_valid(document.value)
        assert len(document.logprobs) == len(document.tokens)
        assert document.closed_by is None


def test_far_from_the_budget_nothing_is_steered(run: Run) -> None:
    longest = max(len(document.tokens) for document in generate(run, num_samples=20, temperature=0.5, max_tokens=2000))
    free, ample = (generate(run, num_samples=20, temperature=0.5, max_tokens=n) for n in (2000, 2 * longest))
    assert [document.tokens for document in free] == [document.tokens for document in ample]
    assert {document.finish for document in free} == {"complete"}


def test_more_documents_end_themselves_than_without_steering(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    steered = generate(run, max_tokens=60, **ENDLESS)
    monkeypatch.setattr("schemalm.generation.steering.RESERVED_PART", 10**9)
    unsteered = generate(run, max_tokens=60, **ENDLESS)
    num_closed, num_closed_before = (
        sum(document.finish == "closed" for document in documents) for documents in (steered, unsteered)
    )
    assert num_closed < num_closed_before


def test_what_a_prompt_states_comes_whole_under_any_budget(run: Run) -> None:
    prompt = {"kind": "job", "steps": [..., {"run": "the last step of all, which comes after all others"}]}
    for max_tokens in (1, 10, 40, 80):
        for document in generate(run, prompt, num_samples=5, temperature=1.5, max_tokens=max_tokens):
            assert document.value["steps"][-1]["run"] == "the last step of all, which comes after all others"


@pytest.mark.parametrize("batch_size", [1, 7])
def test_the_batch_does_not_change_a_steered_document(run: Run, batch_size: int) -> None:
    expected = [document.tokens for document in generate(run, max_tokens=50, **ENDLESS)]
    requests = [Request(number, 0, 50, sampling=Sampling(1.5)) for number in range(40)]
    pieces = Engine(run, batch_size).write(requests)
    found = {piece.number: piece.generated.tokens for piece in pieces if piece.generated is not None}
    assert [found[number] for number in range(40)] == expected


def test_what_a_prompt_states_is_no_part_of_the_budget(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The length of the completion, which takes long to find, is asked for near the end of the budget alone."""
    asked, num_ending = list[int](), DocumentInProgress._num_ending

    def noted(document: DocumentInProgress) -> int:
        asked.append(len(document.tokens))
        return num_ending(document)

    monkeypatch.setattr(DocumentInProgress, "_num_ending", noted)
    tables = tables_of(run.tokenizer, partial_of({"kind": "job", "steps": [*[{"run": "make"}] * 20, ...]}))
    requests = requests_beyond(run, tables, 40, 40, 0, Sampling(1.5))
    documents = [piece.generated for piece in Engine(run, 8).write(requests) if piece.generated is not None]
    num_ends = 2  # of the list and the object, which are stated but not written yet
    assert min(asked) >= requests[0].num_stated - num_ends + 30
    assert all(len(document.tokens) <= requests[0].max_tokens for document in documents if document.finish != "closed")


def test_when_the_time_is_over_documents_are_closed_and_none_is_begun(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, now = jsonschema_rs.validator_for(run.tokenizer.grammar.schema), iter(range(10**6))
    monkeypatch.setattr("schemalm.generation.engine.time", SimpleNamespace(monotonic=lambda: next(now)))
    pieces = list(stream(run, num_samples=20, temperature=1.0, max_tokens=500, max_seconds=8))
    documents = [piece.generated for piece in pieces if piece.generated is not None]
    assert 1 <= len(documents) < 20
    assert (documents[-1].finish, documents[-1].closed_by) == ("closed", "time")
    assert all(judge.is_valid(document.value) for document in documents)


def test_the_first_documents_come_however_short_the_time_is(run: Run) -> None:
    documents = generate(run, num_samples=3, temperature=1.0, max_seconds=1e-9)
    assert [document.closed_by for document in documents] == ["time"] * 3
