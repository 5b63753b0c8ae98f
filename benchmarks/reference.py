"""Measures how fast the engines of the reference implementation, and optionally nanochat, train the same model.

    OMP_NUM_THREADS=1 python benchmarks/reference.py [--nanochat PATH] [--publish]

Contenders take turns of a few steps, so that the state of the machine affects all alike. Figures are medians over
rounds, in CPU seconds. The data are the characters of the README. The scalar engine runs only the small sizes.
`--nanochat` takes a checkout of karpathy/nanochat and trains its GPT with the same shape, batches, precision (float32)
and AdamW. Its parameters are counted beside ours, because newer versions have more. `--publish` writes
`benchmarks/results/reference.json` and the table of `docs/benchmarks.md`.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.markdown import Markdown

from limits import processor
from page import replace_section
from peer import load_nanochat
from schemalm.baselines import CharacterTokenizer
from schemalm.files.writing import write_atomically
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.data import Corpus, draw_batch, text_corpus
from schemalm.reference.engines import make_engine
from schemalm.reference.weights import BATCHES, random_stream

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "reference.json"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
SIZES = {
    "bigram": ReferenceConfiguration(model="bigram", optimizer="sgd"),
    "mini-gpt": ReferenceConfiguration(),
    "mini-gpt, 2 layers of 64": ReferenceConfiguration(n_layer=2, n_embd=64, context_size=64, batch_size=8),
    "mini-gpt, 4 layers of 192": ReferenceConfiguration(
        n_layer=4, n_head=3, n_embd=192, context_size=256, batch_size=8
    ),
}
LARGEST_FOR_SCALARS = 16  # width
LEAST_FOR_NANOCHAT = 64  # width; newer versions refuse widths below 32
VOCAB_MULTIPLE = 64  # newer versions of nanochat round vocabularies up to a multiple of this, so all contenders do
SECONDS_PER_TURN = 0.3
Step = Callable[[], None]


@dataclass(frozen=True)
class Contender:
    """A function that takes a step, and the number of parameters that it trains."""

    name: str
    step: Step
    num_parameters: int


def engine_contender(configuration: ReferenceConfiguration, corpus: Corpus, vocab_size: int) -> Contender:
    """Returns one of our engines as a contender: batch, loss, gradients, optimizer."""
    engine = make_engine(configuration, vocab_size)
    generator = random_stream(0, BATCHES)

    def step() -> None:
        engine.loss(*draw_batch(corpus, generator, configuration))
        engine.step(configuration.learning_rate)

    return Contender(configuration.engine, step, sum(weight.size for weight in engine.weights().values()))


def nanochat_contender(path: Path, configuration: ReferenceConfiguration, corpus: Corpus, vocab_size: int) -> Contender:
    """Returns the same steps with the checkout's model; its weights are converted to float32, like ours."""
    model = load_nanochat(path, configuration.model_configuration(vocab_size))
    for weight in model.parameters():
        weight.data = weight.data.float()
    optimizer = torch.optim.AdamW(model.parameters(), lr=configuration.learning_rate)
    generator = random_stream(0, BATCHES)

    def step() -> None:
        tokens, targets = map(torch.from_numpy, map(np.ascontiguousarray, draw_batch(corpus, generator, configuration)))
        optimizer.zero_grad()
        model(tokens, targets).backward()
        optimizer.step()

    return Contender("nanochat", step, sum(weight.numel() for weight in model.parameters()))


def contenders(configuration: ReferenceConfiguration, corpus: Corpus, nanochat: Path | None) -> list[Contender]:
    """Returns all contenders that train a model of this size."""
    vocab_size = -(-corpus.tokenizer.vocab_size // VOCAB_MULTIPLE) * VOCAB_MULTIPLE
    engines = ["array", "torch"]
    if configuration.n_embd <= LARGEST_FOR_SCALARS:
        engines.insert(0, "scalar")
    found = [engine_contender(replace(configuration, engine=engine), corpus, vocab_size) for engine in engines]
    if nanochat is not None and configuration.n_embd >= LEAST_FOR_NANOCHAT:
        found.append(nanochat_contender(nanochat, configuration, corpus, vocab_size))
    return found


def take_turns(found: list[Contender], rounds: int) -> dict[str, float]:
    """Returns the seconds per step of each contender: medians over rounds, with as many steps as fit a turn."""
    lengths = {one.name: max(1, round(SECONDS_PER_TURN / seconds(one.step, 1))) for one in found}
    times: dict[str, list[float]] = {one.name: [] for one in found}
    for _ in range(rounds):
        for one in found:
            times[one.name].append(seconds(one.step, lengths[one.name]) / lengths[one.name])
    return {name: statistics.median(taken) for name, taken in times.items()}


def seconds(step: Step, number: int) -> float:
    """Returns the CPU seconds of this many steps, after one warm-up step."""
    step()
    started = time.process_time()
    for _ in range(number):
        step()
    return time.process_time() - started


def measure(size: str, corpus: Corpus, nanochat: Path | None, rounds: int) -> list[dict[str, Any]]:
    """Returns a row for each contender of a size."""
    configuration = SIZES[size]
    found = contenders(configuration, corpus, nanochat)
    taken = take_turns(found, rounds)
    return [
        {
            "model": size,
            "contender": one.name,
            "num_parameters": one.num_parameters,
            "batch_size": configuration.batch_size,
            "context_size": configuration.context_size,
            "steps_per_second": 1 / taken[one.name],
            "tokens_per_second": configuration.batch_size * configuration.context_size / taken[one.name],
            "torch_is_ahead": taken[one.name] / taken["torch"],
        }
        for one in found
    ]


def section(rows: list[dict[str, Any]], conditions: str) -> str:
    """Returns the table, and a sentence that says where the torch engine is ahead."""
    columns = ("model", "engine", "parameters", "batch", "steps/s", "tokens/s", "torch against it")
    lines = [conditions, "", f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns)]
    for row in rows:
        cells = (
            row["model"],
            row["contender"],
            f"{row['num_parameters']:,}",
            f"{row['batch_size']} x {row['context_size']}",
            f"{row['steps_per_second']:,.1f}",
            f"{row['tokens_per_second']:,.0f}",
            "" if row["contender"] == "torch" else f"{row['torch_is_ahead']:.2f} times",
        )
        lines.append(f"| {' | '.join(cells)} |")
    ahead = [f"{row['contender']} ({row['model']})" for row in rows if row["torch_is_ahead"] > 1]
    return "\n".join([*lines, "", f"The torch engine is ahead of: {', '.join(ahead) or 'nothing'}."])


def main(
    nanochat: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A checkout to compare with.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each contender; figures are medians.")] = 7,
    publish: Annotated[bool, typer.Option("--publish", help="Writes the results and docs/benchmarks.md.")] = False,
) -> None:
    """Measures all sizes and prints the table."""
    text = (REPOSITORY / "README.md").read_text()
    corpus = text_corpus(text, CharacterTokenizer(text))
    rows = [row for size in SIZES for row in measure(size, corpus, nanochat, rounds)]
    today = datetime.now(UTC).date().isoformat()
    machine = f"{torch.get_num_threads()} thread(s) of {processor()}, with a load of {os.getloadavg()[0]:.1f}"
    versions = f"python {platform.python_version()}, numpy {np.__version__}, torch {torch.__version__}"
    text = section(rows, f"Measured on {today}: {machine}; {versions}.")
    Console(width=150).print(Markdown(text))
    if publish:
        content = {"date": today, "machine": machine, "versions": versions, "rounds": rounds, "rows": rows}
        write_atomically(RESULTS, (json.dumps(content, indent=2) + "\n").encode())
        write_atomically(PAGE, replace_section(PAGE.read_text(), "reference", text).encode())


if __name__ == "__main__":
    typer.run(main)
