"""Selects evenly spaced items, always the same ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def evenly_spaced(num_items: int, num_chosen: int) -> NDArray[np.int64]:
    """Return at most `num_chosen` indices of `num_items` items, from the first to the last."""
    return np.linspace(0, num_items - 1, min(num_items, num_chosen)).round().astype(np.int64)
