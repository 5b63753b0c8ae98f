"""`schemalm evaluate`: say whether a run's model can be used, and write figures, plots and report.html."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemalm.cli.options import CHOOSE_OUT, AsJSON, NumberFormat, RunFolder, chosen_run
from schemalm.cli.sampling import MinP, Temperature
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.files.writing import check_writable
from schemalm.messages.wording import duration

if TYPE_CHECKING:
    from schemalm.evaluation.evaluate import Evaluation


def evaluate(
    run: RunFolder,
    *,
    samples: Annotated[int, typer.Option(min=1, metavar="N", help="Number of documents to sample.")] = 200,
    temperature: Temperature = 0.8,
    min_p: MinP = None,
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, metavar="DIR", help="The prepared data of the run, if it has been moved."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            metavar="DIR",
            help="The folder for the report [default: the run folder; RUN/evaluations if it has another report].",
        ),
    ] = None,
    dtype: Annotated[
        list[NumberFormat] | None,
        typer.Option(help="Measure the price of generating in this number format, in bits per byte; repeatable."),
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """Say whether a model can be used, by judges and beside real documents, and write report.html.

    An interrupted evaluation goes on with the same command.
    """
    terminal = Terminal(as_json)
    terminal.say(f"evaluating the run {run} with {counted(samples, 'document')} that it writes")
    from schemalm.evaluation.evaluate import plan_evaluation  # noqa: PLC0415
    from schemalm.evaluation.kept_parts import folder_for  # noqa: PLC0415
    from schemalm.evaluation.report import REPORT_FILES, write_report  # noqa: PLC0415
    from schemalm.generation import load_run  # noqa: PLC0415

    run = chosen_run(terminal, run)
    loaded = load_run(run)
    planned = plan_evaluation(
        loaded, data=data, num_samples=samples, temperature=temperature, min_p=min_p, dtypes=dtype or ()
    )
    folder = out or folder_for(run, planned.identity)
    check_writable(folder, *REPORT_FILES, advice=f"{CHOOSE_OUT} DIR")
    if planned.expected_seconds is not None:
        terminal.say(f"this takes about {duration(planned.expected_seconds)}; the report will be in {folder}")
    evaluation = planned.evaluate(keep=folder, log=terminal.say)
    show_figures(terminal, evaluation)
    report = write_report(evaluation, run, loaded.tokenizer, folder)
    terminal.show(f"report: {report}")
    terminal.finish(
        {"report": str(report), **evaluation.to_dict()}, next_command=command_line("generate", run, "-n", 5)
    )
    raise typer.Exit(1 if evaluation.num_invalid else 0)


def show_figures(terminal: Terminal, evaluation: Evaluation) -> None:
    """Show whether the model can be used, what judges accept, and every sample that is not valid by the schema."""
    from schemalm.evaluation.report.tables import yardstick  # noqa: PLC0415
    from schemalm.evaluation.report.writing import caveats  # noqa: PLC0415

    terminal.show(evaluation.usefulness.sentence)
    for criterion in evaluation.usefulness.criteria:
        mark = "yes" if criterion.holds else "no"
        terminal.show(f"{mark:>5}  {criterion.name}: {criterion.found}; expected {criterion.expected}")
    table = yardstick(evaluation)
    terminal.table(table.columns[:-1], [row[:-1] for row in table.rows])
    score = evaluation.likelihood.score
    terminal.show(
        f"{score.bits_per_byte:.3f} bits per byte of {counted(evaluation.likelihood.num_documents, 'unseen document')} "
        f"as compact JSON; perplexity {score.perplexity:.2f} per token"
    )
    exact = evaluation.number_formats.get("float32", 0.0)
    for dtype, bits_per_byte in evaluation.number_formats.items():
        terminal.show(f"{dtype}: {bits_per_byte:.5f} bits per byte, {bits_per_byte - exact:+.5f} to float32")
    for caveat in caveats(evaluation):
        terminal.show(f"note: {caveat}")
    for number, sample in enumerate(evaluation.samples, start=1):
        if sample.by_schema.accepted is False:
            terminal.show(f"document {number} is invalid: {sample.by_schema.pointer or '/'}: {sample.by_schema.reason}")
