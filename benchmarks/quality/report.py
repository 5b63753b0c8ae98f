"""What was measured, as plain values, as Markdown and as a plot."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

import torch

from limits import processor
from quality.documents import Documents
from quality.ladder import Point, seconds_to
from quality.measuring import Contender, Search, best_of, points_of, results_of
from schemalm.evaluation.plots import draw_curves


@dataclass(frozen=True)
class Report:
    """The results of contenders, the first of which is compared with the others; `peer` is nanochat."""

    search: Search
    documents: Documents
    contenders: Sequence[Contender]
    peer: Contender | None
    seeds: Sequence[int]

    def to_dict(self) -> dict[str, Any]:
        """Return everything that was measured."""
        return {
            "machine": f"1 thread of {processor()}; python {platform.python_version()}, torch {torch.__version__}",
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "mark": self.search.mark,
            "limit_seconds": self.search.limit_seconds,
            "documents": {
                "train": self.documents.num_train,
                "validation": self.documents.num_validation,
                "validation_bytes": self.documents.num_bytes,
                "sha256": self.documents.digest,
            },
            "contenders": {
                contender.name: {
                    **contender.description,
                    "seconds_to_mark": [self._seconds(contender, seed, self.search.mark) for seed in self.seeds],
                    "seconds_to_nanochat": self._seconds_to_peer(contender),
                    "runs": {seed: results_of(contender, seed) for seed in self.seeds},
                }
                for contender in self.contenders
            },
        }

    def markdown(self) -> str:
        """Return the table, with what was measured on what."""
        found = self.to_dict()
        documents = found["documents"]
        lines = [
            f"Measured on {found['date']}: {found['machine']}. {documents['train']:,} training documents; scored are "
            f"{documents['validation']:,} documents of {documents['validation_bytes']:,} bytes.",
            "",
            f"| contender | commit | CPU seconds to {self.search.mark:g} bits per byte, by seed | median | against it "
            "| best score, by seed | CPU seconds to nanochat's best |",
            "|" + " --- |" * 7,
        ]
        first = found["contenders"][self.contenders[0].name]
        for name, one in found["contenders"].items():
            cells = (
                name,
                one["commit"][:7],
                _numbers(one["seconds_to_mark"]),
                _number(_median(one["seconds_to_mark"])),
                _ratio(first["seconds_to_mark"], one["seconds_to_mark"]),
                ", ".join(f"{min(run['bits_per_byte'] for run in runs):.3f}" for runs in one["runs"].values()),
                _numbers(one["seconds_to_nanochat"]),
            )
            lines.append(f"| {' | '.join(cells)} |")
        limit = self.search.limit_seconds
        lines += [
            "",
            f"*Against it*: the seconds of {self.contenders[0].name}, divided by those of the row, median over seeds. "
            f"No run is planned for more than {limit:,.0f} CPU seconds; a dash means that the mark was not reached.",
        ]
        return "\n".join(lines)

    def curve(self) -> str | None:
        """Return a plot of bits per byte by CPU seconds as SVG: medians over seeds of runs that all seeds made."""
        curves = {contender.name: self._curve(contender) for contender in self.contenders}
        return draw_curves(curves, "CPU seconds", "bits per byte")

    def _curve(self, contender: Contender) -> list[tuple[float, float]]:
        by_steps: dict[int, list[Point]] = {}
        for seed in self.seeds:
            for point in points_of(contender, seed):
                by_steps.setdefault(point.steps, []).append(point)
        return [
            (median(point.seconds for point in points), median(point.bits_per_byte for point in points))
            for _, points in sorted(by_steps.items())
            if len(points) == len(self.seeds)
        ]

    def _seconds_to_peer(self, contender: Contender) -> list[float | None]:
        """Return the seconds to the best score of nanochat, by seed; empty for nanochat itself, or without it."""
        peer = self.peer
        if peer is None or contender is peer:
            return []
        return [self._seconds(contender, seed, best_of(peer, seed)) for seed in self.seeds]

    def _seconds(self, contender: Contender, seed: int, mark: float) -> float | None:
        return seconds_to(mark, points_of(contender, seed))


def _median(seconds: Sequence[float | None]) -> float | None:
    known = [one for one in seconds if one is not None]
    return median(known) if known and len(known) == len(seconds) else None


def _ratio(ours: Sequence[float | None], theirs: Sequence[float | None]) -> str:
    pairs = [(our, their) for our, their in zip(ours, theirs, strict=True) if our is not None and their is not None]
    return f"{median(our / their for our, their in pairs):.2f}" if pairs and len(pairs) == len(ours) else "-"


def _number(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:,.0f}"


def _numbers(seconds: Sequence[float | None]) -> str:
    return ", ".join(map(_number, seconds))
