"""Compares the walks of this checkout and another one: the same cases and seeds, CPU time of all calls.

The cases are divided into turns. In each turn the two checkouts run one after the other, in alternating order, so a
machine that is busy for a while slows both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

BENCHMARKS = Path(__file__).resolve().parents[1]
NUM_TURNS = 8
NUM_SHOWN = 10


@dataclass(frozen=True)
class Walks:
    """CPU time of the walks of one case, in milliseconds, here and in the other checkout."""

    id: str
    ours: float
    theirs: float


def compare_with(checkout: Path, data: Path, data_sets: list[str], every: int, walks: int, jobs: int) -> list[Walks]:
    """Returns the walks of every case that both checkouts finished."""
    found = []
    for name in data_sets:
        for turn in range(NUM_TURNS):
            sources = {"ours": BENCHMARKS.parent / "src", "theirs": checkout.resolve() / "src"}
            order = sources if turn % 2 else dict(reversed(sources.items()))
            part = ["--every", str(every * NUM_TURNS), "--first", str(every * turn), "--walks", str(walks)]
            arguments = [str(data), "--data-set", name, "--jobs", str(jobs), "--quiet", *part]
            times = {who: dict(_walk_times(source, arguments)) for who, source in order.items()}
            both = times["ours"].keys() & times["theirs"].keys()
            found += [Walks(case, times["ours"][case], times["theirs"][case]) for case in sorted(both)]
    return found


def _walk_times(source: Path, arguments: list[str]) -> Iterator[tuple[str, float]]:
    """Yields each case that one checkout compiled, with the CPU time of its walks in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        details = Path(folder) / "details.jsonl"
        command = [sys.executable, "-m", "conformance", *arguments, "--details", str(details)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [source, BENCHMARKS]))}
        # Its exit code is about the baseline, which does not matter here.
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if not details.exists():
            raise RuntimeError(ended.stderr[-2_000:])
        outcomes: list[dict[str, Any]] = [json.loads(line) for line in details.read_text().splitlines()]
    for outcome in outcomes:
        if outcome["status"] == "compiled":
            yield outcome["id"], outcome["walk_milliseconds"]


def print_against(console: Console, walks: list[Walks]) -> None:
    """Prints the sums, their ratio, and the cases with the largest changes."""
    ours, theirs = (sum(getattr(walk, who) for walk in walks) / 1000 for who in ("ours", "theirs"))
    ratio = ours / max(theirs, 1e-9)
    sums = f"{ours:,.1f} CPU s here, {theirs:,.1f} there: {ratio:.2f} (target 0.7)"
    console.print(f"walks of {len(walks):,} cases: {sums}")
    ordered = sorted(walks, key=lambda walk: walk.ours - walk.theirs)
    for title, chosen in (("gained", ordered[:NUM_SHOWN]), ("lost", ordered[: -NUM_SHOWN - 1 : -1])):
        console.print(f"\n{title} most:")
        for walk in chosen:
            console.print(f"  {walk.id}: {walk.theirs:,.0f} -> {walk.ours:,.0f} ms", markup=False, highlight=False)
