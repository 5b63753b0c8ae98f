"""Packed masks: unpacking returns the same mask, which is read-only."""

from __future__ import annotations

import numpy as np
import pytest

from schemalm.machine.masks import num_mask_bytes, pack_masks, unpack_mask


@pytest.mark.parametrize("vocab_size", [1, 7, 8, 9, 300])
def test_unpacking_returns_the_packed_mask(vocab_size: int) -> None:
    masks = np.random.default_rng(0).random((4, vocab_size)) < 0.5
    packed = pack_masks(masks)
    assert packed.shape == (4, num_mask_bytes(vocab_size))
    for mask, row in zip(masks, packed, strict=True):
        assert pack_masks(mask).tolist() == row.tolist()
        unpacked = unpack_mask(row, vocab_size)
        assert unpacked.dtype == np.bool_
        assert unpacked.tolist() == mask.tolist()


def test_the_lowest_bit_is_first() -> None:
    assert pack_masks(np.array([True, False, False, False, False, False, False, False, False, True])).tolist() == [1, 2]


def test_an_unpacked_mask_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        unpack_mask(np.array([255], np.uint8), 8)[0] = False
