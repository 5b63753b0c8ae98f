"""A reference implementation of byte-pair encoding, which counts all pairs again for every merge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise

from schemalm.tokenizer.merges import Pair


def slow_merges(
    weights: Mapping[str, int], num_merges: int, admits_left: Callable[[str], bool] = lambda left: True
) -> list[Pair]:
    """Returns the most frequent pairs, one after another. admits_left: whether a part may be the left one of a pair."""
    words = {segment: list(segment) for segment in weights}
    merges: list[Pair] = []
    for _ in range(num_merges):
        counts: Counter[Pair] = Counter()
        for segment, word in words.items():
            for pair in pairwise(word):
                counts[pair] += weights[segment]
        found = [pair for pair in counts if admits_left(pair[0])]
        if not found:
            break
        best = min(found, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        words = {segment: merged(word, best) for segment, word in words.items()}
    return merges


def merged(word: list[str], pair: Pair) -> list[str]:
    """Returns the word with every occurrence of the pair merged, from left to right."""
    result: list[str] = []
    for part in word:
        if result and (result[-1], part) == pair:
            result[-1] += part
        else:
            result.append(part)
    return result
