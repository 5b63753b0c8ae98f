"""The loss of batches and of whole splits, computed the same way in training, validation and evaluation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from schemalm.dataset.loader import Rows, rows_once
from schemalm.dataset.store import Split
from schemalm.dataset.windows import scoring_windows
from schemalm.errors import DataError
from schemalm.model.gpt import GPT
from schemalm.model.head_input import HeadInput
from schemalm.model.loss import head_cross_entropy


def batch_loss(model: GPT, rows: Rows, masks_packed: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Return the summed loss of rows on the model's device, in nats; without `masks_packed`, among all tokens.

    `dtype` is the type of matrix products; the loss itself is computed in float32.
    """
    with products_in(dtype, rows.inputs_BT.device):
        return head_cross_entropy(model, hidden_of(model, rows), rows.targets_BT, rows.nonterminals_BT, masks_packed)[0]


def products_in(dtype: torch.dtype, device: torch.device) -> torch.autocast:
    """Return the context in which matrix products have the type `dtype`."""
    return torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32)


def hidden_of(model: GPT, rows: Rows) -> HeadInput:
    """Return the head's input at each position of rows; a plain model is not given what only others read."""
    states_BT2 = None if model.states is None else rows.states_BT2
    echoes_BTE = None if model.echo is None else rows.echoes_BTE
    recalls_BTR2 = None if model.recall is None else rows.recalls_BTR2
    return model.hidden(rows.inputs_BT, states_BT2, echoes_BTE, recalls_BTR2, rows.positions_BT)


@dataclass(frozen=True)
class Score:
    """How well a model predicts documents: the summed loss in nats, and the tokens and bytes that it covers."""

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
    def bits(self) -> float:
        """The summed loss in bits."""
        return self.loss_sum / math.log(2)

    @property
    def bits_per_byte(self) -> float:
        """Bits per byte of compact canonical JSON, which can be compared between tokenizers."""
        return self.bits / self.num_bytes


@torch.no_grad()
def score_documents(
    model: GPT,
    split: Split,
    documents: NDArray[np.int64],
    masks_packed: Tensor | None,
    *,
    batch_size: int,
    dtype: torch.dtype,
    packing: str = "windows",
) -> Score:
    """Return the loss of whole documents, every token predicted once; raises `DataError` if there are none.

    `packing` affects the speed, and the last digits.
    """

    def loss_of(rows: Rows) -> Tensor:
        return batch_loss(model, rows, masks_packed, dtype)

    with evaluating(model):
        return score_rows(loss_of, split, documents, batch_size, packing, model.head_weight.device)


def score_rows(
    loss_of: Callable[[Rows], Tensor],
    split: Split,
    documents: NDArray[np.int64],
    batch_size: int,
    packing: str,
    device: torch.device,
) -> Score:
    """Return the loss of whole documents by a function that returns the summed loss of rows, as `score_documents`."""
    if not documents.size:
        raise DataError("there are no documents to score: the split is empty")
    metadata = split.metadata
    windows = scoring_windows(split, metadata.context_size, metadata.stride, metadata.pad_id, documents=documents)
    loss_sum, num_tokens = 0.0, 0
    for rows in rows_once(windows, batch_size, packing, device):
        loss_sum += float(loss_of(rows))
        num_tokens += rows.num_targets
    return Score(loss_sum, num_tokens, int(split.num_bytes[documents].sum()))


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model in eval mode temporarily."""
    is_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(is_training)
