"""Train with any engine, and write and load run folders.

    RUN/
        config.json            the configuration
        tokenizer.json         the tokenizer
        weights.safetensors    the weights, float64
        evaluation.json        the evaluation, written last

A run is short, so an interrupted run starts again from the beginning. Equal configurations and data give equal files.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from schemalm.baselines import AnyTokenizer, load_tokenizer
from schemalm.dataset.selection import evenly_spaced
from schemalm.errors import CheckpointError, DataError, TrainingError
from schemalm.files.folders import path_inside, read_inside
from schemalm.files.typed_json import CheckedFile
from schemalm.files.writing import write_atomically
from schemalm.reference.array.layers import cross_entropy
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.data import Corpus, draw_batch
from schemalm.reference.engine import Engine
from schemalm.reference.engines import make_engine
from schemalm.reference.guards import MemoryGuard, persist_then_evaluate
from schemalm.reference.optimizers import learning_rate
from schemalm.reference.weights import BATCHES, Tokens, random_stream, shapes

CONFIG, TOKENIZER, WEIGHTS, EVALUATION = "config.json", "tokenizer.json", "weights.safetensors", "evaluation.json"
Report = Callable[[int, float], None]  # called with each step and its loss


@dataclass(frozen=True)
class Trained:
    """An engine after training, with its configuration, its corpus and the loss of each step in nats per token."""

    configuration: ReferenceConfiguration
    corpus: Corpus
    engine: Engine
    losses: list[float]

    def evaluate(self) -> dict[str, float]:
        """Return the validation loss and the mean training loss of the last tenth of the steps, in nats per token.

        Bits per byte are comparable between tokenizers.
        """
        settings, validation = self.configuration, self.corpus.validation
        loss = stream_loss(self.engine, validation, settings.context_size, settings.num_evaluation_windows)
        return {
            "train_loss": float(np.mean(self.losses[-max(1, len(self.losses) // 10) :])),
            "validation_loss": loss,
            "bits_per_byte": loss / math.log(2) * (len(validation) - 1) / max(1, self.corpus.validation_bytes),
            "num_parameters": sum(weight.size for weight in self.engine.weights().values()),
        }

    def save(self, run: Path) -> None:
        """Write the run folder without the evaluation."""
        write_json(run / CONFIG, {"reference": asdict(self.configuration)})
        write_atomically(run / TOKENIZER, self.corpus.tokenizer.to_json())
        write_atomically(run / WEIGHTS, save(self.engine.weights()))


def train(configuration: ReferenceConfiguration, corpus: Corpus, report: Report = lambda step, loss: None) -> Trained:
    """Train a model; raises `TrainingError` if the loss is not finite or memory use grows."""
    engine = make_engine(configuration, corpus.tokenizer.vocab_size)
    guard = MemoryGuard(configuration.max_memory_growth)
    generator = random_stream(configuration.seed, BATCHES)
    losses: list[float] = []
    for step in range(1, configuration.steps + 1):
        batch = draw_batch(corpus, generator, configuration)
        try:
            with np.errstate(over="raise", invalid="raise", divide="raise"):
                losses.append(engine.loss(*batch))
                engine.step(learning_rate(step, configuration))
        except ArithmeticError:
            losses.append(math.nan)
        if not math.isfinite(losses[-1]):
            rate = configuration.learning_rate
            raise TrainingError(f"training diverged at step {step}: lower learning_rate {rate:g}")
        report(step, losses[-1])
        guard.check(step)
    return Trained(configuration, corpus, engine, losses)


def train_run(configuration: ReferenceConfiguration, corpus: Corpus, run: Path, report: Report) -> dict[str, float]:
    """Train a model, write the run folder, and return the evaluation."""
    trained = train(configuration, corpus, report)
    evaluation = persist_then_evaluate(lambda: trained.save(run), trained.evaluate)
    write_json(run / EVALUATION, evaluation)
    return evaluation


def stream_loss(engine: Engine, stream_N: Tokens, context_size: int, max_windows: int) -> float:
    """Return the mean loss, in nats per token, over at most `max_windows` evenly spaced windows of a stream."""
    begin = range(0, len(stream_N) - 1, context_size)
    windows = [stream_N[None, begin[i] : begin[i] + context_size + 1] for i in evenly_spaced(len(begin), max_windows)]
    losses = [cross_entropy(engine.logits(window[:, :-1]), window[:, 1:])[0] for window in windows]
    return float(np.average(losses, weights=[window.size - 1 for window in windows]))


def load_run(run: Path) -> tuple[ReferenceConfiguration, AnyTokenizer, Engine]:
    """Return a run's configuration, tokenizer and engine; raises `CheckpointError` if it is not a run, or damaged."""
    other = f"{run} was not written by `schemalm reference train`, or is damaged"
    config = CheckedFile(run, CONFIG, CheckpointError, "train again", f"{other}: it has no {CONFIG}")
    try:
        configuration = config.read(dict[str, ReferenceConfiguration])["reference"]
        tokenizer = load_tokenizer(path_inside(run, TOKENIZER))
        weights = load(read_inside(run, WEIGHTS, max_bytes=1 << 28))
    except (OSError, ValueError, KeyError, DataError, SafetensorError) as error:
        raise CheckpointError(f"{other}: {error}") from None
    if {name: weight.shape for name, weight in weights.items()} != shapes(configuration, tokenizer.vocab_size):
        raise CheckpointError(f"{run / WEIGHTS} does not fit {CONFIG} and {TOKENIZER}: train again")
    return configuration, tokenizer, make_engine(configuration, tokenizer.vocab_size, weights)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write plain values as JSON, the same bytes for the same values."""
    write_atomically(path, json.dumps(content, indent=2).encode() + b"\n")
