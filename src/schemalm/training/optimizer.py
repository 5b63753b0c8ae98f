"""The optimizer: AdamW with weight decay on matrices that multiply, none on embeddings; its state as named tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from schemalm.errors import CheckpointError
from schemalm.model.gpt import GPT
from schemalm.training.configuration import TrainingConfiguration

_STATE_KEYS = ("step", "exp_avg", "exp_avg_sq")


def make_optimizer(model: GPT, configuration: TrainingConfiguration) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter, 2019) over all parameters of `model`; the loop sets the rate at each step."""
    tables = [table.weight for table in (model.tokens, model.states, model.states_out) if table is not None]
    embeddings = tables + ([] if model.echo is None else [model.echo])
    matrices = [*model.layers.parameters(), model.head.weight]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": configuration.weight_decay},
            {"params": embeddings, "weight_decay": 0.0},
        ],
        lr=configuration.learning_rate,
        betas=(configuration.beta1, configuration.beta2),
        fused=True,
    )


def optimizer_tensors(model: GPT, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's state, one tensor per `parameter/quantity`."""
    return {
        f"{name}/{key}": optimizer.state[parameter][key]
        for name, parameter in model.named_parameters()
        for key in _STATE_KEYS
    }


def restore_optimizer(model: GPT, optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put saved state back; raises `CheckpointError` where it belongs to another model."""
    expected = {f"{name}/{key}" for name, _ in model.named_parameters() for key in _STATE_KEYS}
    if tensors.keys() != expected:
        raise CheckpointError(f"the optimizer's state is of another model: {sorted(tensors.keys() ^ expected)[:3]}")
    for name, parameter in model.named_parameters():
        optimizer.state[parameter] = {key: tensors[f"{name}/{key}"].to(parameter.device) for key in _STATE_KEYS}
