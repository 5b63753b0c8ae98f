"""Masks as packed bits: eight tokens per byte, the lowest bit first.

Only this file knows the format. In memory, in the masks.npy of prepared data and on a device, a row of ceil(vocab_size
/ 8) bytes is the mask of one nonterminal. `mask_tensors.py` unpacks such rows as tensors.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

BIT_ORDER: Final = "little"


def num_mask_bytes(vocab_size: int) -> int:
    """Returns the size of a packed mask in bytes."""
    return -(-vocab_size // 8)


def pack_masks(masks: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Packs masks, bool [num_nonterminals, vocab_size], as bits, uint8 [num_nonterminals, ceil(vocab_size / 8)]."""
    return np.packbits(masks, axis=-1, bitorder=BIT_ORDER)


def unpack_mask(packed: NDArray[np.uint8], vocab_size: int) -> NDArray[np.bool_]:
    """Unpacks one row, uint8 [ceil(vocab_size / 8)], as a read-only mask, bool [vocab_size]."""
    mask: NDArray[np.bool_] = np.unpackbits(packed, count=vocab_size, bitorder=BIT_ORDER).view(np.bool_)
    mask.flags.writeable = False
    return mask
