"""`schemalm tokenizer inspect`: show a document with its tokens coloured, and token counts of several tokenizers.

Colours show where tokens begin and end. Without colours (no terminal, or NO_COLOR is set), a thin line separates
neighbouring tokens instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemalm.cli.options import AsJSON, MergeKeys, given_merge_keys, schema_of, wants_merge_keys
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.errors import InvalidDocument, LimitError
from schemalm.files.writing import check_kind, check_writable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from schemalm.baselines import AnyTokenizer
    from schemalm.checking.findings import DocumentFindings
    from schemalm.inspection import Inspection, TextRun, UnitCount
    from schemalm.schema.explanation import Failure

# Black text is readable on these colours, on dark and on light terminals. A terminal with few colours would show most
# of COLOURS as white.
COLOURS = ("#a8c8ff", "#a6e3b4", "#ffd58a", "#f7b3c2", "#cdb6f5", "#9fdfe3")
FEW_COLOURS = ("cyan", "green", "yellow", "magenta", "white", "bright_cyan")
BORDER = "│"
_PAGE_BEGINNING = re.compile(rb"\s*<!doctype html>", re.IGNORECASE)
LEGEND = "↵ end of line, ” end of string, } end of object, ] end of list, · another invisible symbol"


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A YAML or JSON document.")],
    tokenizer: Annotated[Path, typer.Option(exists=True, dir_okay=False, metavar="T", help="A tokenizer file.")],
    compare: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, metavar="FILE", help="Another tokenizer to compare with; may be repeated."
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(dir_okay=False, metavar="OUT", help="Write an HTML page that describes each token.")
    ] = None,
    merge_keys: MergeKeys = None,
    as_json: AsJSON = False,
) -> None:
    """Show a document with its tokens coloured."""
    from schemalm.baselines import load_tokenizer  # noqa: PLC0415
    from schemalm.checking import findings_of  # noqa: PLC0415
    from schemalm.documents import load_documents  # noqa: PLC0415
    from schemalm.files.writing import write_atomically  # noqa: PLC0415
    from schemalm.inspection import count_units, inspect_value, render_page  # noqa: PLC0415

    terminal = Terminal(as_json)
    terminal.say(f"showing the tokens of {file} by the tokenizer {tokenizer}")
    if html is not None:
        check_writable(html.parent, html.name, advice="choose another file with --html")
        check_kind(html, "a page", _PAGE_BEGINNING, "choose another file with --html")
    with terminal.working("loading tokenizers"):
        loaded = {path: load_tokenizer(path) for path in dict.fromkeys([tokenizer, *(compare or ())])}
    merges = wants_merge_keys(merge_keys, schema_of(loaded[tokenizer]))
    merge_options = given_merge_keys(merge_keys)
    again = command_line("tokenizer", "inspect", file, "--tokenizer", tokenizer, *merge_options)
    documents = load_documents(file, merge_keys=merges)
    _refuse(terminal, file, findings_of(documents, str(file), partial(_refusals, loaded[tokenizer])), again)
    value = documents.only(str(file))
    inspection = inspect_value(loaded[tokenizer], value)
    counts = count_units(value, {str(path): other for path, other in loaded.items()})
    if not as_json:
        _show(terminal, inspection, counts)
    if html is not None:
        write_atomically(html, render_page(file.name, inspection, counts).encode())
        terminal.show(f"\nthe page: {html}")
    result = {
        "file": str(file),
        "html": str(html) if html else None,
        **_describe(loaded[tokenizer], inspection, counts),
    }
    following = command_line("tokenizer", "stats", "--tokenizer", tokenizer, "--corpus", file.parent, *merge_options)
    terminal.finish(result, next_command=following)


def _refusals(tokenizer: AnyTokenizer, value: Any) -> list[Failure]:
    """Return why a tokenizer refuses a value; empty if it does not."""
    from schemalm.checking.checker import failure_of  # noqa: PLC0415

    try:
        tokenizer.encode(value)
    except (InvalidDocument, LimitError) as error:
        return [failure_of(error)]
    return []


def _refuse(terminal: Terminal, file: Path, documents: Sequence[DocumentFindings], again: str) -> None:
    """End the command if the file is not a valid document; `again` is the command to run after correcting it."""
    finding = next((finding for document in documents for finding in document.findings), None)
    if finding is None:
        return
    terminal.show(finding.to_text())
    terminal.finish({"file": str(file), "rejected": asdict(finding)}, next_command=again)
    raise typer.Exit(1)


def _show(terminal: Terminal, inspection: Inspection, counts: list[UnitCount]) -> None:
    from rich.console import Console  # noqa: PLC0415

    from schemalm.inspection import visible  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)
    for line in inspection.lines():
        console.print(paint(line, console))
    terminal.show(f"\n{LEGEND}\n")
    rows = ((visible(count.name), count.unit, f"{count.count:,}", f"{count.bytes_per_unit:.2f}") for count in counts)
    terminal.table(("what", "units", "count", "bytes each"), [*rows])
    if inspection.num_forced:
        forced = counted(inspection.num_forced, "token")
        terminal.show(f"\nforced: {forced} of {len(inspection.tokens):,}; the grammar admits no other token there")


def paint(line: list[TextRun], console: Console) -> Text:
    """Return a line of the document, coloured by token or, without colours, with borders between tokens."""
    from rich.text import Text  # noqa: PLC0415

    is_coloured = console.color_system is not None and not console.no_color
    colours = COLOURS if console.color_system in ("256", "truecolor") else FEW_COLOURS
    painted = Text()
    previous: int | None = None
    for run in line:
        if run.token is None:
            painted.append(run.text)
            continue
        if not is_coloured and previous not in (None, run.token):
            painted.append(BORDER)
        painted.append(run.text, f"black on {colours[run.token % len(colours)]}" if is_coloured else "")
        previous = run.token
    return painted


def _describe(tokenizer: AnyTokenizer, inspection: Inspection, counts: list[UnitCount]) -> dict[str, Any]:
    """Return the inspection as plain values."""
    tokens = [
        {
            "id": token.id,
            "symbols": token.symbols,
            "path": token.path,
            "nonterminal": token.nonterminal,
            "num_admitted": token.num_admitted,
            "places": [[span.start, span.end] for span in token.spans],
        }
        for token in inspection.tokens
    ]
    return {
        "digest": tokenizer.digest,
        "text": inspection.text,
        "num_tokens": len(tokens),
        "num_forced": inspection.num_forced,
        "counts": [asdict(count) for count in counts],
        "tokens": tokens,
    }
