"""Options that several commands share, so that they have the same names and help texts everywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemalm.cli.terminal import Terminal
from schemalm.engines import EngineName

if TYPE_CHECKING:
    from schemalm.baselines import AnyTokenizer


class NumberFormat(StrEnum):
    """The number formats of generation; `model/quantization.py` describes them."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    int8 = "int8"


AsJSON = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
SchemaName = Annotated[
    str,
    typer.Option("--schema", metavar="S", help="The schema: a file, or a built-in name such as github-workflow."),
]
RulesName = Annotated[
    str,
    typer.Option(
        "--rules",
        metavar="FILE|NAME|none",
        help="The rules: a file, a built-in name, or none; by default those of a built-in schema.",
    ),
]
Seed = Annotated[
    int, typer.Option(min=0, metavar="N", help="Random seed; the same seed gives the same result on one machine.")
]
MaxFiles = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Read at most N files or rows, spread evenly over the corpus."),
]
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="The run folder, or a folder that contains only this run.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a document was rejected.")]
MergeKeys = Annotated[
    bool | None,
    typer.Option(
        "--merge-keys/--no-merge-keys",
        help="Resolve the YAML merge key << in documents [default: only if the schema's format supports it].",
    ),
]
Workers = Annotated[
    int,
    typer.Option("--workers", min=1, metavar="N", help="Number of worker processes; the result does not depend on it."),
]
EngineChoice = Annotated[
    EngineName, typer.Option("--engine", help="Run on this machine, or on a Ray cluster (needs the extra `ray`).")
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address", metavar="ADDRESS", help="Address of the Ray cluster [default: a temporary one on this machine]."
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue where an interrupted command stopped.")]
DEFAULT_SCHEMA = "github-workflow"
DEFAULT_RULES = "default"
# The advice if a folder cannot be written.
CHOOSE_OUT = "choose another folder with --out"


def chosen_rules(rules: str, schema: str) -> str | None:
    """Return the file or the built-in name of the rules that an option and a schema ask for, or None for no rules."""
    from schemalm.rules.built_in import chosen  # noqa: PLC0415

    return chosen(rules, schema)


def schema_and_rules(schema: str, rules: str | None) -> str:
    """Return the part of a sentence that names a schema and its rules, as in `the schema S with the rules R`."""
    return f"the schema {schema}" + (f" with the rules {rules}" if rules is not None else "")


def given_rules(rules: str) -> tuple[str, ...]:
    """Return the option as given, for the next command; empty if it was not given."""
    return () if rules == DEFAULT_RULES else ("--rules", rules)


def wants_merge_keys(merge_keys: bool | None, schema: dict[str, Any] | bool) -> bool:
    """Return whether `<<` is resolved: as the option says, or as the schema decides if it was not given."""
    from schemalm.schema.merge_keys import resolves_merge_keys  # noqa: PLC0415

    return resolves_merge_keys(schema, merge_keys)


def given_merge_keys(merge_keys: bool | None) -> tuple[str, ...]:
    """Return the option as given, for the next command; empty if it was not given."""
    if merge_keys is None:
        return ()
    return ("--merge-keys",) if merge_keys else ("--no-merge-keys",)


def schema_of(tokenizer: AnyTokenizer) -> dict[str, Any] | bool:
    """Return the schema of a tokenizer, or the schema `true` for a text tokenizer, which has none."""
    from schemalm.tokenizer import Tokenizer  # noqa: PLC0415

    return tokenizer.grammar.schema if isinstance(tokenizer, Tokenizer) else True


def chosen_run(terminal: Terminal, folder: Path) -> Path:
    """Return the folder if it is a run, or the only run in it, which is announced.

    Raises `CheckpointError` if there is no run or more than one.
    """
    from schemalm.training.locate import find_run  # noqa: PLC0415

    run = find_run(folder)
    if run != folder:
        terminal.say(f"using the run {run}")
    return run
