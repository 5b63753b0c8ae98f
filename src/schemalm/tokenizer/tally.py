"""Counts in bounded memory: where there are too many different things, the lightest of them are forgotten.

What is counted often is what a tokenizer learns from, so nothing is lost that would have been learned, unless a corpus
has far more different texts than a vocabulary has room for. Counts are exact as long as nothing was forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView
from typing import Generic, TypeVar

Key = TypeVar("Key")


class Tally(Generic[Key]):
    """Counts of things that can be ordered; `num_bytes` says what one costs, `max_bytes` bounds the sum of these."""

    def __init__(self, max_bytes: int, num_bytes: Callable[[Key], int]) -> None:
        self.counts: dict[Key, int] = {}
        self._max_bytes = max_bytes
        self._num_bytes = num_bytes
        self._size = 0

    def __contains__(self, key: object) -> bool:
        return key in self.counts

    def items(self) -> ItemsView[Key, int]:
        """Each thing with its count."""
        return self.counts.items()

    def add(self, key: Key, count: int) -> None:
        """Count a thing so many times more."""
        known = self.counts.get(key)
        if known is not None:
            self.counts[key] = known + count
            return
        self.counts[key] = count
        self._size += self._num_bytes(key)
        if self._size > self._max_bytes:
            self._forget()

    def _forget(self) -> None:
        """Keep the heaviest, in half of the memory."""
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        self.counts, self._size = {}, 0
        for key, count in ranked:
            self._size += self._num_bytes(key)
            if self._size > self._max_bytes // 2:
                self._size -= self._num_bytes(key)
                return
            self.counts[key] = count
