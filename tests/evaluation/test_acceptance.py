"""What judges accept of samples stands beside what they accept of real documents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from schemalm.evaluation.acceptance import NUM_REASONS, acceptances
from schemalm.judging import Document, Message, Verdict

YES, FAILED = Verdict(), Verdict(failure="it crashed")


@dataclass(frozen=True)
class Named:
    """A judge with a name, which is not asked here."""

    name: str
    title: str = "a program 1.0"
    meaning: str = "it loads"
    why_not: str = ""

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        raise NotImplementedError


def no(reason: str) -> Verdict:
    return Verdict((Message(reason),), (Message("a hint"),))


def test_shares_are_absolute_and_relative_to_real_documents() -> None:
    judges = [Named("a"), Named("b")]
    samples = {"a": [YES, YES, no("x 1"), YES], "b": [YES, no("y"), no("y"), FAILED]}
    real = {"a": [YES, YES], "b": [YES, no("y")]}
    everyone, a, b = acceptances(judges, samples, real)
    assert (everyone.name, everyone.title, a.name, a.title) == ("all", "2 judges", "a", "a program 1.0")
    assert (a.samples.share, a.held_out.share, a.relative) == (0.75, 1, 0.75)
    assert (b.samples.num_accepted, b.samples.num_refused, b.samples.num_not_judged) == (1, 2, 1)
    assert b.relative == pytest.approx((1 / 3) / (1 / 2))
    # All accept the first; the last has no verdict of one judge, and nobody refuses it.
    assert (everyone.samples.num_accepted, everyone.samples.num_refused, everyone.samples.num_not_judged) == (1, 2, 1)
    assert everyone.held_out.share == 0.5
    assert everyone.relative_interval is not None
    assert everyone.relative_interval[0] < (everyone.relative or 0) < everyone.relative_interval[1]


def test_reasons_and_advice_are_those_of_samples_the_most_frequent_first() -> None:
    samples = {"a": [no("x 1"), no("x 2"), no("y"), YES]}
    _, found = acceptances([Named("a")], samples, {"a": [no("of real ones")]})
    assert [(str(group), group.num_documents) for group in found.reasons] == [("x N", 2), ("y", 1)]
    assert found.reasons[0].example == "sample 1: x 1"
    assert [(str(group), group.num_documents) for group in found.advice] == [("a hint", 3)]
    many = {"a": [no("x" * number) for number in range(1, 20)]}
    assert len(acceptances([Named("a")], many, {"a": [YES]})[1].reasons) == NUM_REASONS


def test_one_judge_is_named_so_and_none_accepts_nothing() -> None:
    assert acceptances([Named("a")], {"a": [YES]}, {"a": [YES]})[0].title == "1 judge"
    (nobody,) = acceptances([], {}, {})
    assert (nobody.samples.share, nobody.relative, nobody.relative_interval) == (None, None, None)


@pytest.mark.parametrize("real", [[no("x")], [FAILED], []])
def test_nothing_is_relative_to_real_documents_that_nobody_accepts(real: list[Verdict]) -> None:
    _, found = acceptances([Named("a")], {"a": [YES]}, {"a": real})
    assert (found.relative, found.relative_interval) == (None, None)


def test_it_is_plain_json() -> None:
    _, found = acceptances([Named("a")], {"a": [YES, no("x")]}, {"a": [YES]})
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (content["relative"], content["reasons"], content["num_reasons"]) == (0.5, ["x"], [1])
    assert (content["samples"]["share"], content["held_out"]["num_accepted"]) == (0.5, 1)
