"""What named tokens add to vectors: for each echo and recall, the token's row of a matrix times a vector of scales.

The scales of an echo depend on which echo it is, those of a recall also on its certainty. All of them are one table,
and each named token has a place in it. The last row of the table is zeros: the place of what is not known. The sum has
its own gradient, which keeps no rows for the backward pass and adds to one tensor in place. Autograd would keep several
rows for each named token and add up as many gradients of the whole matrix.

Tensor names: S sides (the input, then the head), N positions, E echoes, R recalls, C certainties, J echoes and recalls,
P rows of the table, V vocabulary, D model width.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from schemalm.model.inputs import NEVER


class NamedRows:
    """The named tokens of a batch, ready to be added at the input and at the head."""

    def __init__(
        self,
        echoes: Tensor | None,
        recalls: Tensor | None,
        echo_scales_SED: Tensor | None,
        recall_scales_SRCD: Tensor | None,
        gain: float,
    ) -> None:
        """echoes: tokens [..., E]. recalls: pairs of token and certainty [..., R, 2]. gain: the factor of all scales.

        A kind without scales is ignored.
        """
        tokens: list[Tensor] = []
        places: list[Tensor] = []
        scales: list[Tensor] = []
        num_places = 0
        if echo_scales_SED is not None and echoes is not None:
            tokens.append(echoes.flatten(0, -2).T)
            num_places = echo_scales_SED.shape[1]
            places.append(torch.arange(num_places, device=echoes.device)[:, None].expand_as(tokens[0]))
            scales.append(echo_scales_SED)
        if recall_scales_SRCD is not None and recalls is not None:
            recalled_RN, certainties_RN = recalls.flatten(0, -3).permute(2, 1, 0)
            _, num_recalls, num_certainties, _ = recall_scales_SRCD.shape
            first_R1 = num_places + num_certainties * torch.arange(num_recalls, device=recalls.device)[:, None]
            tokens.append(recalled_RN)
            places.append(first_R1 + certainties_RN)
            scales.append(recall_scales_SRCD.flatten(1, 2))
        self._is_empty = not tokens
        if tokens:
            table_SPD = torch.cat(scales, dim=1)
            self._tokens_JN = torch.cat(tokens)
            self._places_JN = torch.where(self._tokens_JN == NEVER, table_SPD.shape[1], torch.cat(places))
            self._table_SPD = gain * F.pad(table_SPD, (0, 0, 0, 1))

    def added(self, x: Tensor, weight_VD: Tensor, side: int) -> Tensor:
        """Return vectors [..., D] with the scaled rows of a matrix; `side`: 0 at the input, 1 at the head."""
        if self._is_empty:
            return x
        given = weight_VD, self._table_SPD[side], self._tokens_JN, self._places_JN
        sum_ND: Tensor = _SumOfRows.apply(*given)  # type: ignore[no-untyped-call]
        return x + sum_ND.view_as(x)


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
