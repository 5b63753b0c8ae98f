"""Scores count every token of the chosen documents once, whatever the batch size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from schemalm.dataset.echo import ORDERS
from schemalm.dataset.loader import Rows, read_rows
from schemalm.dataset.packing import PACKINGS, PackedOrder
from schemalm.dataset.store import Split, load_masks, read_metadata
from schemalm.dataset.windows import Windows
from schemalm.errors import DataError
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.model.inputs import IGNORED_TARGET
from schemalm.training.scoring import Score, batch_loss, score_documents


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
        score_documents(
            model,
            split,
            documents,
            torch.from_numpy(masks),
            batch_size=batch_size,
            dtype=torch.float32,
            packing=packing,
        )
        for packing in PACKINGS
        for batch_size in (1, 3, 100)
    ]
    assert {score.num_tokens for score in scores} == {int(split.offsets[-1])}
    assert {score.num_bytes for score in scores} == {int(split.num_bytes.sum())}
    assert [score.loss for score in scores] == pytest.approx([scores[0].loss] * 6, abs=1e-5)


def test_scoring_disables_dropout_and_restores_the_mode(data: Path, model: GPT) -> None:
    dropping = GPT(replace(model.configuration, dropout=0.5))
    dropping.load_state_dict(model.state_dict())
    split = Split(data, "val")
    documents = np.arange(split.num_documents)
    expected, found = (
        score_documents(each, split, documents, None, batch_size=3, dtype=torch.float32) for each in (model, dropping)
    )
    assert found == expected
    assert dropping.training


@pytest.mark.slow
@pytest.mark.parametrize("masked", [True, False])
def test_packing_does_not_change_a_documents_loss_and_gradient(data: Path, model: GPT, masked: bool) -> None:
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(weight.numel())) * 0.1)
    masks = load_masks(data, read_metadata(data))
    assert masks is not None
    packed_masks = torch.from_numpy(masks) if masked else None
    windows = Windows(Split(data, "train"), 16, 16, 0)
    order = PackedOrder(windows.all_lengths(), 16, seed=0)
    shared = [row for row in order.rows(0, 0, order.num_rows) if len(row) > 1]
    assert len(shared) > 5
    for row in shared:
        rows = read_rows(windows, [row], "documents")
        ends = np.cumsum(windows.lengths(row)).tolist()
        for window, begin, end in zip(row, [0, *ends], ends, strict=False):
            alone = loss_and_gradient(model, read_rows(windows, [np.array([window])], "windows"), packed_masks)
            packed = loss_and_gradient(model, with_targets(rows, begin, end), packed_masks)
            assert packed[0] / (end - begin) == pytest.approx(alone[0] / (end - begin), abs=1e-5)
            assert float((packed[1] - alone[1]).norm() / alone[1].norm()) < 1e-4


def with_targets(rows: Rows, begin: int, end: int) -> Rows:
    """Rows whose targets outside `begin:end` are ignored."""
    targets_BT = torch.full_like(rows.targets_BT, IGNORED_TARGET)
    targets_BT[:, begin:end] = rows.targets_BT[:, begin:end]
    return replace(rows, targets_BT=targets_BT)


def loss_and_gradient(model: GPT, rows: Rows, masks: torch.Tensor | None) -> tuple[float, torch.Tensor]:
    model.zero_grad()
    loss = batch_loss(model, rows, masks, torch.float32)
    loss.backward()
    return float(loss.detach()), torch.cat([weight.grad.flatten() for weight in model.parameters()])


def test_units_follow_from_the_sums() -> None:
    score = Score(loss_sum=8.0, num_tokens=4, num_bytes=16)
    assert score.loss == 2.0
    assert score.perplexity == pytest.approx(np.e**2)
    assert score.bits_per_byte == pytest.approx(0.5 / np.log(2))


def test_scoring_no_documents_is_refused(data: Path, model: GPT) -> None:
    with pytest.raises(DataError, match="no documents to score"):
        score_documents(
            model, Split(data, "val"), np.array([], dtype=np.int64), None, batch_size=1, dtype=torch.float32
        )
