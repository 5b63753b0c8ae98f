"""Whether a model can be used: criteria over the figures of an evaluation, and a sentence made from them.

Each criterion compares a figure of the samples with the same figure of held-out documents, as far as that tells
something. The thresholds say what a person would hardly notice; they are conventions, and the report shows them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from schemalm.evaluation.acceptance import Acceptance
from schemalm.evaluation.samples.side_by_side import SideBySide
from schemalm.evaluation.samples.statistics import SampleStatistics

# Relative to held-out documents, except for the share that the model itself ended.
MIN_ACCEPTED, MIN_ENDED, MIN_KNOWN, MIN_RESOLVED = 0.95, 0.8, 0.95, 0.95
MIN_LENGTH, MAX_LENGTH = 0.8, 1.25
MAX_COPIED = MAX_REPEATED = 1.5
# So much more of copied or repeated tokens is no sign of anything, however few real documents have.
FREE_SHARE = 0.02
# Fewer samples say little.
MIN_SAMPLES = 30

Answer = Literal["yes", "partly", "no", "unknown"]


@dataclass(frozen=True)
class Criterion:
    """One condition: its name, the figure found and what is expected of it, both in words, and whether it holds."""

    name: str
    found: str
    expected: str
    holds: bool


@dataclass(frozen=True)
class Usefulness:
    """Whether a model can be used, in a sentence, and the criteria that decide.

    answer: "yes" if all criteria hold; "no" if judges refuse too many documents; "partly" if other criteria fail;
    "unknown" if there are too few samples or nobody judged them.
    """

    answer: Answer
    sentence: str
    criteria: tuple[Criterion, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def usefulness(everyone: Acceptance, statistics: SampleStatistics) -> Usefulness:
    """Return the answer from the acceptance by all judges together and the statistics of the samples."""
    criteria = tuple(_criteria(everyone, statistics))
    failing = [criterion for criterion in criteria if not criterion.holds]
    if everyone.relative is None or statistics.num_samples < MIN_SAMPLES:
        return Usefulness("unknown", _unknown(everyone, statistics), criteria)
    accepted = _accepted(everyone)
    if not failing:
        return Usefulness("yes", f"Yes: {accepted}, and nothing measured tells its documents from real ones.", criteria)
    if criteria[0] in failing:
        others = f" It misses {len(failing) - 1} of {len(criteria) - 1} further criteria." if failing[1:] else ""
        return Usefulness("no", f"Not yet: {accepted}.{others}", criteria)
    names = "; ".join(criterion.name for criterion in failing)
    return Usefulness(
        "partly",
        f"With care: {accepted}, but it misses {len(failing)} of {len(criteria) - 1} further criteria: {names}.",
        criteria,
    )


def _unknown(everyone: Acceptance, statistics: SampleStatistics) -> str:
    if everyone.relative is None:
        return "Nobody can say: no judge has a verdict on its documents and on real ones."
    return f"Nobody can say: {statistics.num_samples} samples are too few; write at least {MIN_SAMPLES}."


def _accepted(everyone: Acceptance) -> str:
    samples, real = (_percent(some.share or 0.0) for some in (everyone.samples, everyone.held_out))
    who = "the judge accepts" if everyone.title == "1 judge" else f"all {everyone.title} accept"
    return f"{who} {samples} of its documents, and {real} of real ones"


def _criteria(everyone: Acceptance, statistics: SampleStatistics) -> Iterator[Criterion]:
    """Yield the criteria that can be measured; the first is what judges accept."""
    yield _acceptance(everyone)
    ended = statistics.complete_share or 0.0
    yield Criterion("ended by the model itself", _percent(ended), f"at least {_percent(MIN_ENDED)}", ended >= MIN_ENDED)
    lines = next(length for length in statistics.lengths if length.name == "lines").medians
    if lines.ratio is not None:
        yield Criterion(
            "median length",
            f"{lines.samples:,.0f} lines, real documents {lines.held_out:,.0f}",
            f"{MIN_LENGTH} to {MAX_LENGTH} times",
            MIN_LENGTH <= lines.ratio <= MAX_LENGTH,
        )
    yield from _least("known from training", _common_stock(statistics), MIN_KNOWN)
    resolved = [(each.kind, each.resolved) for each in statistics.references[:1]]
    yield from _least("names that are declared", resolved, MIN_RESOLVED)
    yield _most("copied from one training document", statistics.copied.shares, MAX_COPIED)
    yield _most("repeated within the document", statistics.repeated.shares, MAX_REPEATED)


def _common_stock(statistics: SampleStatistics) -> list[tuple[str, SideBySide]]:
    """Return the texts that documents take from a common stock: names with versions, else the best known ones.

    Names that each document makes up, such as those of its jobs, may be known as well and need not be.
    """
    versioned = [(each.path, each.without_version) for each in statistics.known_values if each.without_version]
    best = max(statistics.known_values, key=lambda each: each.whole.held_out or 0.0, default=None)
    return versioned or ([] if best is None else [(best.path, best.whole)])


def _acceptance(everyone: Acceptance) -> Criterion:
    name, expected = "accepted by every judge", f"at least {_percent(MIN_ACCEPTED)} as often as real documents"
    if everyone.relative is None:
        return Criterion(name, "not judged", expected, False)
    low, high = everyone.relative_interval or (0.0, 0.0)
    found = f"{_percent(everyone.relative)} as often (95 % interval {_percent(low)} to {_percent(high)})"
    return Criterion(name, found, expected, everyone.relative >= MIN_ACCEPTED)


def _least(name: str, figures: Sequence[tuple[str, SideBySide]], least: float) -> Iterator[Criterion]:
    """Yield the criterion that the least of some figures, relative to held-out documents, is large enough."""
    measured = [(side.ratio, place, side) for place, side in figures if side.ratio is not None]
    if measured:
        ratio, place, side = min(measured, key=lambda each: each[0])
        found = f"{_percent(side.samples or 0.0)} of {place}, in real documents {_percent(side.held_out or 0.0)}"
        yield Criterion(name, found, f"at least {_percent(least)} as often", ratio >= least)


def _most(name: str, side: SideBySide, most: float) -> Criterion:
    """Return the criterion that a share of tokens is at most so many times that of held-out documents."""
    samples, held_out = side.samples or 0.0, side.held_out or 0.0
    found = f"{_percent(samples)} of tokens, in real documents {_percent(held_out)}"
    return Criterion(name, found, f"at most {most} times", samples <= max(most * held_out, held_out + FREE_SHARE))


def _percent(share: float) -> str:
    """Return a share in percent, rounded down, so that only the share 1 is 100 %."""
    return f"{math.floor(share * 100 + 1e-9)} %"
