"""`schemalm check`: check documents against a schema, and report file, line, pointer and reason.

A file may contain several documents: each is checked, and the second and later ones are named `path#2`, `path#3`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.errors import DocumentError, InvalidDocument, LimitError
from schemalm.messages.visible import visible_line, visible_name

if TYPE_CHECKING:
    from schemalm.documents import LoadedDocument, LoadedDocuments

NUM_NEXT_FILES = 5  # how many rejected files the next command lists


@dataclass(frozen=True)
class Finding:
    """The reason why one document is rejected; `pointer` and `keyword` are None if the text is not a document."""

    file: str
    line: int | None
    column: int | None
    pointer: str | None
    keyword: str | None
    reason: str
    excerpt: str

    def to_text(self) -> str:
        """Return `file:line:column: pointer: reason (keyword)`, followed by the excerpt if there is one."""
        parts = [visible_line(self.file), *(str(number) for number in (self.line, self.column) if number is not None)]
        position = ":".join(parts)
        if self.pointer is None:
            message = f"{position}: {self.reason}"
        else:
            message = f"{position}: {visible_name(self.pointer) or '/'}: {self.reason} ({self.keyword})"
        return f"{message}\n{self.excerpt}" if self.excerpt else message


def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", exists=True, dir_okay=False, help="YAML or JSON files to check.")
    ],
    schema: SchemaName = DEFAULT_SCHEMA,
    rules: RulesName = DEFAULT_RULES,
    merge_keys: MergeKeys = None,
    as_json: AsJSON = False,
) -> None:
    """Check documents against a schema. Each error has a file, line, pointer and reason."""
    from schemalm.compilation import compile_schema  # noqa: PLC0415
    from schemalm.tokenizer import Tokenizer  # noqa: PLC0415

    terminal = Terminal(as_json)
    chosen = chosen_rules(rules, schema)
    terminal.say(f"checking {counted(len(files), 'file')} against {schema_and_rules(schema, chosen)}")
    with terminal.working("compiling the schema"):
        grammar = compile_schema(schema, rules=chosen)
    write = Tokenizer.from_grammar(grammar).pieces
    merges = wants_merge_keys(merge_keys, grammar.schema)
    examined: list[Examined] = []
    with terminal.counting("checking", len(files)) as done:
        for number, file in enumerate(files, start=1):
            examined.append(examine(file, write, merge_keys=merges))
            done(number)
    result = {"schema": schema, "rules": chosen} | _report(terminal, examined)
    again = [one.file for one in examined if one.findings][:NUM_NEXT_FILES]
    training = ("tokenizer", "train", "--corpus", files[0].parent, "--out", "tokenizer.json")
    command = ("check", *again) if again else training
    following = command_line(*command, "--schema", schema, *given_rules(rules), *given_merge_keys(merge_keys))
    terminal.finish(result, next_command=following)
    raise typer.Exit(1 if again else 0)


@dataclass(frozen=True)
class Examined:
    """The findings of one file, and its documents as loaded."""

    file: Path
    findings: list[Finding]
    loaded: LoadedDocuments


def _report(terminal: Terminal, examined: list[Examined]) -> dict[str, Any]:
    """Show the findings and return the result of the command."""
    findings = [finding for one in examined for finding in one.findings]
    for finding in findings:
        terminal.show(finding.to_text())
    with_comments = [str(one.file) for one in examined if one.loaded.is_jsonc]
    for name in with_comments:
        terminal.say(f"{name}: comments and trailing commas in this JSON were ignored")
    num_documents = sum(len(one.loaded.documents) for one in examined)
    sizes = counted(len(examined), "file")
    if num_documents != len(examined):
        sizes += f", {counted(num_documents, 'document')}"
    num_valid = num_documents - len(findings)
    terminal.show(f"{sizes}: {num_valid:,} valid, {len(findings):,} rejected")
    return {
        "num_files": len(examined),
        "num_documents": num_documents,
        "num_valid": num_valid,
        "rejected": [asdict(finding) for finding in findings],
        "with_comments": with_comments,
    }


def examine(file: Path, write: Callable[[Any], object], *, merge_keys: bool = False) -> Examined:
    """Check each document of a file with `write`, which raises InvalidDocument or LimitError to reject a value."""
    from schemalm.documents import load_documents  # noqa: PLC0415

    loaded = load_documents(file, merge_keys=merge_keys)
    findings: list[Finding] = []
    for number, document in enumerate(loaded.documents, start=1):
        name = str(file) if number == 1 else f"{file}#{number}"
        if document.error is not None:
            findings.append(_unreadable(name, document, document.error))
            continue
        try:
            write(document.value)
        except LimitError as limit:
            refusal = InvalidDocument(limit.explanation, pointer=limit.place, keyword="limit")
            findings.append(_invalid(name, document, loaded.is_jsonc, refusal))
        except InvalidDocument as error:
            findings.append(_invalid(name, document, loaded.is_jsonc, error))
    return Examined(file, findings, loaded)


def _unreadable(name: str, document: LoadedDocument, error: DocumentError) -> Finding:
    from schemalm.cli.locate import SourcePosition, excerpt  # noqa: PLC0415

    shown = excerpt(document.text, SourcePosition(error.line, error.column), document.line)
    return Finding(name, error.line, error.column, None, None, error.message, shown)


def _invalid(name: str, document: LoadedDocument, is_jsonc: bool, error: InvalidDocument) -> Finding:
    from schemalm.cli.locate import excerpt, locate  # noqa: PLC0415
    from schemalm.documents.json_comments import blank_comments  # noqa: PLC0415

    text = blank_comments(document.text) if is_jsonc else document.text
    position = locate(text, error.pointer, error.keyword, document.line)
    return Finding(
        name,
        position.line if position else None,
        position.column if position else None,
        error.pointer,
        error.keyword,
        error.message,
        excerpt(document.text, position, document.line) if position else "",
    )
