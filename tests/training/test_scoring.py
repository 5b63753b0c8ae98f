"""Scores count every token of the chosen documents once, whatever the batch size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from schemalm.dataset.echo import ORDERS
from schemalm.dataset.store import Split, load_masks, read_metadata
from schemalm.errors import DataError
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.training.scoring import Score, score_documents


@pytest.fixture
def model() -> GPT:
    model = GPT(GPTConfiguration.named("tiny", vocab_size=64, context_size=16, num_states=10, num_echoes=len(ORDERS)))
    model.initialize(0)
    return model


def test_a_score_covers_each_token_once_and_does_not_depend_on_batches(data: Path, model: GPT) -> None:
    split = Split(data, "val")
    masks = load_masks(data, read_metadata(data))
    assert masks is not None
    documents = np.arange(split.num_documents)
    scores = [
        score_documents(model, split, documents, torch.from_numpy(masks), batch_size=batch_size, dtype=torch.float32)
        for batch_size in (1, 3, 100)
    ]
    assert {score.num_tokens for score in scores} == {int(split.offsets[-1])}
    assert {score.num_bytes for score in scores} == {int(split.num_bytes.sum())}
    assert scores[0].loss == pytest.approx(scores[1].loss, rel=1e-5) == pytest.approx(scores[2].loss, rel=1e-5)


def test_units_follow_from_the_sums() -> None:
    score = Score(loss_sum=8.0, num_tokens=4, num_bytes=16)
    assert score.loss == 2.0
    assert score.perplexity == pytest.approx(np.e**2)
    assert score.bits_per_byte == pytest.approx(0.5 / np.log(2))


def test_nothing_cannot_be_scored(data: Path, model: GPT) -> None:
    with pytest.raises(DataError, match="no documents to score"):
        score_documents(
            model, Split(data, "val"), np.array([], dtype=np.int64), None, batch_size=1, dtype=torch.float32
        )
