"""Figures of the documents that models wrote: one row for each arm, mask and budget.

In go results, documents and the verdicts that are kept; out come rows. Shares are of all documents that an arm wrote
with one seed; estimates are over seeds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from schemalm.experiments.estimate import Estimate
from schemalm.experiments.results import Result
from schemalm.experiments.verdicts import HELD_OUT, NO_JSON, Opinions, json_value, read_opinions
from schemalm.experiments.writing import WrittenSet
from schemalm.experiments.written_fields import FieldYardstick

CLOSED, ALL_JUDGES = "closed", "all judges"
NUM_REASONS = 3


@dataclass(frozen=True)
class WrittenRow:
    """The documents of one arm under one mask, over seeds.

    is_json, accepted, cut_off: shares of documents; `accepted` by the names of judges. cut_off: what reached the budget
    or a limit before the model ended it, whether or not it was completed.
    field_distance: from held-out documents (`written_fields`).
    tokens: per document. per_second, accepted_per_second: documents per CPU second, and those that the first judge
    accepts.
    admitted: the share of real held-out documents that the mask admits whole; bits_per_byte, plain_bits_per_byte: of
    these, with the mask and without. None for a mask that the model was trained with, and without a mask.
    reasons: the most frequent reasons of the first judge for refusing, with their share of all documents.
    """

    arm: str
    model: str
    budget: int
    mask: str
    engine: str
    num_seeds: int
    num_documents: int
    is_json: Estimate
    accepted: dict[str, Estimate]
    cut_off: Estimate
    field_distance: Estimate | None
    tokens: Estimate
    per_second: Estimate
    accepted_per_second: Estimate
    admitted: Estimate | None
    bits_per_byte: Estimate | None
    plain_bits_per_byte: Estimate | None
    reasons: list[tuple[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True)
class _Set:
    """One set of documents with its verdicts."""

    result: Result
    written: WrittenSet
    opinions: Opinions
    num_tokens: int
    num_cut_off: int
    field_distance: float | None

    @classmethod
    def read(cls, out: Path, result: Result, written: WrittenSet, yardstick: FieldYardstick | None) -> _Set:
        documents = list(written.documents(out))
        values = [value for value in map(json_value, (document.text for document in documents)) if value is not None]
        num_cut_off = sum(document.finish == CLOSED for document in documents)
        num_tokens = sum(len(document.tokens) for document in documents)
        distance = yardstick.distance(values) if yardstick and values else None
        return cls(result, written, read_opinions(out, written.file), num_tokens, num_cut_off, distance)

    @property
    def place(self) -> tuple[int, str, str, str]:
        return self.result.budget, self.result.model, self.result.arm, self.written.mask

    def num_accepted(self, judge: str) -> int:
        return sum(opinion.accepted is True for opinion in self.opinions[judge])

    @property
    def num_accepted_by_all(self) -> int:
        return sum(all(opinion.accepted for opinion in found) for found in zip(*self.opinions.values(), strict=True))

    @property
    def first_judge(self) -> str:
        return next(iter(self.opinions))

    @property
    def num_json(self) -> int:
        return sum(opinion.reason != NO_JSON for opinion in self.opinions[self.first_judge])

    @property
    def admitted_share(self) -> float | None:
        scores = self.written.scores
        return None if scores is None else scores.num_documents / (scores.num_documents + len(scores.left_out))


def held_out_shares(out: Path) -> dict[str, float]:
    """Return the share of the real held-out documents that each judge accepts."""
    asked = read_opinions(out, HELD_OUT).items()
    return {judge: sum(opinion.accepted is True for opinion in opinions) / len(opinions) for judge, opinions in asked}


def written_rows(out: Path, results: Sequence[Result]) -> list[WrittenRow]:
    """Return the rows of all results whose models wrote documents, in the order of the results' arms."""
    latest = {(result.budget, result.model, result.arm, result.seed): result for result in results}
    yardstick = FieldYardstick.of(out)
    sets = [
        _Set.read(out, result, written, yardstick) for result in latest.values() for written in result.written or ()
    ]
    order = {each.place: number for number, each in reversed(list(enumerate(sets)))}
    judged = sorted((each for each in sets if each.opinions), key=lambda each: order[each.place])
    return [_row(list(group)) for _, group in groupby(judged, key=lambda each: each.place)]


def _row(sets: Sequence[_Set]) -> WrittenRow:
    first = sets[0]
    reasons = Counter(
        _kind(opinion.reason) for each in sets for opinion in each.opinions[first.first_judge] if not opinion.accepted
    )
    num_documents = sum(each.written.num_documents for each in sets)

    def share(count: Callable[[_Set], float]) -> Estimate:
        return Estimate.of([count(each) / each.written.num_documents for each in sets])

    def rate(count: Callable[[_Set], float]) -> Estimate:
        return Estimate.of([count(each) / each.written.cpu_seconds for each in sets])

    def known(values: Sequence[float | None]) -> Estimate | None:
        found = [value for value in values if value is not None]
        return Estimate.of(found) if found else None

    scores = [each.written.scores for each in sets]
    return WrittenRow(
        arm=first.result.arm,
        model=first.result.model,
        budget=first.result.budget,
        mask=first.written.mask,
        engine=first.written.engine,
        num_seeds=len(sets),
        num_documents=num_documents,
        is_json=share(lambda each: each.num_json),
        accepted={
            **{judge: _accepted(sets, judge) for judge in first.opinions},
            ALL_JUDGES: share(lambda each: each.num_accepted_by_all),
        },
        cut_off=share(lambda each: each.num_cut_off),
        field_distance=known([each.field_distance for each in sets]),
        tokens=share(lambda each: each.num_tokens),
        per_second=rate(lambda each: each.written.num_documents),
        accepted_per_second=rate(lambda each: each.num_accepted(first.first_judge)),
        admitted=known([each.admitted_share for each in sets]),
        bits_per_byte=known([None if score is None else score.bits_per_byte for score in scores]),
        plain_bits_per_byte=known([None if score is None else score.plain_bits_per_byte for score in scores]),
        reasons=[(reason, count / num_documents) for reason, count in reasons.most_common(NUM_REASONS)],
    )


def _accepted(sets: Sequence[_Set], judge: str) -> Estimate:
    return Estimate.of(
        [each.num_accepted(judge) / each.written.num_documents for each in sets if judge in each.opinions]
    )


def _kind(reason: str) -> str:
    """Return the keyword of a reason such as `required: "on" is a required property`, or the reason."""
    return reason if reason == NO_JSON else reason.partition(":")[0]
