"""`schemalm reference ablate`: train the reference implementation with every combination of settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from schemalm.cli.left_out import exit_code
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
)
from schemalm.cli.reference_corpus import read_corpus
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.files.writing import check_writable
from schemalm.reference.configuration import ReferenceConfiguration

if TYPE_CHECKING:
    from schemalm.reference.data import Corpus

DEFAULT_GRID = ("tie_head=true,false", "input_norm=true,false")


def ablate(
    axes: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE,...]", help="More settings to combine.")
    ] = None,
    *,
    input: Annotated[
        Path,
        typer.Option(exists=True, metavar="FILE", help="A text file, a folder of documents, .yml, .json or .jsonl."),
    ],
    grid: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE,...", help=f"Settings to combine [default: {' '.join(DEFAULT_GRID)}]."),
    ] = None,
    engine: Annotated[
        Literal["scalar", "array", "torch"], typer.Option(help="The implementation that computes.")
    ] = "array",
    model: Annotated[Literal["bigram", "mini-gpt"], typer.Option(help="The model to train.")] = "mini-gpt",
    steps: Annotated[
        int, typer.Option(min=1, metavar="N", help="Training steps of each run.")
    ] = ReferenceConfiguration.steps,
    seeds: Annotated[
        int, typer.Option(min=1, metavar="N", help="Runs of each combination, each with another seed.")
    ] = 3,
    schema: SchemaName = DEFAULT_SCHEMA,
    rules: RulesName = DEFAULT_RULES,
    merge_keys: MergeKeys = None,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="The first seed; the other runs use the seeds after it.")
    ] = 0,
    out: Annotated[Path, typer.Option(file_okay=False, metavar="DIR", help="The folder for the results.")] = Path(
        "runs/ablation"
    ),
    strict: Strict = False,
    as_json: AsJSON = False,
) -> None:
    """Train combinations of settings with several seeds. An interrupted command continues where it stopped."""
    from schemalm.documents import LeftOut  # noqa: PLC0415
    from schemalm.experiments.ablation import parse_axis, plan_ablation, run_ablation, table_rows  # noqa: PLC0415

    terminal = Terminal(as_json)
    combined = dict(map(parse_axis, [*(grid or []), *(axes or [])] or DEFAULT_GRID))
    base = replace(ReferenceConfiguration(engine=engine, model=model, steps=steps), seed=seed)
    plan = plan_ablation(base, combined, seeds)
    terminal.say(f"running {counted(len(plan), 'run')} of {', '.join(combined)} on {input}; writing to {out}")
    check_writable(out, advice=CHOOSE_OUT)

    left_out, chosen = LeftOut(), chosen_rules(rules, schema)

    def read(tokenizer: str) -> Corpus:
        nonlocal left_out
        corpus, found = read_corpus(terminal, input, tokenizer, schema, chosen, merge_keys)
        # Each tokenizer may reject different documents; everything else is the same each time.
        for rejection in left_out.rejections:
            if rejection not in found.rejections:
                found.reject(rejection)
        left_out = found
        return corpus

    sweep = run_ablation(plan, list(combined), read, out, terminal.say)
    if sweep.rows:
        terminal.table(*table_rows(list(combined), sweep.rows))
    for failure in sweep.failures:
        terminal.show(f"failed: {failure}")
    terminal.show(f"tables and a plot: {out / 'results.md'}, results.csv, results.jsonl, results.svg")
    made = {"num_made": sweep.num_made, "failures": sweep.failures, "rows": sweep.rows}
    result = {"out": str(out), "schema": schema, "rules": chosen, **made, **left_out.to_dict()}
    terminal.finish(result, next_command=command_line("reference", "train", "--input", input))
    raise typer.Exit(1 if sweep.failures else exit_code(left_out, strict))
