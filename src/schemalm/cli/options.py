"""Options that several commands share, so that they are called and explained alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemalm.cli.terminal import Terminal
from schemalm.engines import EngineName

if TYPE_CHECKING:
    from schemalm.baselines import AnyTokenizer

AsJSON = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
SchemaName = Annotated[
    str, typer.Option("--schema", metavar="S", help="A schema file, or a built-in name such as github-workflow.")
]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="Equal seeds give equal results on one machine.")]
MaxFiles = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Read so many files or rows, spread evenly over the corpus.")
]
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder that `schemalm train` wrote, or one above it.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 where a document was rejected.")]
MergeKeys = Annotated[
    bool | None,
    typer.Option(
        "--merge-keys/--no-merge-keys",
        help="Resolve the YAML merge key << in documents [default: where the format of the schema has it].",
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", min=1, metavar="N", help="Work on so many shards at a time; the result is the same.")
]
EngineChoice = Annotated[
    EngineName, typer.Option("--engine", help="Work on this machine, or on a Ray cluster (extra ray).")
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address", metavar="ADDRESS", help="The Ray cluster to work on [default: one on this machine, until the end]."
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where an interrupted command stopped.")]
DEFAULT_SCHEMA = "github-workflow"
# What to do where the folder to write cannot be written.
CHOOSE_OUT = "choose another folder with --out"


def wants_merge_keys(merge_keys: bool | None, schema: dict[str, Any] | bool) -> bool:
    """Whether `<<` is resolved: as the option says, by the schema where it was not given."""
    from schemalm.schema.merge_keys import resolves_merge_keys  # noqa: PLC0415

    return resolves_merge_keys(schema, merge_keys)


def given_merge_keys(merge_keys: bool | None) -> tuple[str, ...]:
    """The option as it was given, for the command that comes next; nothing where it was not."""
    if merge_keys is None:
        return ()
    return ("--merge-keys",) if merge_keys else ("--no-merge-keys",)


def schema_of(tokenizer: AnyTokenizer) -> dict[str, Any] | bool:
    """The schema that a tokenizer was made for; a text tokenizer has none, so it says nothing."""
    from schemalm.tokenizer import Tokenizer  # noqa: PLC0415

    return tokenizer.grammar.schema if isinstance(tokenizer, Tokenizer) else True


def chosen_run(terminal: Terminal, folder: Path) -> Path:
    """The run that a folder is, or the only one that it holds, which is said; raises `CheckpointError` otherwise."""
    from schemalm.training.locate import find_run  # noqa: PLC0415

    run = find_run(folder)
    if run != folder:
        terminal.say(f"taking the run {run}")
    return run
