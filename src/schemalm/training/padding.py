"""Whether windows hold documents or mostly padding, which costs as much to compute."""

from __future__ import annotations

import math

import numpy as np

from schemalm.dataset.store import Split

# Of the documents, so many should fit into one window; of the places, so many may be padding without a remark.
_SHARE_TO_FIT, _MOST_PADDING = 0.9, 0.5
_UNIT = 16


def padding_remark(split: Split) -> str | None:
    """What to tell a person where most places of the windows are padding: how many, and the context that would fit."""
    num_tokens = np.diff(split.offsets)
    context_size, stride = split.metadata.context_size, split.metadata.stride
    num_further = -(-np.maximum(0, num_tokens - context_size) // stride)  # windows after the first, of each document
    num_filled = int((num_tokens - num_further * stride + num_further * context_size).sum())
    share = 1 - num_filled / (int((1 + num_further).sum()) * context_size)
    if share <= _MOST_PADDING:
        return None
    longest = int(np.quantile(num_tokens, _SHARE_TO_FIT, method="higher"))
    fitting = _UNIT * math.ceil(longest / _UNIT)
    remark = f"{share:.0%} of the places of the windows are padding, which takes as long to compute as tokens do"
    if fitting >= context_size:
        return remark
    smaller_stride = "" if stride <= fitting // 2 else f" --stride {fitting // 2}"
    return (
        f"{remark}: {_SHARE_TO_FIT:.0%} of the documents have at most {longest} tokens; prepare the data with "
        f"--context-size {fitting}{smaller_stride}"
    )
