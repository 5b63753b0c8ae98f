"""Computes the number of windows of a document from its number of tokens; `windows.py` cuts the windows.

A document has windows at 0, step, 2 * step, ... tokens. The last window is the first that reaches the document's end.
"""

from __future__ import annotations

import numpy as np

from schemalm.dataset.echo import Int64Array
from schemalm.errors import DataError

# Reading and packing allocate memory for whole contexts, so their size is limited.
MAX_CONTEXT_SIZE = 1 << 20


def count_windows(num_tokens: int, context_size: int, step: int) -> int:
    """Return the number of windows of a document: one every `step` tokens until its end is reached."""
    return int(windows_of(np.array([num_tokens]), context_size, step)[0])


def windows_of(num_tokens_D: Int64Array, context_size: int, step: int) -> Int64Array:
    """Return `count_windows` of each of several documents [D]."""
    counts: Int64Array = 1 + -(-np.maximum(0, num_tokens_D - context_size) // step)
    return counts


def check_positions(num_tokens: int, stride: int, context_size: int, vocab_size: int, name: str) -> None:
    """Raise `DataError` if a window of the document `name` needs a position token outside the vocabulary."""
    last_position = count_windows(num_tokens, context_size, stride) - 1
    if last_position >= vocab_size:
        raise DataError(
            f"{name}: {num_tokens} tokens need position token {last_position} at stride {stride}, but the vocabulary "
            f"has {vocab_size} tokens; use a larger stride or leave the document out"
        )
