"""Attention for two layouts of rows: the positions of tokens, and which tokens attend to which.

The layouts share one interface: rows that are one window each (`WholeRows`), and rows with several documents that do
not attend to each other (`PackedRows`). Every token attends to itself and to earlier tokens of its document. Decoding
with a cache has an attention of its own (`inference.py`).

On a CPU, compiled code computes attention a block of queries at a time (`attend_in_blocks`) where that is fastest.
Otherwise packed rows are computed document by document, so no work is spent on pairs of documents. On other devices
FlexAttention (Dong et al., 2024) gets a mask of documents and skips blocks between documents; it cannot drop attention
weights, so a plain mask is used with dropout. The arithmetic of these two is tested on a CPU; they have not been run on
a GPU.

Tensor names: B batch, T time, S time of keys, H heads, K head width, N rows and heads.
"""

from __future__ import annotations

from functools import cache, cached_property
from itertools import pairwise
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

# On a CPU, products of narrow types keep compiled code for each length of a document, so lengths are rounded up;
# float32 keeps none.
_LENGTH_MULTIPLE = 16
# The queries of a block, and the longest rows for which blocks are fastest; memory grows with the square of the length.
BLOCK, _MAX_BLOCKED_LENGTH = 256, 1024


class Layout(Protocol):
    """The layout of tokens in rows; `cos_BTK` and `sin_BTK` are the rotations of their positions [B or 1, T, K / 2]."""

    cos_BTK: Tensor
    sin_BTK: Tensor

    def attend(self, query_BHTK: Tensor, key_BHTK: Tensor, value_BHTK: Tensor, dropout: float) -> Tensor:
        """Return the attention output of each token [B, H, T, K]; `dropout` is the dropout rate of the weights."""


def rotate(x_BHTK: Tensor, layout: Layout) -> Tensor:
    """Apply rotary positions (Su et al., 2021) to halves of the head, in the direction that nanochat uses."""
    first, second = x_BHTK.chunk(2, dim=-1)
    cos, sin = layout.cos_BTK[:, None], layout.sin_BTK[:, None]
    return torch.cat((first * cos + second * sin, second * cos - first * sin), dim=-1)


class WholeRows:
    """Rows with one window each, read from its beginning."""

    def __init__(self, cos_TK: Tensor, sin_TK: Tensor, num_tokens: int) -> None:
        self.cos_BTK, self.sin_BTK = cos_TK[None, :num_tokens], sin_TK[None, :num_tokens]

    def attend(self, query_BHTK: Tensor, key_BHTK: Tensor, value_BHTK: Tensor, dropout: float) -> Tensor:
        """Let every token attend to its row up to itself."""
        if _attends_in_blocks(query_BHTK, value_BHTK, dropout):
            return attend_in_blocks(query_BHTK, key_BHTK, value_BHTK)
        return _attend(query_BHTK, key_BHTK, value_BHTK, dropout)


class PackedRows:
    """Rows with several documents; a document begins at each row's beginning and wherever `positions_BT` is 0."""

    def __init__(self, cos_TK: Tensor, sin_TK: Tensor, positions_BT: Tensor) -> None:
        self.cos_BTK, self.sin_BTK = cos_TK[positions_BT], sin_TK[positions_BT]
        self._positions_BT, self._is_on_cpu = positions_BT, positions_BT.device.type == "cpu"
        self._documents_BT = documents_of(positions_BT)
        self._block_mask = None if self._is_on_cpu else document_block_mask(positions_BT)

    def attend(self, query_BHTK: Tensor, key_BHTK: Tensor, value_BHTK: Tensor, dropout: float) -> Tensor:
        """Let every token attend to its document up to itself."""
        if _attends_in_blocks(query_BHTK, value_BHTK, dropout):
            return attend_in_blocks(query_BHTK, key_BHTK, value_BHTK, self._documents_BT)
        if self._is_on_cpu:
            mixed: Tensor = self._attend_by_document(query_BHTK, key_BHTK, value_BHTK, dropout)
            return mixed
        if dropout:
            return _attend(query_BHTK, key_BHTK, value_BHTK, dropout, document_mask(self._positions_BT))
        return flex_attend(query_BHTK, key_BHTK, value_BHTK, self._block_mask)

    @cached_property
    def _lengths(self) -> list[list[int]]:
        return document_lengths(self._positions_BT)

    # The lengths differ from batch to batch, so the layer would be recompiled each time.
    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _attend_by_document(self, query_BHTK: Tensor, key_BHTK: Tensor, value_BHTK: Tensor, dropout: float) -> Tensor:
        """Compute attention document by document."""
        mixed: list[Tensor] = []
        rows = zip(*(x_BHTK.unbind(0) for x_BHTK in (query_BHTK, key_BHTK, value_BHTK)), strict=True)
        for lengths, row in zip(self._lengths, rows, strict=True):
            for parts in zip(*(x_HTK.split(lengths, dim=1) for x_HTK in row), strict=True):
                mixed.append(_attend_document(parts, dropout))
        mixed_BTHK = torch.cat(mixed).view(len(self._lengths), -1, *mixed[0].shape[1:])
        return mixed_BTHK.transpose(1, 2)


def _attend_document(parts_HTK: tuple[Tensor, ...], dropout: float) -> Tensor:
    """Return the attention output of one document [T, H, K]."""
    num_tokens, dtype = parts_HTK[0].shape[1], parts_HTK[-1].dtype
    num_added = 0 if dtype == torch.float32 else -num_tokens % _LENGTH_MULTIPLE
    if num_added:
        parts_HTK = tuple(F.pad(x_HTK, (0, 0, 0, num_added)) for x_HTK in parts_HTK)
    query, key, value = (x_HTK[None] for x_HTK in parts_HTK)
    return _attend(query, key, value, dropout)[0, :, :num_tokens].transpose(0, 1)


def _attend(query: Tensor, key: Tensor, value: Tensor, dropout: float, mask: Tensor | None = None) -> Tensor:
    """Return attention of queries [B, H, T, K] on keys [B, H, S, K], with a mask or causal."""
    return F.scaled_dot_product_attention(
        query.to(value.dtype),
        key.to(value.dtype),
        value,
        attn_mask=mask,
        dropout_p=dropout,
        is_causal=mask is None,
        enable_gqa=key.shape[1] < query.shape[1],
    )


def _attends_in_blocks(query_BHTK: Tensor, value_BHTK: Tensor, dropout: float) -> bool:
    suits = blocks_are_fastest(query_BHTK.device.type, value_BHTK.dtype, query_BHTK.shape[2], dropout)
    return torch.compiler.is_compiling() and suits


def blocks_are_fastest(device_type: str, dtype: torch.dtype, num_tokens: int, dropout: float) -> bool:
    """Return whether compiled code attends fastest in blocks: on a CPU, in bfloat16, for rows that are not long."""
    is_short = num_tokens <= _MAX_BLOCKED_LENGTH
    return device_type == "cpu" and dtype == torch.bfloat16 and is_short and not dropout


def attend_in_blocks(
    query_BHTK: Tensor, key_BHTK: Tensor, value_BHTK: Tensor, documents_BT: Tensor | None = None
) -> Tensor:
    """Return causal attention, within documents if they are given, a block of queries at a time [B, H, T, K].

    Queries and keys must be normalized: scores are then at most the root of K, so their exponentials need no maximum
    subtracted. The weights are divided by their sum after the product with the values, where there is less to divide.
    """
    num_rows, num_heads, num_tokens, width = query_BHTK.shape
    dtype, group_size = value_BHTK.dtype, num_heads // key_BHTK.shape[1]
    if group_size > 1:
        key_BHTK, value_BHTK = (x.repeat_interleave(group_size, dim=1) for x in (key_BHTK, value_BHTK))
    query_NTK = (query_BHTK * width**-0.5).to(dtype).flatten(0, 1)
    key_NKT, value_NTK = key_BHTK.to(dtype).flatten(0, 1).transpose(1, 2), value_BHTK.flatten(0, 1)
    place_T = torch.arange(num_tokens, device=query_BHTK.device)
    mixed: list[Tensor] = []
    for begin in range(0, num_tokens, BLOCK):
        end = min(begin + BLOCK, num_tokens)
        sees = place_T[begin:end, None] >= place_T[:end]
        if documents_BT is not None:
            sees = (sees & (documents_BT[:, begin:end, None] == documents_BT[:, None, :end]))[:, None]
        scores = torch.bmm(query_NTK[:, begin:end], key_NKT[:, :, :end]).view(num_rows, num_heads, -1, end)
        weights = torch.where(sees, scores.float().exp(), 0.0)
        totals = weights.sum(dim=-1, keepdim=True).flatten(0, 1)
        mixed.append((torch.bmm(weights.to(dtype).flatten(0, 1), value_NTK[:, :end]) / totals).to(dtype))
    return torch.cat(mixed, dim=1).view(num_rows, num_heads, num_tokens, width)


def documents_of(positions_BT: Tensor) -> Tensor:
    """Return the number of each position's document in its row, counted from 1 [B, T]."""
    return (positions_BT == 0).cumsum(dim=1)


def document_lengths(positions_BT: Tensor) -> list[list[int]]:
    """Return the number of positions of each document, by row; padding belongs to the row's last document."""
    num_tokens = positions_BT.shape[1]
    begins_B = [[0, *(row[1:] == 0).nonzero().squeeze(1).add(1).tolist()] for row in positions_BT]
    return [[end - begin for begin, end in pairwise([*begins, num_tokens])] for begins in begins_B]


def document_mask(positions_BT: Tensor) -> Tensor:
    """Return which positions attend to which [B, 1, T, T]."""
    documents_BT = documents_of(positions_BT)
    is_same_BTT: Tensor = documents_BT[:, :, None] == documents_BT[:, None, :]
    return is_same_BTT.tril()[:, None]


def document_block_mask(positions_BT: Tensor) -> BlockMask:
    """Return the mask of `document_mask` for FlexAttention."""
    documents_BT = documents_of(positions_BT)

    def sees(row: Tensor, _head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (documents_BT[row, query] == documents_BT[row, key]) & (query >= key)

    num_rows, num_tokens = documents_BT.shape
    return create_block_mask(sees, num_rows, None, num_tokens, num_tokens, device=documents_BT.device)


def flex_attend(query: Tensor, key: Tensor, value: Tensor, block_mask: BlockMask | None) -> Tensor:
    """Compute attention by FlexAttention: compiled on accelerators, uncompiled on a CPU to test the mask."""
    attend = flex_attention if query.device.type == "cpu" else _compiled_flex()
    mixed: Tensor = attend(
        query.to(value.dtype),
        key.to(value.dtype),
        value,
        block_mask=block_mask,
        enable_gqa=key.shape[1] < query.shape[1],
    )
    return mixed


@cache
def _compiled_flex() -> Any:
    return torch.compile(flex_attention)
