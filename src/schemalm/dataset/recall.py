"""Recall: what most often followed the same tokens in the documents of other sources, an n-gram look-up in a table.

Echoes (`echo.py`) look into the document itself, recall looks into the training documents. A table has an entry for
each n-gram, of a length in `RECALL_ORDERS`, that is followed by one token in at least `MIN_SOURCES` sources: the token
that most sources have there, and how certain it is. Sources count, not occurrences, since repositories repeat
themselves.

A model that trains on a document must not recall that document or another version of it: it would learn to trust copies
that unseen documents do not have. So sources are dealt into folds. One table knows all training documents, for
documents of other sources; for each fold, one table knows all but the fold's, for training on the fold's documents.

Windows and a document in progress find the same. An n-gram may reach back beyond the beginning of its document: what is
not there counts as a token.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.echo import MIX_SHIFT, MULTIPLIER, Int64Array, mix
from schemalm.model.inputs import NEVER

UInt64Array = NDArray[np.uint64]
# The lengths of the n-grams. A key has the index of its length in its first bits, so keys of one length are neighbours.
RECALL_ORDERS: Final = (1, 2, 3, 4, 6, 8)
MAX_ORDER: Final = max(RECALL_ORDERS)
NUM_ORDER_BITS: Final = 3
# What fewer sources have is chance or a copy, and would fill the table.
MIN_SOURCES: Final = 2
NUM_FOLDS: Final = 8
# A certainty is a class: of the share of followers that are the token, and of the number of sources that have it.
_SHARES = np.array([0.2, 0.4, 0.6, 0.8, 0.95])
_NUMBERS = np.array([3, 6, 15])
NUM_CERTAINTIES: Final = (len(_SHARES) + 1) * (len(_NUMBERS) + 1)
_MAX: Final = (1 << 64) - 1
_POWERS: Final = [pow(0xD1342543DE82EF95, length, 1 << 64) for length in range(1, MAX_ORDER + 1)]
_BASES = np.array(_POWERS, dtype=np.uint64)


def certainty_of(num_sources: NDArray[Any], num_followed: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the certainty of tokens that `num_sources` sources have after n-grams, of `num_followed` followers."""
    shares = np.searchsorted(_SHARES, num_sources / num_followed, side="right")
    numbers = np.searchsorted(_NUMBERS, num_sources, side="right")
    found: NDArray[np.uint8] = (shares * (len(_NUMBERS) + 1) + numbers).astype(np.uint8)
    return found


def preceding(tokens: Int64Array, positions_N: Int64Array, begins_N: Int64Array) -> Int64Array:
    """Return the tokens before each position, the nearest first [N, MAX_ORDER], and -1 before the document's begin."""
    places = positions_N[:, None] - np.arange(1, MAX_ORDER + 1)
    return np.where(places >= begins_N[:, None], tokens[np.maximum(places, 0)], -1)


def ngram_keys(preceding_NK: Int64Array, order: int) -> UInt64Array:
    """Return the key of the n-gram of one length before places [N]: the length's index, then a hash of its tokens."""
    length = RECALL_ORDERS[order]
    sums = (mix(preceding_NK[:, :length] + 1) * _BASES[:length]).sum(axis=1)
    keys: UInt64Array = mix(sums) >> np.uint64(NUM_ORDER_BITS) | np.uint64(first_key(order))
    return keys


def first_key(order: int) -> int:
    """Return the smallest possible key of an n-gram of one length."""
    return order << 64 - NUM_ORDER_BITS


class RecallTable:
    """The entries of a table: `keys` rise strictly [E]; `tokens` and `certainties` belong to them [E].

    If an n-gram has an entry, so have the shorter ones that end it: at least as many sources have the same token there.
    """

    def __init__(self, keys: UInt64Array, tokens: NDArray[Any], certainties: NDArray[np.uint8]) -> None:
        self.keys, self.tokens, self.certainties = keys, tokens, certainties
        # Where the entries of each length begin, and the end.
        starts = np.array([first_key(order) for order in range(len(RECALL_ORDERS))], dtype=np.uint64)
        self.bounds = np.append(np.searchsorted(keys, starts), len(keys))

    def __len__(self) -> int:
        return len(self.keys)

    def recall(self, preceding_NK: Int64Array) -> Int64Array:
        """Return the token and its certainty for the n-grams before places [N, orders, 2]; (`NEVER`, 0) if unknown."""
        found = np.zeros((len(preceding_NK), len(RECALL_ORDERS), 2), dtype=np.int64)
        places = np.arange(len(preceding_NK))
        for order, (begin, end) in enumerate(pairwise(self.bounds.tolist())):
            if begin == end:
                break
            wanted = ngram_keys(preceding_NK[places], order)
            entries = np.minimum(begin + np.searchsorted(self.keys[begin:end], wanted), end - 1)
            is_known = self.keys[entries] == wanted
            places, entries = places[is_known], entries[is_known]
            found[places, order, 0], found[places, order, 1] = self.tokens[entries], self.certainties[entries]
        return found


class RecallReader:
    """Recalls for documents in progress, one place at a time: the same as the table's, in less time."""

    def __init__(self, table: RecallTable) -> None:
        # Items of these are plain numbers, which Python compares fastest.
        self._keys, self._tokens, self._certainties = table.keys.data, table.tokens.data, table.certainties.data
        self._bounds = table.bounds.tolist()

    def recall(self, tokens: Sequence[int]) -> list[int]:
        """Return the token and its certainty for each length of n-gram, one after another [2 * orders]."""
        found = [NEVER, 0] * len(RECALL_ORDERS)
        total, length = 0, 0
        for order, wanted_length in enumerate(RECALL_ORDERS):
            while length < wanted_length:
                length += 1
                token = tokens[-length] if length <= len(tokens) else -1
                total += _mixed(token + 1) * _POWERS[length - 1]
            key = _mixed(total & _MAX) >> NUM_ORDER_BITS | first_key(order)
            begin, end = self._bounds[order : order + 2]
            entry = bisect_left(self._keys, key, begin, end)
            if entry == end or self._keys[entry] != key:
                break
            found[2 * order : 2 * order + 2] = self._tokens[entry], self._certainties[entry]
        return found


def _mixed(number: int) -> int:
    """Return what `mix` returns, of one number."""
    mixed = (number + 1) * MULTIPLIER & _MAX
    return mixed ^ mixed >> MIX_SHIFT
