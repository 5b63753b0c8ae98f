"""Echoes: an n-gram look-up of the token that most recently followed the same tokens in the same document.

Documents repeat themselves: every job runs on the same image, every step names its action in the same way. A model
learns to look this up in its context by induction (Olsson et al., "In-context learning and induction heads", 2022), but
late and at some cost. The look-up provides it at once, and reaches beyond the context. There is one echo for each
length n in `ORDERS`: the token that most recently followed the last n tokens. Token 0 means "never before".

An echo is suppressed if it would continue a passage that has just occurred twice in a row. Documents rarely repeat it a
third time, and a generating model would be drawn into repeating it for ever.

Both implementations give the same result: `echoes` for whole documents, `EchoMemory` for a document in progress. Echoes
are not stored: they are computed from the document's tokens up to the window's end, which takes far less time than the
rest of a training step unless documents are very long (8 windows of documents of 200,000 tokens: 140 ms).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from schemalm.model.inputs import NEVER

Int64Array = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
# The lengths of the n-grams: longer ones are rarer and predict better. Each must be twice the one before.
ORDERS = (1, 2, 4, 8)
MULTIPLIER, MIX_SHIFT = 0x9E3779B97F4A7C15, 29
_BASE = np.uint64(0xD1342543DE82EF95)
_NUM_BITS = 63


def echoes(tokens: Int64Array, begins: ArrayLike = (0,), is_wanted: BoolArray | None = None) -> Int64Array:
    """Return the echoes before each token [T, orders] of concatenated documents, which start at `begins`.

    is_wanted: the tokens that need echoes [T]; all others get `NEVER`. N-grams are compared exactly, so neighbouring
    documents do not change a document's echoes.
    """
    first = np.asarray(begins, dtype=np.int64)
    document = np.repeat(np.arange(len(first)), np.diff(first, append=len(tokens)))
    found = np.full((len(tokens), len(ORDERS)), NEVER, dtype=np.int64)
    if not len(tokens):
        return found
    sums = _PassageHashes(tokens, first[document])
    is_followed = _is_followed(len(tokens), first, is_wanted)
    for order, (lasts, is_new) in enumerate(_contexts(tokens, document)):
        repeated = np.flatnonzero(~is_new & is_followed[lasts[1:]]) + 1
        positions, followers = lasts[repeated] + 1, lasts[repeated - 1] + 1
        is_silent = sums.repeat_themselves(positions, positions - followers)
        found[positions, order] = np.where(is_silent, NEVER, tokens[followers])
    return found


def _is_followed(num_tokens: int, first: Int64Array, is_wanted: BoolArray | None) -> BoolArray:
    """Return whether each token is followed by a wanted token of the same document."""
    is_followed = np.ones(num_tokens, dtype=np.bool_)
    if is_wanted is not None:
        is_followed[:-1] = is_wanted[1:]
    is_followed[first - 1] = False
    return is_followed


def _contexts(tokens: Int64Array, document: Int64Array) -> Iterator[tuple[Int64Array, BoolArray]]:
    """For each order, yield the ends of n-grams, equal ones adjacent, and whether each differs from the one before.

    An n-gram of an order is a pair of n-grams of half the length, so these are numbered and the pairs of numbers
    compared. Positions rise among equal n-grams. An n-gram that reaches into the previous document equals no other.
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
    """Return the positions that sort the keys stably, and whether each sorted key differs from the one before it."""
    shift = len(keys).bit_length()
    if int(keys.max()).bit_length() + shift > _NUM_BITS:
        positions = np.argsort(keys, kind="stable")
        return positions, np.diff(keys[positions]) != 0
    # Each key is followed by its position in the low bits: sorting numbers is many times faster than an argsort.
    placed = np.sort(keys << shift | np.arange(len(keys)))
    sorted_keys = placed >> shift
    return placed & ((1 << shift) - 1), sorted_keys[1:] != sorted_keys[:-1]


def mix(numbers: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a hash of each number."""
    mixed = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(MULTIPLIER)
    return mixed ^ (mixed >> np.uint64(MIX_SHIFT))


class _PassageHashes:
    """Compares passages of documents by polynomial hashes: prefix sums of the tokens' hashes times powers of a base."""

    def __init__(self, tokens: Int64Array, begins: Int64Array) -> None:
        """`begins`: the start of each token's document [T]."""
        self._begins = begins
        self._powers = np.cumprod(np.concatenate(([np.uint64(1)], np.full(len(tokens), _BASE))))
        self._sums = np.concatenate(([np.uint64(0)], np.cumsum(mix(tokens) * self._powers[:-1])))

    def repeat_themselves(self, ends: Int64Array, lengths: Int64Array) -> BoolArray:
        """Return whether the `lengths` tokens before each of `ends` equal the same number of tokens before them."""
        starts = np.maximum(ends - 2 * lengths, 0)
        middles = ends - lengths
        first = (self._sums[middles] - self._sums[starts]) * self._powers[lengths]
        has_room = ends - self._begins[ends] >= 2 * lengths
        is_same: BoolArray = has_room & (first == self._sums[ends] - self._sums[middles])
        return is_same


class EchoMemory:
    """The echoes of a document that is being generated. Its last tokens can be removed again."""

    def __init__(self) -> None:
        self._tokens: list[int] = [NEVER] * max(ORDERS)
        self._positions: dict[tuple[int, ...], int] = {}
        # For each token, the positions that its own position has replaced.
        self._replaced: list[list[int | None]] = []

    def echoes(self) -> tuple[int, ...]:
        """Return the echoes before the next token."""
        found = [NEVER] * len(ORDERS)
        for index, context in enumerate(self._contexts()):
            position = self._positions.get(context)
            if position is None:
                break  # what ends in a new n-gram is new as well
            found[index] = self._echo(position)
        return tuple(found)

    def last_tokens(self, num_tokens: int) -> list[int]:
        """Return the last tokens, at most `num_tokens`."""
        return self._tokens[max(*ORDERS, len(self._tokens) - num_tokens) :]

    def add(self, token: int) -> None:
        """Add the next token."""
        contexts, position = self._contexts(), len(self._tokens)
        self._replaced.append([self._positions.get(context) for context in contexts])
        self._positions.update((context, position) for context in contexts)
        self._tokens.append(token)

    def remove_last(self) -> None:
        """Remove the last token."""
        self._tokens.pop()
        for context, position in zip(self._contexts(), self._replaced.pop(), strict=True):
            if position is None:
                del self._positions[context]
            else:
                self._positions[context] = position

    def _contexts(self) -> list[tuple[int, ...]]:
        return [tuple(self._tokens[-order:]) for order in ORDERS]

    def _echo(self, position: int) -> int:
        end = len(self._tokens)
        start = 2 * position - end
        said_twice = start >= max(ORDERS) and self._tokens[start:position] == self._tokens[position:end]
        return NEVER if said_twice else self._tokens[position]
