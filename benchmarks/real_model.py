"""Evaluates trained models in several settings, for docs/experiments/real-model.md: what are their documents worth?

    python benchmarks/real_model.py RUN... --out FOLDER [--samples 200] [--publish]
    python benchmarks/real_model.py RUN --out FOLDER --checkpoint 500 --setting 0.8

Each RUN writes documents at its newest checkpoint, or at that of `--checkpoint`, in every setting: a temperature, and
after a colon a min-p. Each evaluation is kept in a folder of its own under `--out`, so an interrupted command goes on.
The table has a line for each, with the figures that tell the kinds of failure apart. `--publish` writes the tables of
the page from all evaluations under `--out`, and the samples of the first run in the first setting.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown

from page import replace_section
from schemalm.evaluation.evaluate import Evaluation, plan_evaluation
from schemalm.evaluation.plots import draw_curves
from schemalm.evaluation.records import read_record
from schemalm.evaluation.report.writing import write_report
from schemalm.evaluation.samples.side_by_side import SideBySide, share
from schemalm.files.writing import write_atomically
from schemalm.generation.run import Run, load_run

PAGE = Path(__file__).resolve().parents[1] / "docs" / "experiments" / "real-model.md"
RECORDS = PAGE.with_suffix("")
SETTINGS = ("0.8", "1.0", "0.6", "0.8:0.05", "0.8:0.1")
FIGURES_FILE = "figures.json"
NUM_SHOWN = 20
BASH, BASH_SECONDS = "/bin/bash", 20
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
# The path of the names of actions, and the keys whose fit is reported.
USES, STEP, FITTING = "jobs.*.steps[].uses", "jobs.*.steps[]", ("name", "uses")


def figures_of(evaluation: Evaluation, held_out: Iterable[Any]) -> dict[str, float | None]:
    """The figures that tell kinds of failure apart; shares are 0 to 1, and relative ones are to real documents."""
    statistics = evaluation.statistics
    readable = SideBySide(readable_share(each.generated.value for each in evaluation.samples), readable_share(held_out))
    lengths = {length.name: length.medians.ratio for length in statistics.lengths}
    uses = next((known for known in statistics.known_values if known.path == USES), None)
    fitting = next((pair.fitting for pair in statistics.pairs if (pair.path, pair.keys) == (STEP, FITTING)), None)
    names = None if uses is None else uses.without_version
    distance = statistics.distance
    return {
        "accepted": evaluation.everyone.samples.share,
        "accepted, relative": evaluation.everyone.relative,
        "ended by the model": statistics.complete_share,
        "lines, relative": lengths.get("lines"),
        "actions known, relative": None if names is None else names.ratio,
        "actions with version known, relative": None if uses is None else uses.whole.ratio,
        "name fits action, relative": None if fitting is None else fitting.ratio,
        "scripts readable, relative": readable.ratio,
        "copied, relative": statistics.copied.shares.ratio,
        "repeated, relative": statistics.repeated.shares.ratio,
        "distance of fields": None if distance is None else distance.total_variation,
        "bits per byte": evaluation.likelihood.score.bits_per_byte,
    }


def readable_share(workflows: Iterable[Any]) -> float | None:
    """The share of scripts, of all steps without a shell of their own, in which bash finds no syntax error."""
    scripts = [
        step["run"]
        for workflow in workflows
        for job in workflow["jobs"].values()
        for step in job.get("steps", ())
        if "run" in step and "shell" not in step
    ]
    return share([_is_readable(script) for script in scripts])


def _is_readable(script: str) -> bool:
    """Whether bash can read a script; nothing is run. GitHub replaces expressions before, so a word stands for each."""
    text = _EXPRESSION.sub("word", script).encode(errors="replace")
    found = subprocess.run([BASH, "-n"], input=text, capture_output=True, timeout=BASH_SECONDS, check=False)
    return found.returncode == 0


def evaluate_setting(run: Run, setting: str, num_samples: int, out: Path, console: Console) -> None:
    """Evaluate a loaded run in one setting, unless that is done, and keep its figures and report."""
    temperature, _, min_p = setting.partition(":")
    folder = out / f"{run.folder.name}-{run.step}-{setting.replace(':', '-')}"
    if (folder / FIGURES_FILE).exists():
        return
    console.print(f"{folder.name} ...")
    planned = plan_evaluation(
        run, num_samples=num_samples, temperature=float(temperature), min_p=float(min_p) if min_p else None
    )
    evaluation = planned.evaluate(folder, console.print)
    write_report(evaluation, run.folder, run.tokenizer, folder)
    found = {
        "run": run.folder.name,
        "step": run.step,
        "setting": setting,
        "samples": num_samples,
        "answer": evaluation.usefulness.sentence,
        "criteria": [criterion.__dict__ for criterion in evaluation.usefulness.criteria],
        "reasons": [f"{group.num_documents} x {group}" for group in evaluation.everyone.reasons],
        "figures": figures_of(evaluation, map(run.tokenizer.decode, planned.unseen.tokens())),
    }
    write_atomically(folder / FIGURES_FILE, json.dumps(found, indent=2).encode())


def read_figures(out: Path) -> list[dict[str, Any]]:
    """All evaluations under a folder, by run, step and setting."""
    found = [json.loads(path.read_text()) for path in sorted(out.glob(f"*/{FIGURES_FILE}"))]
    return sorted(found, key=lambda each: (each["run"], each["step"], each["setting"]))


def settings_table(found: list[dict[str, Any]]) -> str:
    """A line of figures for each evaluation, as Markdown."""
    names = list(found[0]["figures"])
    lines = [f"| run | step | temperature | min-p | samples | {' | '.join(names)} |", "|" + " --- |" * (5 + len(names))]
    for each in found:
        temperature, _, min_p = each["setting"].partition(":")
        cells = [each["run"], f"{each['step']:,}", temperature, min_p or "-", each["samples"]]
        cells += ["-" if value is None else f"{value:.2f}" for value in each["figures"].values()]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


Curves = dict[str, list[tuple[float, float]]]


def curve_table(points: Curves) -> Iterator[str]:
    """Bits per byte of unseen documents by training tokens, of each run, as Markdown."""
    curves = {name: dict(curve) for name, curve in points.items()}
    yield f"| training tokens, million | {' | '.join(curves)} |"
    yield "|" + " --- |" * (1 + len(curves))
    for tokens in sorted({tokens for curve in curves.values() for tokens in curve}):
        cells = [f"{curve[tokens]:.3f}" if tokens in curve else "" for curve in curves.values()]
        yield f"| {tokens / 1e6:.2f} | {' | '.join(cells)} |"


def sample_lines(report: dict[str, Any]) -> Iterator[str]:
    """The first samples of a report as they came, as documents of one YAML file, with what judges say in comments."""
    for number, sample in enumerate(report["samples"][:NUM_SHOWN], start=1):
        refusing = [name for name, verdict in sample["verdicts"].items() if verdict["errors"]]
        verdict = f"refused by {', '.join(refusing)}" if refusing else "accepted by all judges"
        yield f"---\n# Sample {number}: {verdict}; {sample['finish']}, {sample['num_tokens']} tokens"
        yield sample["text"]


def publish(runs: list[Path], out: Path, main_folder: Path) -> None:
    """Write the tables, the plot and the report of one evaluation into the documentation."""
    found = read_figures(out)
    curves: Curves = {run.name: read_record(run).curve("validation", "bits_per_byte", "num_tokens") for run in runs}
    page = PAGE.read_text()
    page = replace_section(page, "settings", settings_table(found))
    page = replace_section(page, "curve", "\n".join(curve_table(curves)))
    main = json.loads((main_folder / FIGURES_FILE).read_text())
    criteria = [f"| {each['name']} | {each['found']} | {each['expected']} |" for each in main["criteria"]]
    answer = [f"> {main['answer']}", "", "| criterion | found | expected |", "| --- | --- | --- |", *criteria]
    page = replace_section(page, "answer", "\n".join([*answer, "", "Why judges refuse: " + "; ".join(main["reasons"])]))
    PAGE.write_text(page)
    RECORDS.mkdir(exist_ok=True)
    (RECORDS / FIGURES_FILE).write_text(json.dumps(found, indent=2) + "\n")
    report = json.loads((main_folder / "report.json").read_text())
    write_atomically(RECORDS / "samples.yml", "\n".join(sample_lines(report)).encode())
    (RECORDS / "curve.svg").write_text(draw_curves(curves, "training tokens", "bits per byte") or "")


def main(
    runs: Annotated[list[Path], typer.Argument(exists=True, file_okay=False, help="Run folders.")],
    out: Annotated[Path, typer.Option(help="The folder of the evaluations.")],
    samples: Annotated[int, typer.Option(min=1, help="Documents of each evaluation.")] = 200,
    checkpoint: Annotated[str, typer.Option(help="The step of a checkpoint.")] = "latest",
    setting: Annotated[
        list[str] | None, typer.Option(help="TEMPERATURE or TEMPERATURE:MIN_P; by default several.")
    ] = None,
    publish_page: Annotated[bool, typer.Option("--publish", help="Write the page.")] = False,
) -> None:
    """Evaluate, print the table, and publish it if asked."""
    console = Console(width=240)
    loaded = [load_run(run, checkpoint) for run in runs]
    settings = setting or list(SETTINGS)
    for run in loaded:
        for each in settings:
            evaluate_setting(run, each, samples, out, console)
    console.print(Markdown(settings_table(read_figures(out))))
    if publish_page:
        publish(runs, out, out / f"{runs[0].resolve().name}-{loaded[0].step}-{settings[0].replace(':', '-')}")


if __name__ == "__main__":
    typer.run(main)
