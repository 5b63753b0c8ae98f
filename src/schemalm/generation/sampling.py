"""Choose the next tokens from logits under masks.

Tensor names: B batch, V vocabulary. Top-k keeps the k likeliest tokens. Top-p keeps the smallest set of tokens with at
least that total probability (Holtzman et al., "The curious case of neural text degeneration", 2020). Both apply to
admitted tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from schemalm.bounds import check_number
from schemalm.errors import CheckpointError

# The largest seed of torch's generators.
MAX_SEED = 2**64 - 1


@dataclass(frozen=True)
class Sampling:
    """Sampling settings: temperature 0 takes the likeliest token; None disables top-p or top-k.

    Raises `ConfigurationError` for values out of range.
    """

    temperature: float = 0.8
    top_p: float | None = None
    top_k: int | None = None

    def __post_init__(self) -> None:
        check_number("temperature", self.temperature, 0, 100)
        if self.top_p is not None:
            check_number("top_p", self.top_p, 0, 1, is_above=True)
        if self.top_k is not None:
            check_number("top_k", self.top_k, 1, is_whole=True)


def check_request(num_samples: int, max_tokens: int, seed: int) -> None:
    """Raise `ConfigurationError` if a setting of a generation is out of range; `Sampling` checks the others."""
    check_number("num_samples", num_samples, 1, is_whole=True)
    check_number("max_tokens", max_tokens, 1, is_whole=True)
    check_number("seed", seed, 0, MAX_SEED, is_whole=True)


def sample_tokens(
    logits_BV: Tensor, masks_BV: Tensor, sampling: Sampling, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Choose one admitted token per row [B]; return the tokens and their log-probabilities in nats [B].

    Log-probabilities are under the mask, at temperature 1. Raises `CheckpointError` if logits are not finite, which
    damaged weights or configurations cause.
    """
    if not logits_BV.isfinite().all():
        raise CheckpointError("the model's logits are not finite: its weights or its configuration are damaged")
    admitted_BV = logits_BV.float().masked_fill(~masks_BV, float("-inf"))
    log_probability_BV = admitted_BV.log_softmax(dim=-1)
    if sampling.temperature == 0:
        chosen_B = admitted_BV.argmax(dim=-1)
    else:
        scaled_BV = _narrow(admitted_BV / sampling.temperature, sampling)
        probability_BV = scaled_BV.softmax(dim=-1).cpu()
        chosen_B = torch.multinomial(probability_BV, 1, generator=generator)[:, 0].to(logits_BV.device)
    return chosen_B, log_probability_BV.gather(1, chosen_B[:, None])[:, 0]


def _narrow(scaled_BV: Tensor, sampling: Sampling) -> Tensor:
    if sampling.top_k is not None:
        kept = min(sampling.top_k, scaled_BV.shape[-1])
        least_B1 = scaled_BV.topk(kept, dim=-1).values[:, -1:]
        scaled_BV = scaled_BV.masked_fill(scaled_BV < least_B1, float("-inf"))
    if sampling.top_p is not None:
        ordered_BV, order_BV = scaled_BV.sort(dim=-1, descending=True)
        probability_BV = ordered_BV.softmax(dim=-1)
        is_beyond_BV = probability_BV.cumsum(dim=-1) - probability_BV >= sampling.top_p
        scaled_BV = scaled_BV.masked_fill(is_beyond_BV.gather(1, order_BV.argsort(dim=-1)), float("-inf"))
    return scaled_BV
