"""Asks independent judges about workflow files: how many each accepts, and why it refuses the others.

    PYTHONPATH=benchmarks python -m judges .github/workflows
    PYTHONPATH=benchmarks python -m judges ../shared/data/workflows/val.jsonl.zst --limit 300 --judges actionlint --json

`make judges` installs the judges. Exits with 1 if one that is asked is not installed.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from judges.inputs import Document, read_documents
from judges.registry import JUDGES, Judge
from judges.summary import reasons
from judges.verdicts import Verdict
from schemalm.errors import SchemaLMError

MAX_LISTED_REASONS = 15
MAX_EXAMPLE_CHARACTERS = 300


def select(names: str) -> list[Judge]:
    """The judges of a list of names with commas, or all if it is empty."""
    chosen = [name.strip() for name in names.split(",") if name.strip()] or list(JUDGES)
    for name in chosen:
        if name not in JUDGES:
            raise typer.BadParameter(f"there is no judge {name!r}; there are {', '.join(JUDGES)}")
    return [JUDGES[name] for name in chosen]


def as_json(documents: list[Document], found: dict[str, list[Verdict]]) -> dict[str, Any]:
    """Figures and reasons by judge, and every verdict that refuses."""
    sources = [document.source for document in documents]
    return {
        name: {
            "documents": len(verdicts),
            "accepted": sum(verdict.accepted for verdict in verdicts),
            "reasons": [asdict(group) for group in reasons(sources, verdicts)],
            "refused": {
                source: [asdict(message) for message in verdict.messages]
                for source, verdict in zip(sources, verdicts, strict=True)
                if not verdict.accepted
            },
        }
        for name, verdicts in found.items()
    }


def print_judge(console: Console, judge: Judge, sources: list[str], verdicts: list[Verdict]) -> None:
    """Prints the share that a judge accepts, and its most frequent reasons to refuse the others."""
    accepted = sum(verdict.accepted for verdict in verdicts)
    share = f"{accepted / len(verdicts):.1%}" if verdicts else "-"
    console.print(f"[bold]{judge.name}[/]  {share}  {accepted:,} of {len(verdicts):,} accepted  ({judge.meaning})")
    groups = reasons(sources, verdicts)
    for group in groups[:MAX_LISTED_REASONS]:
        console.print(f"  {group.num_documents:>6,}  {escape(f'{group.kind} {group.text}'.strip())}")
        console.print(f"          [dim]{escape(group.example[:MAX_EXAMPLE_CHARACTERS])}[/]")
    if len(groups) > MAX_LISTED_REASONS:
        console.print(f"          and {len(groups) - MAX_LISTED_REASONS} more kinds: see --json")


def main(
    paths: Annotated[list[Path], typer.Argument(help="YAML files, folders, or JSON Lines with `yaml`, also .zst.")],
    judges: Annotated[str, typer.Option(help=f"Names, with commas between: {', '.join(JUDGES)}.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many documents of each file.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Asks the judges about the documents."""
    console = Console(soft_wrap=True)
    chosen = select(judges)
    try:
        documents = read_documents(paths, limit)
        found = {judge.name: judge.judge([document.text for document in documents]) for judge in chosen}
    except (OSError, SchemaLMError) as error:
        Console(stderr=True, soft_wrap=True).print(escape(str(error)))
        raise typer.Exit(1) from None
    if json_output:
        print(json.dumps(as_json(documents, found), indent=2, ensure_ascii=False))
        return
    for judge in chosen:
        print_judge(console, judge, [document.source for document in documents], found[judge.name])


if __name__ == "__main__":
    typer.run(main)
