"""`schemalm evaluate`: measure the quality of a run, and write figures, plots and report.html."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemalm.cli.options import CHOOSE_OUT, AsJSON, NumberFormat, RunFolder, chosen_run
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.files.writing import check_writable
from schemalm.messages.wording import reason_of

if TYPE_CHECKING:
    from schemalm.evaluation.evaluate import Evaluation


def evaluate(
    run: RunFolder,
    *,
    samples: Annotated[int, typer.Option(min=1, metavar="N", help="Number of documents to sample.")] = 200,
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, metavar="DIR", help="The prepared data of the run, if it has been moved."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(file_okay=False, metavar="DIR", help="The folder for the report [default: the run folder]."),
    ] = None,
    dtype: Annotated[
        list[NumberFormat] | None,
        typer.Option(help="Measure the price of generating in this number format, in bits per byte; repeatable."),
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """Score a run, judge its documents, and write report.html."""
    terminal = Terminal(as_json)
    terminal.say(f"scoring the run {run} and judging {counted(samples, 'document')} that it writes")
    from schemalm.evaluation.evaluate import evaluate as evaluate_run  # noqa: PLC0415
    from schemalm.evaluation.report import REPORT_FILES  # noqa: PLC0415
    from schemalm.generation import load_run  # noqa: PLC0415

    run = chosen_run(terminal, run)
    folder = out or run
    check_writable(folder, *REPORT_FILES, advice=f"{CHOOSE_OUT} DIR")
    evaluation = evaluate_run(load_run(run), data=data, num_samples=samples, dtypes=dtype or (), progress=terminal.say)
    show_figures(terminal, evaluation, run)
    report = _write_report(terminal, evaluation, run, folder)
    if report is None:
        given = ("--samples", samples, *(() if data is None else ("--data", data)))
        following, code = command_line("evaluate", run, *given, "--out", "DIR"), 2
    else:
        following, code = command_line("generate", run, "-n", 5), 1 if evaluation.num_invalid else 0
    result = {"report": None if report is None else str(report), **evaluation.to_dict()}
    terminal.finish(result, next_command=following)
    raise typer.Exit(code)


def _write_report(terminal: Terminal, evaluation: Evaluation, run: Path, folder: Path) -> Path | None:
    """Write the report and return its path; None if writing fails, so that the figures are still shown."""
    from schemalm.evaluation.report import write_report  # noqa: PLC0415

    try:
        report = write_report(evaluation, run, folder)
    except OSError as error:
        terminal.warn(f"the report could not be written into {folder}: {reason_of(error)}; {CHOOSE_OUT} DIR")
        return None
    terminal.show(f"report: {report}")
    return report


def show_figures(terminal: Terminal, evaluation: Evaluation, run: Path) -> None:
    """Show the report's headline figures, then every sample that the judge rejected or could not judge."""
    from schemalm.evaluation.report import headline  # noqa: PLC0415
    from schemalm.training.metrics import read_metrics  # noqa: PLC0415

    for card in headline(evaluation, read_metrics(run)):
        terminal.show(f"{card.label:14}{card.value:>12}  {card.note}")
    exact = evaluation.number_formats.get("float32", 0.0)
    for dtype, bits_per_byte in evaluation.number_formats.items():
        note = f"bits per byte, as the model generates; {bits_per_byte - exact:+.5f} to float32"
        terminal.show(f"{dtype:14}{bits_per_byte:>12.5f}  {note}")
    for number, sample in enumerate(evaluation.samples, start=1):
        if sample.verdict.accepted is False:
            terminal.show(f"document {number} is invalid: {sample.verdict.pointer or '/'}: {sample.verdict.reason}")
        elif sample.verdict.accepted is None and evaluation.valid_share is not None:
            terminal.show(f"document {number} {sample.verdict.reason}")
