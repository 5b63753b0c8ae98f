"""The loss: cross-entropy of the next token among the tokens that the grammar admits.

Two implementations compute the same numbers. `masked_cross_entropy` is the plain one, from logits. Training uses
`head_cross_entropy`, which computes the loss and its gradients from hidden vectors, a chunk of rows at a time: the
logits of a batch never exist at once, and a chunk fits in the processor's cache. Where the grammar admits few tokens,
only their logits are computed (`sub_vocabulary.py`). A test compares the two. Who needs more than the loss of a batch
takes chunks of all logits from `head_logits`.

Tensor names: N positions, D model width, V vocabulary, U distinct nonterminals, J tokens with a boost. Losses are sums,
in nats. Both raise `DataError` if a mask does not admit a target: such data contradicts itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from schemalm.errors import DataError
from schemalm.machine.mask_tensors import unpack_masks
from schemalm.model.compiled import compile_options
from schemalm.model.gpt import GPT, at_least_float32
from schemalm.model.head_input import HeadInput
from schemalm.model.inputs import IGNORED_TARGET
from schemalm.model.sub_vocabulary import SubVocabulary, narrow_masks

# The number of targets varies by batch, but oneDNN caches some megabytes of code for each shape of a product.
_ROW_MULTIPLE = 64
# The number of logits in memory at once: it fits a processor's cache, or keeps an accelerator busy.
CHUNK_LOGITS = {"cpu": 1 << 21, "cuda": 1 << 26}


def check_targets(targets_N: Tensor, nonterminals_N: Tensor, masks_packed: Tensor) -> None:
    """Raise `DataError` unless the mask of each nonterminal admits the corresponding target."""
    bytes_N = masks_packed[nonterminals_N, targets_N >> 3].to(torch.int64)
    is_admitted_N = ((bytes_N >> (targets_N & 7)) & 1).bool()
    if not bool(is_admitted_N.all()):
        position = int((~is_admitted_N).nonzero()[0])
        raise DataError(
            f"nonterminal {int(nonterminals_N[position])} does not admit token {int(targets_N[position])}, but the "
            "data has it there: masks and tokens do not match; prepare the data again"
        )


def masked_cross_entropy(
    logits_BTV: Tensor, targets_BT: Tensor, nonterminals_BT: Tensor | None = None, masks_packed: Tensor | None = None
) -> tuple[Tensor, int]:
    """Return the summed loss of all targets that are not ignored, and their number.

    With masks, the logits of tokens that a position's nonterminal does not admit are minus infinity.
    """
    is_target_BT = targets_BT != IGNORED_TARGET
    logits_NV, targets_N = at_least_float32(logits_BTV[is_target_BT]), targets_BT[is_target_BT]
    if nonterminals_BT is not None and masks_packed is not None:
        nonterminals_N = nonterminals_BT[is_target_BT]
        check_targets(targets_N, nonterminals_N, masks_packed)
        mask_NV = unpack_masks(masks_packed[nonterminals_N], logits_NV.shape[1])
        logits_NV = logits_NV.masked_fill(~mask_NV, -torch.inf)
    return F.cross_entropy(logits_NV, targets_N, reduction="sum"), len(targets_N)


def head_cross_entropy(
    model: GPT,
    hidden: HeadInput,
    targets_BT: Tensor,
    nonterminals_BT: Tensor | None = None,
    masks_packed: Tensor | None = None,
) -> tuple[Tensor, int]:
    """Return the result of `masked_cross_entropy` for `model.logits(hidden)`, without keeping those logits."""
    position_N = (targets_BT.flatten() != IGNORED_TARGET).nonzero().squeeze(1)
    given, targets_N = hidden.flat(), targets_BT.flatten().index_select(0, position_N)
    if nonterminals_BT is None or masks_packed is None:
        return _sum_of_losses(model, model.head_weight, given.at(position_N), targets_N), len(targets_N)
    nonterminals_N = nonterminals_BT.flatten().index_select(0, position_N)
    masks_UV, rows_N = masks_of_targets(model, targets_N, nonterminals_N, masks_packed)
    is_narrow_U = narrow_masks(masks_UV)
    is_narrow_N = is_narrow_U[rows_N]
    wide, narrow = given.at(position_N[~is_narrow_N]), given.at(position_N[is_narrow_N])
    of_wide = _sum_of_losses(model, model.head_weight, wide, targets_N[~is_narrow_N], masks_UV, rows_N[~is_narrow_N])
    part = SubVocabulary(masks_UV[is_narrow_U])
    narrow = replace(narrow, tokens=part.places(narrow.tokens))
    head_WD, places_N = part.rows(model.head_weight), part.places(targets_N[is_narrow_N])
    narrow_rows_N = (is_narrow_U.cumsum(0) - 1)[rows_N[is_narrow_N]]
    of_narrow = _sum_of_losses(model, head_WD, narrow, places_N, part.masks_UW, narrow_rows_N)
    return of_wide + of_narrow, len(targets_N)


def _sum_of_losses(
    model: GPT,
    head_VD: Tensor,
    given: HeadInput,
    targets_N: Tensor,
    masks_UV: Tensor | None = None,
    rows_N: Tensor | None = None,
) -> Tensor:
    """Return the summed loss of a list of positions under some rows of the head; every mask admits some token."""
    inputs = _LossInputs(
        logit_soft_cap=model.configuration.logit_soft_cap,
        targets_N=_padded(targets_N),
        named_NJ=_padded(given.tokens),
        masks_UV=masks_UV,
        rows_N=None if rows_N is None else _padded(rows_N),
        with_gradients=torch.is_grad_enabled(),
        # A part of the head is so small that compiling would take longer than it saves.
        is_compiled=model.is_compiled and head_VD is model.head_weight,
    )
    loss: Tensor = _HeadCrossEntropy.apply(given.vectors, head_VD, given.boosts, inputs)  # type: ignore[no-untyped-call]
    return loss


def masks_of_targets(
    model: GPT, targets_N: Tensor, nonterminals_N: Tensor, masks_packed: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the masks of the distinct nonterminals [U, V], and for each target the row of its mask [N]."""
    check_targets(targets_N, nonterminals_N, masks_packed)
    # A batch has few distinct nonterminals: unpacking each of them once costs next to nothing.
    distinct_U, rows_N = torch.unique(nonterminals_N, return_inverse=True)
    return unpack_masks(masks_packed[distinct_U], model.configuration.vocab_size), rows_N


@torch.no_grad()
def head_logits(model: GPT, hidden: HeadInput) -> Iterator[Tensor]:
    """Yield the logits of a list of positions, in at least 32 bits, a chunk of rows at a time [rows of the chunk, V].

    The chunks have the size of those of `head_cross_entropy`. The caller may change the yielded tensors.
    """
    cap, head_VD = model.configuration.logit_soft_cap, model.head_weight
    num_rows = _rows_at_once(head_VD)
    head_VD = _as_autocast(head_VD)
    for start in range(0, len(hidden.vectors), num_rows):
        chunk = hidden.at(slice(start, start + num_rows))
        raw_NV = chunk.raised((_padded(_as_autocast(chunk.vectors)) @ head_VD.T)[: len(chunk.vectors)])
        yield at_least_float32(raw_NV).div_(cap).tanh_().mul_(cap)


def _rows_at_once(head_VD: Tensor) -> int:
    """Return the number of rows of a chunk, a multiple of `_ROW_MULTIPLE` if that is possible."""
    num_rows = max(1, CHUNK_LOGITS[head_VD.device.type] // head_VD.shape[0])
    return num_rows - num_rows % _ROW_MULTIPLE if num_rows > _ROW_MULTIPLE else num_rows


@dataclass(frozen=True)
class _LossInputs:
    """The arguments of the loss that have no gradient. Their rows are padded, so that compiled code fits all chunks."""

    logit_soft_cap: float
    targets_N: Tensor
    named_NJ: Tensor  # the tokens with a boost
    masks_UV: Tensor | None
    rows_N: Tensor | None  # the row of `masks_UV` for each position
    with_gradients: bool
    is_compiled: bool


class _HeadCrossEntropy(torch.autograd.Function):
    """Loss and gradients in one pass over chunks of rows, as in Liger Kernel (Hsu et al., 2024)."""

    @staticmethod
    def forward(ctx: Any, hidden_ND: Tensor, head_VD: Tensor, boosts_NJ: Tensor, inputs: _LossInputs) -> Tensor:
        """Return the summed loss, in at least 32 bits; also compute the gradients, which `backward` scales."""
        num_targets, num_padded, num_rows = len(hidden_ND), len(inputs.targets_N), _rows_at_once(head_VD)
        loss = torch.zeros((), device=hidden_ND.device, dtype=torch.promote_types(hidden_ND.dtype, torch.float32))
        if inputs.with_gradients:
            hidden_gradient_ND, boost_gradient_NJ = (
                rows.new_empty(num_padded, rows.shape[1]) for rows in (hidden_ND, boosts_NJ)
            )
            ctx.hidden_gradient_ND = hidden_gradient_ND[:num_targets]
            ctx.boost_gradient_NJ = boost_gradient_NJ[:num_targets]
            ctx.head_gradient_VD = torch.zeros_like(head_VD)
        hidden_ND, head_VD, boosts_NJ = _padded(_as_autocast(hidden_ND)), _as_autocast(head_VD), _padded(boosts_NJ)
        total = _TotalOfProducts(ctx.head_gradient_VD, head_VD.dtype) if inputs.with_gradients else None
        for start in range(0, num_padded, num_rows):
            chunk = slice(start, start + num_rows)
            given = HeadInput(hidden_ND[chunk], inputs.named_NJ[chunk], boosts_NJ[chunk])
            losses_N1, gradient_NV = _chunk_loss(given.raised(given.vectors @ head_VD.T), inputs, chunk)
            loss += losses_N1[: max(0, num_targets - start)].sum()
            if gradient_NV is not None and total is not None:
                boost_gradient_NJ[chunk] = gradient_NV.gather(1, given.tokens)
                gradient_NV = gradient_NV.to(hidden_ND.dtype)
                hidden_gradient_ND[chunk] = gradient_NV @ head_VD
                total.add(gradient_NV.T, given.vectors)
        return loss

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Return the gradients of the hidden vectors, of the head and of the boosts."""
        of_boosts_NJ = gradient * ctx.boost_gradient_NJ
        return gradient * ctx.hidden_gradient_ND, gradient * ctx.head_gradient_VD, of_boosts_NJ, None


class _TotalOfProducts:
    """Adds matrix products to a tensor, in its precision. New memory for each product would cost more than the sum."""

    def __init__(self, total: Tensor, dtype: torch.dtype) -> None:
        """dtype: the number type of the products."""
        self._total = total
        self._is_wider = dtype != total.dtype
        if self._is_wider:
            self._product, self._widened = torch.empty_like(total, dtype=dtype), torch.empty_like(total)

    def add(self, left: Tensor, right: Tensor) -> None:
        """Add the product of two matrices."""
        if self._is_wider:
            torch.mm(left, right, out=self._product)
            self._total += self._widened.copy_(self._product)
        else:
            self._total.addmm_(left, right)


def _padded(rows: Tensor) -> Tensor:
    """Return the rows [N, ...], padded with zeros to a multiple of `_ROW_MULTIPLE`."""
    num_missing = -len(rows) % _ROW_MULTIPLE
    return torch.cat((rows, rows.new_zeros(num_missing, *rows.shape[1:]))) if num_missing else rows


def _as_autocast(tensor: Tensor) -> Tensor:
    """Return the tensor in the type that autocast uses for products: autocast would cast it again for every chunk."""
    device_type = tensor.device.type
    if not torch.is_autocast_enabled(device_type):
        return tensor
    return tensor.to(torch.get_autocast_dtype(device_type))


def _chunk_loss(raw_NV: Tensor, inputs: _LossInputs, chunk: slice) -> tuple[Tensor, Tensor | None]:
    """Return the losses of some rows [N, 1] and, if wanted, the gradient of their sum by the logits before the cap."""
    compute = _loss_of_logits
    if inputs.is_compiled:
        compute = _compiled_loss_of_logits(raw_NV.device.type, raw_NV.dtype)
    rows_N = None if inputs.rows_N is None else inputs.rows_N[chunk]
    targets_N1 = inputs.targets_N[chunk, None]
    return compute(raw_NV, targets_N1, inputs.masks_UV, rows_N, inputs.logit_soft_cap, inputs.with_gradients)


def _loss_of_logits(
    raw_NV: Tensor,
    targets_N1: Tensor,
    masks_UV: Tensor | None,
    rows_N: Tensor | None,
    cap: float,
    with_gradients: bool,
) -> tuple[Tensor, Tensor | None]:
    """Return what `_chunk_loss` returns; float32 logits may be overwritten."""
    # tanh(x) = 1 - 2 / (1 + exp(2x)) takes half the time of tanh.
    tanh_NV = at_least_float32(raw_NV).mul_(2 / cap).exp_().add_(1).reciprocal_().mul_(-2).add_(1)
    # The cap bounds the logits, so the exponentials need no maximum subtracted, and multiplication can apply the mask.
    weights_NV = (tanh_NV * cap).exp_()
    if masks_UV is not None and rows_N is not None:
        weights_NV.mul_(masks_UV[rows_N])
    totals_N1, target_tanh_N1 = weights_NV.sum(dim=1, keepdim=True), tanh_NV.gather(1, targets_N1)
    losses_N1 = totals_N1.log() - cap * target_tanh_N1
    if not with_gradients:
        return losses_N1, None
    # Through the softmax, then through the cap, whose slope is 1 - tanh^2. A target's probability is exp(-loss).
    gradient_NV = weights_NV.div_(totals_N1).mul_(tanh_NV.square_().neg_().add_(1.0)).to(raw_NV.dtype)
    of_targets_N1 = torch.expm1(-losses_N1) * (1.0 - target_tanh_N1.square())
    return losses_N1, gradient_NV.scatter_(1, targets_N1, of_targets_N1.to(raw_NV.dtype))


@cache
def _compiled_loss_of_logits(device_type: str, dtype: torch.dtype) -> Callable[..., tuple[Tensor, Tensor | None]]:
    return torch.compile(_loss_of_logits, dynamic=True, options=compile_options(device_type, dtype))
