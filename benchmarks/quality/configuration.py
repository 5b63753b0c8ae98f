"""The settings of a contender: options of its commands, and the recipe of its training.

    [tokenizer]   options of `schemalm tokenizer train`: vocab-size = 4096
    [prepare]     options of `schemalm prepare`: stride = 256
    [training]    as in a recipe of `schemalm train`
    [model]       as in a recipe of `schemalm train`

What is not set has the value of `TRAINING`, or else the revision's default.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemalm.errors import ConfigurationError

CONTEXT_SIZE = 512
TRAINING = {"model": "tiny", "batch_size": 8, "dtype": "bfloat16", "compile": True}
# Only the end of a run is validated, on all documents; every step is logged, so that its CPU time is noted.
NEVER = 1_000_000_000
MEASURED = {"device": "cpu", "log_every": 1, "evaluate_every": NEVER, "num_evaluation_documents": NEVER}
# What the benchmark itself decides.
_RESERVED = {
    "tokenizer": {"corpus", "out", "schema", "max-files", "strict", "json"},
    "prepare": {"input", "output", "tokenizer", "context-size", "train-split", "seed", "max-files", "strict", "json"},
    "training": {"num_steps", "seed", *MEASURED},
    "model": set[str](),
}


@dataclass(frozen=True)
class Configuration:
    """The tables of a configuration file."""

    tokenizer: Mapping[str, Any] = field(default_factory=dict)
    prepare: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Configuration:
        """Read a file; raises `ConfigurationError` with the file and the key for what a file may not set."""
        try:
            tables = tomllib.loads(path.read_text())
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigurationError(f"{path}: {error}") from None
        for name, table in tables.items():
            if name not in _RESERVED or not isinstance(table, dict):
                raise ConfigurationError(f"{path}: [{name}] is unknown: expected {', '.join(_RESERVED)}")
            if taken := sorted(_RESERVED[name] & table.keys()):
                raise ConfigurationError(f"{path}: [{name}] {taken[0]} is set by the benchmark: remove it")
        return cls(**tables)

    def recipe(self) -> str:
        """Return the recipe for `schemalm train`."""
        training = {**TRAINING, **self.training, **MEASURED}
        if self.model:
            del training["model"]
        tables = {"training": training, "model": self.model}
        lines = [
            line
            for name, table in tables.items()
            if table
            for line in (f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()), "")
        ]
        return "\n".join(lines)


def command_options(table: Mapping[str, Any]) -> list[str]:
    """Return options of a command line: `--name value`, `--name` for true and `--no-name` for false."""
    options: list[str] = []
    for name, value in table.items():
        options += [f"--{'' if value else 'no-'}{name}"] if isinstance(value, bool) else [f"--{name}", str(value)]
    return options
