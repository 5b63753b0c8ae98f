"""Choosing next tokens from logits under masks.

Tensor names: B batch, V vocabulary. Top-k keeps the k likeliest tokens; top-p the smallest set that holds that share of
probability (Holtzman et al., "The curious case of neural text degeneration", 2020), both among admitted tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from schemalm.bounds import check_number
from schemalm.errors import CheckpointError

# What torch's generators take.
MAX_SEED = 2**64 - 1


@dataclass(frozen=True)
class Sampling:
    """How to choose: temperature 0 takes the likeliest token; None switches top-p or top-k off."""

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
    """Raise `ConfigurationError` where the settings of a generation beside its `Sampling` are out of range."""
    check_number("num_samples", num_samples, 1, is_whole=True)
    check_number("max_tokens", max_tokens, 1, is_whole=True)
    check_number("seed", seed, 0, MAX_SEED, is_whole=True)


def sample_tokens(
    logits_BV: Tensor, masks_BV: Tensor, sampling: Sampling, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """One admitted token per row [B], and its log-probability under the mask at temperature 1, in nats [B].

    Raises `CheckpointError` where logits are no numbers, as weights or a configuration out of measure make them.
    """
    if not logits_BV.isfinite().all():
        raise CheckpointError("the model's logits are no numbers: its weights or its configuration are damaged")
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
