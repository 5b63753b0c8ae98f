"""`schemalm evaluate`: what a run is worth, as figures, plots and report.html."""

from __future__ import annotations

from typing import Annotated

import typer

from schemalm.cli.options import AsJSON, RunFolder
from schemalm.cli.terminal import Terminal, command_line


def evaluate(
    run: RunFolder,
    samples: Annotated[int, typer.Option(min=1, metavar="N", help="How many documents to sample.")] = 200,
    as_json: AsJSON = False,
) -> None:
    """Score a run, judge what it writes, and write report.html."""
    terminal = Terminal(as_json)
    terminal.say(
        f"scoring the run {run} and judging {samples:,} documents that it writes, to write {run / 'report.html'}"
    )
    from schemalm.evaluation.evaluate import evaluate as evaluate_run  # noqa: PLC0415
    from schemalm.evaluation.report import headline, write_report  # noqa: PLC0415
    from schemalm.generation import load_run  # noqa: PLC0415
    from schemalm.training.metrics import read_metrics  # noqa: PLC0415

    evaluation = evaluate_run(load_run(run), num_samples=samples, progress=terminal.say)
    report = write_report(evaluation, run)
    cards = headline(evaluation, read_metrics(run))
    for card in cards:
        terminal.show(f"{card.label:14}{card.value:>12}  {card.note}")
    for number, sample in enumerate(evaluation.samples, start=1):
        if not sample.verdict.valid:
            terminal.show(f"sample {number} is invalid: {sample.verdict.pointer or '/'}: {sample.verdict.reason}")
    terminal.show(f"report: {report}")
    terminal.finish(
        {**evaluation.to_dict(), "report": str(report)}, next_command=command_line("generate", run, "-n", 5)
    )
    raise typer.Exit(0 if evaluation.valid_share == 1 else 1)
