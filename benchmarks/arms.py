"""Bits per byte of models that differ in their tokens alone, at equal compute.

    python benchmarks/arms.py --train TRAIN.jsonl.zst --validation VAL.jsonl.zst --out DIR [--arm NAME ...]

Two arms: "byte-bpe" (byte BPE over compact canonical JSON) and "typed" (typed tokens, loss under the mask, grammar
state as input). Both see the same documents with their keys in the same canonical order, the same transformer and the
same number of training tokens, and are scored on all validation documents. Results go to DIR/results.json.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from schemalm.dataset.prepare import SourceDocument, prepare, valid_documents
from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import read_metadata
from schemalm.documents import read_corpus
from schemalm.evaluation.likelihood import validation_likelihood
from schemalm.grammar import compile_schema
from schemalm.tokenizer import ByteBPETokenizer, Tokenizer
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.progress import TerminalProgress
from schemalm.training.run import load_checkpoint

CONTEXT_SIZE = 512
BATCH_SIZE = 8
LEARNING_RATE = 5e-3
console = Console()


def read_split(path: Path, split: str, num_documents: int) -> list[SourceDocument]:
    """An evenly spaced selection of the corpus; every document's source is its split."""
    rows = [row for row in read_corpus([path]) if row.error is None]
    documents = [SourceDocument(row.value, row.repository, f"{row.repository}/{row.path}") for row in rows]
    valid, _ = valid_documents(documents, compile_schema("github-workflow"))
    chosen = [valid[index] for index in evenly_spaced(len(valid), num_documents)]
    return [SourceDocument(document.value, f"{split}:{document.source}", document.name) for document in chosen]


def train_arm(
    name: str,
    tokenizer: Tokenizer | ByteBPETokenizer,
    documents: list[SourceDocument],
    out: Path,
    num_tokens: int,
    seed: int,
) -> dict[str, object]:
    """Prepares, trains and scores one arm."""
    held_out = {document.source for document in documents if document.source.startswith("val:")}
    folder = out / name
    summary = prepare(
        documents, tokenizer, folder / "data", context_size=CONTEXT_SIZE, stride=CONTEXT_SIZE, held_out=held_out
    )
    split = summary.metadata.splits["train"]
    num_steps = round(num_tokens / (BATCH_SIZE * split.num_tokens / split.num_windows))
    configuration = TrainingConfiguration(
        num_steps=num_steps,
        model="tiny",
        learning_rate=LEARNING_RATE,
        batch_size=BATCH_SIZE,
        evaluate_every=num_steps,
        checkpoint_every=max(1, num_steps // 4),
        num_evaluation_documents=50,
        seed=seed,
    )
    started = time.monotonic()
    run = train(folder / "data", folder / "run", configuration, resume="auto", report=TerminalProgress(console))
    model, config = load_checkpoint(folder / "run")
    score = validation_likelihood(model, folder / "data", config, None)
    validation = read_metadata(folder / "data").splits["val"]
    return {
        "arm": name,
        "seed": seed,
        "vocab_size": tokenizer.vocab_size,
        "train_documents": split.num_documents,
        "validation_documents": validation.num_documents,
        "tokens_per_validation_document": validation.num_tokens / validation.num_documents,
        "training_tokens": run.num_tokens,
        "num_steps": num_steps,
        "num_parameters": model.num_parameters(),
        "rejected_documents": len(summary.rejections),
        "seconds": time.monotonic() - started,
        "likelihood": score.to_dict(),
        "configuration": asdict(configuration),
    }


def main(
    train_corpus: Annotated[Path, typer.Option("--train")],
    validation_corpus: Annotated[Path, typer.Option("--validation")],
    out: Annotated[Path, typer.Option()],
    arm: Annotated[list[str], typer.Option()] = ["byte-bpe", "typed"],  # noqa: B006
    num_train_documents: int = 2489,
    num_validation_documents: int = 389,
    num_tokens: int = 1_200_000,
    vocab_size: int = 8192,
    seed: int = 0,
) -> None:
    """Trains and scores the arms."""
    documents = read_split(train_corpus, "train", num_train_documents)
    sources = [document.source for document in documents]
    typed = Tokenizer.train(
        compile_schema("github-workflow"), [document.value for document in documents], vocab_size, sources=sources
    )
    documents += read_split(validation_corpus, "val", num_validation_documents)
    # Both arms read the keys in the canonical order, so that neither has to predict an order that the other need not.
    ordered = [SourceDocument(typed.decode(typed.encode(d.value)), d.source, d.name) for d in documents]
    tokenizers: dict[str, Tokenizer | ByteBPETokenizer] = {"typed": typed}
    if "byte-bpe" in arm:
        values = [document.value for document in ordered if document.source.startswith("train:")]
        tokenizers["byte-bpe"] = ByteBPETokenizer.train(values, vocab_size)
    results = [train_arm(name, tokenizers[name], ordered, out, num_tokens, seed) for name in arm]
    machine = {"python": sys.version.split()[0], "torch": torch.__version__, "platform": platform.platform()}
    (out / "results.json").write_text(json.dumps({"machine": machine, "arms": results}, indent=2) + "\n")
    for result in results:
        console.print_json(json.dumps(result))


if __name__ == "__main__":
    typer.run(main)
