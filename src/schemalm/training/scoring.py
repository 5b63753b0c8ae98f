"""The loss of batches and of whole splits, the same way in training, validation and evaluation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from schemalm.dataset.store import Split
from schemalm.dataset.windows import Batch, Windows, scoring_windows
from schemalm.errors import DataError
from schemalm.model.gpt import GPT
from schemalm.model.loss import head_cross_entropy


def batch_loss(model: GPT, batch: Batch, masks_packed: Tensor | None, dtype: torch.dtype) -> tuple[Tensor, int]:
    """The summed loss of a batch in nats and its number of targets; without `masks_packed` over all tokens.

    `dtype` is the type of matrix products; the loss itself is taken in float32.
    """
    device = model.head_weight.device

    def move(array: NDArray[np.int64] | None) -> Tensor | None:
        return None if array is None else torch.from_numpy(array).to(device)

    states_BT2 = None if model.states is None else move(batch.states_BT2)
    echoes_BTE = None if model.echo is None else move(batch.echoes_BTE)
    tokens_BT = torch.from_numpy(batch.tokens_BT).to(device)
    targets_BT = torch.from_numpy(batch.targets_BT).to(device)
    with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
        hidden_BTD = model.hidden(tokens_BT[:, :-1], states_BT2, echoes_BTE)
        return head_cross_entropy(model, hidden_BTD, targets_BT, move(batch.nonterminals_BT), masks_packed)


@dataclass(frozen=True)
class Score:
    """How well a model predicts documents: the summed loss in nats, and what it is the loss of."""

    loss_sum: float
    num_tokens: int
    num_bytes: int

    @property
    def loss(self) -> float:
        """Nats per token."""
        return self.loss_sum / self.num_tokens

    @property
    def perplexity(self) -> float:
        """The exponential of the loss per token."""
        return math.exp(self.loss)

    @property
    def bits_per_byte(self) -> float:
        """Bits per byte of compact canonical JSON: comparable between tokenizers."""
        return self.loss_sum / math.log(2) / self.num_bytes


@torch.no_grad()
def score_documents(
    model: GPT,
    split: Split,
    documents: NDArray[np.int64],
    masks_packed: Tensor | None,
    *,
    batch_size: int,
    dtype: torch.dtype,
) -> Score:
    """The loss of whole documents, every token predicted once; raises `DataError` where there are none."""
    if not documents.size:
        raise DataError("there are no documents to score: the split is empty")
    metadata = split.metadata
    windows: Windows = scoring_windows(
        split, metadata.context_size, metadata.stride, metadata.pad_id, documents=documents
    )
    loss_sum, num_tokens = 0.0, 0
    for start in range(0, len(windows), batch_size):
        batch = windows.rows(np.arange(start, min(start + batch_size, len(windows))))
        loss, num_targets = batch_loss(model, batch, masks_packed, dtype)
        loss_sum += float(loss)
        num_tokens += num_targets
    return Score(loss_sum, num_tokens, int(split.num_bytes[documents].sum()))
