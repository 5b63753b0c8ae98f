"""Drafts continue a document by its echoes and recalls, as far as that pays, and leave no trace in it."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from schemalm.generation import Run
from schemalm.generation.drafts import NO_DRAFT, ProposalRates, draft, least_probability, proposals
from schemalm.generation.in_progress import DocumentInProgress, WindowShape
from schemalm.generation.steering import Steering

VALUE = {"kind": "job", "steps": [{"run": "make all of it"}, {"run": "make all of it"}, {"run": "make"}]}


def begun(run: Run, num_tokens: int, context_size: int = 200, max_tokens: int = 200) -> DocumentInProgress:
    """The document after some of its tokens, at a choice."""
    shape = WindowShape(context_size, 4)
    document = DocumentInProgress([run.tokenizer.machine()], run.side_features, shape, max_tokens)
    for token in run.tokenizer.encode(VALUE)[:num_tokens]:
        document.append(token, 0.0)
    document.take_forced()
    assert document.admitted is not None
    return document


def beginnings(run: Run) -> range:
    """How many tokens there may be before a choice; the last one is forced."""
    return range(len(run.tokenizer.encode(VALUE)) - 1)


def test_a_draft_is_admitted_has_all_choices_and_changes_nothing(run: Run) -> None:
    num_drafted = 0
    for num_tokens in beginnings(run):
        document = begun(run, num_tokens)
        before = copy.deepcopy(vars(document.echoes)), list(document.machine.stack)
        drafted = draft(document, ProposalRates(), 0.0)
        assert (vars(document.echoes), document.machine.stack) == before
        assert len(drafted.tokens) == len(drafted.side_features)
        choices = []
        for index, token in enumerate([*drafted.tokens, None]):
            mask = document.machine.mask()
            if mask.sum() > 1:
                choices.append(index)
            if token is None:
                break
            if mask.sum() > 1:
                assert token in {proposal.token for proposal in proposals(document.side_features[-1])}
            document.append(token, 0.0)
            assert document.side_features[-1] == drafted.side_features[index]
        assert drafted.choices == choices
        num_drafted += len(drafted.tokens)
    assert num_drafted > 20


def test_a_draft_stays_within_the_window_and_ends_where_steering_begins(run: Run) -> None:
    longest = max(beginnings(run), key=lambda n: len(draft(begun(run, n), ProposalRates(), 0.0).tokens))
    length = len(begun(run, longest).tokens)
    for room in (1, 2):
        in_window = begun(run, longest, context_size=length + room + 1)
        max_tokens = next(budget for budget in range(1000) if Steering(budget, 0).start == length + room)
        in_budget = begun(run, longest, max_tokens=max_tokens)
        assert (
            len(draft(in_window, ProposalRates(), 0.0).tokens)
            == len(draft(in_budget, ProposalRates(), 0.0).tokens)
            == room
        )


def test_what_is_never_chosen_is_drafted_no_more(run: Run) -> None:
    rates = ProposalRates()
    documents = [begun(run, number) for number in beginnings(run)]
    for document in documents * 100:
        rates.observe(document.side_features[-1], -1)
    assert all(draft(document, rates, 0.1) == NO_DRAFT for document in documents)


def told(echoes: tuple[int, ...], recalls: tuple[int, ...] = ()) -> tuple[int, ...]:
    """Side features with some echoes and recalls."""
    return 0, 0, *echoes, *recalls


def test_the_echo_and_the_recall_of_the_longest_n_grams_are_proposed() -> None:
    side_features = told((5, 6, 0, 0), (7, 1, 8, 2, 0, 0))
    assert [token for token, _ in proposals(side_features)] == [6, 8]
    assert not [*proposals(told((0, 0, 0, 0), (0, 0)))]


def test_an_echo_and_a_recall_that_agree_are_one_proposal_of_another_kind() -> None:
    alone, agreeing = [*proposals(told((5, 0, 0, 0)))], [*proposals(told((5, 0, 0, 0), (5, 3)))]
    assert [token for token, _ in agreeing] == [5]
    assert agreeing[0].kind != alone[0].kind


def test_the_proposal_that_has_been_right_more_often_is_drafted() -> None:
    rates, side_features = ProposalRates(), told((6, 0, 0, 0), (8, 2))
    for _ in range(20):
        rates.observe(side_features, 8)
    probability, token = rates.best(side_features)
    assert token == 8
    assert probability > 0.8


def test_a_draft_must_be_likelier_in_a_large_batch() -> None:
    needed = [least_probability(num_documents, num_documents) for num_documents in (1, 4, 16, 64)]
    assert np.all(np.diff(needed) > 0)
    assert needed[0] < 0.2
    assert needed[-1] == pytest.approx(0.9, abs=0.05)
