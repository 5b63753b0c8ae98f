"""Judges documents of a run's model and of a machine without a model, both whole and cut at random positions.

    python benchmarks/soundness.py RUN [--num-documents 1000] [--num-cuts 20]

Documents are sampled from the model at temperature 1.0, and by drawing uniformly among the admitted tokens. Each is
judged by `jsonschema-rs`, and so is `decode_prefix` of random beginnings. Exits with 1 if one is invalid.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import track

from schemalm.generation import generate, load_run
from schemalm.judging.selection import judge_for
from schemalm.tokenizer import Tokenizer


def random_walks(tokenizer: Tokenizer, num_documents: int, max_tokens: int, seed: int) -> Iterator[list[int]]:
    """Yields documents with tokens drawn uniformly from the mask, ended by the completion at the budget."""
    generator = random.Random(seed)
    for _ in range(num_documents):
        machine = tokenizer.machine()
        tokens: list[int] = []
        while not machine.is_complete and len(tokens) < max_tokens:
            tokens.append(int(generator.choice(np.flatnonzero(machine.mask()))))
            machine.advance(tokens[-1])
        yield tokens + machine.completion()


def judge_all(tokenizer: Tokenizer, documents: list[list[int]], num_cuts: int, seed: int) -> dict[str, Any]:
    """Counts invalid documents and invalid completions of their beginnings."""
    judge = judge_for(tokenizer.grammar)
    generator = random.Random(seed)
    num_invalid, num_invalid_cuts, reasons = 0, 0, []
    for tokens in track(documents, description="judging"):
        verdict = judge.judge_value(tokenizer.decode(tokens))
        if not verdict.accepted:
            num_invalid += 1
            reasons.append(verdict.reason)
        for _ in range(num_cuts):
            cut = generator.randrange(len(tokens) + 1)
            num_invalid_cuts += not judge.judge_value(tokenizer.decode_prefix(tokens[:cut])).accepted
    return {
        "documents": len(documents),
        "invalid": num_invalid,
        "cuts": num_cuts * len(documents),
        "invalid_cuts": num_invalid_cuts,
        "mean_tokens": sum(map(len, documents)) / len(documents),
        "reasons": reasons[:5],
    }


def main(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN")],
    num_documents: int = 1000,
    num_cuts: int = 20,
    max_tokens: int = 512,
    seed: int = 0,
) -> None:
    """Prints the figures as JSON."""
    run = load_run(run_folder)
    started = time.monotonic()
    sampled = generate(run, num_samples=num_documents, temperature=1.0, max_tokens=max_tokens, seed=seed)
    seconds = time.monotonic() - started
    walks = list(random_walks(run.tokenizer, num_documents, max_tokens, seed))
    figures = {
        "model": judge_all(run.tokenizer, [document.tokens for document in sampled], num_cuts, seed),
        "uniform": judge_all(run.tokenizer, walks, num_cuts, seed),
        "sampling_seconds": round(seconds, 1),
        "complete_share": sum(document.finish == "complete" for document in sampled) / num_documents,
        "forced_share": sum(d.num_forced for d in sampled) / sum(len(d.tokens) for d in sampled),
    }
    typer.echo(json.dumps(figures, indent=2))
    if any(figures[kind]["invalid"] or figures[kind]["invalid_cuts"] for kind in ("model", "uniform")):  # type: ignore[index]
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
