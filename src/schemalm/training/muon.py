"""Muon for the layers' matrices, each in blocks: one for each attention head, and as many hidden units of the MLP.

One side of every such matrix is the model's width. The other is cut into blocks of a head's width, and each block's
update is orthogonalized alone: all of them in one batch, since they have one shape. That is several times less work
than whole matrices, whose products grow with the cube of their shorter side, and teaches as much
(docs/decisions/0063-muon-in-blocks.md).

Tensor names: N blocks, B numbers of a block's shorter side, D the model's width.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from schemalm.model.gpt import GPT, Block

# Newton-Schulz iteration with the coefficients of Jordan et al., Muon (2024), as in torch.optim.Muon.
_A, _B, _C = 3.4445, -4.7750, 2.0315
NUM_ITERATIONS = 3
_MOMENTUM = 0.95
_EPSILON = 1e-7
# So many numbers are orthogonalized at once, which bounds the memory for intermediate results.
_MAX_BATCH = 1 << 24


def groups_of(model: GPT) -> list[dict[str, Any]]:
    """Return the matrices of the layers in groups, by the axis along which they are cut."""
    rows: list[Tensor] = []
    columns: list[Tensor] = []
    for layer in cast("Iterable[Block]", model.layers):
        of = layer.attention
        rows += [of.query.weight, of.key.weight, of.value.weight, layer.up.weight]
        columns += [of.output.weight, layer.down.weight]
    return [{"params": rows, "axis": 0}, {"params": columns, "axis": 1}]


class Muon(torch.optim.Optimizer):
    """Muon (Jordan et al., 2024) with Nesterov momentum and decoupled weight decay, in blocks of rows or columns.

    A group of parameters has `lr`, `weight_decay`, and `axis`: 0 for matrices [any, D] that are cut into rows, 1 for
    matrices [D, any] that are cut into columns. The root mean square of an update is `lr` / sqrt(number of columns), as
    that of torch.optim.Muon with its default scale. Gradients are overwritten.
    """

    def __init__(self, params: Any, lr: float, weight_decay: float, block_size: int) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "block_size": block_size})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update all parameters."""
        for group in self.param_groups:
            parameters, axis = [found for found in group["params"] if found.grad is not None], group["axis"]
            blocks = [
                _blocks(update.mT if axis else update, group["block_size"])
                for update in map(self._accelerated, parameters)
            ]
            if not blocks:  # with sharded state, a process may have none of a group
                continue
            parts = torch.split(orthogonalize(torch.cat(blocks)), [len(block) for block in blocks])
            for parameter, part in zip(parameters, parts, strict=True):
                rows_RD = part.flatten(0, 1)[: parameter.shape[axis]]
                scale = math.sqrt(parameter.shape[0] / parameter.shape[axis])
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(rows_RD.mT if axis else rows_RD, alpha=-group["lr"] * scale)

    def _accelerated(self, parameter: Tensor) -> Tensor:
        """Return the gradient with Nesterov momentum, in the gradient's place."""
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if not state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        momentum: Tensor = state["momentum_buffer"]
        momentum.lerp_(gradient, 1 - _MOMENTUM)
        return gradient.lerp_(momentum, _MOMENTUM)


def _blocks(matrix_RD: Tensor, block_size: int) -> Tensor:
    """Return the blocks of rows of a matrix as bfloat16 [N, B, D]; zeros fill the last one."""
    missing = -len(matrix_RD) % block_size
    return F.pad(matrix_RD.bfloat16(), (0, 0, 0, missing)).reshape(-1, block_size, matrix_RD.shape[1])


def orthogonalize(blocks_NBD: Tensor) -> Tensor:
    """Make the singular values of each block about 1, in bfloat16 and in place; B must be at most D."""
    for some_NBD in torch.split(blocks_NBD, max(1, _MAX_BATCH // blocks_NBD[0].numel())):
        x_NBD = some_NBD / some_NBD.norm(dim=(1, 2), keepdim=True).clamp(min=_EPSILON)
        for _ in range(NUM_ITERATIONS):
            products_NBB = x_NBD @ x_NBD.mT
            polynomial_NBB = torch.baddbmm(products_NBB, products_NBB, products_NBB, beta=_B, alpha=_C)
            x_NBD = torch.baddbmm(x_NBD, polynomial_NBB, x_NBD, beta=_A)
        some_NBD.copy_(x_NBD)
    return blocks_NBD
