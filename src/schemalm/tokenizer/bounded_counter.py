"""A counter in bounded memory: when there are too many distinct keys, those with the smallest counts are dropped.

Counts are exact as long as no key was dropped. A tokenizer learns from frequent texts, so dropping changes what it
learns only if a corpus has far more distinct texts than the vocabulary has tokens.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView
from typing import Generic, TypeVar

Key = TypeVar("Key")


class BoundedCounter(Generic[Key]):
    """Counts keys that can be ordered; `max_bytes` bounds the sum of `num_bytes(key)` over all keys."""

    def __init__(self, max_bytes: int, num_bytes: Callable[[Key], int]) -> None:
        self.counts: dict[Key, int] = {}
        self._max_bytes = max_bytes
        self._num_bytes = num_bytes
        self._size = 0

    def __contains__(self, key: object) -> bool:
        return key in self.counts

    def items(self) -> ItemsView[Key, int]:
        """The keys with their counts."""
        return self.counts.items()

    def add(self, key: Key, count: int) -> None:
        """Adds `count` to the count of a key."""
        known = self.counts.get(key)
        if known is not None:
            self.counts[key] = known + count
            return
        self.counts[key] = count
        self._size += self._num_bytes(key)
        if self._size > self._max_bytes:
            self._drop_smallest()

    def _drop_smallest(self) -> None:
        """Keeps the keys with the largest counts, in half of the memory."""
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        self.counts, self._size = {}, 0
        for key, count in ranked:
            self._size += self._num_bytes(key)
            if self._size > self._max_bytes // 2:
                self._size -= self._num_bytes(key)
                return
            self.counts[key] = count
