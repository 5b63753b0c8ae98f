"""Write the report of an experiment: report.md, summary.json and plots/ in its folder, from results.jsonl alone.

The same results give the same bytes. Old plots that no longer have enough results are removed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from schemalm.errors import DataError
from schemalm.evaluation.report.pages import compact, escape_markdown
from schemalm.experiments.estimate import Estimate
from schemalm.experiments.plots import draw_experiment
from schemalm.experiments.results import RESULTS_FILE, Measure, Result, read_results
from schemalm.experiments.summary import Row, summarize
from schemalm.experiments.written_figures import held_out_shares, written_rows
from schemalm.experiments.written_report import written_lines
from schemalm.files.folders import path_inside
from schemalm.files.writing import write_atomically
from schemalm.messages.wording import duration

REPORT_FILE, SUMMARY_FILE, PLOTS_FOLDER = "report.md", "summary.json", "plots"
# The report lists runs that see their documents more often than this.
MOST_EPOCHS = 1.02
HEAD = (
    "| arm | model | seeds | tokens per document | bits per byte | ratio to the baseline | tokens | training |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|"
)
UNITS: dict[Measure, str] = {
    "compute": "training tokens",
    "documents": "training tokens",
    "time": "CPU seconds of training",
}
EXPLANATION: dict[Measure, str] = {
    "compute": "Every arm was trained on so many tokens.",
    "documents": (
        "Every arm was trained on the documents that the baseline sees in so many of its tokens; ratios are to the "
        "baseline above."
    ),
    "time": "Every arm was trained for so many CPU seconds of training steps, on documents of the same draw.",
}


def write_report(out: Path, title: str, arms: Collection[str] | None = None) -> list[Row]:
    """Write the report of the experiment in the folder `out`, for all or some arms, and return its rows.

    Raises `DataError` if there are no results yet.
    """
    results = [result for result in read_results(out) if arms is None or result.arm in arms]
    if not results:
        raise DataError(f"{out / RESULTS_FILE} has no results of this experiment yet: run it first")
    rows = summarize(results)
    plots = draw_experiment(rows)
    folder = path_inside(out, PLOTS_FOLDER)
    for old in folder.glob("*.svg"):
        if old.stem not in plots:
            old.unlink()
    for name, svg in plots.items():
        write_atomically(folder / f"{name}.svg", svg.encode())
    written, held_out = written_rows(out, results), held_out_shares(out)
    summary = {
        "title": title,
        "rows": [row.to_dict() for row in rows],
        "renormalized": _renormalized(results),
        "written": [row.to_dict() for row in written],
        "held_out": held_out,
    }
    lines = [*_lines(title, results, rows, plots), *written_lines(written, held_out, results), *_versions(results)]
    write_atomically(out / SUMMARY_FILE, json.dumps(summary, indent=2).encode() + b"\n")
    write_atomically(out / REPORT_FILE, "\n".join(lines).encode() + b"\n")
    return rows


def _lines(title: str, results: Sequence[Result], rows: Sequence[Row], plots: Iterable[str]) -> Iterator[str]:
    first = results[-1]
    yield f"# {escape_markdown(title)}"
    yield ""
    yield (
        f"Bits per byte of compact canonical JSON over {first.num_validation_documents:,} validation documents "
        f"({first.num_validation_bytes:,} bytes) of sources that were not in training; lower is better. Means over "
        "seeds, ± half of the 95 % interval by Student's t. Ratios are taken seed by seed."
    )
    for (budget, measure), group in groupby(rows, key=lambda row: (row.budget, row.measure)):
        chosen = list(group)
        yield f"\n## {budget:,} {UNITS[measure]}, equal {measure}\n"
        yield EXPLANATION[measure]
        yield ""
        yield from models_table(chosen)
        if repeated := [row.arm for row in chosen if row.num_epochs > MOST_EPOCHS]:
            yield f"\nSaw its documents more than once: {', '.join(map(escape_markdown, repeated))}."
    yield from _renormalized_lines(results)
    if plots:
        yield "\n## Plots\n"
        yield from (f"![{name}]({PLOTS_FOLDER}/{name}.svg)\n" for name in plots)


def _versions(results: Sequence[Result]) -> Iterator[str]:
    versions = (escape_markdown(f"{name} {version}") for name, version in results[-1].versions.items())
    yield f"\nVersions: {', '.join(versions)}."


def models_table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of the table of trained models."""
    yield HEAD
    yield from map(_table_row, rows)


def _table_row(row: Row) -> str:
    cells = (
        escape_markdown(row.arm),
        f"{escape_markdown(row.model)}, {compact(row.num_parameters)}",
        row.num_seeds,
        f"{row.tokens_per_document:,.1f}",
        _estimate(row.bits_per_byte),
        "baseline" if row.is_baseline else _estimate(row.ratio),
        compact(round(row.num_tokens)),
        duration(row.seconds if row.cpu_seconds is None else row.cpu_seconds),
    )
    return f"| {' | '.join(map(str, cells))} |"


def _estimate(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    interval = "" if estimate.half_width is None else f" ± {estimate.half_width:.4f}"
    return f"{estimate.mean:.4f}{interval}"


def _renormalized(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return the scores under another engine's masks, run by run."""
    return [
        {"arm": result.arm, "model": result.model, "budget": result.budget, "seed": result.seed, **result.renormalized}
        for result in results
        if result.renormalized is not None
    ]


def _renormalized_lines(results: Sequence[Result]) -> Iterator[str]:
    entries = _renormalized(results)
    if not entries:
        return
    yield "\n## Under the masks of other engines\n"
    yield "Scored once more with the logits of what the engine forbids at minus infinity; trained without."
    yield "\n| arm | model | budget | seed | documents | left out | bits per byte without | with masks |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for entry in entries:
        yield _renormalized_row(entry)


def _renormalized_row(entry: dict[str, Any]) -> str:
    figures = (entry["plain_bits_per_byte"], entry["bits_per_byte"])
    cells = (
        escape_markdown(entry["arm"]),
        escape_markdown(entry["model"]),
        f"{entry['budget']:,}",
        entry["seed"],
        entry["num_documents"],
        len(entry["left_out"]),
        *("none" if figure is None else f"{figure:.4f}" for figure in figures),
    )
    return f"| {' | '.join(map(str, cells))} |"
