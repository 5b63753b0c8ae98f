"""A tiny schema, values of it, prepared data and a run trained on it for a few steps."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.dataset.echo import ORDERS
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument
from schemalm.evaluation.distribution import Distribution
from schemalm.evaluation.evaluate import Evaluation, Sample, Sampling, ValidationStatistics
from schemalm.evaluation.likelihood import Likelihood
from schemalm.judging.interface import Verdict, to_text
from schemalm.model.configuration import GPTConfiguration
from schemalm.tokenizer import Tokenizer
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.progress import Progress
from schemalm.training.scoring import Score

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
def make_sample() -> Callable[..., Sample]:
    """A sample with any fields changed."""

    def make(value: Any = None, **changes: Any) -> Sample:
        fields: dict[str, Any] = {
            "value": value,
            "text": to_text(value),
            "verdict": Verdict(),
            "finish": "complete",
            "num_tokens": 10,
            "num_forced": 2,
            "bits_per_token": 0.5,
            "is_copy": False,
            "similarity": 0.25,
        }
        return Sample(**fields | changes)

    return make


@pytest.fixture(scope="session")
def make_evaluation() -> Callable[..., Evaluation]:
    """An evaluation of given samples with any fields changed."""

    def make(samples: Sequence[Sample], **changes: Any) -> Evaluation:
        numbers = Distribution.of((3, 5, 9))
        fields: dict[str, Any] = {
            "step": 4,
            "rules": None,
            "schema_name": "job",
            "num_parameters": 2345,
            "num_train_documents": 40,
            "num_train_tokens": 1600,
            "num_neighbours": 40,
            "judge": "a judge",
            "sampling": Sampling(len(samples), 1.0, 64, 0),
            "likelihood": Likelihood(Score(100.0, 50, 200), num_documents=12, under_mask=True),
            "samples": tuple(samples),
            "distinct_share": 1.0,
            "validation": ValidationStatistics(numbers, numbers, Distribution.of((0.1, 0.2))),
        }
        return Evaluation(**fields | changes)

    return make
