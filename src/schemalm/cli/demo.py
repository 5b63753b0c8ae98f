"""`schemalm demo`: the whole way on embedded or given documents, in minutes on a CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from schemalm.cli.options import DEFAULT_SCHEMA, AsJSON, SchemaName, Seed
from schemalm.cli.terminal import Terminal, command_line

NUM_SHOWN = 5


def demo(
    out: Annotated[Path, typer.Option(file_okay=False, metavar="DIR", help="The folder to write.")] = Path("demo"),
    seed: Seed = 0,
    corpus: Annotated[
        Path | None, typer.Option(exists=True, metavar="PATH", help="Real documents in place of the embedded ones.")
    ] = None,
    schema: SchemaName = DEFAULT_SCHEMA,
    as_json: AsJSON = False,
) -> None:
    """Go the whole way: prepare, train, generate, judge, report."""
    terminal = Terminal(as_json)
    documents = corpus or "embedded documents"
    terminal.say(f"preparing, training, generating and judging with {documents} of the schema {schema}, into {out}")
    from schemalm.demo import run_demo  # noqa: PLC0415
    from schemalm.documents import dump_document  # noqa: PLC0415

    result = run_demo(out, seed=seed, corpus=corpus, schema=schema, seconds=None, progress=terminal.say)
    for number, (value, is_valid, reason) in enumerate(result.samples[:NUM_SHOWN], start=1):
        verdict = "valid" if is_valid else f"invalid: {reason}"
        terminal.show(f"--- # document {number}: {verdict}\n{dump_document(value)}")
    for name, figure in result.figures.items():
        terminal.show(f"{name}: {figure}")
    terminal.show(f"{result.elapsed_seconds:.0f} s in all\nreport: {result.report}")
    samples = [{"value": value, "valid": is_valid, "reason": reason} for value, is_valid, reason in result.samples]
    described = {
        "report": str(result.report),
        "run": str(result.run),
        "elapsed_seconds": result.elapsed_seconds,
        "figures": result.figures,
        "samples": samples,
    }
    terminal.finish(described, next_command=command_line("generate", result.run, "-n", 3))
    raise typer.Exit(0 if all(sample["valid"] for sample in samples) else 1)
