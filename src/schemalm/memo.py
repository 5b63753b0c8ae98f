"""A bounded cache of a function's results; all caches of the encoder and the decoder are such memos.

Memos that share an `Allowance` are bounded together. No entry is evicted: when the allowance is spent, further results
are computed each time, and the owner clears its memos between two documents.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

# Longer keys are not cached: they rarely repeat.
MAX_KEY_LENGTH = 200
# The memory of an entry without its key, in characters.
ENTRY_COST = 64


class _Key(Hashable, Protocol):
    def __len__(self) -> int: ...


Key = TypeVar("Key", bound=_Key)
Value = TypeVar("Value")


class Allowance:
    """The size that memos may have together, in characters: of their keys, and a constant for each entry."""

    __slots__ = ("_num_characters", "_num_left")

    def __init__(self, num_characters: int) -> None:
        self._num_characters = self._num_left = num_characters

    @property
    def is_spent(self) -> bool:
        """Whether no entry may be added."""
        return self._num_left <= 0

    def spend(self, num_characters: int = 0) -> bool:
        """Counts one more entry if it may be added; returns whether it may."""
        if self._num_left <= 0:
            return False
        self._num_left -= num_characters + ENTRY_COST
        return True

    def restore(self) -> None:
        """Makes the whole allowance available again; to be called when the memos have been cleared."""
        self._num_left = self._num_characters


class Memo(dict[Key, Value], Generic[Key, Value]):
    """The results of a function by key; looking up a key that is not cached calls the function."""

    __slots__ = ("_allowance", "_compute", "_max_length")

    def __init__(self, compute: Callable[[Key], Value], allowance: Allowance, max_length: int = MAX_KEY_LENGTH) -> None:
        """max_length: longer keys are not cached."""
        self._compute, self._allowance, self._max_length = compute, allowance, max_length

    def __missing__(self, key: Key) -> Value:
        found = self._compute(key)
        length = len(key)
        if length <= self._max_length and self._allowance.spend(length):
            self[key] = found
        return found
