"""What a function gave is remembered within bounds; every cache of the encoder and the decoder is such a memo.

Memos that share an `Allowance` are bounded together. Nothing is forgotten one by one: what no longer fits is found
again each time, and the owner of a spent allowance begins anew between two documents.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

# Keys up to this length are remembered: longer ones hardly come twice.
MAX_KEY_LENGTH = 200
# An entry takes about as much memory as so many characters, besides its key.
CHARACTERS_OF_AN_ENTRY = 64


class _Key(Hashable, Protocol):
    def __len__(self) -> int: ...


Key = TypeVar("Key", bound=_Key)
Found = TypeVar("Found")


class Allowance:
    """How much the memos that share it may remember, in characters of their keys and a constant for each entry."""

    __slots__ = ("_num_characters", "_num_left")

    def __init__(self, num_characters: int) -> None:
        self._num_characters = self._num_left = num_characters

    @property
    def is_spent(self) -> bool:
        """Whether no more may be remembered."""
        return self._num_left <= 0

    def spend(self, num_characters: int = 0) -> bool:
        """Whether one more entry may be remembered; it is counted then."""
        if self._num_left <= 0:
            return False
        self._num_left -= num_characters + CHARACTERS_OF_AN_ENTRY
        return True

    def restore(self) -> None:
        """Begins anew: to be called once the memos are empty."""
        self._num_left = self._num_characters


class Memo(dict[Key, Found], Generic[Key, Found]):
    """What a function gave for each key: looking a key up calls the function where the answer is not remembered."""

    __slots__ = ("_allowance", "_find", "_max_length")

    def __init__(self, find: Callable[[Key], Found], allowance: Allowance, max_length: int = MAX_KEY_LENGTH) -> None:
        """`max_length`: keys beyond this length are not remembered."""
        self._find, self._allowance, self._max_length = find, allowance, max_length

    def __missing__(self, key: Key) -> Found:
        found = self._find(key)
        length = len(key)
        if length <= self._max_length and self._allowance.spend(length):
            self[key] = found
        return found
