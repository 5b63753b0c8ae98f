"""`schemalm prepare --analyze`: a table of context sizes and strides, to choose them before preparing a corpus."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from schemalm.cli.left_out import report_left_out
from schemalm.cli.terminal import Terminal, command_line

if TYPE_CHECKING:
    from schemalm.baselines import AnyTokenizer
    from schemalm.dataset.analysis import Analysis, Choice
    from schemalm.dataset.prepare import CorpusInput, PrepareSettings
    from schemalm.documents import LeftOut
    from schemalm.engines import Engine

ANALYSIS_FILE, PLOT_FILE = "analysis.json", "analysis.png"
BAR_WIDTH = 40
COLUMNS = (
    "context",
    "stride",
    "tokens whole",
    "positions",
    "windows",
    "padded",
    "packed",
    "prepared, plain",
    ".pt",
    "largest position",
    "attention",
)


def analyze_corpus(
    terminal: Terminal,
    corpus: CorpusInput,
    tokenizer: AnyTokenizer,
    settings: PrepareSettings,
    engine: Engine,
    output: Path | None,
    following: tuple[object, ...],
) -> LeftOut:
    """Measure the corpus, show the table, and write it with a plot into the folder `output` unless that is None.

    following: the options of the command that prepares the data, without context size and stride.
    Returns the documents that were left out.
    """
    from schemalm.dataset.analysis import analyze  # noqa: PLC0415
    from schemalm.dataset.lengths import CorpusLengths  # noqa: PLC0415

    terminal.say("listing the corpus ...")
    with tempfile.TemporaryDirectory() as folder:
        lengths = CorpusLengths(corpus, tokenizer, Path(folder) / "lengths", seed=settings.seed)
        with terminal.counting("encoding documents", lengths.num_rows) as done:
            lengths.measure(engine, done)
        found = analyze(lengths, tokenizer, settings.train_split)
    report_left_out(terminal, lengths.left_out)
    _show(terminal, found)
    files = [] if output is None else _write(found, output)
    sizes = ("--context-size", found.recommended.context_size, "--stride", found.recommended.stride)
    result = {**found.to_dict(), "files": files, **lengths.left_out.to_dict()}
    terminal.finish(result, next_command=command_line("prepare", *following, *sizes))
    return lengths.left_out


def _write(analysis: Analysis, output: Path) -> list[str]:
    from schemalm.dataset.analysis_plot import draw_analysis  # noqa: PLC0415
    from schemalm.files.writing import write_atomically  # noqa: PLC0415

    output.mkdir(parents=True, exist_ok=True)
    write_atomically(output / ANALYSIS_FILE, json.dumps(analysis.to_dict(), indent=2).encode() + b"\n")
    write_atomically(output / PLOT_FILE, draw_analysis(analysis))
    return [str(output / ANALYSIS_FILE), str(output / PLOT_FILE)]


def _show(terminal: Terminal, analysis: Analysis) -> None:
    terminal.show(f"{analysis.num_documents:,} documents with {analysis.num_tokens:,} tokens")
    for context_size, share in {choice.context_size: choice.whole_documents for choice in analysis.choices}.items():
        bar = "#" * round(share * BAR_WIDTH)
        terminal.show(f"{context_size:5} tokens: {bar:<{BAR_WIDTH}} {share:6.1%} of the documents fit")
    terminal.table(COLUMNS, [_cells(choice) for choice in analysis.choices])
    terminal.show(
        "tokens whole: share of the tokens whose document fits into one window; "
        "positions: share of the documents for which there are enough position tokens; "
        "padded, packed: share of padding in the training rows, before and after packing; "
        "prepared, plain: size before compression, which shrinks it to about a sixth; "
        "attention: rows per epoch times context size squared, relative"
    )
    best = analysis.recommended
    terminal.show(f"recommended: --context-size {best.context_size} --stride {best.stride}: {analysis.reason}")


def _cells(choice: Choice) -> tuple[str, ...]:
    """Return a row of the table."""
    return (
        f"{choice.context_size}",
        f"{choice.stride}",
        f"{choice.whole_tokens:.1%}",
        f"{choice.documents_with_positions:.1%}",
        f"{choice.num_windows:,}",
        f"{choice.padded_share:.1%}",
        f"{choice.packed_padded_share:.1%}",
        _size(choice.plain_bytes),
        _size(choice.pt_bytes),
        f"{choice.largest_position:,}",
        f"{choice.attention_cost:,.1f}",
    )


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:,.1f} MB"
