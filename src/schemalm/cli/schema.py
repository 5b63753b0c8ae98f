"""`schemalm schema`: show the grammar of a schema, and how each keyword is enforced."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from schemalm.cli.options import (
    DEFAULT_RULES,
    AsJSON,
    RulesName,
    chosen_rules,
    given_rules,
    schema_and_rules,
)
from schemalm.cli.terminal import Terminal, command_line
from schemalm.messages.visible import visible_line, visible_name

if TYPE_CHECKING:
    from schemalm.grammar import Grammar

STATUSES = ("construction", "guard", "annotation")
# How many pointers are shown for each kind of commonly misread pattern.
NUM_POINTERS = 3


def schema(
    schema: Annotated[
        str, typer.Argument(metavar="S", help="A schema file, or a built-in name such as github-workflow.")
    ],
    rules: RulesName = DEFAULT_RULES,
    as_json: AsJSON = False,
) -> None:
    """Show the grammar of a schema and how keywords are enforced."""
    from schemalm.compilation import compile_schema  # noqa: PLC0415

    terminal = Terminal(as_json)
    chosen = chosen_rules(rules, schema)
    terminal.say(f"compiling {schema_and_rules(schema, chosen)} into a grammar")
    started = time.monotonic()
    grammar = compile_schema(schema, rules=chosen)
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
        "\nconstruction: no written document can break it; guard: checked while decoding; annotation: not a constraint"
    )
    _show_rules(terminal, grammar)
    unsatisfiable = grammar.unsatisfiable()
    for pointer in unsatisfiable:
        terminal.show(f"no value satisfies {pointer or '/'}: nothing that requires it can be written")
    misread = misread_patterns(grammar)
    _show_misread(terminal, misread)
    result = {
        "schema": schema,
        "rules": chosen,
        "draft": grammar.draft,
        **size,
        "coverage": [use._asdict() for use in coverage],
        "unsatisfiable": unsatisfiable,
        "misread_patterns": misread,
    }
    terminal.finish(
        result,
        next_command=command_line(
            "tokenizer", "train", "--corpus", "DIR", "--out", "tokenizer.json", "--schema", schema, *given_rules(rules)
        ),
    )


def _show_rules(terminal: Terminal, grammar: Grammar) -> None:
    """Show the title of the rules, and the reason of each change of the schema."""
    if grammar.rules is None:
        return
    file = grammar.rules.file
    terminal.show(f"\nrules: {visible_line(file.title) or 'untitled'}")
    for name, amendment in file.amend.items():
        place = visible_name(amendment.pointer) or "/"
        terminal.show(f"{name}: {amendment.operation} {place}: {visible_line(amendment.reason)}")


def misread_patterns(grammar: Grammar) -> list[dict[str, str]]:
    """Return the parts of the schema's patterns that people and other programs commonly misread, with pointers."""
    from schemalm.schema.misreadings import misreadings  # noqa: PLC0415

    return [
        {"pointer": pointer, "pattern": source, "text": part.text, "meaning": part.meaning}
        for pointer, source in grammar.expressions().items()
        for part in misreadings(source)
    ]


def _show_misread(terminal: Terminal, misread: list[dict[str, str]]) -> None:
    """Show a line for each meaning, with the pointers of the first patterns that have it."""
    by_meaning: dict[str, list[str]] = {}
    for found in misread:
        by_meaning.setdefault(found["meaning"], []).append(found["pointer"])
    if by_meaning:
        terminal.show("\npatterns that are commonly misread:")
    for meaning, pointers in by_meaning.items():
        more = f" and {len(pointers) - NUM_POINTERS:,} more" if len(pointers) > NUM_POINTERS else ""
        terminal.show(f"{', '.join(pointers[:NUM_POINTERS])}{more}: {meaning}")
