"""Learning merges: byte-pair encoding over symbols.

In: segments with weights; out: merges in the order learned. Only the last symbol of a segment may end something, so
every token is a connected piece of one derivation. Ties fall to the pair that compares first, so equal input gives
equal merges. Source: Sennrich, Haddow and Birch, "Neural machine translation of rare words
with subword units" (2016), with counts kept up to date as merges are made.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise

Pair = tuple[str, str]


def learn_merges(segments: Mapping[str, int], num_merges: int) -> list[Pair]:
    """Learns up to `num_merges` merges from segments with integer weights; stops where no pair is left."""
    learner = _Learner(segments)
    merges: list[Pair] = []
    while len(merges) < num_merges and (pair := learner.best()) is not None:
        merges.append(pair)
        learner.merge(pair)
    return merges


class _Learner:
    def __init__(self, segments: Mapping[str, int]) -> None:
        self.words = [list(segment) for segment in segments]
        self.weights = list(segments.values())
        self.counts: dict[Pair, int] = defaultdict(int)
        # The words that have a pair, or had it.
        self.indices: dict[Pair, set[int]] = defaultdict(set)
        for index, word in enumerate(self.words):
            for pair in pairwise(word):
                self._add(pair, index)
        self.heap = [(-count, pair) for pair, count in self.counts.items()]
        heapq.heapify(self.heap)

    def _add(self, pair: Pair, index: int) -> None:
        self.counts[pair] += self.weights[index]
        self.indices[pair].add(index)

    def best(self) -> Pair | None:
        while self.heap:
            count, pair = self.heap[0]
            current = self.counts.get(pair, 0)
            if current == -count:
                return pair if current > 0 else None
            heapq.heappop(self.heap)
            if current > 0:
                heapq.heappush(self.heap, (-current, pair))
        return None

    def merge(self, pair: Pair) -> None:
        merged = pair[0] + pair[1]
        grown: set[Pair] = set()
        for index in sorted(self.indices.pop(pair)):
            self._merge_in(index, pair, merged, grown)
        self.counts.pop(pair)
        for changed in grown:
            heapq.heappush(self.heap, (-self.counts[changed], changed))

    def _merge_in(self, index: int, pair: Pair, merged: str, grown: set[Pair]) -> None:
        """Applies the merge to one word from left to right, moving the counts of the pairs beside it."""
        word = self.words[index]
        first, second = pair
        result: list[str] = []
        position, length = 0, len(word)
        while position < length:
            if position + 1 < length and word[position] == first and word[position + 1] == second:
                after = word[position + 2] if position + 2 < length else None
                if result:
                    self._replace((result[-1], first), (result[-1], merged), index, grown)
                if after is not None:
                    self._replace((second, after), (merged, after), index, grown)
                result.append(merged)
                position += 2
            else:
                result.append(word[position])
                position += 1
        self.words[index] = result

    def _replace(self, old: Pair, new: Pair, index: int, grown: set[Pair]) -> None:
        self.counts[old] -= self.weights[index]
        self._add(new, index)
        grown.add(new)
