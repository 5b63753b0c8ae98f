"""Echoes: what came next last time, after the same tokens in the same document.

Documents repeat themselves: every job runs on the same image, every step names its action the same way. A model learns
to look that up in its context by induction (Olsson et al., "In-context learning and induction heads", 2022), late and
at some cost; the document's own past tells it at once, from beyond the context too. There is one echo for each number
of tokens in `ORDERS`: the token that followed the same so many tokens most recently; token 0 stands for "never
before". Both forms here give the same: `echoes` for whole documents, `EchoMemory` for one under way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Int64Array = NDArray[np.int64]
NEVER = 0
# How many tokens have to be the same: a longer context is rarer, and what followed it more telling.
ORDERS = (1, 2, 4, 8)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def echoes(tokens: Int64Array) -> Int64Array:
    """The echoes before each token of a document [T, orders]."""
    contexts, before, found = np.zeros(len(tokens), dtype=np.uint64), tokens, []
    for order in range(1, max(ORDERS) + 1):
        before = np.concatenate(([NEVER], before[:-1]))
        contexts = _mix(contexts, before)
        if order in ORDERS:
            found.append(_last_followers(contexts, tokens))
    return np.stack(found, axis=1)


def _mix(hashes: NDArray[np.uint64], parts: Int64Array) -> NDArray[np.uint64]:
    """The hashes of contexts with one more part; of 64 bits, so that two contexts hardly ever share one."""
    mixed = (hashes ^ (parts.astype(np.uint64) + np.uint64(1))) * _MULTIPLIER
    return mixed ^ (mixed >> np.uint64(29))


def _last_followers(contexts: NDArray[np.uint64], tokens: Int64Array) -> Int64Array:
    """The token that came at the last place with the same context [T]."""
    # Hashes with their places behind them: sorting numbers is many times faster than sorting places by number.
    num_bits = np.uint64(len(tokens).bit_length())
    keys = np.sort(contexts << num_bits | np.arange(len(tokens), dtype=np.uint64))
    places = (keys & ((np.uint64(1) << num_bits) - np.uint64(1))).astype(np.int64)
    is_repeated = keys[1:] >> num_bits == keys[:-1] >> num_bits
    found = np.full(len(tokens), NEVER, dtype=np.int64)
    found[places[1:][is_repeated]] = tokens[places[:-1][is_repeated]]
    return found


class EchoMemory:
    """The echoes of a document that is being written."""

    def __init__(self) -> None:
        self._followers: dict[tuple[int, ...], int] = {}
        self._before: tuple[int, ...] = (NEVER,) * max(ORDERS)

    def echoes(self) -> tuple[int, ...]:
        """The echoes before the next token."""
        return tuple(self._followers.get(self._before[-order:], NEVER) for order in ORDERS)

    def add(self, token: int) -> None:
        """Takes in the next token."""
        for order in ORDERS:
            self._followers[self._before[-order:]] = token
        self._before = (*self._before[1:], token)
