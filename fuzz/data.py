"""Fuzzes the readers of prepared data: metadata, masks, places, offsets, blocks."""

from __future__ import annotations

from pathlib import Path

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["schemalm"]):
    from schemalm.dataset.loader import Loader
    from schemalm.dataset.store import Split, load_masks, read_metadata
    from schemalm.dataset.windows import training_windows

from fuzz.folders import Replaced
from fuzz.harness import fuzz


def read(folder: Path) -> None:
    """Open the training split and draw batches from it."""
    metadata = read_metadata(folder)
    load_masks(folder, metadata)
    batches = Loader(training_windows(Split(folder, "train", metadata)), 2)
    for _ in range(3):
        next(batches)


if __name__ == "__main__":
    replaced = Replaced("data")
    fuzz("data", lambda content: replaced.read(content, read), replaced.seeds())
