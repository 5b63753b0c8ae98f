"""`schemalm generate`: write documents with a trained model; all of them are valid."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from schemalm.cli.given_text import GivenText, read_given
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
from schemalm.cli.prompts import read_prompts_given
from schemalm.cli.sampling import Dtype, MaxTokens, MinP, Temperature, TopK, TopP
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.files.writing import check_writable, filled_atomically, has_content, write_atomically

if TYPE_CHECKING:
    from schemalm.generation import Generated, Piece, Run

    # A document with its text.
    Written = tuple[Generated, str]

DocumentFormat = Literal["yaml", "json"]


def generate(
    run: RunFolder,
    *,
    prompt: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="What documents must have, with ... where more may come; - is stdin."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="PATH=VALUE", help="State a value, such as jobs.build.runs-on=ubuntu-latest; repeatable."
        ),
    ] = None,
    is_open: Annotated[bool, typer.Option("--open", help="Let more be added to every part of the prompt.")] = False,
    parts: Annotated[
        list[str] | None,
        typer.Option(
            "--regenerate",
            metavar="PATH",
            help="Write this part of the prompt, a whole document, anew; keep the rest; repeatable.",
        ),
    ] = None,
    tries: Annotated[
        int, typer.Option(min=1, metavar="N", help="With --regenerate: candidates from which the best is taken.")
    ] = 4,
    num_samples: Annotated[
        int, typer.Option("-n", min=1, metavar="N", help="Number of documents to write, for each prompt.")
    ] = 1,
    format: Annotated[
        DocumentFormat | None, typer.Option(help="Format of the documents [default: yaml].", show_default=False)
    ] = None,
    temperature: Temperature = 0.8,
    top_p: TopP = None,
    top_k: TopK = None,
    min_p: MinP = None,
    max_tokens: MaxTokens = 512,
    seed: Seed = 0,
    dtype: Dtype = NumberFormat.float32,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, metavar="DIR", help="Write one file per document into this folder.")
    ] = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Show each document while it is written, one after another.")
    ] = False,
    merge_keys: MergeKeys = None,
    as_json: AsJSON = False,
) -> None:
    """Write documents with a trained model.

    What a prompt states stays as it stands, and nothing is added to its lists and objects but to the outermost one. The
    word ... opens a part, as an item, a key or a value. A file of several documents has several prompts.
    """
    terminal = Terminal(as_json)
    _check_usage(out, prompt, parts, settings, is_open=is_open, stream=stream)
    terminal.say(f"writing {counted(num_samples, 'document')} with the model of {run}, to {out or 'standard output'}")
    from schemalm.generation import load_run  # noqa: PLC0415
    from schemalm.generation.sampling import Sampling, check_request  # noqa: PLC0415

    Sampling(temperature, top_p, top_k, min_p)
    check_request(num_samples, max_tokens, seed)
    if out is not None:
        check_writable(out, advice=CHOOSE_OUT)
    run = chosen_run(terminal, run)
    given = None if prompt is None else read_given(prompt)
    read = functools.partial(read_prompts_given, given, settings or (), is_open=is_open)
    read(merge_keys=True)  # reports an unreadable prompt before the model is loaded
    with terminal.working("loading the model"):
        loaded = load_run(run, dtype=dtype)
    merges = wants_merge_keys(merge_keys, schema_of(loaded.tokenizer))
    sampling = {"temperature": temperature, "top_p": top_p, "top_k": top_k, "min_p": min_p, "max_tokens": max_tokens}
    # The folder is locked before the work begins: a second command with the same folder then ends at once.
    with filled_atomically(out, CHOOSE_OUT) if out is not None else nullcontext() as folder:
        if parts and given is not None:
            with terminal.working("writing"):
                written = _regenerated(loaded, given, parts, num_samples, tries, seed, format, merges, sampling)
        else:
            prompts = read(merge_keys=merges)
            asked = {"num_samples": num_samples, "seed": seed, **sampling}
            written = _generated(terminal, loaded, prompts, asked, format or "yaml", stream=stream)
        is_json = format == "json" or (format is None and bool(parts) and given is not None and given.is_json)
        names = [] if folder is None else _write_files(folder, [text for _, text in written], is_json)
    if out is None and not stream:
        terminal.show_document(_separator(is_json).join(text for _, text in written).removesuffix("\n"))
    _summarize(terminal, [document for document, _ in written])
    described = [_describe(document, text) for document, text in written]
    following = command_line("evaluate", run)
    terminal.finish({"documents": described, "files": [f"{out}/{name}" for name in names]}, next_command=following)


def _check_usage(
    out: Path | None,
    prompt: str | None,
    parts: list[str] | None,
    settings: list[str] | None,
    *,
    is_open: bool,
    stream: bool,
) -> None:
    """Raise `BadParameter` for options that do not go together."""
    if out is not None and has_content(out):
        raise typer.BadParameter(f"{out} is not empty; choose another folder", param_hint="--out")
    if parts and (prompt is None or settings or is_open or stream):
        message = "needs the document whose part it is in --prompt, and goes with none of --set, --open, --stream"
        raise typer.BadParameter(message, param_hint="--regenerate")


def _generated(
    terminal: Terminal, run: Run, prompts: list[Any], asked: dict[str, Any], format: DocumentFormat, *, stream: bool
) -> list[Written]:
    """Return documents for each prompt, with their texts."""
    from schemalm.generation import generate as generate_documents  # noqa: PLC0415
    from schemalm.generation import stream as stream_documents  # noqa: PLC0415

    documents: list[Generated] = []
    for prompt in prompts:
        if stream:
            pieces = stream_documents(run, prompt, **asked)
            documents += _shown(terminal, pieces, format, is_first=not documents)
        else:
            with terminal.working("writing"):
                documents += generate_documents(run, prompt, **asked)
    return [(document, document.text(format)) for document in documents]


def _regenerated(
    run: Run,
    given: GivenText,
    parts: list[str],
    num_samples: int,
    tries: int,
    seed: int,
    format: DocumentFormat | None,
    merge_keys: bool,
    sampling: dict[str, Any],
) -> list[Written]:
    """Return documents with other parts, in the text that was given unless another format is asked for."""
    from schemalm.documents.reading import parse_document  # noqa: PLC0415
    from schemalm.documents.splicing import with_part  # noqa: PLC0415
    from schemalm.documents.value_paths import outermost, resolved, value_at  # noqa: PLC0415
    from schemalm.generation import regenerate  # noqa: PLC0415

    value = parse_document(given.text, source=given.name, merge_keys=merge_keys, json_only=given.is_json)
    paths = outermost([resolved(value, part) for part in parts])
    written = []
    for number in range(num_samples):
        document = regenerate(run, value, parts, tries=tries, seed=seed + number, **sampling)
        text = given.text
        for path in paths:
            part = value_at(document.value, path)
            text = with_part(text, path, part, is_json=given.is_json, merge_keys=merge_keys)
        is_as_given = format in (None, "json" if given.is_json else "yaml")
        written.append((document, text if is_as_given else document.text(format or "yaml")))
    return written


def _summarize(terminal: Terminal, documents: list[Generated]) -> None:
    num_tokens = sum(len(document.tokens) for document in documents)
    num_cut, num_stopped = (sum(document.finish == finish for document in documents) for finish in ("budget", "limit"))
    terminal.say(
        f"{counted(len(documents), 'document')}, {num_tokens:,} tokens, {num_cut:,} closed at the token budget"
    )
    if num_stopped:
        terminal.warn(f"{counted(num_stopped, 'document')} closed early: the next step exceeded the limits on work")


def _shown(terminal: Terminal, pieces: Iterator[Piece], format: DocumentFormat, *, is_first: bool) -> list[Generated]:
    """Show the documents while they are written, and each when it is finished; return them."""
    documents: list[Generated] = []
    for number, group in itertools.groupby(pieces, key=lambda piece: piece.number):
        with terminal.drawing() as draw:
            for piece in group:
                draw(functools.partial(piece.text, format))
                documents += [piece.generated] if piece.generated is not None else []
        separator = "" if is_first and not number else _separator(format == "json")
        terminal.show_document((separator + documents[-1].text(format)).removesuffix("\n"))
    return documents


def _separator(is_json: bool) -> str:
    return "" if is_json else "---\n"


def _write_files(folder: Path, texts: list[str], is_json: bool) -> list[str]:
    """Write one file per document, 0001.yaml, 0002.yaml, ..., and return the names."""
    names = [f"{number:04}.{'json' if is_json else 'yaml'}" for number in range(1, len(texts) + 1)]
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
