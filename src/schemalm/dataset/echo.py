"""Echoes: an n-gram look-up of what came next last time, after the same tokens in the same document.

Documents repeat themselves: every job runs on the same image, every step names its action the same way. A model learns
to look that up in its context by induction (Olsson et al., "In-context learning and induction heads", 2022), late and
at some cost; the document's own past tells it at once, from beyond the context too. There is one echo for each number
of tokens in `ORDERS`: the token that followed the same so many tokens most recently; token 0 stands for "never before".

An echo is silent where it would say a passage a third time that has just been said twice in a row. Documents seldom go
on then, and a model that writes would be drawn into saying it for ever.

Both forms here give the same: `echoes` for whole documents, `EchoMemory` for one under way. They are nowhere stored:
the windows of a document need its tokens up to their ends, and finding their echoes takes less time than the rest of a
training step by far, unless documents are very long (8 windows of documents of 200,000 tokens: 140 ms).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from schemalm.model.inputs import NEVER

Int64Array = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
# How many tokens have to be the same: a longer context is rarer, and what followed it more telling. Each is twice the
# one before.
ORDERS = (1, 2, 4, 8)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_BASE = np.uint64(0xD1342543DE82EF95)
_NUM_BITS = 63


def echoes(tokens: Int64Array, begins: ArrayLike = (0,), is_wanted: BoolArray | None = None) -> Int64Array:
    """The echoes before each token [T, orders] of documents in a row; `begins`: where each of them begins.

    is_wanted: the tokens before which echoes are wanted [T]; before others there is `NEVER`. They are told apart by
    their tokens exactly, so a document has the same echoes whatever stands beside it.
    """
    first = np.asarray(begins, dtype=np.int64)
    document = np.repeat(np.arange(len(first)), np.diff(first, append=len(tokens)))
    found = np.full((len(tokens), len(ORDERS)), NEVER, dtype=np.int64)
    if not len(tokens):
        return found
    sums = _PassageSums(tokens, first[document])
    is_followed = _is_followed(len(tokens), first, is_wanted)
    for order, (lasts, is_new) in enumerate(_contexts(tokens, document)):
        repeated = np.flatnonzero(~is_new & is_followed[lasts[1:]]) + 1
        positions, followers = lasts[repeated] + 1, lasts[repeated - 1] + 1
        is_silent = sums.repeat_themselves(positions, positions - followers)
        found[positions, order] = np.where(is_silent, NEVER, tokens[followers])
    return found


def _is_followed(num_tokens: int, first: Int64Array, is_wanted: BoolArray | None) -> BoolArray:
    """Whether each token is followed by one of its document before which echoes are wanted."""
    is_followed = np.ones(num_tokens, dtype=np.bool_)
    if is_wanted is not None:
        is_followed[:-1] = is_wanted[1:]
    is_followed[first - 1] = False
    return is_followed


def _contexts(tokens: Int64Array, document: Int64Array) -> Iterator[tuple[Int64Array, BoolArray]]:
    """For each order, where contexts end, equal ones together and rising; and whether each but the first is another.

    Contexts of an order are pairs of contexts of half as many tokens, so they are numbered and the numbers compared.
    One that reaches beyond its document is like no other: its pair has no equal there.
    """
    num_tokens = len(tokens)
    shift = num_tokens.bit_length()
    keys = document * (int(tokens.max()) + 1) + tokens
    for order in ORDERS:
        lasts, is_new = _equal_together(keys)
        yield lasts, is_new
        numbers = np.empty(num_tokens, dtype=np.int64)
        numbers[lasts] = np.concatenate(([1], np.cumsum(is_new) + 1))
        keys = numbers.copy()
        keys[order:] += numbers[:-order] << shift


def _equal_together(keys: Int64Array) -> tuple[Int64Array, BoolArray]:
    """The positions of keys, equal keys together and rising; and whether each but the first is another than before."""
    shift = len(keys).bit_length()
    if int(keys.max()).bit_length() + shift > _NUM_BITS:
        positions = np.argsort(keys, kind="stable")
        return positions, np.diff(keys[positions]) != 0
    # Keys with their positions behind them: sorting numbers is many times faster than sorting positions by number.
    placed = np.sort(keys << shift | np.arange(len(keys)))
    sorted_keys = placed >> shift
    return placed & ((1 << shift) - 1), sorted_keys[1:] != sorted_keys[:-1]


def _mix(parts: Int64Array) -> NDArray[np.uint64]:
    """Hashes of numbers."""
    mixed = (parts.astype(np.uint64) + np.uint64(1)) * _MULTIPLIER
    return mixed ^ (mixed >> np.uint64(29))


class _PassageSums:
    """Tells whether passages of a document are the same, by the sums of their tokens' hashes times powers of a base."""

    def __init__(self, tokens: Int64Array, begins: Int64Array) -> None:
        """`begins`: where the document of each token begins."""
        self._begins = begins
        self._powers = np.cumprod(np.concatenate(([np.uint64(1)], np.full(len(tokens), _BASE))))
        self._sums = np.concatenate(([np.uint64(0)], np.cumsum(_mix(tokens) * self._powers[:-1])))

    def repeat_themselves(self, ends: Int64Array, lengths: Int64Array) -> BoolArray:
        """Whether the `lengths` tokens before each of `ends` are the same as so many before them."""
        starts = np.maximum(ends - 2 * lengths, 0)
        middles = ends - lengths
        first = (self._sums[middles] - self._sums[starts]) * self._powers[lengths]
        has_room = ends - self._begins[ends] >= 2 * lengths
        is_same: BoolArray = has_room & (first == self._sums[ends] - self._sums[middles])
        return is_same


class EchoMemory:
    """The echoes of a document that is being written."""

    def __init__(self) -> None:
        self._positions: dict[tuple[int, ...], int] = {}
        self._tokens: list[int] = [NEVER] * max(ORDERS)

    def echoes(self) -> tuple[int, ...]:
        """The echoes before the next token."""
        return tuple(self._echo(context) for context in self._contexts())

    def add(self, token: int) -> None:
        """Takes in the next token."""
        for context in self._contexts():
            self._positions[context] = len(self._tokens)
        self._tokens.append(token)

    def _contexts(self) -> list[tuple[int, ...]]:
        return [tuple(self._tokens[-order:]) for order in ORDERS]

    def _echo(self, context: tuple[int, ...]) -> int:
        position, end = self._positions.get(context), len(self._tokens)
        if position is None:
            return NEVER
        start = 2 * position - end
        said_twice = start >= max(ORDERS) and self._tokens[start:position] == self._tokens[position:end]
        return NEVER if said_twice else self._tokens[position]
