"""`schemalm demo`: run the whole pipeline on embedded or given documents, in minutes on a CPU.

The command succeeds unless the model writes an invalid document. Documents of a given corpus that the schema rejects
are reported and left out, because real corpora contain some.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from schemalm.cli.evaluate import show_figures
from schemalm.cli.left_out import exit_code, report_left_out
from schemalm.cli.options import (
    CHOOSE_OUT,
    DEFAULT_RULES,
    DEFAULT_SCHEMA,
    AsJSON,
    MergeKeys,
    RulesName,
    SchemaName,
    Strict,
    chosen_rules,
    schema_and_rules,
)
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
            help="Seed for the split into training and validation documents, the initial weights and the samples.",
        ),
    ] = 0,
    corpus: Annotated[
        Path | None,
        typer.Option(exists=True, metavar="PATH", help="Documents to use instead of the embedded ones."),
    ] = None,
    schema: SchemaName = DEFAULT_SCHEMA,
    rules: RulesName = DEFAULT_RULES,
    merge_keys: MergeKeys = None,
    strict: Strict = False,
    as_json: AsJSON = False,
) -> None:
    """Run the whole pipeline, from documents to a report."""
    from schemalm.dataset.embedded import EMBEDDED_RULES  # noqa: PLC0415

    terminal = Terminal(as_json)
    documents = corpus or "embedded documents"
    out = out or free_folder(Path("runs"), "demo")
    chosen = EMBEDDED_RULES if corpus is None and rules == DEFAULT_RULES else chosen_rules(rules, schema)
    described = schema_and_rules(schema, chosen)
    terminal.say(f"preparing, training, generating and judging {documents} of {described}; writing to {out}")
    check_writable(out, advice=CHOOSE_OUT)
    from schemalm.demo import run_demo  # noqa: PLC0415
    from schemalm.evaluation.report.writing import caveats  # noqa: PLC0415

    result = run_demo(
        out,
        seed=seed,
        corpus=corpus,
        schema=schema,
        rules=chosen,
        merge_keys=merge_keys,
        log=terminal.say,
        training_progress=terminal.training_progress(),
    )
    report_left_out(terminal, result.left_out)
    for number, sample in enumerate(result.evaluation.samples[:NUM_SHOWN], start=1):
        refusing = [name for name, verdict in sample.verdicts.items() if verdict.accepted is False]
        terminal.show(f"--- # document {number}, refused by {', '.join(refusing) or 'nobody'}\n{sample.text}")
    show_figures(terminal, result.evaluation)
    terminal.show(f"{result.elapsed_seconds:.0f} s in total; report: {result.report}")
    outcome = {
        "schema": schema,
        "rules": chosen,
        "report": str(result.report),
        "run": str(result.run),
        "elapsed_seconds": round(result.elapsed_seconds, 3),
        "evaluation": result.evaluation.to_dict(),
        "reservations": caveats(result.evaluation),
        **result.left_out.to_dict(),
    }
    terminal.finish(outcome, next_command=command_line("generate", result.run, "-n", 3))
    raise typer.Exit(1 if result.evaluation.num_invalid else exit_code(result.left_out, strict))
