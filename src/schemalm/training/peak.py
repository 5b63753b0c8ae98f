"""Measures the speed of matrix products here, to which the speed of training is compared."""

from __future__ import annotations

import time

import torch

# Large enough for the best speed, small enough for a quick measurement.
_WIDTHS = {"cpu": 1024, "cuda": 8192}
_NUM_ROUNDS = 3


def matmul_peak(device: torch.device, dtype: torch.dtype) -> float:
    """Return the floating point operations per second of a large square matrix product: the best of several rounds."""
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
