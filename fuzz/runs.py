"""Fuzzes the readers of run folders: configuration, metrics, tokenizer, manifest and weights."""

from __future__ import annotations

from pathlib import Path

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["schemalm"]):
    from schemalm.evaluation.records import read_record
    from schemalm.generation import load_run
    from schemalm.training.checkpoint import verify_checkpoint

from fuzz.folders import Replaced
from fuzz.harness import fuzz


def read(folder: Path) -> None:
    """Load the run and the record that reports show."""
    read_record(folder)
    verify_checkpoint(folder, load_run(folder).step)


if __name__ == "__main__":
    replaced = Replaced("run")
    fuzz("runs", lambda content: replaced.read(content, read), replaced.seeds())
