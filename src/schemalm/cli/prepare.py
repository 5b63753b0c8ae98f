"""`schemalm prepare`: encode documents with a tokenizer and write a folder of prepared data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from schemalm.cli.left_out import exit_code, report_left_out
from schemalm.cli.options import (
    Address,
    AsJSON,
    EngineChoice,
    MaxFiles,
    MergeKeys,
    Resume,
    Seed,
    Strict,
    Workers,
    given_merge_keys,
    schema_of,
)
from schemalm.cli.terminal import Terminal, command_line
from schemalm.engines import open_engine
from schemalm.files.writing import check_writable

if TYPE_CHECKING:
    from schemalm.baselines import AnyTokenizer
    from schemalm.dataset.prepare import CorpusInput, PreparationSummary, PrepareSettings
    from schemalm.engines import Engine

DataFormat = Literal["windows", "pt"]


def prepare(
    *,
    corpus: Annotated[
        Path,
        typer.Option(
            "--input",
            exists=True,
            metavar="DIR",
            help="A collected corpus, a folder of documents, one document, JSON Lines (also .gz, .zst) or Parquet.",
        ),
    ],
    tokenizer: Annotated[Path, typer.Option(exists=True, dir_okay=False, metavar="T", help="A tokenizer file.")],
    output: Annotated[
        Path | None,
        typer.Option(file_okay=False, metavar="DIR", help="The data folder to write; optional with --analyze."),
    ] = None,
    context_size: Annotated[int, typer.Option(min=1, metavar="N", help="Tokens per window.")] = 512,
    stride: Annotated[
        int, typer.Option(min=1, metavar="N", help="Tokens from the start of one window to the start of the next.")
    ] = 32,
    train_split: Annotated[
        float,
        typer.Option(
            metavar="X", help="Share of the documents to train on, from 0 to 1; a collected corpus keeps its own split."
        ),
    ] = 0.8,
    max_files: MaxFiles = None,
    seed: Seed = 0,
    recall_megabytes: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Most megabytes of a table of what follows the same tokens in other sources; 0 for none.",
        ),
    ] = 16,
    format: Annotated[
        DataFormat,
        typer.Option(help="pt: also write all windows to train.pt and val.pt, for training with other programs."),
    ] = "windows",
    merge_keys: MergeKeys = None,
    workers: Workers = 1,
    engine: EngineChoice = "local",
    address: Address = None,
    resume: Resume = False,
    analyze: Annotated[
        bool,
        typer.Option("--analyze", help="Prepare nothing; show the effect and cost of each context size and stride."),
    ] = False,
    strict: Strict = False,
    as_json: AsJSON = False,
) -> None:
    """Cut documents into windows for training and validation."""
    from schemalm.baselines import load_tokenizer  # noqa: PLC0415
    from schemalm.cli.prepare_analysis import analyze_corpus  # noqa: PLC0415
    from schemalm.dataset.prepare import CorpusInput, PrepareSettings, finished  # noqa: PLC0415
    from schemalm.dataset.shard_merging import LEFT_OUT_FILE  # noqa: PLC0415
    from schemalm.dataset.store import METADATA_FILE  # noqa: PLC0415

    terminal = Terminal(as_json)
    settings = PrepareSettings(context_size, stride, train_split, seed, recall_megabytes)
    if output is None and not analyze:
        raise typer.BadParameter("is required: name the data folder to write, or use --analyze", param_hint="--output")
    data = None if output is None or analyze else _data_folder(output, format, resume)
    purpose = "preparing nothing" if analyze else f"writing them to {output}"
    terminal.say(f"encoding the documents of {corpus} with {tokenizer}; {purpose}")
    if output is not None:
        check_writable(output, METADATA_FILE, advice="choose another folder with --output")
    with terminal.working("loading the tokenizer"):
        loaded = load_tokenizer(tokenizer)
    documents = CorpusInput([corpus], schema_of(loaded), max_rows=max_files, merge_keys=merge_keys)
    if output is None or data is None:
        given = ("--input", corpus, "--output", output or "data", "--tokenizer", tokenizer)
        following = (*given, *(("--format", format) if format == "pt" else ()), *given_merge_keys(merge_keys))
        with open_engine(engine, workers=workers, address=address) as opened:
            left_out = analyze_corpus(terminal, documents, loaded, settings, opened, output, following)
        raise typer.Exit(exit_code(left_out, strict))
    if documents.train_split not in (None, train_split):
        terminal.say(
            f"{corpus} has its own split with a training share of {documents.train_split:g}: --train-split is ignored"
        )
    summary = finished(documents, loaded, data, settings) if resume else None
    if summary is None:
        with open_engine(engine, workers=workers, address=address) as opened:
            summary = _prepare(terminal, documents, loaded, data, settings, opened, resume)
    else:
        terminal.say(f"{data} is already complete")
    report_left_out(terminal, summary.left_out, data / LEFT_OUT_FILE)
    if format == "pt":
        _write_pt(terminal, output, summary)
    result = {"data": str(output), "splits": _report_splits(terminal, data, summary), **summary.left_out.to_dict()}
    terminal.finish(result, next_command=command_line("train", "--data", data, "--model", "tiny", "--out", "run"))
    raise typer.Exit(exit_code(summary.left_out, strict))


def _data_folder(output: Path, format: DataFormat, resume: bool) -> Path:
    """Return the folder for the prepared data; raises `DataError` if it already contains data."""
    from schemalm.dataset.store import PREPARED, refuse_data_set  # noqa: PLC0415

    data = output / PREPARED if format == "pt" else output
    if format == "pt":
        from schemalm.dataset.pt import refuse_prepared  # noqa: PLC0415 (it loads torch)

        refuse_prepared(output)
    if not resume:
        for folder in (output, data):
            refuse_data_set(folder)
    return data


def _prepare(
    terminal: Terminal,
    documents: CorpusInput,
    tokenizer: AnyTokenizer,
    output: Path,
    settings: PrepareSettings,
    engine: Engine,
    resume: bool,
) -> PreparationSummary:
    """Prepare the folder and show the progress."""
    from schemalm.dataset.prepare import open_preparation  # noqa: PLC0415

    terminal.say("listing the corpus ...")
    with open_preparation(documents, tokenizer, output, settings, resume=resume) as preparation:
        with terminal.counting("preparing documents", preparation.num_rows) as done:
            preparation.encode(engine, done)
        with terminal.working("merging the shards"):
            return preparation.merge()


def _write_pt(terminal: Terminal, output: Path, summary: PreparationSummary) -> None:
    """Write all windows as `.pt` files and show the progress."""
    from schemalm.dataset.pt import write_pt  # noqa: PLC0415

    num_windows = sum(split.num_windows for split in summary.metadata.splits.values())
    with terminal.counting("writing windows", num_windows) as done:
        write_pt(output, done)


def _report_splits(terminal: Terminal, data: Path, summary: PreparationSummary) -> dict[str, dict[str, int]]:
    """Show and return the sizes of the splits, and warn if much of the training rows is padding."""
    from schemalm.dataset.packing import DEFAULT_PACKING  # noqa: PLC0415
    from schemalm.dataset.padding import padding_warning  # noqa: PLC0415
    from schemalm.dataset.store import Split  # noqa: PLC0415

    sizes = {
        name: {"num_documents": split.num_documents, "num_tokens": split.num_tokens, "num_windows": split.num_windows}
        for name, split in summary.metadata.splits.items()
    }
    columns = ("split", "documents", "tokens", "windows")
    terminal.table(columns, [(name, *(f"{count:,}" for count in size.values())) for name, size in sizes.items()])
    if (warning := padding_warning(Split(data, "train", summary.metadata), DEFAULT_PACKING)) is not None:
        terminal.warn(warning)
    return sizes
