"""`schemalm generate`: write documents with a trained model; all of them are valid."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from schemalm.cli.options import (
    CHOOSE_OUT,
    AsJSON,
    MergeKeys,
    NumberFormat,
    RunFolder,
    Seed,
    chosen_run,
    schema_of,
    wants_merge_keys,
)
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.files.writing import check_writable, filled_atomically, has_content, write_atomically

if TYPE_CHECKING:
    from schemalm.documents import JSONValue
    from schemalm.generation import Generated, Piece

DocumentFormat = Literal["yaml", "json"]


def generate(
    run: RunFolder,
    *,
    prompt: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, metavar="FILE", help="A partial document to keep and complete."),
    ] = None,
    num_samples: Annotated[int, typer.Option("-n", min=1, metavar="N", help="Number of documents to write.")] = 1,
    format: Annotated[DocumentFormat, typer.Option(help="Format of the documents.")] = "yaml",
    temperature: Annotated[
        float, typer.Option(metavar="T", help="Sampling temperature; 0 always takes the likeliest token.")
    ] = 0.8,
    top_p: Annotated[
        float | None,
        typer.Option(metavar="P", help="Sample from the smallest set of tokens with this total probability."),
    ] = None,
    top_k: Annotated[int | None, typer.Option(min=1, metavar="K", help="Sample from the K likeliest tokens.")] = None,
    min_p: Annotated[
        float | None,
        typer.Option(metavar="P", help="Sample from tokens with at least this share of the likeliest's probability."),
    ] = None,
    max_tokens: Annotated[
        int, typer.Option(min=1, metavar="N", help="Tokens per document before the grammar closes it.")
    ] = 512,
    seed: Seed = 0,
    dtype: Annotated[
        NumberFormat, typer.Option(help="The number format of weights: int8 is the fastest on a CPU.")
    ] = NumberFormat.float32,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, metavar="DIR", help="Write one file per document into this folder.")
    ] = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Show each document while it is written, one after another.")
    ] = False,
    merge_keys: MergeKeys = None,
    as_json: AsJSON = False,
) -> None:
    """Write documents with a trained model."""
    terminal = Terminal(as_json)
    if out is not None and has_content(out):
        raise typer.BadParameter(f"{out} is not empty; choose another folder", param_hint="--out")
    terminal.say(f"writing {counted(num_samples, 'document')} with the model of {run}, to {out or 'standard output'}")
    from schemalm.generation import generate as generate_documents  # noqa: PLC0415
    from schemalm.generation import load_run  # noqa: PLC0415
    from schemalm.generation import stream as stream_documents  # noqa: PLC0415
    from schemalm.generation.sampling import Sampling, check_request  # noqa: PLC0415

    Sampling(temperature, top_p, top_k, min_p)
    check_request(num_samples, max_tokens, seed)
    if out is not None:
        check_writable(out, advice=CHOOSE_OUT)
    run = chosen_run(terminal, run)
    read = None if prompt is None else _reader(prompt)
    if read is not None:
        read(merge_keys=True)  # reports an unreadable prompt before the model is loaded
    with terminal.working("loading the model"):
        loaded = load_run(run, dtype=dtype)
    merges = wants_merge_keys(merge_keys, schema_of(loaded.tokenizer))
    partial = None if read is None else read(merge_keys=merges)
    settings: dict[str, Any] = {
        "num_samples": num_samples,
        "temperature": temperature,
        "top_p": top_p,
        "top_k": top_k,
        "min_p": min_p,
        "max_tokens": max_tokens,
        "seed": seed,
    }
    # The folder is locked before the work begins: a second command with the same folder then ends at once.
    with filled_atomically(out, CHOOSE_OUT) if out is not None else nullcontext() as folder:
        if stream:
            documents = _shown(terminal, stream_documents(loaded, partial, **settings), format)
        else:
            with terminal.working("writing"):
                documents = generate_documents(loaded, partial, **settings)
        texts = [document.text(format) for document in documents]
        names = [] if folder is None else _write_files(folder, texts, format)
    if out is None and not stream:
        terminal.show_document(_separator(format).join(texts).removesuffix("\n"))
    num_tokens = sum(len(document.tokens) for document in documents)
    num_cut, num_stopped = (sum(document.finish == finish for document in documents) for finish in ("budget", "limit"))
    terminal.say(
        f"{counted(len(documents), 'document')}, {num_tokens:,} tokens, {num_cut:,} closed at the token budget"
    )
    if num_stopped:
        terminal.warn(f"{counted(num_stopped, 'document')} closed early: the next step exceeded the limits on work")
    described = [_describe(document, text) for document, text in zip(documents, texts, strict=True)]
    following = command_line("evaluate", run)
    terminal.finish({"documents": described, "files": [f"{out}/{name}" for name in names]}, next_command=following)


def _shown(terminal: Terminal, pieces: Iterator[Piece], format: DocumentFormat) -> list[Generated]:
    """Show the documents while they are written, and each when it is finished; return them."""
    documents: list[Generated] = []
    for number, group in itertools.groupby(pieces, key=lambda piece: piece.number):
        with terminal.drawing() as draw:
            for piece in group:
                draw(functools.partial(piece.text, format))
                documents += [piece.generated] if piece.generated is not None else []
        separator = _separator(format) if number else ""
        terminal.show_document((separator + documents[-1].text(format)).removesuffix("\n"))
    return documents


def _separator(format: DocumentFormat) -> str:
    return "---\n" if format == "yaml" else ""


def _reader(prompt: Path) -> Callable[..., JSONValue]:
    """Read the file of a prompt once and return a function that parses it."""
    from schemalm.documents.reading import is_json, parse_document, read_text  # noqa: PLC0415

    text = read_text(prompt, str(prompt))
    return functools.partial(parse_document, text, source=str(prompt), json_only=is_json(prompt.name))


def _write_files(folder: Path, texts: list[str], format: DocumentFormat) -> list[str]:
    """Write one file per document, 0001.yaml, 0002.yaml, ..., and return the names."""
    names = [f"{number:04}.{format}" for number in range(1, len(texts) + 1)]
    for name, text in zip(names, texts, strict=True):
        write_atomically(folder / name, text.encode())
    return names


def _describe(document: Generated, text: str) -> dict[str, Any]:
    return {
        "value": document.value,
        "text": text,
        "num_tokens": len(document.tokens),
        "logprob": document.logprob,
        "finish": document.finish,
    }
