"""Writes the built-in rules of GitHub workflows, or says what would change: `make github-rules`.

    PYTHONPATH=tools python -m github_rules [--check]

GitHub's definition comes with the judges: `make judges`. With `--check`, nothing is written, and the exit status is 1
if a file would change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from github_rules.changes import changes
from github_rules.rules import default_rules, read_source, strict_rules
from schemalm import rules
from schemalm.judging.installation import node_package

PARSER = "@actions/workflow-parser"
FOLDER = Path(rules.__file__).parent / "built_in"


def main(
    package: Annotated[Path | None, typer.Argument(metavar="DIST", help="another folder dist of the package")] = None,
    check: Annotated[bool, typer.Option("--check", help="write nothing")] = False,
) -> None:
    """Makes the rules from GitHub's definition, and says what changed."""
    source = read_source((package or node_package(PARSER) / "dist") / "workflow-v1.0.min.json")
    default = default_rules(source)
    differs = False
    for name, made in (("github-workflow", default), ("github-workflow-strict", strict_rules(source, default))):
        file = FOLDER / f"{name}.json"
        before: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}
        differs |= before != made
        for line in changes(before, made) if before else ["is new"]:
            typer.echo(f"{name}: {line}")
        if not check:
            file.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if not differs:
        typer.echo("nothing changed")
    if check and differs:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
