"""The rule of scoring, for a contender that has none of its own: the same windows as `schemalm train` scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class ScoredWindow(NamedTuple):
    """The tokens `begin` to `end` of a document, of which those from `first` on are scored."""

    begin: int
    first: int
    end: int


def scored_windows(num_tokens: int, context_size: int) -> Iterator[ScoredWindow]:
    """Yield windows that score each token of a document once, with at least half a context before it.

    The first window scores all of its tokens, so tokens at the beginning have what there is before them.
    """
    step = context_size // 2
    begin = first = 0
    while True:
        end = min(begin + context_size, num_tokens)
        yield ScoredWindow(begin, first, end)
        if end == num_tokens:
            return
        begin, first = begin + step, end
