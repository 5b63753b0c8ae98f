"""Real documents whose tokens the contenders write again, and models of drawn weights that read them.

The choice of each token is made as always, then replaced by the real one. So masks, echoes and lengths are those of
real text, though the weights are not trained; their values do not matter for the speed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from schemalm.dataset.echo import ORDERS
from schemalm.dataset.store import Metadata, Split
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT


def real_documents(data: Path, metadata: Metadata, max_tokens: int, count: int) -> list[list[int]]:
    """Returns the tokens of validation documents drawn at random, the same each time, as far as the budget reaches."""
    split = Split(data, "val", metadata)
    chosen = np.random.default_rng(0).permutation(split.num_documents)[:count]
    return [split.document(int(number))[0][:max_tokens].tolist() for number in chosen]


def shape_of(metadata: Metadata, model: str, *, is_told: bool = True) -> GPTConfiguration:
    """Returns a named size for the data, with grammar states and echoes, or plain."""
    return GPTConfiguration.named(
        model,
        vocab_size=metadata.vocab_size,
        context_size=metadata.context_size,
        num_states=metadata.num_states if is_told else 0,
        num_echoes=len(ORDERS) if is_told else 0,
    )


def drawn_model(shape: GPTConfiguration) -> GPT:
    """Returns a model whose weights are all drawn: none is zero, as those of a new model are."""
    model = GPT(shape)
    model.initialize(0)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            if not weight.any():
                weight.copy_(torch.randn(weight.shape, generator=generator) * weight.shape[-1] ** -0.5)
    return model.eval()
