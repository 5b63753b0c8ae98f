"""A text small enough for every number of a model to be a Python object, and its corpus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.data import Corpus, text_corpus
from schemalm.tokenizer import CharacterTokenizer

TEXT = "a cat sat on a mat and ate a rat; " * 6
TINY = ReferenceConfiguration(
    n_head=2, n_embd=8, context_size=6, batch_size=2, steps=4, init_std=0.3, num_evaluation_windows=3
)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Models this small are many times slower on several threads of a busy machine."""
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(num_threads)


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The text in characters."""
    return text_corpus(TEXT, CharacterTokenizer(TEXT))
