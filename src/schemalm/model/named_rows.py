"""What named tokens add to vectors: for each echo and recall, the token's row of a matrix times a vector of scales.

The scales of an echo depend on which echo it is, those of a recall also on its certainty. All of them are one table,
and each named token has a place in it. The last row of the table is zeros: the place of what is not known. The sum has
its own gradient, which keeps no rows for the backward pass and adds to one tensor in place. Autograd would keep several
rows for each named token and add up as many gradients of the whole matrix.

Tensor names: N positions, E echoes, R recalls, C certainties, J echoes and recalls, P rows of the table, V vocabulary,
D model width.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from schemalm.model.inputs import NEVER


class Named(NamedTuple):
    """The named tokens of a list of positions and their places in the table of scales, both [J, N]."""

    tokens: Tensor
    places: Tensor


def named_tokens(echoes_NE: Tensor | None, recalls_NR2: Tensor | None, num_certainties: int) -> Named:
    """Return the named tokens of positions; at least one kind must be given."""
    tokens: list[Tensor] = []
    places: list[Tensor] = []
    num_places = 0
    if echoes_NE is not None:
        tokens.append(echoes_NE.T)
        num_places = echoes_NE.shape[1]
        places.append(torch.arange(num_places, device=echoes_NE.device)[:, None].expand_as(tokens[0]))
    if recalls_NR2 is not None:
        recalled_RN, certainties_RN = recalls_NR2.permute(2, 1, 0)
        tokens.append(recalled_RN)
        first_R1 = num_certainties * torch.arange(len(recalled_RN), device=recalled_RN.device)[:, None]
        places.append(num_places + first_R1 + certainties_RN)
        num_places += num_certainties * len(recalled_RN)
    tokens_JN = torch.cat(tokens)
    return Named(tokens_JN, torch.where(tokens_JN == NEVER, num_places, torch.cat(places)))


def table_of_scales(scales_ED: Tensor | None, scales_RCD: Tensor | None) -> Tensor:
    """Return the scales of echoes and recalls in the order of their places, and a row of zeros [P, D]."""
    parts = [scales.flatten(0, -2) for scales in (scales_ED, scales_RCD) if scales is not None]
    return F.pad(torch.cat(parts), (0, 0, 0, 1))


def sum_of_rows(weight_VD: Tensor, table_PD: Tensor, named: Named) -> Tensor:
    """Return the sum over the named tokens of each position, a row of the matrix times a row of the table [N, D]."""
    found: Tensor = _SumOfRows.apply(weight_VD, table_PD, named.tokens, named.places)  # type: ignore[no-untyped-call]
    return found


class _SumOfRows(torch.autograd.Function):
    """The sum and its gradients, one named token after another in the same memory."""

    @staticmethod
    def forward(ctx: Any, weight_VD: Tensor, table_PD: Tensor, tokens_JN: Tensor, places_JN: Tensor) -> Tensor:
        """Return the sum of scaled rows [N, D]."""
        ctx.save_for_backward(weight_VD, table_PD, tokens_JN, places_JN)
        sum_ND = weight_VD.new_zeros(tokens_JN.shape[1], weight_VD.shape[1])
        rows_ND, scales_ND = torch.empty_like(sum_ND), torch.empty_like(sum_ND)
        for tokens_N, places_N in zip(tokens_JN, places_JN, strict=True):
            torch.index_select(weight_VD, 0, tokens_N, out=rows_ND)
            torch.index_select(table_PD, 0, places_N, out=scales_ND)
            sum_ND.addcmul_(rows_ND, scales_ND)
        return sum_ND

    @staticmethod
    def backward(ctx: Any, gradient_ND: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Return the gradients of the matrix and of the table."""
        weight_VD, table_PD, tokens_JN, places_JN = ctx.saved_tensors
        of_weight_VD, of_table_PD = torch.zeros_like(weight_VD), torch.zeros_like(table_PD)
        rows_ND = torch.empty_like(gradient_ND)
        for tokens_N, places_N in zip(tokens_JN, places_JN, strict=True):
            torch.index_select(table_PD, 0, places_N, out=rows_ND)
            of_weight_VD.index_add_(0, tokens_N, rows_ND.mul_(gradient_ND))
            torch.index_select(weight_VD, 0, tokens_N, out=rows_ND)
            of_table_PD.index_add_(0, places_N, rows_ND.mul_(gradient_ND))
        return of_weight_VD, of_table_PD, None, None
