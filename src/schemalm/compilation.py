"""Compiling a schema: reading it, making its grammar, and writing its shortest value where only a machine can tell it.

The last step is why this file alone asks for what is built on grammars: which items an array can have whose items have
to differ is known to a machine, and a schema without a value that can be written is refused here, not later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from schemalm.errors import GuardError, SchemaError
from schemalm.grammar.grammar import Grammar
from schemalm.limits import DEFAULT_LIMITS, Limits
from schemalm.schema.sources import Schema, read_schema
from schemalm.schema.translation import translate

# Of the name of a schema in messages, which may be anything.
MAX_SOURCE_CHARACTERS = 200


def compile_schema(
    schema: Schema | str | Path, formats: Literal["assert", "annotate"] = "assert", limits: Limits = DEFAULT_LIMITS
) -> Grammar:
    """Compiles a JSON Schema into a grammar that derives exactly its valid values.

    schema: a value, a file, or a built-in name such as "github-workflow".
    formats: whether the keyword `format` constrains values or only describes them.
    Raises SchemaError, with pointer, keyword and source, for what is no schema, what no value satisfies, what breaks a
    limit, and a `$ref` that leads outside the schema.
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
        raise SchemaError("the schema is nested too deeply, or its references are", source=source) from None
    except SchemaError as error:
        raise error.of_source(source) from None


def _write_shortest(grammar: Grammar) -> None:
    """Raises LimitError where the search for the shortest value takes more work than the limits admit."""
    # Only a machine tells which items an array can have; few schemas need one, and numpy is slow to import.
    from schemalm.machine import Machine, Tables  # noqa: PLC0415
    from schemalm.machine.vocabulary import Vocabulary  # noqa: PLC0415

    try:
        with grammar.budget.call("compile"):
            Machine(Tables(grammar, Vocabulary(grammar, (), ()))).completion()
    except GuardError:
        raise SchemaError("no value was found that satisfies this schema", keyword="uniqueItems") from None
