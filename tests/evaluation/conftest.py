"""A tiny schema, values of it, prepared data and a run trained on it for a few steps."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.dataset.echo import ORDERS
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.recall import NUM_CERTAINTIES, RECALL_ORDERS
from schemalm.dataset.store import Metadata, Split, SplitWriter
from schemalm.evaluation.evaluate import Evaluation, evaluate
from schemalm.generation import Run, load_run
from schemalm.judging import judge_for
from schemalm.model.configuration import GPTConfiguration
from schemalm.tokenizer import Tokenizer
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.progress import Progress

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "job",
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9 ]{1,12}$"},
        "on": {"enum": ["push", "release", 3, None]},
        "steps": {"type": "array", "items": {"enum": ["a", "b", "c"]}},
    },
    "required": ["on"],
    "additionalProperties": False,
}
CONTEXT_SIZE, STRIDE = 8, 2


def make_value(seed: int) -> dict[str, Any]:
    chosen = random.Random(seed)
    value: dict[str, Any] = {"name": f"job {seed}", "on": chosen.choice(["push", "release", 3, None])}
    if chosen.random() < 0.7:
        value["steps"] = chosen.choices("abc", k=chosen.randrange(5))
    return value


DOCUMENTS = [SourceDocument(make_value(seed), f"source {seed}", f"document {seed}") for seed in range(50)]


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    values = [document.value for document in DOCUMENTS]
    return Tokenizer.train(compile_schema(SCHEMA), values, vocab_size=320)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "data"
    prepare(DOCUMENTS, tokenizer, folder, context_size=CONTEXT_SIZE, stride=STRIDE)
    return folder


@pytest.fixture(scope="session")
def configure(tokenizer: Tokenizer) -> Callable[..., TrainingConfiguration]:
    """Four steps of a model of a few hundred weights per matrix, with any settings changed."""

    def make(**changes: Any) -> TrainingConfiguration:
        model = GPTConfiguration(
            vocab_size=tokenizer.vocab_size,
            context_size=CONTEXT_SIZE,
            num_layers=1,
            num_heads=1,
            num_key_value_heads=1,
            model_width=16,
            mlp_width=16,
            num_states=tokenizer.states.num_states,
            num_echoes=len(ORDERS),
            num_recalls=len(RECALL_ORDERS),
            num_certainties=NUM_CERTAINTIES,
        )
        settings = {"num_steps": 4, "batch_size": 4, "warmup_steps": 1, "log_every": 1, "evaluate_every": 2}
        return TrainingConfiguration(model=model, **settings | changes)

    return make


@pytest.fixture(scope="session")
def train_run(
    tmp_path_factory: pytest.TempPathFactory, configure: Callable[..., TrainingConfiguration], data: Path
) -> Callable[..., Path]:
    """Return a function that trains four steps with some settings changed, with or without a listener."""

    def make(report: Progress | None = None, parent: Path | None = None, **changes: Any) -> Path:
        out = tmp_path_factory.mktemp("runs") / "run"
        train(data, out, configure(**changes), parent=parent, report=report)
        return out

    return make


@pytest.fixture(scope="session")
def run_folder(train_run: Callable[..., Path]) -> Path:
    """A run trained under the mask."""
    return train_run()


@pytest.fixture(scope="session")
def run(run_folder: Path) -> Run:
    """The run, loaded."""
    return load_run(run_folder)


@pytest.fixture(scope="session")
def evaluation(run: Run) -> Evaluation:
    """An evaluation of the run by the judge of its schema."""
    return evaluate(run, num_samples=8, max_tokens=40, judges=[judge_for(run.tokenizer.grammar)])


@pytest.fixture(scope="session")
def make_split(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Split]:
    """A training split of documents as tokens; num_bytes: the size of each as compact JSON, where it matters."""

    def make(documents: Sequence[Sequence[int]], vocab_size: int = 1 << 16, num_bytes: Sequence[int] = ()) -> Split:
        folder = tmp_path_factory.mktemp("split") / "data"
        sizes = {"vocab_size": vocab_size, "context_size": 8, "stride": 4}
        with SplitWriter(folder / "train", **sizes) as writer:
            for tokens, size in zip_longest(documents, num_bytes, fillvalue=1):
                writer.add(tokens, None, size)
            split = writer.finish()
        digest = hashlib.sha256(b"").hexdigest()
        nothing = {"pad_id": 0, "num_masks": 0, "num_places": 0, "num_states": 0}
        metadata = Metadata(
            **sizes, **nothing, tokenizer_sha256=digest, files={"tokenizer.json": digest}, splits={"train": split}
        )
        return Split(folder, "train", metadata)

    return make
