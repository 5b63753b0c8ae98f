"""Packed masks as tensors: unpacks rows of bits into rows of booleans, on any device.

`masks.py` defines the format of a packed row. The model's loss unpacks rows here.

Tensor names: R rows, V vocabulary.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=16)
def _words(device: torch.device) -> Tensor:
    """Returns a table of all bytes: the eight one-byte booleans of a byte form one 64-bit word."""
    bits = (torch.arange(256)[:, None] >> torch.arange(8)) & 1
    return bits.to(torch.uint8).view(torch.int64).flatten().to(device)


def unpack_masks(packed_RP: Tensor, vocab_size: int) -> Tensor:
    """Unpacks rows, uint8 [R, ceil(V / 8)] with little-endian bits, as bool [R, V]."""
    # One look-up writes all eight bits of a byte.
    words = _words(packed_RP.device).index_select(0, packed_RP.flatten().int())
    return words.view(torch.bool).view(len(packed_RP), -1)[:, :vocab_size]
