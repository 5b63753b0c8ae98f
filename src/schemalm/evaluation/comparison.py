"""Compare runs side by side: their different settings, their results and their curves, as comparison.html and plots/.

`write_comparison` takes the records of runs, and writes a self-contained page and its plots as files. The same runs
give the same bytes. Results are those of validation during training, which may score fewer documents than `evaluate`.
If figures are not comparable, because the runs used different validation documents or different tokens, the page says
so. Not covered: whether a difference is significant; `experiments` repeats runs for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from schemalm.errors import ConfigurationError
from schemalm.evaluation.plots import draw_curves, inline
from schemalm.evaluation.records import RunRecord, differing_settings, have_same_validation, labels
from schemalm.evaluation.report.pages import environment
from schemalm.evaluation.report.writing import PLOTS_FOLDER
from schemalm.files.folders import path_inside
from schemalm.files.locks import locked_folder
from schemalm.files.writing import write_atomically
from schemalm.messages.visible import visible_name
from schemalm.messages.wording import duration

PAGE_FILE = "comparison.html"
# A row of the table: its title, and a cell for each run.
Row = tuple[str, list[str]]
# Each plot: its caption, the kind of metrics line and the field that it draws, and the label of the field.
CURVES = {
    "loss": ("Training loss", "train", "loss", "nats per token"),
    "bits-per-byte": ("Bits per byte of validation during training", "validation", "bits_per_byte", "bits per byte"),
}
_UNITS = ((3600, "hours"), (60, "minutes"), (1, "seconds"))


def write_comparison(records: Sequence[RunRecord], out: Path) -> Path:
    """Write the page and its plots into the folder `out` and return the page's path.

    Raises `ConfigurationError` if the folder contains anything but an earlier comparison.
    """
    if out.exists() and not (out / PAGE_FILE).exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"{out} already exists and is not a comparison: choose another folder with --out")
    plots = _draw_plots(records)
    content = {
        "labels": labels(records),
        "settings": setting_rows(records),
        "figures": figure_rows(records),
        "caveats": comparison_caveats(records),
        "plots": [(caption, Markup(inline(svg, name, caption))) for name, (caption, svg) in plots.items()],
    }
    page = environment().get_template("comparison.html.jinja").render(content)
    folder = path_inside(out, PLOTS_FOLDER)
    with locked_folder(out):
        for old in folder.glob("*.svg"):
            if old.stem not in plots:
                old.unlink()
        for name, (_, svg) in plots.items():
            write_atomically(folder / f"{name}.svg", svg.encode())
        write_atomically(out / PAGE_FILE, page.encode())
    return out / PAGE_FILE


def setting_rows(records: Sequence[RunRecord]) -> list[Row]:
    """Return a row for each setting that is not the same in all runs."""
    return [
        (visible_name(name), [visible_name(str(value)) for value in values])
        for name, values in differing_settings(records).items()
    ]


def figure_rows(records: Sequence[RunRecord]) -> list[Row]:
    """Return the rows of progress and results; cells are empty if nothing is known."""
    return [
        ("steps", [progress(record) for record in records]),
        ("training tokens", [f"{record.num_tokens:,}" for record in records]),
        ("validation during training", [_validated(record) for record in records]),
        ("best loss there", [figure(record, "loss") for record in records]),
        ("bits per byte there", [figure(record, "bits_per_byte") for record in records]),
        ("tokens per second", [_rate(record.tokens_per_second) for record in records]),
        ("time", [duration(record.elapsed_seconds) for record in records]),
    ]


def progress(record: RunRecord) -> str:
    """Return the number of finished steps of all steps, such as `500 of 1,000`."""
    total = "unknown" if record.num_steps is None else f"{record.num_steps:,}"
    return f"{record.step:,} of {total}"


def figure(record: RunRecord, field: str) -> str:
    """Return a field of the run's best validation as text; empty if there was none."""
    return f"{record.best[field]:.4f}" if field in record.best else ""


def _validated(record: RunRecord) -> str:
    """Return how many documents a run is validated on, such as `200 of 539 documents`."""
    num_there, _, _ = record.validation
    return "" if record.num_validated is None else f"{record.num_validated:,} of {num_there:,} documents"


def _rate(tokens_per_second: float | None) -> str:
    return "" if tokens_per_second is None else f"{tokens_per_second:,.0f}"


def comparison_caveats(records: Sequence[RunRecord]) -> list[str]:
    """Return the reasons why figures of these runs are not comparable, as sentences."""
    found: list[str] = []
    differing = differing_settings(records)
    if not have_same_validation(records):
        named = zip(labels(records), (record.validation for record in records), strict=True)
        described = "; ".join(f"{label}: {_describe_validation(*validation)}" for label, validation in named)
        found.append(
            f"These runs were not validated on the same documents ({described}), so neither their bits per byte nor "
            "their validation losses are comparable."
        )
    if "tokenizer" in differing:
        found.append("The tokenizers differ: losses per token are not comparable; bits per byte are.")
    if "mask_loss" in differing:
        found.append(
            "Some runs compute the loss over admitted tokens only, and some over all tokens: only the latter pay for "
            "what the grammar knows."
        )
    if silent := [label for label, record in zip(labels(records), records, strict=True) if not record.lines]:
        found.append(f"Nothing has been logged yet by {', '.join(silent)}.")
    return found


def _describe_validation(num_documents: int | None, num_bytes: int | None, num_scored_bytes: int | None) -> str:
    scored = num_scored_bytes if num_scored_bytes != num_bytes else None
    parts = {"documents": num_documents, "bytes": num_bytes, "bytes scored": scored}
    return ", ".join(f"{count:,} {what}" for what, count in parts.items() if count is not None) or "nothing recorded"


def _draw_plots(records: Sequence[RunRecord]) -> dict[str, tuple[str, str]]:
    """Return the caption and SVG of each plot, by name."""
    longest = max(record.elapsed_seconds for record in records)
    unit_seconds, unit = next((found for found in _UNITS if longest >= 2 * found[0]), _UNITS[-1])
    drawn: dict[str, tuple[str, str | None]] = {}
    for name, (caption, kind, field, label) in CURVES.items():
        for over, x_field, scale, x_label in (
            ("tokens", "num_tokens", 1, "training tokens"),
            ("time", "elapsed_seconds", unit_seconds, unit),
        ):
            curves = {
                run: [(x / scale, y) for x, y in record.curve(kind, field, x_field)]
                for run, record in zip(labels(records), records, strict=True)
            }
            drawn[f"{name}-over-{over}"] = (f"{caption} over {over}", draw_curves(curves, x_label, label))
    return {name: (caption, svg) for name, (caption, svg) in drawn.items() if svg is not None}
