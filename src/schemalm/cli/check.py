"""`schemalm check`: documents against a schema, with file, line, pointer and reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from schemalm.cli.options import DEFAULT_SCHEMA, AsJSON, SchemaName
from schemalm.cli.terminal import Terminal, command_line, counted

NUM_AGAIN = 5  # rejected files that the next command names


@dataclass(frozen=True)
class Finding:
    """Why one file is rejected; a file that is no document has no pointer and no keyword."""

    file: str
    line: int | None
    column: int | None
    pointer: str | None
    keyword: str | None
    reason: str
    excerpt: str

    def to_text(self) -> str:
        """`file:line:column: pointer: reason (keyword)`, with the line below where it is known."""
        parts = [self.file, *(str(number) for number in (self.line, self.column) if number is not None)]
        place = ":".join(parts)
        if self.pointer is None:
            message = f"{place}: {self.reason}"
        else:
            message = f"{place}: {self.pointer or '/'}: {self.reason} ({self.keyword})"
        return f"{message}\n{self.excerpt}" if self.excerpt else message


def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", exists=True, dir_okay=False, help="YAML or JSON documents.")
    ],
    schema: SchemaName = DEFAULT_SCHEMA,
    as_json: AsJSON = False,
) -> None:
    """Validate documents: file, line, pointer, reason."""
    from schemalm.grammar import compile_schema  # noqa: PLC0415
    from schemalm.tokenizer import Tokenizer  # noqa: PLC0415

    terminal = Terminal(as_json)
    terminal.say(f"checking {counted(len(files), 'file')} against the schema {schema}")
    with terminal.working("compiling the schema"):
        tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    findings: list[Finding] = []
    with terminal.counting("checking", len(files)) as done:
        for number, file in enumerate(files, start=1):
            finding = examine(file, tokenizer.stretches)
            if finding is not None:
                findings.append(finding)
            done(number)
    for finding in findings:
        terminal.show(finding.to_text())
    terminal.show(f"{counted(len(files), 'file')}: {len(files) - len(findings):,} valid, {len(findings):,} rejected")
    result = {
        "schema": schema,
        "num_files": len(files),
        "num_valid": len(files) - len(findings),
        "rejected": [asdict(finding) for finding in findings],
    }
    again = [finding.file for finding in findings[:NUM_AGAIN]]
    following = (
        command_line("check", *again, "--schema", schema)
        if again
        else command_line(
            "tokenizer", "train", "--corpus", files[0].parent, "--out", "tokenizer.json", "--schema", schema
        )
    )
    terminal.finish(result, next_command=following)
    raise typer.Exit(1 if findings else 0)


def examine(file: Path, write: Callable[[Any], object]) -> Finding | None:
    """Why a file is rejected, by `write`, which raises InvalidDocument for a value; None where it is accepted."""
    from schemalm.cli.locate import Place, excerpt, locate  # noqa: PLC0415
    from schemalm.documents import load_document  # noqa: PLC0415
    from schemalm.errors import DocumentError, InvalidDocument  # noqa: PLC0415

    try:
        write(load_document(file))
    except DocumentError as error:
        shown = excerpt(_text(file), Place(error.line, error.column))
        return Finding(str(file), error.line, error.column, None, None, error.message, shown)
    except InvalidDocument as error:
        text = _text(file)
        place = locate(text, error.pointer, error.keyword)
        return Finding(
            str(file),
            place.line if place else None,
            place.column if place else None,
            error.pointer,
            error.keyword,
            error.message,
            excerpt(text, place) if place else "",
        )
    return None


def _text(file: Path) -> str:
    """The file's text; empty where it is none, so that no message quotes it."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
