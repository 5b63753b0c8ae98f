"""Packed masks as tensors: rows of bits to rows of booleans, on any device.

The format of a packed row is that of `masks.py`. Decoding many documents (`batch.py`) and the model's loss unpack here.

Tensor names: R rows, V vocabulary.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=16)
def _words(device: torch.device) -> Tensor:
    """What each byte holds: eight booleans of one byte each are one 64-bit word."""
    bits = (torch.arange(256)[:, None] >> torch.arange(8)) & 1
    return bits.to(torch.uint8).view(torch.int64).flatten().to(device)


def unpack_masks(packed_RP: Tensor, vocab_size: int) -> Tensor:
    """Packed rows, uint8 [R, ceil(V / 8)] with little-endian bits, as bool [R, V]."""
    # A look-up writes a whole byte's bits at once.
    words = _words(packed_RP.device).index_select(0, packed_RP.flatten().int())
    return words.view(torch.bool).view(len(packed_RP), -1)[:, :vocab_size]
