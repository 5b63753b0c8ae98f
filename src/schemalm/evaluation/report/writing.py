"""Writes the report: report.html, report.md, report.json and plots/.

The page is self-contained: it includes its style and plots, and loads nothing. All text from documents and schemas is
escaped. The same evaluation and run give the same bytes. Not covered: several runs side by side, which `comparison`
shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from schemalm.evaluation.evaluate import Evaluation
from schemalm.evaluation.plots import draw_by_step, draw_calibration, draw_lengths, draw_losses, draw_similarity, inline
from schemalm.evaluation.report.commands import commands, flattened
from schemalm.evaluation.report.documents import shown_samples
from schemalm.evaluation.report.pages import environment
from schemalm.evaluation.report.tables import field_bars, field_table, likelihood_tables, sample_tables, yardstick
from schemalm.files.folders import path_inside
from schemalm.files.locks import locked_folder
from schemalm.files.writing import write_atomically
from schemalm.messages.wording import counted
from schemalm.tokenizer import Tokenizer
from schemalm.training.metrics import read_metrics
from schemalm.training.run_file import read_config

NUM_MARKDOWN_SAMPLES = 3
# Plots of the training besides the losses: the kind of metrics line, its field, and the label of the field.
CURVES = {
    "bits-per-byte": ("validation", "bits_per_byte", "bits per byte"),
    "learning-rate": ("train", "learning_rate", "learning rate"),
    "gradient-norm": ("train", "gradient_norm", "gradient norm"),
}
CAPTIONS = {
    "loss": "Loss by step",
    "bits-per-byte": "Bits per byte, validation during training",
    "learning-rate": "Learning rate of AdamW",
    "gradient-norm": "Gradient norm before clipping",
    "lengths": "Lengths",
    "similarity": "Similarity to the nearest training document",
    "calibration": "As often right as it says?",
}
# With fewer documents than this, figures say more about the corpus than about the model.
FEW_TRAINING_DOCUMENTS, FEW_UNSEEN_DOCUMENTS = 500, 30
HTML_FILE, MARKDOWN_FILE, JSON_FILE, PLOTS_FOLDER = "report.html", "report.md", "report.json", "plots"
# The files that are checked for being writable before the evaluation.
REPORT_FILES = (HTML_FILE, MARKDOWN_FILE, JSON_FILE, f"{PLOTS_FOLDER}/lengths.svg")


def write_report(evaluation: Evaluation, run_folder: Path, tokenizer: Tokenizer, out: Path) -> Path:
    """Write the report of a run into the folder `out` and return the path of report.html.

    tokenizer: that of the run. Raises `CheckpointError` if `run_folder` is not a run folder.
    """
    plots = _draw_plots(evaluation, read_metrics(run_folder))
    content = report_content(evaluation, run_folder, tokenizer, plots)
    templates = environment()
    pages = {
        MARKDOWN_FILE: templates.get_template("report.md.jinja").render(content).encode(),
        HTML_FILE: templates.get_template("report.html.jinja").render(content).encode(),
        JSON_FILE: json.dumps(evaluation.to_dict(), indent=1, ensure_ascii=False).encode() + b"\n",
    }
    folder = path_inside(out, PLOTS_FOLDER)
    with locked_folder(out):
        for name, svg in plots.items():
            write_atomically(folder / f"{name}.svg", svg.encode())
        for name, page in pages.items():
            write_atomically(out / name, page)
    return out / HTML_FILE


def report_content(
    evaluation: Evaluation, run_folder: Path, tokenizer: Tokenizer, plots: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the templates show."""
    configuration, metrics = read_config(run_folder), read_metrics(run_folder)
    first, worst = shown_samples(evaluation, tokenizer)
    return {
        "evaluation": evaluation,
        "title": _title(configuration, evaluation),
        "configuration": list(flattened(configuration)),
        "caveats": caveats(evaluation),
        "num_steps": max((line["step"] for line in metrics), default=evaluation.step),
        "elapsed_seconds": max((line.get("elapsed_seconds", 0.0) for line in metrics), default=0.0),
        "plots": {name: (CAPTIONS[name], Markup(inline(svg, name, CAPTIONS[name]))) for name, svg in plots.items()},
        "yardstick": yardstick(evaluation),
        "likelihood": list(likelihood_tables(evaluation)),
        "statistics": list(sample_tables(evaluation.statistics)),
        "fields": field_table(evaluation.statistics),
        "bars": field_bars(evaluation.statistics),
        "first": first,
        "worst": worst,
        "markdown_samples": first[:NUM_MARKDOWN_SAMPLES],
        "commands": commands(configuration, evaluation, run_folder),
    }


def caveats(evaluation: Evaluation) -> list[str]:
    """Return what limits the figures, as sentences: too few documents, judges that are missing or gave no verdict."""
    found: list[str] = []
    num_trained, num_scored = evaluation.num_train_documents, evaluation.likelihood.num_documents
    if num_trained < FEW_TRAINING_DOCUMENTS:
        found.append(
            f"Trained on only {counted(num_trained, 'document')}: this shows that the pipeline works with this schema, "
            "not how good a model can be. Expect copies of these documents, and documents that are valid but make no "
            "sense; a useful model needs thousands."
        )
    if num_scored < FEW_UNSEEN_DOCUMENTS:
        found.append(f"Real documents here are only {counted(num_scored, 'document')}: too few for reliable figures.")
    found += [f"Not asked: {name}: {why}." for name, why in evaluation.missing.items()]
    found += [
        f"{judge.name} gave no verdict on {counted(judge.samples.num_not_judged, 'sample')}, neither good nor bad."
        for judge in evaluation.acceptance[1:]
        if judge.samples.num_not_judged
    ]
    return found


def _title(configuration: dict[str, Any], evaluation: Evaluation) -> str:
    model = configuration.get("training", {}).get("model", "custom")
    return f"{evaluation.schema_name}: documents by a {model} GPT"


def _draw_plots(evaluation: Evaluation, metrics: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the SVG of each plot, by name."""
    statistics = evaluation.statistics
    lengths = {length.name: length for length in statistics.lengths}
    pairs = [lengths[name] for name in ("tokens", "lines")]
    drawn = {
        "loss": draw_losses(metrics),
        **{name: draw_by_step(metrics, kind, field, label) for name, (kind, field, label) in CURVES.items()},
        "lengths": draw_lengths(
            [length.samples for length in pairs], [length.held_out for length in pairs], ("tokens", "lines of YAML")
        ),
        "similarity": draw_similarity(*statistics.similarity),
        "calibration": draw_calibration(
            {
                each.kind: [(one.probability, one.accuracy, one.num_choices) for one in each.bins]
                for each in evaluation.likelihood.choices
            }
        ),
    }
    return {name: svg for name, svg in drawn.items() if svg is not None}
