"""`schemalm check`: check documents against a schema, and report every error with file, line, pointer and reason.

A file may contain several documents: each is checked, and the second and later ones are named `path#2`, `path#3`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemalm.cli.check_inputs import Inputs, Source, find_inputs
from schemalm.cli.options import (
    DEFAULT_RULES,
    DEFAULT_SCHEMA,
    AsJSON,
    MergeKeys,
    RulesName,
    SchemaName,
    chosen_rules,
    given_merge_keys,
    given_rules,
    schema_and_rules,
    wants_merge_keys,
)
from schemalm.cli.terminal import Terminal, command_line, complain, counted
from schemalm.messages.visible import visible_line

if TYPE_CHECKING:
    from schemalm.checking.findings import DocumentFindings
    from schemalm.schema.explanation import Failure

NUM_NEXT_FILES = 5  # how many rejected files the next command lists
REJECTED, UNREADABLE = 1, 2


class Format(StrEnum):
    """The form in which findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES", help="YAML or JSON files, folders, patterns in quotes such as '**/*.yml', or - for stdin."
        ),
    ],
    schema: SchemaName = DEFAULT_SCHEMA,
    rules: RulesName = DEFAULT_RULES,
    form: Annotated[
        Format,
        typer.Option("--format", help="Lines of text, one JSON object, SARIF 2.1.0, or annotations of GitHub Actions."),
    ] = Format.TEXT,
    merge_keys: MergeKeys = None,
    as_json: AsJSON = False,
) -> None:
    """Check documents against a schema, and report every error with its file, line, pointer and reason.

    Exit codes: 0 if all documents are valid, 1 if one is not, 2 if a file cannot be read.
    """
    if as_json:
        if form not in (Format.TEXT, Format.JSON):
            raise typer.BadParameter(f"{form.value!r} and --json are two formats; choose one", param_hint="--format")
        form = Format.JSON
    terminal = Terminal(form is Format.JSON)
    chosen = chosen_rules(rules, schema)
    inputs = find_inputs(files, schema, terminal.say)
    terminal.say(f"checking {counted(len(inputs.sources), 'file')} against {schema_and_rules(schema, chosen)}")
    examined = _examine(terminal, inputs, schema, chosen, merge_keys)
    unreadable = {one.source.name: one.unreadable for one in examined if one.unreadable}
    report = Report(schema, chosen, examined, inputs.unreadable | unreadable)
    _show(terminal, report, form)
    following = _next_command(files, report, "--schema", schema, *given_rules(rules), *given_merge_keys(merge_keys))
    terminal.finish(report.to_json(), next_command=following)
    raise typer.Exit(UNREADABLE if report.unreadable else REJECTED if report.rejected else 0)


@dataclass(frozen=True)
class Examined:
    """What was found in one file; `unreadable`: why it cannot be read, empty if it can."""

    source: Source
    documents: Sequence[DocumentFindings] = ()
    is_jsonc: bool = False
    unreadable: str = ""


@dataclass(frozen=True)
class Report:
    """What was found in all files; `unreadable`: the files and folders that cannot be read, each with the reason."""

    schema: str
    rules: str | None
    examined: Sequence[Examined]
    unreadable: dict[str, str]

    @property
    def documents(self) -> list[DocumentFindings]:
        """All documents, in order."""
        return [document for one in self.examined for document in one.documents]

    @property
    def rejected(self) -> list[Examined]:
        """The files with errors."""
        return [one for one in self.examined if any(document.findings for document in one.documents)]

    @property
    def with_comments(self) -> list[str]:
        """The names of JSON files whose comments or trailing commas were ignored."""
        return [one.source.name for one in self.examined if one.is_jsonc]

    @property
    def summary(self) -> str:
        """The numbers of files, documents and errors."""
        num_files, documents = sum(not one.unreadable for one in self.examined), self.documents
        sizes = counted(num_files, "file")
        if len(documents) != num_files:
            sizes += f", {counted(len(documents), 'document')}"
        num_rejected = sum(bool(document.findings) for document in documents)
        words = f"{sizes}: {len(documents) - num_rejected:,} valid, {num_rejected:,} rejected"
        num_errors = sum(len(document.findings) for document in documents)
        if num_errors > num_rejected:
            words += f" ({counted(num_errors, 'error')})"
        return words + (f"; {len(self.unreadable):,} cannot be read" if self.unreadable else "")

    def to_json(self) -> dict[str, Any]:
        """The report as plain values."""
        documents = self.documents
        return {
            "schema": self.schema,
            "rules": self.rules,
            "num_files": len(self.examined),
            "num_documents": len(documents),
            "num_valid": sum(not document.findings for document in documents),
            "rejected": [asdict(finding) for document in documents for finding in document.findings],
            "more_errors": [document.name for document in documents if document.is_cut],
            "unreadable": [{"file": name, "reason": reason} for name, reason in self.unreadable.items()],
            "with_comments": self.with_comments,
        }


def _examine(
    terminal: Terminal, inputs: Inputs, schema: str, rules: str | None, merge_keys: bool | None
) -> list[Examined]:
    """Compile the schema and check every file."""
    from schemalm.checking import Checker  # noqa: PLC0415
    from schemalm.compilation import compile_schema  # noqa: PLC0415

    with terminal.working("compiling the schema"):
        grammar = compile_schema(schema, rules=rules)
    checker = Checker(grammar)
    merges = wants_merge_keys(merge_keys, grammar.schema)
    examined: list[Examined] = []
    with terminal.counting("checking", len(inputs.sources)) as done:
        for number, source in enumerate(inputs.sources, start=1):
            examined.append(examine(source, checker.failures, merge_keys=merges))
            done(number)
    return examined


def examine(source: Source, failures: Callable[[Any], Sequence[Failure]], *, merge_keys: bool = False) -> Examined:
    """Check each document of a file; `failures` finds what is wrong with a value."""
    from schemalm.checking import findings_of  # noqa: PLC0415
    from schemalm.documents.limits import DEFAULT_LIMITS  # noqa: PLC0415
    from schemalm.documents.reading import documents_in, is_json, read_bytes, read_stream  # noqa: PLC0415
    from schemalm.errors import DocumentError  # noqa: PLC0415

    try:
        if source.path is None:
            data = read_stream(sys.stdin.buffer, source.name, DEFAULT_LIMITS)
        else:
            data = read_bytes(source.path, source.name, DEFAULT_LIMITS)
    except DocumentError as error:
        return Examined(source, unreadable=error.message)
    loaded = documents_in(data, source.name, merge_keys=merge_keys, json_only=is_json(source.name))
    return Examined(source, findings_of(loaded, source.name, failures), loaded.is_jsonc)


def _show(terminal: Terminal, report: Report, form: Format) -> None:
    """Write the findings in the format; JSON is written at the end."""
    from schemalm.cli.check_formats import github_commands, sarif_log  # noqa: PLC0415
    from schemalm.cli.check_text import is_colourful, lines_of  # noqa: PLC0415

    for name, reason in report.unreadable.items():
        complain(f"error: {visible_line(name)}: {reason}")
    for name in report.with_comments:
        terminal.say(f"{name}: comments and trailing commas in this JSON were ignored")
    if form is Format.TEXT:
        for line in lines_of(report.documents, is_colourful()):
            typer.echo(line)
        terminal.show(report.summary)
    elif form is Format.GITHUB:
        for line in github_commands(report.documents, report.unreadable):
            terminal.show(line)
        terminal.show(report.summary)
    else:
        if form is Format.SARIF:
            typer.echo(json.dumps(sarif_log(report.documents, report.unreadable), indent=2))
        terminal.say(report.summary)


def _next_command(files: Sequence[str], report: Report, *options: str) -> str:
    """The command that a user runs next: the same for the rejected files, else learning a tokenizer."""
    again = [one.source.argument for one in report.rejected][:NUM_NEXT_FILES]
    if again or report.unreadable:
        return command_line("check", *(again or files), *options)
    folder = next((one.source.path.parent for one in report.examined if one.source.path), ".")
    return command_line("tokenizer", "train", "--corpus", folder, "--out", "tokenizer.json", *options)
