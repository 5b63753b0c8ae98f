"""Figures over outcomes, and the targets that they are compared with.

In go outcomes of one data set or of a part of it; out come counts, shares and percentiles. Verdicts are counted if
the schema was compiled (or found to have no value); refused schemas are counted separately.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from conformance.baseline import BROKEN
from conformance.calls import merged
from conformance.measure import Outcome

SYNTHETIC_SPLITS = ("Synthesized", "Handwritten")


@dataclass(frozen=True)
class Spread:
    """Median, 99th percentile and maximum (nearest rank); zero without values."""

    p50: float
    p99: float
    max: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Returns the spread of some values."""
        ordered = sorted(values)
        if not ordered:
            return cls(0.0, 0.0, 0.0)
        return cls(*(ordered[max(0, math.ceil(share * len(ordered)) - 1)] for share in (0.5, 0.99, 1.0)))


@dataclass(frozen=True)
class Summary:
    """Figures of a group of cases; CPU times in milliseconds, memory in MiB.

    num_limited: schemas with a call that reached a limit. calls: times of single calls, by operation and of all
    ("any"). grown_mebibytes: the largest growth of a case's memory above its start.
    """

    num_schemas: int
    num_compiled: int
    num_unsatisfiable: int
    num_right: int
    refused_by: dict[str, int]
    broken: dict[str, int]
    num_valid: int
    num_valid_refused: int
    num_invalid: int
    num_invalid_accepted: int
    num_changed: int
    num_unreadable: int
    compile_milliseconds: Spread
    encode_milliseconds: Spread
    num_tokens: Spread
    num_states: Spread
    num_walks: int
    num_bad_walks: int
    num_unjudged: int
    num_limited: int
    num_units: int
    calls: dict[str, dict[str, float]]
    walk_seconds: float
    uses: dict[str, int]
    peak_mebibytes: float
    grown_mebibytes: float

    @property
    def num_refused(self) -> int:
        """The number of refused schemas, not counting schemas that no value satisfies."""
        return sum(self.refused_by.values())

    @property
    def share_right(self) -> float:
        """The share of schemas with every verdict right."""
        return self.num_right / max(1, self.num_schemas)

    @property
    def construction_share(self) -> float:
        """The share of enforced keyword occurrences that are enforced by construction."""
        enforced = self.uses.get("construction", 0) + self.uses.get("guard", 0)
        return self.uses.get("construction", 0) / max(1, enforced)

    def as_json(self) -> dict[str, Any]:
        """The figures as a JSON value."""
        shares = {"share_right": round(self.share_right, 5), "construction_share": round(self.construction_share, 5)}
        return asdict(self) | {"num_refused": self.num_refused} | shares


def summarize(outcomes: Sequence[Outcome]) -> Summary:
    """Computes the figures of some outcomes."""
    compiled = [outcome for outcome in outcomes if outcome.status == "compiled"]
    judged = [outcome for outcome in outcomes if outcome.status in ("compiled", "unsatisfiable")]
    uses: Counter[str] = Counter()
    for outcome in outcomes:
        for counts in outcome.uses.values():
            uses.update(counts)
    return Summary(
        num_schemas=len(outcomes),
        num_compiled=len(compiled),
        num_unsatisfiable=len(judged) - len(compiled),
        num_right=sum(outcome.is_right for outcome in outcomes),
        refused_by=_ranked(outcome.keyword or "(schema)" for outcome in outcomes if outcome.status == "refused"),
        broken=_ranked(outcome.status for outcome in outcomes if outcome.status in BROKEN),
        num_valid=sum(outcome.num_valid for outcome in judged),
        num_valid_refused=sum(len(outcome.valid_refused) for outcome in judged),
        num_invalid=sum(outcome.num_invalid for outcome in judged),
        num_invalid_accepted=sum(len(outcome.invalid_accepted) for outcome in judged),
        num_changed=sum(len(outcome.changed) for outcome in judged),
        num_unreadable=sum(outcome.num_unreadable for outcome in outcomes),
        compile_milliseconds=Spread.of(outcome.compile_milliseconds for outcome in outcomes),
        encode_milliseconds=Spread.of(outcome.encode_milliseconds for outcome in compiled),
        num_tokens=Spread.of(outcome.num_tokens for outcome in compiled),
        num_states=Spread.of(outcome.num_states for outcome in compiled),
        num_walks=sum(outcome.num_walks for outcome in outcomes),
        num_bad_walks=sum(len(outcome.bad_walks) for outcome in outcomes),
        num_unjudged=sum(bool(outcome.unjudged) for outcome in outcomes),
        num_limited=sum(bool(outcome.limited) for outcome in outcomes),
        num_units=sum(outcome.num_units + (outcome.num_walk_units or 0) for outcome in outcomes),
        calls=call_figures(outcomes),
        walk_seconds=round(sum(outcome.walk_milliseconds for outcome in outcomes) / 1000, 2),
        uses=dict(uses),
        peak_mebibytes=max((outcome.peak_mebibytes for outcome in outcomes), default=0.0),
        grown_mebibytes=max((outcome.grown_mebibytes for outcome in outcomes), default=0.0),
    )


def call_figures(outcomes: Iterable[Outcome]) -> dict[str, dict[str, float]]:
    """Returns the times of single calls in CPU milliseconds, by operation; "any" has all calls."""
    by_operation = merged(outcome.calls for outcome in outcomes)
    everything = merged({"any": times} for times in by_operation.values())
    return {operation: times.as_json() for operation, times in (by_operation | everything).items()}


def by_split(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Groups outcomes by split, in the order of the data."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.split, []).append(outcome)
    return groups


def reason(outcome: Outcome) -> str:
    """Returns why a case is not right, without quoted texts and numbers, so that similar reasons count together."""
    if outcome.status not in ("compiled", "unsatisfiable"):
        message = re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "…", outcome.message)
        return " ".join(part for part in (outcome.status, outcome.keyword and f"{outcome.keyword}:", message) if part)
    wrong = {
        "valid refused": outcome.valid_refused,
        "invalid accepted": outcome.invalid_accepted,
        "value changed": outcome.changed,
    }
    return ", ".join(name for name, found in wrong.items() if found)


@dataclass(frozen=True)
class Target:
    """One line of the table of targets."""

    figure: str
    target: str
    found: str
    met: bool


def targets(outcomes: dict[str, list[Outcome]]) -> list[Target]:
    """Compares the targets of the conformance run with the outcomes of the data sets that were run."""
    found: list[Target] = []
    bench = outcomes.get("jsonschemabench", [])
    if bench:
        found += _bench_targets(bench)
    official = by_split(outcomes.get("json-schema-test-suite", []))
    for split, share in (("draft7 required", 0.98), ("draft2020-12 required", 0.95)):
        if split in official:
            summary = summarize(official[split])
            name = f"official suite, {split}: groups fully right"
            found.append(_at_least(name, summary.num_right, summary.num_schemas, share))
    everything = summarize([outcome for group in outcomes.values() for outcome in group])
    bad, walks = everything.num_bad_walks, everything.num_walks
    found.append(Target("random walks that are invalid", "0", f"{bad} of {walks:,}", bad == 0 and walks > 0))
    enforced = everything.uses.get("construction", 0) + everything.uses.get("guard", 0)
    name = "keyword occurrences enforced by construction"
    found.append(_at_least(name, everything.uses.get("construction", 0), enforced, 0.98))
    found += _call_targets(everything)
    broken = sum(everything.broken.values())
    found.append(Target("cases that crash, hang or exceed 2 GiB", "0", str(broken), broken == 0))
    return found


def _bench_targets(bench: list[Outcome]) -> list[Target]:
    real = summarize([outcome for outcome in bench if outcome.split not in SYNTHETIC_SPLITS])
    synthetic = summarize([outcome for outcome in bench if outcome.split in SYNTHETIC_SPLITS])
    whole = summarize(bench)
    refused = f"{whole.num_refused} of {whole.num_schemas:,} ({whole.num_refused / whole.num_schemas:.2%})"
    times = whole.compile_milliseconds
    accepted, valid_refused = whole.num_invalid_accepted, whole.num_valid_refused
    return [
        _at_least("schemas with every verdict right", real.num_right, real.num_schemas, 0.99),
        Target("invalid instances accepted", "0", f"{accepted} of {whole.num_invalid:,}", accepted == 0),
        Target("valid instances refused", "≤ 5", f"{valid_refused} of {whole.num_valid:,}", valid_refused <= 5),
        Target("schemas refused", "≤ 1 %", refused, whole.num_refused <= 0.01 * whole.num_schemas),
        _at_least("Synthesized and Handwritten right", synthetic.num_right, synthetic.num_schemas, 0.95),
        Target("compile time p50, CPU ms", "≤ 5", f"{times.p50:.1f}", times.p50 <= 5),
        Target("compile time p99, CPU ms", "≤ 250", f"{times.p99:.0f}", times.p99 <= 250),
    ]


def _call_targets(everything: Summary) -> list[Target]:
    """Returns the targets of single calls: their times and memory, and how many schemas have a refused call."""
    calls = everything.calls.get("any")
    if calls is None:
        return []
    share, grown = everything.num_limited / max(1, everything.num_schemas), everything.grown_mebibytes
    limited = f"{everything.num_limited} of {everything.num_schemas:,} ({share:.2%})"
    return [
        Target("CPU of one call p99.9, ms", "≤ 20", f"{calls['p999']:.2f}", calls["p999"] <= 20),
        Target("CPU of one call at most, ms", "≤ 1000", f"{calls['max']:.0f}", calls["max"] <= 1000),
        Target("schemas of which a call met a limit", "≤ 0.1 %", limited, share <= 0.001),
        Target("memory of a case above its start, MiB", "≤ 256", f"{grown:.0f}", grown <= 256),
    ]


def _at_least(figure: str, count: int, total: int, share: float) -> Target:
    part = count / max(1, total)
    return Target(figure, f"≥ {share:.0%}", f"{count:,} of {total:,} ({part:.2%})", part >= share)


def _ranked(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))
