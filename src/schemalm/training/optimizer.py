"""The optimizers: Muon for hidden matrices and AdamW for the rest, or AdamW for all; their state as named tensors.

Weight decay applies to hidden matrices and the head, not to embeddings and scales. State is saved unsharded, so a run
may be resumed with another number of processes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from schemalm.errors import CheckpointError
from schemalm.model.gpt import GPT
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.muon import Muon, groups_of
from schemalm.training.processes import Processes
from schemalm.training.schedule import share_of_peak

_ADAMW_STATE, _MUON_STATE = ("step", "exp_avg", "exp_avg_sq"), ("momentum_buffer",)


class Optimizers:
    """All optimizers of a model together; `step` applies the schedule."""

    def __init__(self, model: GPT, configuration: TrainingConfiguration, processes: Processes) -> None:
        self._configuration = configuration
        self._processes = processes
        self._is_sharded = configuration.shard_optimizer and processes.size > 1
        self._names = {id(parameter): name for name, parameter in model.named_parameters()}
        self._shapes = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
        hidden = list(model.layers.parameters())
        head = [] if model.head is None else [model.head.weight]
        by_adamw = head if configuration.optimizer == "muon" else [*hidden, *head]
        multiplying = {id(parameter) for parameter in (*hidden, *head)}
        embeddings = [parameter for parameter in model.parameters() if id(parameter) not in multiplying]
        adamw = self._make(
            torch.optim.AdamW,
            [
                {"params": embeddings, "weight_decay": 0.0},
                *([{"params": by_adamw, "weight_decay": configuration.weight_decay}] if by_adamw else []),
            ],
            lr=configuration.learning_rate,
            betas=(configuration.beta1, configuration.beta2),
            fused=True,
        )
        self._parts: list[tuple[Any, float, tuple[str, ...]]] = [(adamw, configuration.learning_rate, _ADAMW_STATE)]
        if configuration.optimizer == "muon":
            settings = {"weight_decay": configuration.weight_decay, "block_size": model.configuration.head_width}
            muon = self._make(Muon, groups_of(model), lr=configuration.muon_learning_rate, **settings)
            self._parts.append((muon, configuration.muon_learning_rate, _MUON_STATE))

    def _make(self, kind: type[torch.optim.Optimizer], parameters: list[Any], **settings: Any) -> Any:
        return _sharded(parameters, kind, **settings) if self._is_sharded else kind(parameters, **settings)

    def step(self, step: int) -> None:
        """Update all weights by their gradients, and clear the gradients; `step` counts from 1."""
        share = share_of_peak(step, self._configuration)
        for optimizer, peak, _ in self._parts:
            for group in optimizer.param_groups:
                group["lr"] = peak * share
            optimizer.step()
            optimizer.zero_grad()

    def tensors(self) -> dict[str, Tensor]:
        """Return the whole state, one tensor per `parameter/quantity`, on the first process; nothing on others."""
        found: dict[str, Tensor] = {}
        for optimizer, _, _ in self._parts:
            if self._is_sharded:
                optimizer.consolidate_state_dict(to=0)
            if self._processes.is_first:
                state = optimizer.state_dict()["state"]
                for index, name in enumerate(self._names_of(optimizer)):
                    found |= {f"{name}/{quantity}": tensor for quantity, tensor in state[index].items()}
        return found

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Restore saved state; raises `CheckpointError` if it belongs to another model or optimizer."""
        expected = {
            f"{name}/{quantity}": () if quantity == "step" else self._shapes[name]
            for optimizer, _, quantities in self._parts
            for name in self._names_of(optimizer)
            for quantity in quantities
        }
        if tensors.keys() != expected.keys():
            raise CheckpointError(
                f"the optimizer's state is of another model, which differs in {sorted(tensors.keys() ^ expected)[:3]}"
            )
        for name, shape in expected.items():
            if tuple(tensors[name].shape) != shape:
                found = tuple(tensors[name].shape)
                raise CheckpointError(f"the optimizer's state of {name} must have the shape {shape}, found {found}")
        for optimizer, _, quantities in self._parts:
            state = {
                index: {quantity: tensors[f"{name}/{quantity}"] for quantity in quantities}
                for index, name in enumerate(self._names_of(optimizer))
            }
            optimizer.load_state_dict({"state": state, "param_groups": _indexed_groups(optimizer)})
            _move_state(optimizer.optim if self._is_sharded else optimizer)

    def _names_of(self, optimizer: Any) -> Iterator[str]:
        """Return the names of an optimizer's parameters, in the order of its state dict."""
        return (self._names[id(parameter)] for group in optimizer.param_groups for parameter in group["params"])


def _sharded(parameters: list[Any], kind: type[torch.optim.Optimizer], **settings: Any) -> Any:
    """Return an optimizer whose state is sharded over the processes (ZeRO stage 1; Rajbhandari et al., 2020)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch's own deprecation
        from torch.distributed.optim import ZeroRedundancyOptimizer  # noqa: PLC0415
    return ZeroRedundancyOptimizer(parameters, kind, **settings)


def _move_state(optimizer: torch.optim.Optimizer) -> None:
    """Move state to the device of its parameter: ZeRO loads `step` to the CPU, which fused AdamW does not accept."""
    for parameter, state in optimizer.state.items():
        for quantity, tensor in state.items():
            state[quantity] = tensor.to(parameter.device)


def _indexed_groups(optimizer: Any) -> list[dict[str, Any]]:
    """Return an optimizer's groups with the indices of their parameters, as in a state dict."""
    groups, first = [], 0
    for group in optimizer.param_groups:
        last = first + len(group["params"])
        groups.append({**group, "params": list(range(first, last))})
        first = last
    return groups
