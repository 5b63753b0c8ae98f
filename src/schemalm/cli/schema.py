"""`schemalm schema`: what a schema compiles into, and how each of its keywords is enforced."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

from schemalm.cli.options import AsJSON
from schemalm.cli.terminal import Terminal, command_line

STATUSES = ("construction", "guard", "annotation")


def schema(
    schema: Annotated[str, typer.Argument(metavar="S", help="A schema file, or a built-in name.")],
    as_json: AsJSON = False,
) -> None:
    """Show the grammar's size and coverage."""
    from schemalm.grammar import compile_schema  # noqa: PLC0415

    terminal = Terminal(as_json)
    terminal.say(f"compiling the schema {schema} into a grammar")
    started = time.monotonic()
    grammar = compile_schema(schema)
    seconds = time.monotonic() - started
    labels = Counter(symbol.label for symbol in grammar.symbols.symbols)
    size = {
        "num_states": grammar.num_states,
        "num_symbols": len(grammar.symbols),
        "num_names": labels["KEY"],
        "num_constants": labels["CONST"],
        "compile_seconds": round(seconds, 3),
    }
    coverage = grammar.coverage()
    terminal.show(
        f"{size['num_states']:,} states, {size['num_symbols']:,} symbols ({size['num_names']:,} names, "
        f"{size['num_constants']:,} constants), compiled in {seconds:.2f} s\n"
    )
    for use in coverage:
        terminal.show(f"{use.status:<12}  {use.keyword:<21}  {use.pointer}")
    terminal.show("")
    counts = Counter((use.keyword, use.status) for use in coverage)
    keywords = sorted({use.keyword for use in coverage})
    rows = [(word, *(str(counts[word, status] or "") for status in STATUSES)) for word in keywords]
    totals = tuple(str(sum(use.status == status for use in coverage)) for status in STATUSES)
    terminal.table(("keyword", *STATUSES), [*rows, ("all", *totals)])
    terminal.show(
        "\nconstruction: no document can break it; guard: checked while decoding; annotation: constrains nothing"
    )
    unsatisfiable = grammar.unsatisfiable()
    for pointer in unsatisfiable:
        terminal.show(f"no value satisfies {pointer or '/'}: what asks for it can never be written")
    result = {
        "schema": schema,
        **size,
        "coverage": [asdict(use) for use in coverage],
        "unsatisfiable": unsatisfiable,
    }
    terminal.finish(
        result,
        next_command=command_line(
            "tokenizer", "train", "--corpus", "DIR", "--out", "tokenizer.json", "--schema", schema
        ),
    )
