"""How fast matrix products are here: what the speed of training is a share of."""

from __future__ import annotations

import time

import torch

# Large enough for the best speed, small enough to be measured in a moment.
_WIDTHS = {"cpu": 1024, "cuda": 8192}
_NUM_ROUNDS = 3


def matmul_peak(device: torch.device, dtype: torch.dtype) -> float:
    """Floating point operations per second of a large square matrix product, the best of some rounds by the clock."""
    width = _WIDTHS[device.type]
    left, right = (torch.ones(width, width, device=device, dtype=dtype) for _ in range(2))
    _seconds(left, right)
    seconds = min(_seconds(left, right) for _ in range(_NUM_ROUNDS))
    return 2 * width**3 / seconds


def _seconds(left: torch.Tensor, right: torch.Tensor) -> float:
    started = time.perf_counter()
    product = left @ right
    if product.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started
