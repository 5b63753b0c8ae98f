"""Tiny trained runs: on a small schema, and on workflows with their rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.dataset.echo import ORDERS
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.recall import NUM_CERTAINTIES, RECALL_ORDERS
from schemalm.generation import Run, load_run
from schemalm.model.configuration import GPTConfiguration
from schemalm.tokenizer import Tokenizer
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "kind": {"enum": ["service", "job"]},
        "replicas": {"type": "integer"},
        "env": {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
        "steps": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"run": {"type": "string"}, "uses": {"type": "string"}, "name": {"type": "string"}},
                "additionalProperties": False,
                "oneOf": [{"required": ["run"]}, {"required": ["uses"]}],
            },
        },
    },
    "required": ["kind", "steps"],
    "additionalProperties": False,
}


def documents() -> list[SourceDocument]:
    """Forty documents of eight sources."""
    values = [
        {
            "name": f"service {index}",
            "kind": ["service", "job"][index % 2],
            "replicas": index,
            "env": {f"VARIABLE_{index % 5}": "on", "LEVEL": index / 2},
            "steps": [{"uses": "checkout"}, {"name": "build", "run": f"make all\nmake test-{index}\n"}],
        }
        for index in range(40)
    ]
    return [SourceDocument(value, f"source-{index % 8}", f"{index}.json") for index, value in enumerate(values)]


def workflows() -> list[SourceDocument]:
    """Eight workflows of eight sources."""
    values = [
        {
            "name": f"CI {index}",
            "on": {"push": {"branches": ["main"]}},
            "jobs": {
                "build": {
                    "runs-on": "ubuntu-latest",
                    "steps": [{"uses": "actions/checkout@v4"}, {"id": "make", "run": f"make all-{index}\n"}],
                },
                "test": {"needs": ["build"], "runs-on": "ubuntu-latest", "steps": [{"run": "make test"}]},
            },
        }
        for index in range(8)
    ]
    return [SourceDocument(value, f"source-{index}", f"{index}.json") for index, value in enumerate(values)]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A model of one layer after 20 steps, with a context much shorter than its documents."""
    corpus = documents()
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), [document.value for document in corpus], 400)
    return trained(tmp_path_factory.mktemp("run"), tokenizer, corpus)


@pytest.fixture(scope="session")
def workflow_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same for workflows. Making it takes many seconds: it is for slow tests."""
    return trained(
        tmp_path_factory.mktemp("workflows"), Tokenizer.from_grammar(compile_schema("github-workflow")), workflows()
    )


@pytest.fixture(scope="session")
def strict_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same with the strict rules."""
    grammar = compile_schema("github-workflow", rules="github-workflow-strict")
    return trained(tmp_path_factory.mktemp("strict"), Tokenizer.from_grammar(grammar), workflows())


def trained(folder: Path, tokenizer: Tokenizer, corpus: list[SourceDocument]) -> Run:
    """Train a model of one layer for 20 steps."""
    summary = prepare(corpus, tokenizer, folder / "data", context_size=24, stride=4)
    model = GPTConfiguration(
        vocab_size=tokenizer.vocab_size,
        context_size=24,
        num_layers=1,
        num_heads=2,
        num_key_value_heads=2,
        model_width=32,
        mlp_width=64,
        num_states=summary.metadata.num_states,
        num_echoes=len(ORDERS),
        num_recalls=len(RECALL_ORDERS),
        num_certainties=NUM_CERTAINTIES,
    )
    configuration = TrainingConfiguration(num_steps=20, model=model, warmup_steps=2, evaluate_every=20)
    train(folder / "data", folder / "run", configuration)
    return load_run(folder / "run")
