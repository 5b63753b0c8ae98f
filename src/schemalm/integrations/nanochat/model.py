"""SchemaLM's model with the names that plain training scripts use.

A loop calls `logits = model(x)`, with ids `x` [B, T] and `logits` [B, T, V]. SchemaLM's own training also gives the
model the grammar state and n-gram look-ups; a plain loop does not have them, so this model does not use them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from schemalm.errors import ConfigurationError
from schemalm.model import gpt
from schemalm.model.configuration import GPTConfiguration

# SchemaLM's names, and the names in scripts.
_NAMES = {"model_width": "d_model", "num_layers": "n_layers", "num_heads": "n_heads"}


class GPT(gpt.GPT):
    """An initialized decoder-only transformer; equal seeds give equal weights.

    vocab_size: the number of the tokenizer's ids.
    context_size: the length of the data's rows, position token included.
    dropout: the dropout rate in train mode, with torch's generator.
    Raises `ConfigurationError` for invalid sizes.
    """

    def __init__(
        self,
        vocab_size: int,
        context_size: int,
        d_model: int,
        n_layers: int,
        n_heads: int,
        dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(shape_of(vocab_size, context_size, d_model, n_layers, n_heads, dropout))
        self.initialize(seed)

    def forward(self, tokens_BT: Tensor, *given: Any) -> Tensor:
        """Return the logits [B, T, V]; raises `ConfigurationError` if the input is not [B, T] ids within the sizes."""
        shape = self.configuration
        self._check(tokens_BT, *given)
        try:
            return super().forward(tokens_BT, *given)
        except IndexError:
            raise ConfigurationError(
                f"x has the id {int(tokens_BT.max())}, but the model's vocab_size is {shape.vocab_size}: give GPT the "
                "vocab_size of the data's tokenizer"
            ) from None

    def _check(self, x: Any, y: Any = None, *_: Any) -> None:
        if y is not None:
            raise ConfigurationError(
                "the model takes x alone: logits = model(x), and the loss is F.cross_entropy(logits.view(-1, "
                "vocab_size), y.view(-1))"
            )
        if not isinstance(x, Tensor) or x.ndim != 2 or x.dtype not in (torch.int32, torch.int64):
            found = f"{x.dtype} {[*x.shape]}" if isinstance(x, Tensor) else type(x).__name__
            raise ConfigurationError(f"x must be a tensor of token ids [batch, time], torch.int64, got {found}")
        if x.shape[1] > self.configuration.context_size:
            raise ConfigurationError(
                f"x has {x.shape[1]} ids in a row, more than the model's context_size "
                f"{self.configuration.context_size}: give GPT the context_size of the data"
            )


def shape_of(
    vocab_size: int, context_size: int, d_model: int, n_layers: int, n_heads: int, dropout: float = 0.0
) -> GPTConfiguration:
    """Return SchemaLM's configuration for these sizes; a `ConfigurationError` uses the names of the parameters."""
    try:
        return GPTConfiguration(
            vocab_size=vocab_size,
            context_size=context_size,
            num_layers=n_layers,
            num_heads=n_heads,
            num_key_value_heads=n_heads,
            model_width=d_model,
            mlp_width=4 * d_model,
            dropout=dropout,
        )
    except ConfigurationError as error:
        message = str(error)
        for ours, theirs in _NAMES.items():
            message = message.replace(ours, theirs)
        raise ConfigurationError(message) from None
