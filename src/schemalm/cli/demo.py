"""`schemalm demo`: the whole way on embedded or given documents, in minutes on a CPU.

It succeeds unless a document that the model wrote is invalid. Documents of a given corpus that the schema rejects
are reported and left out, as real corpora have some.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from schemalm.cli.evaluate import show_figures
from schemalm.cli.left_out import exit_code, report_left_out
from schemalm.cli.options import CHOOSE_OUT, DEFAULT_SCHEMA, AsJSON, MergeKeys, SchemaName, Strict
from schemalm.cli.terminal import Terminal, command_line
from schemalm.files.writing import check_writable, free_folder

NUM_SHOWN = 5


def demo(
    *,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, metavar="DIR", help="The folder to write [default: runs/demo].")
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Chooses which documents are trained on and which are held out, the first weights and the samples.",
        ),
    ] = 0,
    corpus: Annotated[
        Path | None, typer.Option(exists=True, metavar="PATH", help="Real documents in place of the embedded ones.")
    ] = None,
    schema: SchemaName = DEFAULT_SCHEMA,
    merge_keys: MergeKeys = None,
    strict: Strict = False,
    as_json: AsJSON = False,
) -> None:
    """Go the whole way: prepare, train, generate, judge, report."""
    terminal = Terminal(as_json)
    documents = corpus or "embedded documents"
    out = out or free_folder(Path("runs"), "demo")
    terminal.say(f"preparing, training, generating and judging with {documents} of the schema {schema}, into {out}")
    check_writable(out, advice=CHOOSE_OUT)
    from schemalm.demo import run_demo  # noqa: PLC0415
    from schemalm.evaluation.report import reservations  # noqa: PLC0415

    result = run_demo(
        out,
        seed=seed,
        corpus=corpus,
        schema=schema,
        merge_keys=merge_keys,
        log=terminal.say,
        training_progress=terminal.training_progress(),
    )
    report_left_out(terminal, result.left_out)
    for number, sample in enumerate(result.evaluation.samples[:NUM_SHOWN], start=1):
        reason = f": {sample.verdict.reason}" if sample.verdict.valid is False else ""
        terminal.show(f"--- # document {number}, {sample.verdict.word}{reason}\n{sample.text}")
    show_figures(terminal, result.evaluation, result.run)
    held_against = reservations(result.evaluation)
    for reservation in held_against:
        terminal.show(f"note: {reservation}")
    terminal.show(f"{result.elapsed_seconds:.0f} s in all; report: {result.report}")
    described = {
        "report": str(result.report),
        "run": str(result.run),
        "elapsed_seconds": round(result.elapsed_seconds, 3),
        "evaluation": result.evaluation.to_dict(),
        "reservations": held_against,
        **result.left_out.to_dict(),
    }
    terminal.finish(described, next_command=command_line("generate", result.run, "-n", 3))
    raise typer.Exit(1 if result.evaluation.num_invalid else exit_code(result.left_out, strict))
