"""`schemalm generate`: write documents with a trained model; all of them are valid."""

from __future__ import annotations

import collections
import functools
import itertools
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from schemalm.cli.sampling import Dtype, MaxSeconds, MaxTokens, MinP, Temperature, TopK, TopP
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.cli.written_documents import (
    DocumentFormat,
    Rank,
    best,
    described,
    joined,
    separator,
    text_in,
    write_files,
)
from schemalm.files.writing import check_writable, filled_atomically, has_content

if TYPE_CHECKING:
    from schemalm.cli.written_documents import Written
    from schemalm.generation import Generated, Piece, Run


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
    keep: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Keep only the best of the documents of each prompt.")
    ] = None,
    rank: Annotated[
        Rank, typer.Option(help="With --keep: the best are those that the model, or most of the judges, likes best.")
    ] = "logprob",
    format: Annotated[
        DocumentFormat | None,
        typer.Option(help="Format; jsonl has tokens and probabilities as well [default: yaml].", show_default=False),
    ] = None,
    temperature: Temperature = 0.8,
    top_p: TopP = None,
    top_k: TopK = None,
    min_p: MinP = None,
    max_tokens: MaxTokens = 512,
    max_seconds: MaxSeconds = None,
    seed: Seed = 0,
    dtype: Dtype = NumberFormat.float32,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, metavar="DIR", help="Write one file per document into this folder.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --out: replace files that are there.")] = False,
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
    _check_usage(prompt, parts, settings, is_open=is_open, stream=stream)
    if stream and (keep is not None or format == "jsonl"):
        raise typer.BadParameter("shows documents as they come, without --keep and jsonl", param_hint="--stream")
    if out is not None and has_content(out) and not force:
        raise typer.BadParameter(f"{out} is not empty; choose another folder, or add --force", param_hint="--out")
    terminal.say(f"writing {counted(num_samples, 'document')} with the model of {run}, to {out or 'standard output'}")
    from schemalm.generation import load_run  # noqa: PLC0415
    from schemalm.generation.sampling import Sampling, check_request  # noqa: PLC0415

    Sampling(temperature, top_p, top_k, min_p)
    check_request(num_samples, max_tokens, seed, max_seconds)
    if out is not None:
        check_writable(out, advice=CHOOSE_OUT)
    run = chosen_run(terminal, run)
    given = None if prompt is None else read_given(prompt)
    read = functools.partial(read_prompts_given, given, settings or (), is_open=is_open)
    read(merge_keys=True)  # reports an unreadable prompt before the model is loaded
    with terminal.working("loading the model"):
        loaded = load_run(run, dtype=dtype)
    merges = wants_merge_keys(merge_keys, schema_of(loaded.tokenizer))
    asked: dict[str, Any] = {
        "temperature": temperature,
        "top_p": top_p,
        "top_k": top_k,
        "min_p": min_p,
        "max_tokens": max_tokens,
        "max_seconds": max_seconds,
    }
    chosen: DocumentFormat = format or ("json" if parts and given is not None and given.is_json else "yaml")
    # The folder is locked before the work begins: a second command with the same folder then ends at once.
    with filled_atomically(out, CHOOSE_OUT, replaces=force) if out is not None else nullcontext() as folder:
        with terminal.working("writing") if not stream else nullcontext():
            if parts and given is not None:
                groups = [_regenerated(loaded, given, parts, num_samples, tries, seed, chosen, merges, asked)]
            else:
                requested = {"num_samples": num_samples, "seed": seed, **asked}
                groups = _generated(terminal, loaded, read(merge_keys=merges), requested, chosen, stream=stream)
            written = [each for group in groups for each in best(group, keep, rank, loaded)]
        names = [] if folder is None else write_files(folder, written, chosen)
    if out is None and not stream:
        terminal.show_document(joined(written, chosen))
    _summarize(terminal, [document for document, _ in written])
    following = command_line("evaluate", run)
    outcome = {
        "documents": [described(document, text) for document, text in written],
        "files": [f"{out}/{name}" for name in names],
    }
    terminal.finish(outcome, next_command=following)


def _check_usage(
    prompt: str | None, parts: list[str] | None, settings: list[str] | None, *, is_open: bool, stream: bool
) -> None:
    """Raise `BadParameter` for options that do not go together."""
    if parts and (prompt is None or settings or is_open or stream):
        message = "needs the document whose part it is in --prompt, and goes with none of --set, --open, --stream"
        raise typer.BadParameter(message, param_hint="--regenerate")


def _generated(
    terminal: Terminal, run: Run, prompts: list[Any], asked: dict[str, Any], format: DocumentFormat, *, stream: bool
) -> list[list[Written]]:
    """Return the documents of each prompt with their texts; show them while they are written if they `stream`."""
    from schemalm.generation import generate as generate_documents  # noqa: PLC0415
    from schemalm.generation import stream as stream_documents  # noqa: PLC0415

    if stream:
        streams = (stream_documents(run, prompt, **asked) for prompt in prompts)
        return [list(_streamed(terminal, streams, format))]
    groups = (generate_documents(run, prompt, **asked) for prompt in prompts)
    return [[(document, text_in(document, format)) for document in group] for group in groups]


def _regenerated(
    run: Run,
    given: GivenText,
    parts: list[str],
    num_samples: int,
    tries: int,
    seed: int,
    format: DocumentFormat,
    merge_keys: bool,
    asked: dict[str, Any],
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
        document = regenerate(run, value, parts, tries=tries, seed=seed + number, **asked)
        text = given.text
        for path in paths:
            part = value_at(document.value, path)
            text = with_part(text, path, part, is_json=given.is_json, merge_keys=merge_keys)
        is_as_given = given.is_json == (format == "json")
        written.append((document, text if is_as_given else text_in(document, format)))
    return written


def _streamed(terminal: Terminal, streams: Iterable[Iterator[Piece]], format: DocumentFormat) -> Iterator[Written]:
    """Show the documents of all streams while they are written, and each when it is finished."""
    is_first = True
    for pieces in streams:
        for _, group in itertools.groupby(pieces, key=lambda piece: piece.number):
            with terminal.drawing() as draw:
                for piece in group:
                    draw(functools.partial(text_in, piece, format))
            assert piece.generated is not None
            written = piece.generated, text_in(piece.generated, format)
            terminal.show_document(f"{'' if is_first else separator(format)}{written[1]}".removesuffix("\n"))
            is_first = False
            yield written


def _summarize(terminal: Terminal, documents: list[Generated]) -> None:
    num_tokens = sum(len(document.tokens) for document in documents)
    ends = collections.Counter(document.finish for document in documents)
    causes = collections.Counter(document.closed_by for document in documents)
    terminal.say(
        f"{counted(len(documents), 'document')}, {num_tokens:,} tokens; {ends['steered']:,} steered to an end, "
        f"{ends['closed']:,} closed by the grammar"
    )
    if causes["limit"]:
        terminal.warn(f"{counted(causes['limit'], 'document')} closed early: the next step exceeded the limits on work")
