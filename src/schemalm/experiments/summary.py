"""Summarize results: the bits per byte of each arm at each budget, and their ratio to the baseline's.

Ratios are computed seed by seed and then averaged, so that an effect of the seed on both arms cancels out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from statistics import fmean
from typing import Any

from schemalm.experiments.estimate import Estimate
from schemalm.experiments.results import Measure, Result


@dataclass(frozen=True)
class Row:
    """One arm with one model at one budget, over its seeds.

    ratio: bits per byte divided by the baseline's at the same seeds, so below 1 is better; None for the baseline itself
    and if the baseline has no run yet.
    num_tokens, seconds, cpu_seconds: means over the seeds; the last are None if not all runs measured them.
    """

    arm: str
    model: str
    measure: Measure
    budget: int
    is_baseline: bool
    num_seeds: int
    tokens_per_document: float
    bits_per_byte: Estimate
    ratio: Estimate | None
    num_tokens: float
    num_epochs: float
    num_parameters: int
    seconds: float
    cpu_seconds: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def summarize(results: Iterable[Result], arms: Collection[str] | None = None) -> list[Row]:
    """Return the rows of all results, or of some arms, best first within a budget, a measure and a model.

    If a run was made twice, because its recipe changed in between, the later result counts.
    """
    latest = {_run_of(result): result for result in results if arms is None or result.arm in arms}
    ordered = sorted(latest.values(), key=_group)
    rows = [_row(list(group), latest) for _, group in groupby(ordered, key=_group)]
    return sorted(rows, key=lambda row: (row.budget, row.measure, row.model, row.bits_per_byte.mean))


def _group(result: Result) -> tuple[int, str, str, str]:
    return result.budget, result.measure, result.model, result.arm


def _run_of(result: Result) -> tuple[object, ...]:
    return (*_group(result), result.seed)


def _row(results: Sequence[Result], latest: dict[tuple[object, ...], Result]) -> Row:
    first = results[0]
    ratios = []
    for result in results:
        measure = "time" if result.measure == "time" else "compute"
        baseline = latest.get((result.budget, measure, result.model, result.baseline, result.seed))
        if baseline is not None and baseline is not result:
            ratios.append(result.bits_per_byte / baseline.bits_per_byte)
    return Row(
        arm=first.arm,
        model=first.model,
        measure=first.measure,
        budget=first.budget,
        is_baseline=first.arm == first.baseline,
        num_seeds=len(results),
        tokens_per_document=first.tokens_per_document,
        bits_per_byte=Estimate.of([result.bits_per_byte for result in results]),
        ratio=Estimate.of(ratios) if ratios else None,
        num_tokens=fmean(result.num_tokens for result in results),
        num_epochs=fmean(result.num_epochs for result in results),
        num_parameters=first.num_parameters,
        seconds=fmean(result.seconds for result in results),
        cpu_seconds=_mean([result.cpu_seconds for result in results]),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if len(known) == len(values) else None
