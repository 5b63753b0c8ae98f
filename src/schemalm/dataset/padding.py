"""Checks how much of a split's training rows is padding, which takes as long to compute as tokens."""

from __future__ import annotations

import math

import numpy as np

from schemalm.dataset.packing import num_rows
from schemalm.dataset.store import Split
from schemalm.dataset.windows import training_windows

# Warn from this share of padding, if this share of the documents fits in half the context.
_MUCH_PADDING, _SHARE_TO_FIT = 0.8, 0.9
_UNIT = 16
# Windows this small are cheap anyway; `schemalm demo` uses them for small documents.
_SMALL = 64


def padding_share(split: Split, packing: str = "windows") -> float:
    """Return the share of positions in a split's training rows that is padding."""
    lengths = training_windows(split).all_lengths()
    num_positions = num_rows(lengths, split.metadata.context_size, packing) * split.metadata.context_size
    return 1 - int(lengths.sum(dtype=np.int64)) / num_positions


def padding_warning(split: Split, packing: str = "windows") -> str | None:
    """Return a warning if nearly all positions are padding and a smaller context would be enough, else None."""
    context_size, stride = split.metadata.context_size, split.metadata.stride
    share = padding_share(split, packing)
    usual = int(np.quantile(np.diff(split.offsets), _SHARE_TO_FIT, method="inverted_cdf"))
    fitting = _UNIT * math.ceil(usual / _UNIT)
    if context_size <= _SMALL or share < _MUCH_PADDING or fitting > context_size // 2:
        return None
    smaller_stride = f" --stride {fitting // 2}" if stride > fitting // 2 else ""
    return (
        f"{share * 100:.1f} % of the positions in training rows are padding, which takes as long to compute as tokens; "
        f"{_SHARE_TO_FIT:.0%} of the documents have at most {usual:,} tokens: prepare the data with "
        f"--context-size {fitting}{smaller_stride} instead of {context_size}"
    )
