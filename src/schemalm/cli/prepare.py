"""`schemalm prepare`: documents and a tokenizer to a prepared data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from schemalm.cli.left_out import exit_code, report_left_out
from schemalm.cli.options import AsJSON, MaxFiles, MergeKeys, Seed, Strict, schema_of, wants_merge_keys
from schemalm.cli.terminal import Terminal, command_line
from schemalm.files import check_writable


def prepare(
    *,
    corpus: Annotated[
        Path,
        typer.Option(
            "--input", exists=True, metavar="DIR", help="A folder of documents, one document, or JSON Lines (.zst)."
        ),
    ],
    output: Annotated[Path, typer.Option(file_okay=False, metavar="DIR", help="The data folder to write.")],
    tokenizer: Annotated[Path, typer.Option(exists=True, dir_okay=False, metavar="T", help="A tokenizer file.")],
    context_size: Annotated[int, typer.Option(min=1, metavar="N", help="Tokens per window.")] = 512,
    stride: Annotated[int, typer.Option(min=1, metavar="N", help="Tokens from one window to the next.")] = 32,
    train_split: Annotated[float, typer.Option(metavar="X", help="The share of documents to train on.")] = 0.8,
    max_files: MaxFiles = None,
    seed: Seed = 0,
    merge_keys: MergeKeys = None,
    strict: Strict = False,
    as_json: AsJSON = False,
) -> None:
    """Cut documents into training windows, split by source."""
    from schemalm.dataset.packing import DEFAULT_PACKING  # noqa: PLC0415
    from schemalm.dataset.padding import padding_remark  # noqa: PLC0415
    from schemalm.dataset.prepare import check_settings, read_documents  # noqa: PLC0415
    from schemalm.dataset.prepare import prepare as prepare_data  # noqa: PLC0415
    from schemalm.dataset.store import METADATA_FILE, Split  # noqa: PLC0415
    from schemalm.tokenizer import load_tokenizer  # noqa: PLC0415

    terminal = Terminal(as_json)
    check_settings(output, context_size, stride, train_split)
    terminal.say(f"encoding the documents of {corpus} with {tokenizer}, to be written to {output}")
    check_writable(output, METADATA_FILE, advice="choose another folder with --output")
    with terminal.working("loading the tokenizer"):
        loaded = load_tokenizer(tokenizer)
    with terminal.working("reading the corpus"):
        resolves = wants_merge_keys(merge_keys, schema_of(loaded))
        documents, left_out = read_documents([corpus], max_documents=max_files, merge_keys=resolves)
    with terminal.counting("preparing documents", len(documents)) as done:
        summary = prepare_data(
            documents,
            loaded,
            output,
            context_size=context_size,
            stride=stride,
            train_split=train_split,
            seed=seed,
            left_out=left_out,
            progress=done,
        )
    report_left_out(terminal, left_out)
    sizes = {
        name: {"num_documents": split.num_documents, "num_tokens": split.num_tokens, "num_windows": split.num_windows}
        for name, split in summary.metadata.splits.items()
    }
    columns = ("split", "documents", "tokens", "windows")
    terminal.table(columns, [(name, *(f"{count:,}" for count in size.values())) for name, size in sizes.items()])
    if (remark := padding_remark(Split(output, "train", summary.metadata), DEFAULT_PACKING)) is not None:
        terminal.warn(remark)
    result: dict[str, Any] = {"data": str(output), "splits": sizes, **left_out.to_dict()}
    following = command_line("train", "--data", output, "--model", "tiny", "--out", "run")
    terminal.finish(result, next_command=following)
    raise typer.Exit(exit_code(left_out, strict))
