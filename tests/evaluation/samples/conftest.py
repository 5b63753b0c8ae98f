"""Splits of given documents, and a corpus of composed workflows: training, held-out and sampled ones."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import NamedTuple

import pytest

from schemalm.compilation import compile_schema
from schemalm.dataset.store import Metadata, Split, SplitWriter
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
def make_split(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Split]:
    """A training split of documents as tokens; num_bytes: the size of each as compact JSON, where it matters."""

    def make(documents: Sequence[Sequence[int]], vocab_size: int = 1 << 16, num_bytes: Sequence[int] = ()) -> Split:
        folder = tmp_path_factory.mktemp("split") / "data"
        sizes = {"vocab_size": vocab_size, "context_size": 8, "stride": 4}
        with SplitWriter(folder / "train", **sizes) as writer:
            for tokens, size in zip_longest(documents, num_bytes, fillvalue=1):
                writer.add(tokens, None, size)
            split = writer.finish()
        digest = hashlib.sha256(b"").hexdigest()
        nothing = {"pad_id": 0, "num_masks": 0, "num_places": 0, "num_states": 0}
        metadata = Metadata(
            **sizes, **nothing, tokenizer_sha256=digest, files={"tokenizer.json": digest}, splits={"train": split}
        )
        return Split(folder, "train", metadata)

    return make


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
