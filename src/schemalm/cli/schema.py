"""`schemalm schema`: what a schema compiles into, and how each of its keywords is enforced."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from schemalm.cli.options import AsJSON
from schemalm.cli.terminal import Terminal, command_line

if TYPE_CHECKING:
    from schemalm.grammar import Grammar

STATUSES = ("construction", "guard", "annotation")
# Places that are named for each part of patterns that is commonly misread.
NUM_PLACES = 3


def schema(
    schema: Annotated[str, typer.Argument(metavar="S", help="A schema file, or a built-in name.")],
    as_json: AsJSON = False,
) -> None:
    """Show the grammar's size and coverage."""
    from schemalm.compilation import compile_schema  # noqa: PLC0415

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
    misread = misread_patterns(grammar)
    _show_misread(terminal, misread)
    result = {
        "schema": schema,
        "draft": grammar.draft,
        **size,
        "coverage": [use._asdict() for use in coverage],
        "unsatisfiable": unsatisfiable,
        "misread_patterns": misread,
    }
    terminal.finish(
        result,
        next_command=command_line(
            "tokenizer", "train", "--corpus", "DIR", "--out", "tokenizer.json", "--schema", schema
        ),
    )


def misread_patterns(grammar: Grammar) -> list[dict[str, str]]:
    """The parts of the schema's patterns that people and other programs commonly misread, each with its place."""
    from schemalm.schema.misreadings import misreadings  # noqa: PLC0415

    return [
        {"pointer": pointer, "pattern": source, "text": part.text, "meaning": part.meaning}
        for pointer, source in grammar.expressions().items()
        for part in misreadings(source)
    ]


def _show_misread(terminal: Terminal, misread: list[dict[str, str]]) -> None:
    """A line for each kind, with the first places that have it."""
    places: dict[str, list[str]] = {}
    for found in misread:
        places.setdefault(found["meaning"], []).append(found["pointer"])
    if places:
        terminal.show("\npatterns that are commonly misread:")
    for meaning, pointers in places.items():
        more = f" and {len(pointers) - NUM_PLACES:,} more" if len(pointers) > NUM_PLACES else ""
        terminal.show(f"{', '.join(pointers[:NUM_PLACES])}{more}: {meaning}")
