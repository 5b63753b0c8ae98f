"""What is known about rows of tokens that grow from call to call, without saying which row was which.

Generation calls back with whole rows; beam search exchanges them. So a row is found by its tokens: what is known about
a row without its last token is taken over, and anything else is read again from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from schemalm.machine import Machine


class Follower(Protocol):
    """Something that follows a document token by token."""

    def take(self, token: int) -> None:
        """Consumes the next token."""


class FollowedDocument:
    """A row of tokens: the position token, then the tokens of a document, which a machine follows.

    is_broken: whether the schema does not admit a token. Beam search asks about such rows, but never chooses them.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.is_broken = self._has_position = False

    @property
    def is_over(self) -> bool:
        """Whether what follows has no meaning: the document is whole, or broken."""
        return self.is_broken or self.machine.is_complete

    def take(self, token: int) -> None:
        """Consumes the next token; what follows the end of the document changes nothing."""
        if not self._has_position:
            self._has_position = True
        elif not self.is_over:
            try:
                self.machine.advance(token)
            except ValueError:
                self.is_broken = True


F = TypeVar("F", bound=Follower)


class RowMemory(Generic[F]):
    """Finds the follower of each row; remembers those of the last call alone."""

    def __init__(self, begin: Callable[[], F]) -> None:
        self._begin = begin
        self._followers: dict[tuple[int, ...], F] = {}

    def at(self, rows: Iterable[Sequence[int]]) -> list[F]:
        """Returns a follower for each row that has taken its tokens; raises what taking a token raises."""
        found: dict[tuple[int, ...], F] = {}
        keys = [tuple(row) for row in rows]
        for key in keys:
            if key not in found:
                found[key] = self._follower(key)
        self._followers = found
        return [found[key] for key in keys]

    def _follower(self, key: tuple[int, ...]) -> F:
        if (same := self._followers.pop(key, None)) is not None:
            return same
        before = self._followers.pop(key[:-1], None) if key else None
        if before is not None:
            before.take(key[-1])
            return before
        follower = self._begin()
        for token in key:
            follower.take(token)
        return follower
