"""`schemalm evaluate`: what a run is worth, as figures, plots and report.html."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemalm.cli.options import AsJSON, RunFolder
from schemalm.cli.terminal import Terminal, command_line, counted

if TYPE_CHECKING:
    from schemalm.evaluation.evaluate import Evaluation


def evaluate(
    run: RunFolder,
    samples: Annotated[int, typer.Option(min=1, metavar="N", help="How many documents to sample.")] = 200,
    as_json: AsJSON = False,
) -> None:
    """Score a run, judge what it writes, and write report.html."""
    terminal = Terminal(as_json)
    terminal.say(f"scoring the run {run} and judging {counted(samples, 'document')} that it writes")
    from schemalm.evaluation.evaluate import evaluate as evaluate_run  # noqa: PLC0415
    from schemalm.evaluation.report import write_report  # noqa: PLC0415
    from schemalm.generation import load_run  # noqa: PLC0415

    evaluation = evaluate_run(load_run(run), num_samples=samples, progress=terminal.say)
    report = write_report(evaluation, run)
    show_figures(terminal, evaluation, run)
    terminal.show(f"report: {report}")
    result = {"report": str(report), **evaluation.to_dict()}
    terminal.finish(result, next_command=command_line("generate", run, "-n", 5))
    raise typer.Exit(1 if evaluation.num_invalid else 0)


def show_figures(terminal: Terminal, evaluation: Evaluation, run: Path) -> None:
    """Show the report's headline figures, then every sample that the judge refused or could not judge."""
    from schemalm.evaluation.report import headline  # noqa: PLC0415
    from schemalm.training.metrics import read_metrics  # noqa: PLC0415

    for card in headline(evaluation, read_metrics(run)):
        terminal.show(f"{card.label:14}{card.value:>12}  {card.note}")
    for number, sample in enumerate(evaluation.samples, start=1):
        if sample.verdict.valid is False:
            terminal.show(f"document {number} is invalid: {sample.verdict.pointer or '/'}: {sample.verdict.reason}")
        elif sample.verdict.valid is None and evaluation.valid_share is not None:
            terminal.show(f"document {number} {sample.verdict.reason}")
