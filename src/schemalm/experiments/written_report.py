"""The part of an experiment's report about documents that models wrote: one row for each arm, mask and budget.

In go results and the verdicts that are kept; out come rows, and lines of Markdown. Shares are of all documents that an
arm wrote with one seed. What is shown are means over seeds, with half of the 95 % interval by Student's t.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from schemalm.evaluation.report import escape_markdown
from schemalm.experiments.estimate import Estimate
from schemalm.experiments.results import Result
from schemalm.experiments.text_masks import NO_MASK
from schemalm.experiments.verdicts import NO_JSON, Opinions, read_opinions
from schemalm.experiments.writing import WrittenSet

COMPLETE = "complete"
NUM_REASONS = 3
_HEAD = ("arm", "mask", "seeds", "JSON")
_TAIL = ("cut off", "tokens", "documents per CPU second", "accepted per CPU second", "real documents admitted")


@dataclass(frozen=True)
class WrittenRow:
    """The documents of one arm under one mask, over seeds.

    is_json, accepted, cut_off: shares of documents; `accepted` by the names of judges. cut_off: what reached the budget
    or a limit before the model ended it, whether or not it was completed.
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

    @classmethod
    def read(cls, out: Path, result: Result, written: WrittenSet) -> _Set:
        documents = list(written.documents(out))
        num_cut_off = sum(document.finish != COMPLETE for document in documents)
        num_tokens = sum(len(document.tokens) for document in documents)
        return cls(result, written, read_opinions(out, written), num_tokens, num_cut_off)

    @property
    def place(self) -> tuple[int, str, str, str]:
        return self.result.budget, self.result.model, self.result.arm, self.written.mask

    def num_accepted(self, judge: str) -> int:
        return sum(opinion.accepted is True for opinion in self.opinions[judge])

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


def written_rows(out: Path, results: Sequence[Result]) -> list[WrittenRow]:
    """Return the rows of all results whose models wrote documents, in the order of the results' arms."""
    latest = {(result.budget, result.model, result.arm, result.seed): result for result in results}
    sets = [_Set.read(out, result, written) for result in latest.values() for written in result.written or ()]
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
        accepted={judge: _accepted(sets, judge) for judge in first.opinions},
        cut_off=share(lambda each: each.num_cut_off),
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


def written_lines(rows: Sequence[WrittenRow], results: Sequence[Result]) -> Iterator[str]:
    """Yield the section of the report; nothing if no documents were judged."""
    if not rows:
        return
    yield "\n## Written documents\n"
    yield (
        "Cut off: what reached the budget before the model ended it. Typed documents are completed then, text is not. "
        "Real documents admitted: the share of held-out documents that the mask admits whole."
    )
    yield ""
    yield from written_table(rows)
    yield from _scores_table([row for row in rows if row.admitted is not None])
    yield "\nWhy documents are refused, with the share of all documents:\n"
    for row in rows:
        named = ", ".join(f"{escape_markdown(reason)} {share:.1%}" for reason, share in row.reasons)
        yield f"- {escape_markdown(_label(row))}: {named or 'none is'}"
    yield from _engine_lines(results)


def written_table(rows: Sequence[WrittenRow]) -> Iterator[str]:
    """Yield the lines of the table."""
    judges = list(dict.fromkeys(judge for row in rows for judge in row.accepted))
    head = (*_HEAD, *judges, *_TAIL)
    yield f"| {' | '.join(map(escape_markdown, head))} |"
    yield f"|---|---|{'---:|' * (len(head) - 2)}"
    for row in rows:
        cells = (
            escape_markdown(row.arm),
            escape_markdown("" if row.mask == NO_MASK else row.mask),
            str(row.num_seeds),
            percentage(row.is_json),
            *(percentage(row.accepted[judge]) if judge in row.accepted else "" for judge in judges),
            percentage(row.cut_off),
            quantity(row.tokens, 0),
            quantity(row.per_second, 2),
            quantity(row.accepted_per_second, 2),
            "" if row.admitted is None else percentage(row.admitted),
        )
        yield f"| {' | '.join(cells)} |"


def _scores_table(rows: Sequence[WrittenRow]) -> Iterator[str]:
    if not rows:
        return
    yield "\nBits per byte of the real documents that a mask admits, with the mask and without:\n"
    yield "| arm | mask | bits per byte with the mask | without |"
    yield "|---|---|---:|---:|"
    for row in rows:
        figures = [
            ("none" if each is None else quantity(each, 4)) for each in (row.bits_per_byte, row.plain_bits_per_byte)
        ]
        yield f"| {escape_markdown(row.arm)} | {escape_markdown(row.mask)} | {' | '.join(figures)} |"


def _engine_lines(results: Sequence[Result]) -> Iterator[str]:
    """Name what each engine does not get of the schema, and what it says that it does not enforce."""
    sets = [written for result in results for written in result.written or ()]
    for engine in dict.fromkeys(written.engine for written in sets if written.cuts or written.warnings):
        chosen = [written for written in sets if written.engine == engine]
        cuts = dict.fromkeys(cut for written in chosen for cut in written.cuts)
        yield f"\n### What {escape_markdown(engine)} does not enforce\n"
        for cut in cuts:
            yield f"- `{cut.pointer}` is {cut.change}: {escape_markdown(cut.reason)}"
        for warning in dict.fromkeys(warning for written in chosen for warning in written.warnings):
            yield f"- it says: {escape_markdown(warning)}"


def _label(row: WrittenRow) -> str:
    return row.arm if row.mask == NO_MASK else f"{row.arm}, {row.mask}"


def percentage(estimate: Estimate) -> str:
    """Return a share with its interval, in percent."""
    interval = "" if estimate.half_width is None else f" ± {100 * estimate.half_width:.1f}"
    return f"{100 * estimate.mean:.1f}{interval} %"


def quantity(estimate: Estimate, num_digits: int) -> str:
    """Return a number with its interval."""
    interval = "" if estimate.half_width is None else f" ± {estimate.half_width:,.{num_digits}f}"
    return f"{estimate.mean:,.{num_digits}f}{interval}"
