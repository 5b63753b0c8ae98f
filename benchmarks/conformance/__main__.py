"""Runs the conformance cases and compares them with the committed baseline.

    PYTHONPATH=benchmarks python -m conformance ../shared/data [--data-set NAME] [--split NAME] [--every N] [--walks N]
    PYTHONPATH=benchmarks python -m conformance ../shared/data --case ID      # one case, in full
    PYTHONPATH=benchmarks python -m conformance ../shared/data --against PATH # walks, in turns with another checkout

Exits with 1 if a case is worse or slower than in the baseline: a wrong verdict, or more work. `--publish` writes
`benchmarks/results/conformance.json` and `docs/support.md`, `--update-baseline` the baseline.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from conformance.against import compare_with, print_against
from conformance.baseline import compare, read_baseline, write_baseline
from conformance.cases import READERS, Case
from conformance.measure import Outcome, to_json_line
from conformance.report import print_case, print_comparison, print_report
from conformance.run import LIMITS, run_cases
from conformance.summary import by_split, summarize, targets
from conformance.support import support_page
from schemalm.files.writing import write_atomically

REPOSITORY = Path(__file__).resolve().parents[2]
BASELINE = REPOSITORY / "tests" / "conformance" / "baseline"
RESULTS = REPOSITORY / "benchmarks" / "results" / "conformance.json"
SUPPORT = REPOSITORY / "docs" / "support.md"
MAX_LISTED_WALKS = 5


def select(data: Path, data_set: str, splits: list[str], every: int, first: int = 0) -> Iterator[Case]:
    """Yields every `every`-th case of a data set in the given splits, or in all splits if none is given."""
    found = (case for case in READERS[data_set](data) if not splits or case.split in splits)
    return islice(found, first, None, every)


def run_data_set(console: Console, name: str, cases: Iterator[Case], walks: int, jobs: int) -> list[Outcome]:
    """Runs the cases with a progress line."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=None)
        return run_cases(cases, walks, jobs, lambda: progress.advance(task))


def results(outcomes: dict[str, list[Outcome]], seconds: float, walks: int) -> dict[str, Any]:
    """Returns the results that `--publish` writes: figures, targets, and every notable case."""
    return {
        "date": date.today().isoformat(),
        "what": "every case of the three data sets: encoding against the known verdicts, random walks judged by "
        "jsonschema-rs, CPU and counted work of every call; each case in a process of its own",
        "machine": {"python": platform.python_version(), "cores": os.cpu_count()},
        "versions": {name: version(name) for name in ("schemalm", "jsonschema-rs")},
        "walks_per_schema": walks,
        "limits": asdict(LIMITS),
        "seconds": round(seconds),
        "targets": [asdict(target) for target in targets(outcomes)],
        "data_sets": {
            name: {
                "all": summarize(found).as_json(),
                "splits": {split: summarize(group).as_json() for split, group in by_split(found).items()},
                "not_right": [_record(outcome) for outcome in found if is_notable(outcome)],
            }
            for name, found in outcomes.items()
        },
    }


def is_notable(outcome: Outcome) -> bool:
    """Whether the results name a case: it is not right, wrote an invalid document, or reached a limit."""
    return not outcome.is_right or bool(outcome.bad_walks or outcome.limited)


def _record(outcome: Outcome) -> dict[str, Any]:
    verdicts = ("valid_refused", "invalid_accepted", "changed")
    names = ("id", "status", "keyword", "pointer", "message", *verdicts, "limited")
    record = {name: value for name, value in outcome.as_json().items() if name in names and value}
    if outcome.bad_walks:
        walks = [{"reason": walk.reason, "document": walk.document} for walk in outcome.bad_walks[:MAX_LISTED_WALKS]]
        record |= {"num_bad_walks": len(outcome.bad_walks), "bad_walks": walks}
    return record


def show_case(console: Console, data: Path, case_id: str, walks: int) -> None:
    """Runs one case and prints it in full."""
    for reader in READERS.values():
        for case in reader(data):
            if case.id == case_id:
                print_case(console, case, run_cases([case], walks, 1)[0])
                return
    raise typer.BadParameter(f"no data set has a case {case_id!r}", param_hint="--case")


def main(
    data: Annotated[Path, typer.Argument(help="The folder with the three data sets.", exists=True, file_okay=False)],
    data_set: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(READERS)}; all by default.")] = None,
    split: Annotated[list[str] | None, typer.Option(help="Only cases of this split.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Only every N-th case.")] = 1,
    first: Annotated[int, typer.Option(min=0, help="The index of the first case.")] = 0,
    against: Annotated[Path | None, typer.Option(help="Another checkout; both are timed in turns.")] = None,
    case: Annotated[str | None, typer.Option(help="Only this case; print it in full.")] = None,
    walks: Annotated[int, typer.Option(min=0, help="Random walks per schema.")] = 20,
    jobs: Annotated[int, typer.Option(min=1, help="Cases measured at a time.")] = os.cpu_count() or 1,
    details: Annotated[Path | None, typer.Option(help="Write every outcome to this file, as JSON Lines.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only changes against the baseline.")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="Write the results and docs/support.md.")] = False,
    baseline: Annotated[Path, typer.Option(help="The folder of the baseline.")] = BASELINE,
    update_baseline: Annotated[bool, typer.Option("--update-baseline", help="Write the baseline.")] = False,
) -> None:
    """Measures the cases, prints the tables, and compares with the baseline."""
    # If the output is not a terminal, the tables need this width.
    console = Console() if Console().is_terminal else Console(width=240)
    if case is not None:
        show_case(console, data, case, walks)
        return
    if unknown := set(data_set or ()) - READERS.keys():
        raise typer.BadParameter(f"unknown data set {', '.join(unknown)}; known are {', '.join(READERS)}")
    if publish and (data_set or split or every > 1 or not walks):
        raise typer.BadParameter("--publish needs every case and at least one walk", param_hint="--publish")
    if against is not None:
        print_against(console, compare_with(against, data, data_set or list(READERS), every, walks, jobs))
        return
    start = time.monotonic()
    outcomes = {
        name: run_data_set(console, name, select(data, name, split or [], every, first), walks, jobs)
        for name in data_set or READERS
    }
    outcomes = {name: found for name, found in outcomes.items() if found}
    seconds = time.monotonic() - start
    if not quiet:
        print_report(console, outcomes)
    if details is not None:
        lines = (to_json_line(outcome) + "\n" for found in outcomes.values() for outcome in found)
        write_atomically(details, "".join(lines).encode())
    if publish:
        write_atomically(RESULTS, (json.dumps(results(outcomes, seconds, walks), indent=2) + "\n").encode())
        write_atomically(SUPPORT, support_page(outcomes).encode())
    any_worse = False
    for name, found in outcomes.items():
        comparison = compare(read_baseline(baseline / f"{name}.txt"), found)
        print_comparison(console, name, comparison)
        any_worse = any_worse or comparison.fails
        if update_baseline:
            write_baseline(baseline / f"{name}.txt", found)
    console.print(f"{seconds:.0f} s in all")
    if any_worse and not update_baseline:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
