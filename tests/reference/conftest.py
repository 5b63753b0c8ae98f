"""A text small enough for every number of a model to be a Python object, and its corpus."""

from __future__ import annotations

import pytest

from schemalm.baselines import CharacterTokenizer
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.data import Corpus, text_corpus

TEXT = "a cat sat on a mat and ate a rat; " * 6
TINY = ReferenceConfiguration(
    n_head=2, n_embd=8, context_size=6, batch_size=2, steps=4, init_std=0.3, num_evaluation_windows=3
)


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The text in characters."""
    return text_corpus(TEXT, CharacterTokenizer(TEXT))
