"""What judges say about samples, beside what they say about held-out documents: the yardstick.

In go verdicts by judge; out come counts with intervals. A judge that refuses some real documents as well cannot be
expected to accept all samples, so each share also stands relative to that of the held-out documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemalm.judging import Judge, Verdict
from schemalm.judging.intervals import ratio_interval
from schemalm.judging.summary import Group, Tally, grouped, of_all_judges

ALL_JUDGES = "all"
NUM_REASONS = 8


@dataclass(frozen=True)
class Acceptance:
    """How many samples and held-out documents a judge accepts.

    name, title, meaning: of the judge, or "all" for all of them together. reasons: why it refuses samples, the most
    frequent first; advice: what it says besides of samples.
    """

    name: str
    title: str
    meaning: str
    samples: Tally
    held_out: Tally
    reasons: tuple[Group, ...]
    advice: tuple[Group, ...]

    @property
    def relative(self) -> float | None:
        """The share of accepted samples divided by that of accepted held-out documents."""
        if self.samples.share is None or not self.held_out.share:
            return None
        return self.samples.share / self.held_out.share

    @property
    def relative_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the relative share."""
        return ratio_interval(*((some.num_accepted, some.num_judged) for some in (self.samples, self.held_out)))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "name": self.name,
            "title": self.title,
            "meaning": self.meaning,
            "samples": self.samples.to_dict(),
            "held_out": self.held_out.to_dict(),
            "relative": self.relative,
            "relative_interval": self.relative_interval,
            "reasons": [str(group) for group in self.reasons],
            "num_reasons": [group.num_documents for group in self.reasons],
            "advice": [str(group) for group in self.advice],
            "num_advice": [group.num_documents for group in self.advice],
        }


Verdicts = Mapping[str, Sequence[Verdict]]


def acceptances(judges: Sequence[Judge], samples: Verdicts, held_out: Verdicts) -> tuple[Acceptance, ...]:
    """Return the acceptance of all judges together, then that of each; verdicts are by the judge's name."""
    title = f"{len(judges)} judges" if len(judges) != 1 else "1 judge"
    found = [
        _compare(judge.name, judge.title, judge.meaning, samples[judge.name], held_out[judge.name]) for judge in judges
    ]
    everyone = (of_all_judges(verdicts) for verdicts in (samples, held_out))
    return _compare(ALL_JUDGES, title, "accepted by every judge", *everyone), *found


def _compare(
    name: str, title: str, meaning: str, samples: Sequence[Verdict], held_out: Sequence[Verdict]
) -> Acceptance:
    names = [f"sample {number}" for number in range(1, len(samples) + 1)]
    return Acceptance(
        name,
        title,
        meaning,
        Tally.of(samples),
        Tally.of(held_out),
        tuple(grouped(names, [verdict.errors for verdict in samples])[:NUM_REASONS]),
        tuple(grouped(names, [verdict.advice for verdict in samples])[:NUM_REASONS]),
    )
