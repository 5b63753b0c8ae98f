"""A small synthetic data set: the successors of every token are a mask, and the states follow from the tokens."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from schemalm.dataset.store import (
    MASKS_FILE,
    STATE_TABLE_FILE,
    TOKENIZER_FILE,
    Metadata,
    SplitWriter,
    write_array,
    write_metadata,
)
from schemalm.machine.masks import pack_masks
from schemalm.training import loop

VOCAB_SIZE, NUM_MASKS, NUM_STATES = 64, 12, 10


def write_data(
    folder: Path,
    *,
    with_grammar: bool = True,
    num_documents: int = 30,
    seed: int = 0,
    context_size: int = 16,
    tokenizer: str = "a tokenizer",
) -> Path:
    """Write a data set whose masks admit its tokens; the same for the same arguments."""
    random = np.random.default_rng(seed)
    masks = random.random((NUM_MASKS, VOCAB_SIZE)) < 0.3
    masks[:, :2] = True
    folder.mkdir(parents=True)
    (folder / TOKENIZER_FILE).write_text(tokenizer)
    splits = {}
    rows = np.arange(NUM_MASKS)
    places = np.stack((rows, rows % NUM_STATES, (rows + 3) % NUM_STATES), axis=1)
    num_places = len(places) if with_grammar else 0
    for name, count in (("train", num_documents), ("val", num_documents // 3)):
        with SplitWriter(
            folder / name, vocab_size=VOCAB_SIZE, context_size=context_size, stride=4, num_places=num_places
        ) as writer:
            for _ in range(count):
                found = random.integers(NUM_MASKS, size=random.integers(3, 40))
                tokens = [int(random.choice(np.flatnonzero(masks[row])[:6])) for row in found]
                writer.add(tokens, found if with_grammar else None, num_bytes=3 * len(tokens))
            splits[name] = writer.finish()
    tokenizer_hash = hashlib.sha256((folder / TOKENIZER_FILE).read_bytes()).hexdigest()
    files = {TOKENIZER_FILE: tokenizer_hash}
    if with_grammar:
        files[MASKS_FILE] = write_array(folder / MASKS_FILE, pack_masks(masks))
        files[STATE_TABLE_FILE] = write_array(folder / STATE_TABLE_FILE, places.astype(np.uint32))
    metadata = Metadata(
        context_size=context_size,
        stride=4,
        vocab_size=VOCAB_SIZE,
        pad_id=0,
        num_masks=NUM_MASKS if with_grammar else 0,
        num_places=num_places,
        num_states=NUM_STATES if with_grammar else 0,
        tokenizer_sha256=tokenizer_hash,
        files=files,
        splits=splits,
    )
    write_metadata(folder, metadata)
    return folder


@pytest.fixture
def make_data(tmp_path: Path) -> Callable[..., Path]:
    """Writes a data set under the test's temporary folder: `make_data("name", **options)`."""

    def make(name: str = "data", **options: object) -> Path:
        return write_data(tmp_path / name, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def original_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with a grammar, which no test changes."""
    return write_data(tmp_path_factory.mktemp("original") / "data")


@pytest.fixture
def data(original_data: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(original_data, tmp_path / "data")


@pytest.fixture
def assumed_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip measuring the machine's matrix products, which takes longer than the runs of these tests."""
    monkeypatch.setattr(loop, "matmul_peak", lambda *_: 1e9)
