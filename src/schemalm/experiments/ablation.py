"""Ablations of the reference implementation: all combinations of settings, with several seeds, as tables and a plot.

    OUT/
        runs/KEY.json      the result of one run; KEY is a hash of everything that determined it
        results.csv        a line per run: its settings, its figures
        results.jsonl      the same
        results.md         means and standard deviations over seeds
        results.svg        the same as a plot, with a dot for each seed

An interrupted sweep continues where it stopped: the result of a run is written as soon as the run ends, and is not
computed again. The other files are made from all runs in the order of the plan and contain no times, so a sweep in
several sessions writes the same bytes as an uninterrupted one. Not covered: several sweeps into one folder at the same
time.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from itertools import groupby, product
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from schemalm.errors import ConfigurationError, DataError, TrainingError
from schemalm.evaluation.plots import FIRST, GRID, new_figure, to_svg
from schemalm.files.digests import digest
from schemalm.files.typed_json import CheckedFile, Count
from schemalm.files.writing import remove_partial, write_atomically
from schemalm.messages.visible import visible_line
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.data import Corpus
from schemalm.reference.training import train, write_json

FIGURES = ("validation_loss", "bits_per_byte", "train_loss")
RUNS_FOLDER = "runs"
WIDTH_INCHES, LETTER_INCHES, ROW_INCHES, MARGIN_INCHES = 6.2, 0.08, 0.3, 0.9
_PARSERS: dict[str, Callable[[str], Any]] = {
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
    "int": int,
    "float": float,
    "str": str,
}

Grid = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class _Figures:
    validation_loss: float
    bits_per_byte: float
    train_loss: float
    num_parameters: Count


Row = dict[str, Any]  # one run: all fields of its configuration, then its figures


@dataclass(frozen=True)
class Sweep:
    """The result of a sweep: all finished runs of the plan, how many this call made, and failures with reasons."""

    rows: list[Row]
    num_made: int
    failures: list[str]


def parse_axis(text: str) -> tuple[str, tuple[Any, ...]]:
    """Parse a setting and its values from `NAME=VALUE,VALUE`; raises `ConfigurationError` for an invalid text."""
    name, _, values = text.partition("=")
    kinds = {field.name: str(field.type) for field in fields(ReferenceConfiguration) if field.name != "seed"}
    if name not in kinds:
        raise ConfigurationError(f"there is no setting {name!r}; choose one of {', '.join(kinds)}")
    try:
        parsed = tuple(_PARSERS[kinds[name]](value) for value in values.split(","))
    except (KeyError, ValueError):
        raise ConfigurationError(f"{text}: expected values of type {kinds[name]}, separated by commas") from None
    if len(set(parsed)) != len(parsed):
        raise ConfigurationError(f"{text}: a value is repeated; name each value once")
    return name, parsed


def plan_ablation(base: ReferenceConfiguration, grid: Grid, num_seeds: int) -> list[ReferenceConfiguration]:
    """Return all runs, seed by seed within each combination; raises `ConfigurationError` if one is invalid."""
    return [
        replace(base, **dict(zip(grid, values, strict=True)), seed=base.seed + number)
        for values in product(*grid.values())
        for number in range(num_seeds)
    ]


def run_ablation(
    plan: Sequence[ReferenceConfiguration],
    axes: Sequence[str],
    read_corpus: Callable[[str], Corpus],
    out: Path,
    log: Callable[[str], None],
) -> Sweep:
    """Run the missing runs, and write the tables and the plot, even if interrupted.

    read_corpus: takes the name of a tokenizer. A run that diverges is reported and skipped.
    """

    @cache
    def read_once(tokenizer: str) -> tuple[Corpus, str]:
        corpus = read_corpus(tokenizer)
        streams = (corpus.train.tolist(), corpus.validation.tolist(), corpus.validation_bytes)
        return corpus, digest([corpus.tokenizer.digest, *streams])

    rows: list[Row] = []
    failures: list[str] = []
    num_made = 0
    remove_partial(out / RUNS_FOLDER)
    try:
        for number, configuration in enumerate(plan, start=1):
            label = f"{number} of {len(plan)}: {_label(asdict(configuration), (*axes, 'seed'))}"
            corpus, fingerprint = read_once(configuration.tokenizer)
            path = out / RUNS_FOLDER / f"{digest([asdict(configuration), fingerprint])}.json"
            try:
                if not path.exists():
                    write_json(path, {**asdict(configuration), **train(configuration, corpus).evaluate()})
                    num_made += 1
            except TrainingError as error:
                failures.append(f"{label}: {error}")
                log(f"{label}: failed: {error}")
                continue
            rows.append(_read_row(path))
            log(f"{label}: {rows[-1]['bits_per_byte']:.4f} bits per byte")
    finally:
        if rows:
            _write_artifacts(out, axes, rows)
    return Sweep(rows, num_made, failures)


def _read_row(path: Path) -> Row:
    file = CheckedFile(path.parent, path.name, DataError, "delete it to repeat the run")
    row = file.read(dict[str, str | int | float | bool])
    file.convert({name: row[name] for name in (*FIGURES, "num_parameters") if name in row}, _Figures)
    return row


def _combinations(axes: Sequence[str], rows: Sequence[Row]) -> list[list[Row]]:
    """Return the runs of each combination, in the order of the plan."""
    return [list(group) for _, group in groupby(rows, key=lambda row: _label(row, axes))]


def table_rows(axes: Sequence[str], rows: Sequence[Row]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the header and the lines of the table; figures are means over seeds with standard deviations."""
    header = (*axes, "parameters", "seeds", *(figure.replace("_", " ") for figure in FIGURES))
    lines = []
    for group in _combinations(axes, rows):
        spreads = (_spread([row[figure] for row in group]) for figure in FIGURES)
        settings = (_text(group[0][axis]) for axis in axes)
        lines.append((*settings, f"{group[0]['num_parameters']:,}", str(len(group)), *spreads))
    return header, lines


def _label(row: Row, axes: Sequence[str]) -> str:
    return ", ".join(f"{axis}={_text(row[axis])}" for axis in axes)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spread(values: Sequence[float]) -> str:
    return f"{fmean(values):.4f}" + (f" ± {stdev(values):.4f}" if len(values) > 1 else "")


def _write_artifacts(out: Path, axes: Sequence[str], rows: Sequence[Row]) -> None:
    table = io.StringIO()
    writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _text(value) for name, value in row.items()} for row in rows)
    write_atomically(out / "results.csv", table.getvalue().encode())
    write_atomically(out / "results.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    header, lines = table_rows(axes, rows)
    ruler = ["---"] * len(axes) + ["---:"] * (len(header) - len(axes))
    cells = [[visible_line(cell).replace("|", "\\|") for cell in line] for line in (header, ruler, *lines)]
    write_atomically(out / "results.md", "".join(f"| {' | '.join(line)} |\n" for line in cells).encode())
    write_atomically(out / "results.svg", _draw(axes, rows).encode())


def _draw(axes: Sequence[str], rows: Sequence[Row]) -> str:
    """Draw the bits per byte of each combination as SVG: a dot per seed, the mean, and one standard deviation."""
    combinations = _combinations(axes, rows)
    varied = [axis for axis in axes if len({row[axis] for row in rows}) > 1]
    labels = [_label(group[0], varied) for group in combinations]
    label_inches, rows_inches = LETTER_INCHES * max(map(len, labels)), ROW_INCHES * len(combinations)
    figure, (plot,) = new_figure(1, width=WIDTH_INCHES + label_inches, height=MARGIN_INCHES + rows_inches)
    for height, group in enumerate(combinations):
        values = [row["bits_per_byte"] for row in group]
        spread = stdev(values) if len(values) > 1 else 0.0
        plot.errorbar(fmean(values), height, xerr=spread, color=FIRST, fmt="o", markersize=6, linewidth=2)
        plot.plot(values, [height + 0.22] * len(values), "o", color=FIRST, alpha=0.45, markersize=3)
    plot.set_yticks(range(len(combinations)), labels)
    plot.set(
        xlabel="bits per byte of validation: mean ± standard deviation, and each seed",
        ylim=(len(combinations) - 0.5, -0.5),
    )
    plot.grid(visible=False, axis="y")
    plot.grid(axis="x", color=GRID, linewidth=0.7)
    return to_svg(figure)
