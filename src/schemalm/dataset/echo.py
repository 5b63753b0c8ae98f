"""Echoes: what came next last time, after the same tokens in the same document.

Documents repeat themselves: every job runs on the same image, every step names its action the same way. A model learns
to look that up in its context by induction (Olsson et al., "In-context learning and induction heads", 2022), late and
at some cost; the document's own past tells it at once, from beyond the context too. There is one echo for each number
of tokens in `ORDERS`: the token that followed the same so many tokens most recently; token 0 stands for "never before".

An echo is silent where it would say a passage a third time that has just been said twice in a row. Documents seldom go
on then, and a model that writes would be drawn into saying it for ever.

Both forms here give the same: `echoes` for whole documents, `EchoMemory` for one under way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Int64Array = NDArray[np.int64]
NEVER = 0
# How many tokens have to be the same: a longer context is rarer, and what followed it more telling.
ORDERS = (1, 2, 4, 8)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_BASE = np.uint64(0xD1342543DE82EF95)


def echoes(tokens: Int64Array, begins: Sequence[int] = (0,)) -> Int64Array:
    """The echoes before each token [T, orders] of documents in a row; `begins`: where each of them begins."""
    first = np.asarray(begins, dtype=np.int64)
    document = np.repeat(np.arange(len(first)), np.diff(first, append=len(tokens)))
    contexts, before = _mix(np.zeros(len(tokens), dtype=np.uint64), document), tokens
    sums = _PassageSums(tokens, first[document])
    found = np.full((len(tokens), len(ORDERS)), NEVER, dtype=np.int64)
    for order in range(1, max(ORDERS) + 1):
        before = np.concatenate(([NEVER], before[:-1]))
        before[first] = NEVER
        contexts = _mix(contexts, before)
        if order in ORDERS:
            places, followers = _repeated(contexts)
            is_silent = sums.repeat_themselves(places, places - followers)
            places, followers = places[~is_silent], followers[~is_silent]
            found[places, ORDERS.index(order)] = tokens[followers]
    return found


def _mix(hashes: NDArray[np.uint64], parts: Int64Array) -> NDArray[np.uint64]:
    """The hashes of contexts with one more part; of 64 bits, so that two contexts hardly ever share one."""
    mixed = (hashes ^ (parts.astype(np.uint64) + np.uint64(1))) * _MULTIPLIER
    return mixed ^ (mixed >> np.uint64(29))


def _repeated(contexts: NDArray[np.uint64]) -> tuple[Int64Array, Int64Array]:
    """The places whose context was there before, and the last place before each that had it."""
    # Hashes with their places behind them: sorting numbers is many times faster than sorting places by number.
    num_bits = np.uint64(len(contexts).bit_length())
    keys = np.sort(contexts << num_bits | np.arange(len(contexts), dtype=np.uint64))
    places = (keys & ((np.uint64(1) << num_bits) - np.uint64(1))).astype(np.int64)
    is_repeated = keys[1:] >> num_bits == keys[:-1] >> num_bits
    return places[1:][is_repeated], places[:-1][is_repeated]


class _PassageSums:
    """Tells whether passages of a document are the same, by the sums of their tokens' hashes times powers of a base."""

    def __init__(self, tokens: Int64Array, begins: Int64Array) -> None:
        """`begins`: where the document of each token begins."""
        self._begins = begins
        self._powers = np.cumprod(np.concatenate(([np.uint64(1)], np.full(len(tokens), _BASE))))
        weighted = _mix(np.zeros(len(tokens), dtype=np.uint64), tokens) * self._powers[:-1]
        self._sums = np.concatenate(([np.uint64(0)], np.cumsum(weighted)))

    def repeat_themselves(self, ends: Int64Array, lengths: Int64Array) -> NDArray[np.bool_]:
        """Whether the `lengths` tokens before each of `ends` are the same as so many before them."""
        starts = np.maximum(ends - 2 * lengths, 0)
        middles = ends - lengths
        first = (self._sums[middles] - self._sums[starts]) * self._powers[lengths]
        has_room = ends - self._begins[ends] >= 2 * lengths
        is_same: NDArray[np.bool_] = has_room & (first == self._sums[ends] - self._sums[middles])
        return is_same


class EchoMemory:
    """The echoes of a document that is being written."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, ...], int] = {}
        self._tokens: list[int] = [NEVER] * max(ORDERS)

    def echoes(self) -> tuple[int, ...]:
        """The echoes before the next token."""
        return tuple(self._echo(context) for context in self._contexts())

    def add(self, token: int) -> None:
        """Takes in the next token."""
        for context in self._contexts():
            self._places[context] = len(self._tokens)
        self._tokens.append(token)

    def _contexts(self) -> list[tuple[int, ...]]:
        return [tuple(self._tokens[-order:]) for order in ORDERS]

    def _echo(self, context: tuple[int, ...]) -> int:
        place, end = self._places.get(context), len(self._tokens)
        if place is None:
            return NEVER
        start = 2 * place - end
        said_twice = start >= max(ORDERS) and self._tokens[start:place] == self._tokens[place:end]
        return NEVER if said_twice else self._tokens[place]
