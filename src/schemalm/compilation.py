"""Compiles a schema: reads it and its rules, builds its grammar, and writes its shortest value if items have to differ.

Only a machine knows which items an array of different items can have. So the last step needs `machine`, which is built
on grammars, and this file is part of neither package. A schema without a value that can be written is refused here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from schemalm.errors import GuardError, RulesError, SchemaError
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.place_values import after, value_at
from schemalm.limits import DEFAULT_LIMITS, Limits
from schemalm.rules import AnyRules, read_rules
from schemalm.rules.built_in import DEFAULT_RULES, default_rules
from schemalm.rules.rules import Rules, translate_with_rules
from schemalm.schema.sources import Schema, read_schema

# The length of a schema's name in messages, which may be anything.
MAX_SOURCE_CHARACTERS = 200


def compile_schema(
    schema: Schema | str | Path,
    formats: Literal["assert", "annotate"] = "assert",
    limits: Limits = DEFAULT_LIMITS,
    rules: AnyRules | None = DEFAULT_RULES,
) -> Grammar:
    """Compiles a JSON Schema into a grammar that derives exactly its valid values; with rules, those that keep them.

    schema: a value, a file, or a built-in name such as "github-workflow".
    formats: "assert" if the keyword `format` constrains values, "annotate" if it only describes them.
    rules: a rules file, its content, or the name of built-in rules; "default" stands for the built-in rules of a
    built-in schema, and for none with another schema. None for no rules.
    Raises SchemaError, with pointer, keyword and source, if the schema is not valid, no value satisfies it, it exceeds
    a limit, or a `$ref` leads outside of it; RulesError, if the rules cannot be used.
    """
    if formats not in ("assert", "annotate"):
        raise SchemaError(f"formats must be 'assert' or 'annotate', found {formats!r}")
    source = str(schema)[:MAX_SOURCE_CHARACTERS] if isinstance(schema, str | Path) else ""
    chosen = default_rules(schema) if rules == DEFAULT_RULES else rules
    file = None if chosen is None else read_rules(chosen, limits)
    try:
        tree = read_schema(schema, limits)
        translation, applied = translate_with_rules(tree, file, formats, limits)
        grammar = Grammar(translation, rules=applied)
        if applied is not None:
            _refuse_needed_names(grammar, applied)
            _refuse_names_in_guarded_arrays(grammar, applied)
        if grammar.needs_different_items:
            _write_shortest(grammar)
        return grammar
    except RecursionError:
        raise SchemaError("the schema or its references are nested too deeply", source=source) from None
    except RulesError as error:
        raise error.of_source(str(chosen) if isinstance(chosen, str | Path) else "") from None
    except SchemaError as error:
        raise error.of_source(source) from None


def _refuse_needed_names(grammar: Grammar, rules: Rules) -> None:
    """Raises RulesError if every document would have to refer to a name, before any is declared."""
    if grammar.with_names(grammar.start, rules.closable, are_closed=True) is not None:
        return
    needed = (
        part
        for part in sorted(rules.closable)
        if grammar.with_names(grammar.start, frozenset([part]), are_closed=True) is None
    )
    part = next(needed, None)
    where = "" if part is None else f" at {part}" if part in rules.referring else f" of the kind {part!r}"
    raise RulesError(
        f"every document would have to refer to a name{where} before one is declared; expected a schema in which a "
        "document can do without; change it with `amend`",
        pointer="/names",
    )


def _refuse_names_in_guarded_arrays(grammar: Grammar, rules: Rules) -> None:
    """Raises RulesError if the items of an array must differ and hold names, which the search for items cannot see."""
    for place in rules.names.tree:
        if place.item is None or not rules.has_names_below(place.item):
            continue
        value = value_at(grammar, place)
        array = None if value is None else after(grammar, value, "array", [])
        if array is not None and grammar.arrays.is_guarded(array):
            raise RulesError(
                f"the items of the array at {place.path} must differ by the schema and hold names by the rules; "
                "remove `uniqueItems` there with `amend`, and say `unique` of the kind of names instead",
                pointer="/names",
            )


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
