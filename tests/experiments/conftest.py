"""A small experiment on documents of the package, and artificial results for tables and plots."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from schemalm.dataset.embedded import embedded_workflows
from schemalm.experiments.recipe import Recipe, read_recipe
from schemalm.experiments.results import Result
from schemalm.experiments.runner import run_experiment

RECIPE = """
name = "small"
schema = "github-workflow"
baseline = "bpe"
seeds = [0]
budgets = [600]
equal_documents = true

[data]
train = "train.jsonl"
validation = "validation.jsonl"
validation_where = { kind = "head" }
num_validation_documents = 2
num_tokenizer_documents = 20

[training]
context_size = 32
batch_size = 4
warmup_steps = 2

[[arms]]
name = "bpe"
tokenizer = { kind = "byte-bpe", vocab_size = 400 }

[[arms]]
name = "typed"
tokenizer = { kind = "typed", vocab_size = 1200 }
"""
NUM_DOCUMENTS, NUM_VALIDATION_SOURCES = 60, 3


def write_corpora(folder: Path) -> None:
    """Embedded workflows, with some sources for validation; every second row has another `kind`."""
    workflows = embedded_workflows(NUM_DOCUMENTS)
    held_out = sorted({workflow.source for workflow in workflows})[:NUM_VALIDATION_SOURCES]
    lines: dict[bool, list[str]] = {False: [], True: []}
    for workflow in workflows:
        rows = lines[workflow.source in held_out]
        kind = "history" if len(rows) % 2 else "head"
        row = {"repo": workflow.source, "path": workflow.name, "kind": kind, "value": workflow.value}
        rows.append(json.dumps(row))
    (folder / "train.jsonl").write_text("\n".join(lines[False]) + "\n")
    (folder / "validation.jsonl").write_text("\n".join(lines[True]) + "\n")


@pytest.fixture(scope="session")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe file next to its corpora."""
    folder = tmp_path_factory.mktemp("recipe")
    write_corpora(folder)
    (folder / "small.toml").write_text(RECIPE)
    return folder / "small.toml"


@pytest.fixture(scope="session")
def recipe(recipe_file: Path) -> Recipe:
    """The small experiment."""
    return read_recipe(recipe_file)


@pytest.fixture(scope="session")
def finished(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small experiment with all of its runs; tests must not change it."""
    out = tmp_path_factory.mktemp("finished")
    assert not run_experiment(recipe, out).failures
    return out


SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"oneOf": [{"const": "alpha"}, {"const": "beta"}]},
        "name": {"type": "string", "pattern": "^[a-z]+$", "not": {"const": "none"}},
    },
    "required": ["kind"],
    "additionalProperties": False,
}
WRITING_RECIPE = """
name = "writing"
schema = "schema.json"
baseline = "text"
seeds = [0]
budgets = [1]
budget_unit = "seconds"

[data]
train = "train"
validation = "validation"

[training]
context_size = 32
batch_size = 2
optimizer = "adamw"
recall = false

[writing]
num_documents = 3
max_tokens = 9

[[arms]]
name = "text"
tokenizer = { kind = "byte-bpe", vocab_size = 300 }

[[arms]]
name = "typed"
tokenizer = { kind = "typed", vocab_size = 300 }
"""


@pytest.fixture(scope="session")
def writing_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipe file of an experiment with equal time, whose models write documents of a small schema."""
    folder = tmp_path_factory.mktemp("writing")
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    for number in range(12):
        corpus = folder / ("train" if number % 4 else "validation")
        corpus.mkdir(exist_ok=True)
        value = {"kind": ("alpha", "beta")[number % 2], "name": "abcdefghijkl"[number] * 20}
        (corpus / f"{number}.json").write_text(json.dumps(value))
    (folder / "writing.toml").write_text(WRITING_RECIPE)
    return folder / "writing.toml"


@pytest.fixture(scope="session")
def written(writing_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this experiment with all of its runs; tests must not change it."""
    out = tmp_path_factory.mktemp("written")
    assert not run_experiment(read_recipe(writing_file), out).failures
    return out


MakeResult = Callable[..., Result]


@pytest.fixture(scope="session")
def make_result() -> MakeResult:
    """Return a function that makes an artificial result from the given fields."""

    def make(**fields: object) -> Result:
        usual = {
            "key": str(sorted(fields.items())),
            "arm": "typed",
            "baseline": "bpe",
            "model": "tiny",
            "measure": "compute",
            "budget": 1000,
            "seed": 0,
            "num_steps": 10,
            "num_tokens": 998,
            "num_documents": 7,
            "num_epochs": 0.99,
            "bits_per_byte": 1.5,
            "nats_per_token": 3.0,
            "under_mask": True,
            "num_validation_documents": 5,
            "num_validation_bytes": 5000,
            "tokens_per_document": 400.0,
            "tokens_per_train_document": 410.0,
            "vocab_size": 8192,
            "num_parameters": 2_000_000,
            "seconds": 60.0,
            "tokenizer": {"kind": "typed"},
            "training": {},
            "context_size": 512,
            "tokenizer_sha256": "",
            "data_sha256": "",
            "versions": {"schemalm": "0"},
            "environment": {},
        }
        return Result(**{**usual, **fields})  # type: ignore[arg-type]

    return make
