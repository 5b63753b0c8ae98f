"""Publish the comparison with text models: the tables of docs/experiments/against-text.md, from a finished experiment.

    python benchmarks/against_text.py runs/against-text

The words of the page are written by hand and stay. The records go to docs/experiments/against-text/, with the plot.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import typer

from page import replace_section
from schemalm.experiments.report import models_table
from schemalm.experiments.results import RESULTS_FILE, Result, read_results
from schemalm.experiments.summary import summarize
from schemalm.experiments.written_figures import held_out_shares, written_rows
from schemalm.experiments.written_report import engine_lines, reason_lines, scores_table, written_table, yardstick

PAGE = Path(__file__).resolve().parents[1] / "docs" / "experiments" / "against-text.md"
RECORDS = PAGE.with_suffix("")


def main(experiment: Path) -> None:
    """Write the tables of a finished experiment into the page."""
    results = read_results(experiment)
    rows, written = summarize(results), written_rows(experiment, results)
    sections: dict[str, Iterable[str]] = {
        "models": models_table(rows),
        "documents": [*written_table(written), "", yardstick(held_out_shares(experiment))],
        "scores": scores_table(written),
        "reasons": reason_lines(written),
        "engines": engine_lines(results),
        "measured": [_measured(results)],
    }
    page = PAGE.read_text()
    for name, lines in sections.items():
        page = replace_section(page, name, "\n".join(lines))
    PAGE.write_text(page)
    RECORDS.mkdir(exist_ok=True)
    shutil.copy(experiment / RESULTS_FILE, RECORDS / RESULTS_FILE)
    figures = json.dumps([row.to_dict() for row in written], indent=2)
    (RECORDS / "documents.json").write_text(f"{figures}\n")


def _measured(results: list[Result]) -> str:
    """Say when and with what was measured, and what training really took."""
    sets = [written for result in results for written in result.written or ()]
    engines = sorted({written.engine for written in sets if written.scores is not None})
    versions = [f"{name} {version}" for name, version in results[-1].versions.items()]
    seconds = [result.cpu_seconds or 0.0 for result in results]
    return (
        f"{len(results)} trainings, published on {datetime.now(UTC):%Y-%m-%d}. Training took {min(seconds):.0f} to "
        f"{max(seconds):.0f} CPU seconds, planned were {results[-1].budget}. {', '.join([*versions, *engines])}."
    )


if __name__ == "__main__":
    typer.run(main)
