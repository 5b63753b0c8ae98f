"""Whether a model can be used: each criterion decides, and the sentence says which."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schemalm.evaluation.acceptance import Acceptance
from schemalm.evaluation.answer import FREE_SHARE, MIN_SAMPLES, Usefulness, usefulness
from schemalm.evaluation.distribution import Distribution
from schemalm.evaluation.evaluate import Evaluation
from schemalm.evaluation.samples.known_values import KnownValues
from schemalm.evaluation.samples.lengths import Length
from schemalm.evaluation.samples.references import References
from schemalm.evaluation.samples.side_by_side import SideBySide
from schemalm.evaluation.samples.statistics import CoverageBeside, SampleStatistics
from schemalm.evaluation.samples.stretches import Coverage
from schemalm.judging.summary import Tally

NAMES = [
    "accepted by every judge",
    "ended by the model itself",
    "median length",
    "known from training",
    "names that are declared",
    "copied from one training document",
    "repeated within the document",
]
Answer = Callable[..., Usefulness]


def accepted(samples: int, held_out: int, title: str = "3 judges") -> Acceptance:
    """What all judges accept of 100 samples and of 100 real documents."""
    tallies = (Tally(100, number, 100 - number, 0) for number in (samples, held_out))
    return Acceptance("all", title, "accepted by every judge", *tallies, (), ())


def length(samples: float, held_out: float) -> Length:
    return Length("lines", *map(Distribution.of, ([samples], [held_out], [held_out])))


def known(path: str, whole: SideBySide, without_version: SideBySide | None) -> KnownValues:
    return KnownValues(path, 10, 10, whole, without_version, ())


def coverage(samples: int, held_out: int) -> CoverageBeside:
    """So many of 100 tokens are covered."""
    return CoverageBeside(*(Coverage((100,), (((0, number),),)) for number in (samples, held_out)))


@pytest.fixture(scope="module")
def good(evaluation: Evaluation) -> SampleStatistics:
    """The statistics of samples like real documents."""
    return replace(
        evaluation.statistics,
        num_samples=100,
        ends={"complete": 90, "steered": 10},
        lengths=(length(10, 10),),
        known_values=(
            known("uses", SideBySide(0.5, 0.99), SideBySide(0.97, 0.98)),
            known("shell", SideBySide(1.0, 1.0), None),
        ),
        references=(References("jobs", 10, 10, SideBySide(1.0, 1.0)),),
        copied=coverage(20, 20),
        repeated=coverage(0, 0),
    )


@pytest.fixture(scope="module")
def answer(good: SampleStatistics) -> Answer:
    """The answer with some statistics changed."""

    def make(everyone: Acceptance, **changes: Any) -> Usefulness:
        return usefulness(everyone, replace(good, **changes))

    return make


def test_a_model_that_is_like_real_documents_can_be_used(answer: Answer) -> None:
    found = answer(accepted(90, 92))
    assert found.answer == "yes"
    assert found.sentence == (
        "Yes: all 3 judges accept 90 % of its documents, and 92 % of real ones, and nothing measured tells its "
        "documents from real ones."
    )
    assert [criterion.name for criterion in found.criteria] == NAMES
    assert all(criterion.holds for criterion in found.criteria)
    assert found.criteria[0].found.startswith("97 % as often (95 % interval ")
    json.dumps(found.to_dict(), allow_nan=False)


def test_one_judge_is_one(answer: Answer) -> None:
    assert answer(accepted(100, 100, "1 judge")).sentence.startswith("Yes: the judge accepts 100 % of its documents")


FAILING: list[tuple[str, dict[str, Any]]] = [
    ("ended by the model itself", {"ends": {"complete": 79, "closed": 21}}),
    ("median length", {"lengths": (length(7.9, 10),)}),
    ("median length", {"lengths": (length(12.6, 10),)}),
    ("known from training", {"known_values": (known("uses", SideBySide(0.9, 1.0), None),)}),
    ("known from training", {"known_values": (known("uses", SideBySide(1, 1), SideBySide(0, 1)),)}),
    ("names that are declared", {"references": (References("jobs", 10, 10, SideBySide(0.9, 1.0)),)}),
    ("copied from one training document", {"copied": coverage(31, 20)}),
    ("repeated within the document", {"repeated": coverage(3, 0)}),
]


@pytest.mark.parametrize(("name", "changes"), FAILING)
def test_each_criterion_alone_asks_for_care(answer: Answer, name: str, changes: dict[str, Any]) -> None:
    found = answer(accepted(90, 92), **changes)
    assert found.answer == "partly"
    assert [criterion.name for criterion in found.criteria if not criterion.holds] == [name]
    assert found.sentence == (
        "With care: all 3 judges accept 90 % of its documents, and 92 % of real ones, but it misses 1 of 6 further "
        f"criteria: {name}."
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"ends": {"complete": 80, "closed": 20}},
        *({"lengths": (length(samples, 10),)} for samples in (8, 12.5)),
        {"known_values": (known("uses", SideBySide(0.8, 0.84), None),)},
        *({"copied": coverage(samples, real)} for samples, real in ((30, 20), (int(100 * FREE_SHARE), 0))),
    ],
)
def test_what_a_person_would_hardly_notice_is_no_matter(answer: Answer, changes: dict[str, Any]) -> None:
    assert answer(accepted(90, 92), **changes).answer == "yes"


def test_a_model_whose_documents_are_refused_is_not_ready(answer: Answer) -> None:
    assert answer(accepted(80, 92)).sentence == (
        "Not yet: all 3 judges accept 80 % of its documents, and 92 % of real ones."
    )
    found = answer(accepted(80, 92), copied=coverage(90, 20), repeated=coverage(50, 20))
    assert found.answer == "no"
    assert found.sentence.endswith("92 % of real ones. It misses 2 of 6 further criteria.")


def test_few_samples_or_no_verdicts_say_nothing(answer: Answer) -> None:
    few = answer(accepted(100, 100), num_samples=MIN_SAMPLES - 1, ends={"complete": MIN_SAMPLES - 1})
    assert few.answer == "unknown"
    assert f"{MIN_SAMPLES - 1} samples are too few; write at least {MIN_SAMPLES}" in few.sentence
    nobody = answer(replace(accepted(0, 0), samples=Tally(100, 0, 0, 0), held_out=Tally(100, 0, 0, 0)))
    assert nobody.answer == "unknown"
    assert "no judge has a verdict" in nobody.sentence
    assert (nobody.criteria[0].found, nobody.criteria[0].holds) == ("not judged", False)


def test_what_cannot_be_measured_is_no_criterion(answer: Answer) -> None:
    unmeasured = known("uses", SideBySide(None, 0.9), None)
    found = answer(accepted(90, 92), known_values=(unmeasured,), references=(), lengths=(length(3, 0),))
    assert [criterion.name for criterion in found.criteria] == [*NAMES[:2], *NAMES[5:]]


def test_shares_are_rounded_down(answer: Answer) -> None:
    tally = Tally(1000, 999, 1, 0)
    assert "accept 99 % of its documents" in answer(replace(accepted(0, 100), samples=tally)).sentence
