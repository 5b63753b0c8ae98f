"""Attention, and where the tokens of one forward pass stand: their rotations, and which of them see each other.

Three layouts, one interface: rows that are one window each (`WholeRows`), rows that go on from a cache (`CachedRows`),
and rows of several documents that do not see each other (`PackedRows`). A layout computes the attention of its rows;
every token sees itself and what stands before it in its document.

Packed rows on a CPU are attended document by document: no work is spent on pairs of documents. Elsewhere the work is
given to FlexAttention (Dong et al., 2024) with a mask of documents, which skips blocks of such pairs, or to a plain
mask where attention weights are dropped, which FlexAttention cannot do. The arithmetic of these two is tested on a CPU;
they have not been run on a GPU.

Tensor names: B batch, T new tokens, S all entries seen, H heads, K head width.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from schemalm.model.cache import KeyValueCache

# On a CPU narrow types keep compiled code for each length of a document, so there shall be few; float32 keeps none.
_LENGTH_MULTIPLE = 16


class Layout(Protocol):
    """How the tokens of a batch stand in their rows; `cos_BTK` and `sin_BTK` are their rotations [B or 1, T, K / 2]."""

    cos_BTK: Tensor
    sin_BTK: Tensor

    def attend(self, query_BHTK: Tensor, key_BHTK: Tensor, value_BHTK: Tensor, dropout: float) -> Tensor:
        """What each token takes from those that it sees [B, H, T, K]; weights are dropped with the rate `dropout`."""


def rotate(x_BHTK: Tensor, layout: Layout) -> Tensor:
    """Rotary positions (Su et al., 2021) on halves of the head, in the direction that nanochat turns them."""
    first, second = x_BHTK.chunk(2, dim=-1)
    cos, sin = layout.cos_BTK[:, None], layout.sin_BTK[:, None]
    return torch.cat((first * cos + second * sin, second * cos - first * sin), dim=-1)


class WholeRows:
    """Rows that are one window each, read from their beginning."""

    def __init__(self, cos_TK: Tensor, sin_TK: Tensor, num_tokens: int) -> None:
        self.cos_BTK, self.sin_BTK = cos_TK[None, :num_tokens], sin_TK[None, :num_tokens]

    def attend(self, query_BHTK: Tensor, key_BHTK: Tensor, value_BHTK: Tensor, dropout: float) -> Tensor:
        """Every token sees the row up to itself."""
        return _attend(query_BHTK, key_BHTK, value_BHTK, dropout)


class CachedRows:
    """Rows that go on from their cached lengths with their first `num_new_B` tokens; the rest is padding."""

    def __init__(
        self, cos_TK: Tensor, sin_TK: Tensor, num_tokens: int, cache: KeyValueCache, num_new_B: Tensor
    ) -> None:
        self._cache, self._layer = cache, 0
        position_BT, self._entry_BT, self._num_entries = cache.entries(num_new_B, num_tokens)
        self.cos_BTK, self.sin_BTK = cos_TK[position_BT], sin_TK[position_BT]
        entry_S = torch.arange(self._num_entries, device=position_BT.device)
        self._mask_B1TS = (entry_S <= position_BT[:, :, None])[:, None]

    def attend(self, query_BHTK: Tensor, key_BHTK: Tensor, value_BHTK: Tensor, dropout: float) -> Tensor:
        """Every token sees what is cached of its row, which the new keys and values of this layer join."""
        self._layer += 1
        key_BHSK, value_BHSK = self._cache.store(
            self._layer - 1, key_BHTK, value_BHTK, self._entry_BT, self._num_entries
        )
        return _attend(query_BHTK, key_BHSK, value_BHSK, dropout, self._mask_B1TS)


class PackedRows:
    """Rows of documents one after another; a document begins wherever `positions_BT` is 0, and at a row's beginning."""

    def __init__(self, cos_TK: Tensor, sin_TK: Tensor, positions_BT: Tensor) -> None:
        self.cos_BTK, self.sin_BTK = cos_TK[positions_BT], sin_TK[positions_BT]
        self._positions_BT, self._is_on_cpu = positions_BT, positions_BT.device.type == "cpu"
        self._lengths = document_lengths(positions_BT) if self._is_on_cpu else []
        self._block_mask = None if self._is_on_cpu else document_block_mask(positions_BT)

    def attend(self, query_BHTK: Tensor, key_BHTK: Tensor, value_BHTK: Tensor, dropout: float) -> Tensor:
        """Every token sees its document up to itself."""
        if self._is_on_cpu:
            apart: Tensor = self._attend_apart(query_BHTK, key_BHTK, value_BHTK, dropout)
            return apart
        if dropout:
            return _attend(query_BHTK, key_BHTK, value_BHTK, dropout, document_mask(self._positions_BT))
        return attend_flexibly(query_BHTK, key_BHTK, value_BHTK, self._block_mask)

    # The lengths differ from batch to batch, and compiled code would be made anew for each.
    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _attend_apart(self, query_BHTK: Tensor, key_BHTK: Tensor, value_BHTK: Tensor, dropout: float) -> Tensor:
        """Document by document."""
        mixed: list[Tensor] = []
        rows = zip(*(x_BHTK.unbind(0) for x_BHTK in (query_BHTK, key_BHTK, value_BHTK)), strict=True)
        for lengths, row in zip(self._lengths, rows, strict=True):
            for parts in zip(*(x_HTK.split(lengths, dim=1) for x_HTK in row), strict=True):
                mixed.append(_attend_alone(parts, dropout))
        mixed_BTHK = torch.cat(mixed).view(len(self._lengths), -1, *mixed[0].shape[1:])
        return mixed_BTHK.transpose(1, 2)


def _attend_alone(parts_HTK: tuple[Tensor, ...], dropout: float) -> Tensor:
    """The attention of one document's queries, keys and values [T, H, K]."""
    num_tokens, dtype = parts_HTK[0].shape[1], parts_HTK[-1].dtype
    num_added = 0 if dtype == torch.float32 else -num_tokens % _LENGTH_MULTIPLE
    if num_added:
        parts_HTK = tuple(F.pad(x_HTK, (0, 0, 0, num_added)) for x_HTK in parts_HTK)
    query, key, value = (x_HTK[None] for x_HTK in parts_HTK)
    return _attend(query, key, value, dropout)[0, :, :num_tokens].transpose(0, 1)


def _attend(query: Tensor, key: Tensor, value: Tensor, dropout: float, mask: Tensor | None = None) -> Tensor:
    """Attention of [B, H, T, K] on [B, H, S, K], under a mask or causal."""
    return F.scaled_dot_product_attention(
        query.to(value.dtype),
        key.to(value.dtype),
        value,
        attn_mask=mask,
        dropout_p=dropout,
        is_causal=mask is None,
        enable_gqa=key.shape[1] < query.shape[1],
    )


def document_lengths(positions_BT: Tensor) -> list[list[int]]:
    """How many positions each document takes, by row; padding after a row's last document counts as part of it."""
    num_tokens = positions_BT.shape[1]
    begins_B = [[0, *(row[1:] == 0).nonzero().squeeze(1).add(1).tolist()] for row in positions_BT]
    return [[end - begin for begin, end in pairwise([*begins, num_tokens])] for begins in begins_B]


def document_mask(positions_BT: Tensor) -> Tensor:
    """Which positions see which [B, 1, T, T]."""
    documents_BT = (positions_BT == 0).cumsum(dim=1)
    is_same_BTT: Tensor = documents_BT[:, :, None] == documents_BT[:, None, :]
    return is_same_BTT.tril()[:, None]


def document_block_mask(positions_BT: Tensor) -> BlockMask:
    """The same for FlexAttention."""
    documents_BT = (positions_BT == 0).cumsum(dim=1)

    def sees(row: Tensor, _head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (documents_BT[row, query] == documents_BT[row, key]) & (query >= key)

    num_rows, num_tokens = documents_BT.shape
    return create_block_mask(sees, num_rows, None, num_tokens, num_tokens, device=documents_BT.device)


def attend_flexibly(query: Tensor, key: Tensor, value: Tensor, block_mask: BlockMask | None) -> Tensor:
    """FlexAttention, which is compiled where it is for use; on a CPU it serves to test the mask."""
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
