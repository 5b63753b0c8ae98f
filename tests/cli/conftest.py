"""A small schema with a corpus, and one run of the pipeline through all commands, which the tests use."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from schemalm.cli.application import app

SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "kind": {"enum": ["alpha", "beta", "gamma"]},
        "name": {"type": "string", "pattern": "^[a-z]{1,8}$"},
        "tags": {"type": "array", "items": {"enum": ["red", "green", "blue"]}},
    },
    "required": ["kind"],
    "additionalProperties": False,
}
DOCUMENTS = [
    f"kind: {kind}\nname: {name}\ntags:\n  - {tag}\n"
    for kind, name in (("alpha", "first"), ("beta", "second"), ("gamma", "third"), ("beta", "fourth"))
    for tag in ("red", "green", "blue")
]


@dataclass(frozen=True)
class Pipeline:
    """The folders and files that the commands wrote."""

    schema: Path
    corpus: Path
    tokenizer: Path
    data: Path
    run: Path


Invoke = Callable[..., Result]


@pytest.fixture(scope="session")
def invoke() -> Invoke:
    """Return a function that runs a command in this process."""
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="session")
def execute() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a command in a separate process, through the entry point."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        program = "from schemalm.cli import main; main()"
        command = [sys.executable, "-c", program, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A schema file that compiles quickly."""
    path = tmp_path_factory.mktemp("schema") / "small.json"
    path.write_text(json.dumps(SCHEMA))
    return path


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory, schema: Path, invoke: Invoke) -> Pipeline:
    """A corpus, and the output of `tokenizer train`, `prepare` and two steps of `train`."""
    folder = tmp_path_factory.mktemp("pipeline")
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, text in enumerate(DOCUMENTS):
        (corpus / f"{number}.yml").write_text(text)
    made = Pipeline(schema, corpus, folder / "tokenizer.json", folder / "data", folder / "run")
    commands = (
        ("tokenizer", "train", "--corpus", corpus, "--vocab-size", 360, "--out", made.tokenizer, "--schema", schema),
        (
            *("prepare", "--input", corpus, "--output", made.data, "--tokenizer", made.tokenizer),
            *("--context-size", 16, "--stride", 4, "--train-split", 0.7),
        ),
        ("train", "--data", made.data, "--model", "tiny", "--out", made.run, "--steps", 2, "--batch-size", 2),
    )
    for command in commands:
        result = invoke(*command)
        assert result.exit_code == 0, result.output
    return made
