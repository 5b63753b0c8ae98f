"""Compiles a schema: reads it, builds its grammar and, if items have to differ, writes its shortest value.

Only a machine knows which items an array of different items can have. So the last step needs `machine`, which is built
on grammars, and this file is part of neither package. A schema without a value that can be written is refused here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from schemalm.errors import GuardError, SchemaError
from schemalm.grammar.grammar import Grammar
from schemalm.limits import DEFAULT_LIMITS, Limits
from schemalm.schema.sources import Schema, read_schema
from schemalm.schema.translation import translate

# The length of a schema's name in messages, which may be anything.
MAX_SOURCE_CHARACTERS = 200


def compile_schema(
    schema: Schema | str | Path, formats: Literal["assert", "annotate"] = "assert", limits: Limits = DEFAULT_LIMITS
) -> Grammar:
    """Compiles a JSON Schema into a grammar that derives exactly its valid values.

    schema: a value, a file, or a built-in name such as "github-workflow".
    formats: "assert" if the keyword `format` constrains values, "annotate" if it only describes them.
    Raises SchemaError, with pointer, keyword and source, if the schema is not valid, no value satisfies it, it exceeds
    a limit, or a `$ref` leads outside of it.
    """
    if formats not in ("assert", "annotate"):
        raise SchemaError(f"formats must be 'assert' or 'annotate', found {formats!r}")
    source = str(schema)[:MAX_SOURCE_CHARACTERS] if isinstance(schema, str | Path) else ""
    try:
        tree = read_schema(schema, limits)
        grammar = Grammar(translate(tree, formats, limits))
        if grammar.needs_different_items:
            _write_shortest(grammar)
        return grammar
    except RecursionError:
        raise SchemaError("the schema or its references are nested too deeply", source=source) from None
    except SchemaError as error:
        raise error.of_source(source) from None


def _write_shortest(grammar: Grammar) -> None:
    """Raises LimitError if the search for the shortest value takes more work than the limits allow."""
    # Only a machine knows which items an array can have. Few schemas need one, and numpy is slow to import.
    from schemalm.machine import Machine, Tables  # noqa: PLC0415
    from schemalm.machine.vocabulary import Vocabulary  # noqa: PLC0415

    try:
        with grammar.budget.call("compile"):
            Machine(Tables(grammar, Vocabulary(grammar, (), ()))).completion()
    except GuardError:
        raise SchemaError("no value was found that satisfies this schema", keyword="uniqueItems") from None
