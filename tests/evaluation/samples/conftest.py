"""A corpus of composed workflows: training, held-out and sampled ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

import pytest

from schemalm.compilation import compile_schema
from schemalm.dataset.store import Split
from schemalm.documents import canonical_json
from schemalm.evaluation.samples import Written
from schemalm.tokenizer import Tokenizer
from workflow_book import compose_workflows

NUM_TRAIN, NUM_HELD_OUT, NUM_SAMPLES = 600, 200, 100


class Corpus(NamedTuple):
    """Workflows of one distribution; the samples are what a perfect model writes."""

    tokenizer: Tokenizer
    train: Split
    held_out: list[Written]
    samples: list[Written]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory, make_split: Callable[..., Split]) -> Corpus:
    """Workflows of the book, under the schema of workflows without rules."""
    values = [workflow.value for workflow in compose_workflows(NUM_TRAIN + NUM_HELD_OUT + NUM_SAMPLES, seed=5)]
    random.Random(5).shuffle(values)
    grammar = compile_schema("github-workflow", rules=None)
    tokenizer = Tokenizer.train(grammar, values[:300], vocab_size=1500)
    tokens = tokenizer.encode_batch(values)
    written = [Written(value, tuple(ids)) for value, ids in zip(values, tokens, strict=True)]
    num_bytes = [len(canonical_json(value)) for value in values[:NUM_TRAIN]]
    train = make_split(tokens[:NUM_TRAIN], tokenizer.vocab_size, num_bytes)
    return Corpus(tokenizer, train, written[NUM_TRAIN:-NUM_SAMPLES], written[-NUM_SAMPLES:])
