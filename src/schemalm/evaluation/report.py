"""Write the report of an evaluation: report.html, report.md and plots/, in the run folder or another folder.

`write_report` takes an `Evaluation` and the run folder (it reads config.json and metrics.jsonl), and writes
self-contained files: the page includes its style and plots, and loads nothing. All text from documents and schemas is
escaped. The same evaluation and run give the same bytes. Not covered: several runs side by side, which `comparison`
shows.
"""

from __future__ import annotations

import importlib.resources
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from schemalm.evaluation.distribution import Distribution
from schemalm.evaluation.evaluate import Evaluation, Sample
from schemalm.evaluation.highlighting import highlight_yaml
from schemalm.evaluation.plots import draw_by_step, draw_lengths, draw_losses, draw_similarity, inline
from schemalm.files.folders import path_inside
from schemalm.files.locks import locked_folder
from schemalm.files.writing import write_atomically
from schemalm.messages.visible import shell_word, visible, visible_line, visible_name
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.metrics import read_metrics
from schemalm.training.run_file import read_config

NUM_SHOWN = 12
NUM_MARKDOWN_SAMPLES = 3
# The settings of training that are also options of the command line, with the same names.
COMMAND_OPTIONS = (
    *("batch_size", "micro_batch_size", "optimizer", "learning_rate", "muon_learning_rate", "schedule", "seed"),
    *("device", "dtype", "grammar_state", "mask_loss", "echo"),
    *("compile", "activation_checkpointing", "shard_optimizer"),
)
# Plots of the training besides the losses: the kind of metrics line, its field, and the label of the field.
CURVES = {
    "bits-per-byte": ("validation", "bits_per_byte", "bits per byte"),
    "learning-rate": ("train", "learning_rate", "learning rate"),
    "gradient-norm": ("train", "gradient_norm", "gradient norm"),
}
# With fewer documents than this, figures say more about the corpus than about the model.
FEW_TRAINING_DOCUMENTS, FEW_VALIDATION_DOCUMENTS = 500, 30
HTML_FILE, MARKDOWN_FILE, PLOTS_FOLDER = "report.html", "report.md", "plots"
# The files that are checked for being writable before the evaluation.
REPORT_FILES = (HTML_FILE, MARKDOWN_FILE, f"{PLOTS_FOLDER}/lengths.svg")


@dataclass(frozen=True)
class Card:
    """One headline figure."""

    label: str
    value: str
    note: str


def write_report(evaluation: Evaluation, run_folder: Path, out: Path | None = None) -> Path:
    """Write the report into the run folder, or into `out`, and return the path of report.html.

    Raises `CheckpointError` if `run_folder` is not a run folder.
    """
    out = run_folder if out is None else out
    configuration, metrics = read_config(run_folder), read_metrics(run_folder)
    plots = _draw_plots(evaluation, metrics)
    content = {
        "evaluation": evaluation,
        "title": _title(configuration, evaluation),
        "configuration": list(_flatten(configuration)),
        "cards": headline(evaluation, metrics),
        "caveats": caveats(evaluation),
        "num_steps": max((line["step"] for line in metrics), default=evaluation.step),
        "plots": {name: Markup(inline(svg, name, label)) for name, (svg, label) in plots.items()},
        "lengths": _length_rows(evaluation),
        "shown": _shown(evaluation.samples),
        "commands": _commands(configuration, evaluation, run_folder),
    }
    templates = environment()
    markdown = templates.get_template("report.md.jinja").render(content)
    page = templates.get_template("report.html.jinja").render(content)
    folder = path_inside(out, PLOTS_FOLDER)
    with locked_folder(out):
        for name, (svg, _) in plots.items():
            write_atomically(folder / f"{name}.svg", svg.encode())
        write_atomically(out / MARKDOWN_FILE, markdown.encode())
        write_atomically(out / HTML_FILE, page.encode())
    return out / HTML_FILE


def headline(evaluation: Evaluation, metrics: list[dict[str, Any]]) -> list[Card]:
    """Return the most important figures."""
    num_samples, score = len(evaluation.samples), evaluation.likelihood.score
    of_samples = f"of {num_samples:,} sampled documents"
    elapsed = [line["elapsed_seconds"] for line in metrics if line["step"] <= evaluation.step]
    return [
        _validity(evaluation, of_samples),
        Card("Bits per byte", f"{score.bits_per_byte:.3f}", "of unseen documents as compact JSON; lower is better"),
        Card("Perplexity", f"{score.perplexity:.2f}", f"per token; {score.loss:.3f} nats"),
        Card("Distinct", percent(evaluation.distinct_share), of_samples),
        Card("Novel", percent(evaluation.novel_share), "are not copies of a training document"),
        Card("Training", duration(elapsed[-1]) if elapsed else "unknown", f"for {evaluation.step:,} steps"),
        Card("Parameters", compact(evaluation.num_parameters), f"{evaluation.num_parameters:,}"),
    ]


def _validity(evaluation: Evaluation, of_samples: str) -> Card:
    if evaluation.valid_share is None:
        return Card("Valid", "not judged", f"none {of_samples}")
    num_judged = len(evaluation.samples) - evaluation.num_unjudged
    of_judged = f"of {num_judged:,} judged {of_samples}" if evaluation.num_unjudged else of_samples
    return Card("Valid", percent(evaluation.valid_share), f"{of_judged}, according to {evaluation.judge}")


def caveats(evaluation: Evaluation) -> list[str]:
    """Return the caveats about the figures as sentences: too few documents for training or scoring, or not judged."""
    found: list[str] = []
    num_trained, num_scored = evaluation.num_train_documents, evaluation.likelihood.num_documents
    if num_trained < FEW_TRAINING_DOCUMENTS:
        found.append(
            f"Trained on only {_counted(num_trained)}: this shows that the pipeline works with this schema, not how "
            "good a model can be. Expect copies of these documents, and documents that are valid but make no sense; a "
            "useful model needs thousands."
        )
    if num_scored < FEW_VALIDATION_DOCUMENTS:
        found.append(
            f"Bits per byte and perplexity come from only {_counted(num_scored)} held out of training: too few "
            "for a reliable figure."
        )
    if evaluation.num_unjudged:
        found.append(_unjudged(evaluation))
    return found


def _unjudged(evaluation: Evaluation) -> str:
    reason = next(sample.verdict.reason for sample in evaluation.samples if sample.verdict.accepted is None)
    if evaluation.valid_share is None:
        return f"No independent program judged the documents, so none is called valid here. The first document {reason}"
    counted = f"{evaluation.num_unjudged:,} of {_counted(len(evaluation.samples))}"
    return f"{counted} could not be judged and count as neither valid nor invalid. The first one {reason}"


def _counted(num_documents: int) -> str:
    return f"{num_documents:,} document{'' if num_documents == 1 else 's'}"


def percent(share: float) -> str:
    """Return a share as a percentage, rounded down, so that only the share 1 is shown as 100 %."""
    return "100 %" if share >= 1 else f"{math.floor(share * 1000) / 10:.1f} %"


def duration(seconds: float) -> str:
    """Return seconds as `42 s`, `3 min 5 s`, `48 min` or `2 h 7 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def compact(number: int) -> str:
    """Return a count with three digits: `950`, `31.4 K`, `2.07 M`."""
    for size, unit in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return str(number)


def escape_markdown(text: str) -> str:
    """Return the text on one line, escaped so that Markdown shows it literally, also in a table cell."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&$-])", r"\\\1", visible_line(" ".join(text.split())))


def fence(text: str) -> str:
    """Return backticks that can enclose the text as a code block: more than it contains in a row."""
    return "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))


def environment() -> Environment:
    """Return the environment of the templates: values are escaped and made visible, missing values are errors."""
    templates = importlib.resources.files(__package__) / "templates"
    found = Environment(
        loader=FunctionLoader(lambda name: (templates / name).read_text(encoding="utf-8")),
        autoescape=select_autoescape(("html.jinja",)),
        finalize=lambda value: visible(value) if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters |= {
        "percent": percent,
        "visible": visible,
        "yaml": highlight_yaml,
        "markdown": escape_markdown,
        "fence": fence,
    }
    found.globals |= {"num_shown": NUM_SHOWN, "num_markdown_samples": NUM_MARKDOWN_SAMPLES}
    return found


def _title(configuration: dict[str, Any], evaluation: Evaluation) -> str:
    model = configuration.get("training", {}).get("model", "custom")
    return f"{evaluation.schema_name}: documents by a {model} GPT"


def _draw_plots(evaluation: Evaluation, metrics: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return the SVG and description of each plot, by name."""
    validation = evaluation.validation
    lengths = draw_lengths(
        (evaluation.tokens, evaluation.lines), (validation.tokens, validation.lines), ("tokens", "lines of YAML")
    )
    drawn = {
        "loss": (draw_losses(metrics), "training and validation loss by step"),
        **{
            name: (draw_by_step(metrics, kind, field, label), f"{label} by step")
            for name, (kind, field, label) in CURVES.items()
        },
        "lengths": (lengths, "lengths of samples and validation documents"),
        "similarity": (
            draw_similarity(evaluation.similarity, validation.similarity),
            "similarity of samples and validation documents to the nearest training document",
        ),
    }
    return {name: (svg, label) for name, (svg, label) in drawn.items() if svg is not None}


def _length_rows(evaluation: Evaluation) -> list[tuple[str, list[str]]]:
    """Return the rows of the table of distributions: a name, then mean, 10 %, median and 90 %."""
    validation = evaluation.validation
    rows = (
        ("Tokens, samples", evaluation.tokens, 0),
        ("Tokens, validation", validation.tokens, 0),
        ("Lines, samples", evaluation.lines, 0),
        ("Lines, validation", validation.lines, 0),
        ("Similarity, samples", evaluation.similarity, 2),
        ("Similarity, validation", validation.similarity, 2),
    )
    return [(name, _statistics(distribution, digits)) for name, distribution, digits in rows]


def _statistics(distribution: Distribution, digits: int) -> list[str]:
    numbers = (distribution.mean, *(distribution.quantile(share) for share in (0.1, 0.5, 0.9)))
    return ["none" if number is None else f"{number:,.{digits}f}" for number in numbers]


def _shown(samples: tuple[Sample, ...]) -> list[tuple[int, Sample]]:
    """Return the first samples in order, and the first invalid ones among the rest, numbered from 1."""
    numbered = list(enumerate(samples, start=1))
    invalid = [(number, sample) for number, sample in numbered[NUM_SHOWN:] if sample.verdict.accepted is False]
    return numbered[:NUM_SHOWN] + invalid[:NUM_SHOWN]


def _flatten(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name `section.field` and the value of each field of a configuration."""
    if isinstance(node, dict):
        for key, child in node.items():
            yield from _flatten(child, f"{name}.{key}".lstrip("."))
    else:
        yield visible_name(name), visible_name(str(node))


def _commands(configuration: dict[str, Any], evaluation: Evaluation, run_folder: Path) -> list[str]:
    """Return the commands that reproduce the run and its report; settings without an option become a comment.

    Each is always exactly one line, whatever the configuration contains, because people copy it into a shell.
    """
    training = configuration.get("training", {})
    data = _argument(Path(configuration.get("environment", {}).get("data", "DATA")).name)
    run = _argument(run_folder.resolve().name)
    defaults = {field.name: field.default for field in fields(TrainingConfiguration)}
    changed = {name: value for name, value in training.items() if name != "model" and value != defaults.get(name)}
    options = [_option(name, changed.pop(name)) for name in COMMAND_OPTIONS if name in changed]
    model, num_steps = training.get("model", "custom"), changed.pop("num_steps", evaluation.step)
    given = ("--data", data, "--model", _word(model), "--out", run, "--steps", _word(num_steps))
    commands = [" ".join(["schemalm train", *given, *options])]
    if changed or model == "custom":
        settings = ", ".join(
            f"{name}={visible_name(str(value))}" for name, value in {"model": model, **changed}.items()
        )
        commands.insert(0, visible_line(f"# only from Python: {settings}"))
    return [*commands, f"schemalm evaluate {run} --samples {evaluation.sampling.num_samples}"]


def _option(name: str, value: object) -> str:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag} {_word(value)}"


def _word(value: object) -> str:
    """Return a value quoted as one word on one line of a shell command."""
    return shell_word(str(value))


def _argument(name: str) -> str:
    """Return the name of a file in the current folder as a word that no program reads as an option."""
    return _word(f"./{name}" if name.startswith("-") else name)
