"""Prepared data of embedded workflows, with and without `.pt` files."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.dataset.prepare import SourceDocument, prepare
from schemalm.dataset.pt import write_pt
from schemalm.dataset.store import PREPARED
from schemalm.integrations.nanochat.packaged import packaged_tokenizer
from schemalm.recipes import compose_workflows

CONTEXT_SIZE = 64


@pytest.fixture(autouse=True, scope="session")
def small_models(one_thread: None) -> None:
    """All tests of this folder compute with small models."""


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `.pt` files and the prepared data that they are cut from."""
    folder = tmp_path_factory.mktemp("data")
    recipes = compose_workflows(40)
    documents = [SourceDocument(recipe.value, recipe.repository, recipe.path) for recipe in recipes]
    prepare(documents, packaged_tokenizer(), folder / PREPARED, context_size=CONTEXT_SIZE, stride=16)
    write_pt(folder)
    return folder
