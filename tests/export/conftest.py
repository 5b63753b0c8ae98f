"""Tiny trained runs to export: with grammar state and echoes, plain, and of text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemalm.baselines import ByteBPETokenizer
from schemalm.baselines.loading import AnyTokenizer
from schemalm.compilation import compile_schema
from schemalm.dataset.echo import ORDERS
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.recall import NUM_CERTAINTIES, RECALL_ORDERS
from schemalm.model.configuration import GPTConfiguration
from schemalm.tokenizer import Tokenizer
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train

SCHEMA: dict[str, Any] = {
    "$id": "https://example.org/menu.json",
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "price": {"type": "number", "minimum": 0},
        "tags": {"type": "array", "items": {"enum": ["hot", "new", "vegan"]}, "uniqueItems": True},
    },
    "required": ["name", "price"],
    "additionalProperties": {"type": "boolean"},
}
CONTEXT_SIZE = 64


def documents() -> list[SourceDocument]:
    values = [
        {"name": f"dish {index}", "price": index / 2, "tags": ["hot", "vegan"][: index % 3], "lunch": index % 2 == 0}
        for index in range(24)
    ]
    return [SourceDocument(value, f"source-{index % 6}", f"{index}.json") for index, value in enumerate(values)]


def trained(folder: Path, tokenizer: AnyTokenizer, *, has_side_features: bool, **shape: Any) -> Path:
    """Train a model of two layers for a few steps; returns its run folder."""
    summary = prepare(documents(), tokenizer, folder / "data", context_size=CONTEXT_SIZE, stride=16)
    model = GPTConfiguration(
        vocab_size=tokenizer.vocab_size,
        context_size=CONTEXT_SIZE,
        num_layers=2,
        num_heads=2,
        num_key_value_heads=1,
        model_width=32,
        mlp_width=64,
        num_states=summary.metadata.num_states if has_side_features else 0,
        num_echoes=len(ORDERS) if has_side_features else 0,
        num_recalls=len(RECALL_ORDERS) if has_side_features else 0,
        num_certainties=NUM_CERTAINTIES if has_side_features else 0,
        **shape,
    )
    configuration = TrainingConfiguration(
        num_steps=20,
        model=model,
        warmup_steps=2,
        evaluate_every=20,
        grammar_state=has_side_features,
        echo=has_side_features,
        recall=has_side_features,
    )
    train(folder / "data", folder / "run", configuration)
    return folder / "run"


def typed_tokenizer() -> Tokenizer:
    values = [document.value for document in documents()]
    return Tokenizer.train(compile_schema(SCHEMA), values, 400)


def text_tokenizer() -> ByteBPETokenizer:
    return ByteBPETokenizer.train([document.value for document in documents()], 300)


@pytest.fixture(scope="session")
def state_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("states"), typed_tokenizer(), has_side_features=True)


@pytest.fixture(scope="session")
def plain_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("plain"), typed_tokenizer(), has_side_features=False)


@pytest.fixture(scope="session")
def text_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("text"), text_tokenizer(), has_side_features=False)
