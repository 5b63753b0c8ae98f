"""A tiny run for those who ask it from any thread."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from tests.generation.conftest import SCHEMA, documents, trained

from schemalm.compilation import compile_schema
from schemalm.generation import Run
from schemalm.tokenizer import Tokenizer


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The tiny run of the tests of generation."""
    corpus = documents()
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), [document.value for document in corpus], 400)
    return trained(tmp_path_factory.mktemp("run"), tokenizer, corpus)


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; the test hangs, and is ended, if it never is."""
    while not is_so():
        time.sleep(0.01)
