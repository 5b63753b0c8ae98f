"""Whether windows hold documents or nearly nothing but padding, which takes as long to compute."""

from __future__ import annotations

import math

import numpy as np

from schemalm.dataset.store import Split

# From so much padding on a smaller context is worth a word, if so many of the documents fit into half of the present.
_MUCH_PADDING, _SHARE_TO_FIT = 0.8, 0.9
_UNIT = 16
# Windows as small as these cost little, whatever they hold; `schemalm demo` takes them for small documents.
_SMALL = 64


def padding_share(split: Split) -> float:
    """The share of the places of a split's windows that is padding; all of it stands in the last ones of documents."""
    num_tokens = np.diff(split.offsets)
    context_size, stride = split.metadata.context_size, split.metadata.stride
    num_further = -(-np.maximum(0, num_tokens - context_size) // stride)  # windows after the first, of each document
    num_filled = int((num_tokens - num_further * stride + num_further * context_size).sum())
    return 1 - num_filled / (int((1 + num_further).sum()) * context_size)


def padding_remark(split: Split) -> str | None:
    """What to tell people where nearly all places of the windows are padding and smaller windows would hold as much."""
    context_size, stride = split.metadata.context_size, split.metadata.stride
    share = padding_share(split)
    usual = int(np.quantile(np.diff(split.offsets), _SHARE_TO_FIT, method="inverted_cdf"))
    fitting = _UNIT * math.ceil(usual / _UNIT)
    if context_size <= _SMALL or share < _MUCH_PADDING or fitting > context_size // 2:
        return None
    smaller_stride = f" --stride {fitting // 2}" if stride > fitting // 2 else ""
    return (
        f"{share * 100:.1f} % of the places of the training windows are padding, which takes as long to compute as "
        f"tokens do: {_SHARE_TO_FIT:.0%} of the documents have at most {usual:,} tokens, for which "
        f"--context-size {fitting}{smaller_stride} of `schemalm prepare` is enough; it was {context_size}"
    )
