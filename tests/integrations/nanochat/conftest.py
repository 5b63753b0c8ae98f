"""Prepared data of embedded workflows, with and without `.pt` files."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.dataset.embedded import embedded_workflows
from schemalm.dataset.prepare import prepare
from schemalm.dataset.pt import write_pt
from schemalm.dataset.store import PREPARED
from schemalm.integrations.nanochat.packaged import packaged_tokenizer

CONTEXT_SIZE = 64


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `.pt` files and the prepared data that they were made from."""
    folder = tmp_path_factory.mktemp("data")
    prepare(embedded_workflows(40), packaged_tokenizer(), folder / PREPARED, context_size=CONTEXT_SIZE, stride=16)
    write_pt(folder)
    return folder
