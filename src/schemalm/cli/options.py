"""Options that several commands share, so that they are called and explained alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJSON = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
SchemaName = Annotated[
    str, typer.Option("--schema", metavar="S", help="A schema file, or a built-in name such as github-workflow.")
]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="Equal seeds give equal results on one machine.")]
MaxFiles = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Take so many documents, spread evenly over the corpus.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder that `schemalm train` wrote.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 where a document was rejected.")]
DEFAULT_SCHEMA = "github-workflow"
