"""States: what a machine tells a model before each token, numbered in the order in which documents meet them.

A state is the packed mask and two rows of the grammar-state embedding, of the nonterminal and of the path. So the same
documents have the same states in whatever process, and nonterminals and paths of which the machine tells the same are
one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.echo import Int64Array
from schemalm.dataset.grammar_state import GrammarStateReader
from schemalm.errors import LimitError
from schemalm.machine import StackEntry
from schemalm.machine.masks import pack_masks
from schemalm.machine.tracing import Tracer
from schemalm.tokenizer import Tokenizer

# The tracer's entries that are remembered; a corpus meets some hundreds.
MAX_REMEMBERED = 1 << 17
NO_NUMBER = -1


class StateTables(NamedTuple):
    """Distinct masks, packed [M, ceil(vocab_size / 8)], and distinct states [P, 3].

    A state is a row of `masks` and two rows of the grammar-state embedding, of the nonterminal and of the path.
    """

    masks: NDArray[np.uint8]
    rows: Int64Array


class StateNumbers:
    """Numbers states in the order in which they are met, and their masks as well."""

    def __init__(self) -> None:
        self._masks: dict[bytes, int] = {}
        self._numbers: dict[tuple[int, int, int], int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def mask(self, packed: bytes) -> int:
        """The row of a packed mask."""
        return self._masks.setdefault(packed, len(self._masks))

    def number(self, row: tuple[int, int, int]) -> int:
        """The number of the state with these rows of mask, nonterminal and path."""
        return self._numbers.setdefault(row, len(self._numbers))

    def add(self, tables: StateTables) -> Int64Array:
        """The number here of each state of other tables [P]."""
        masks = [self.mask(mask.tobytes()) for mask in tables.masks]
        rows = tables.rows.tolist()
        return np.array([self.number((masks[mask], state, path)) for mask, state, path in rows], dtype=np.int64)

    def tables(self) -> StateTables:
        """What was met so far."""
        packed = np.frombuffer(b"".join(self._masks), dtype=np.uint8)
        masks = packed.reshape(len(self._masks), len(packed) // max(len(self._masks), 1))
        return StateTables(masks, np.array(list(self._numbers), dtype=np.int64).reshape(-1, 3))

    def chosen(self, numbers: Int64Array) -> StateTables:
        """The tables of some states, in this order, with the masks that they have."""
        masks, rows = self.tables()
        rows = rows[numbers]
        found, rows[:, 0] = first_met(rows[:, 0], len(masks))
        return StateTables(masks[found], rows)


class StateReader:
    """Encodes documents and tells the state before each token, by numbers that last until `take`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._reader = GrammarStateReader(tokenizer)
        self._begin()

    def _begin(self) -> None:
        self._tracer = Tracer(self._tokenizer.tables)
        self._states = StateNumbers()
        self._mask_rows: dict[int, int] = {}
        # The number of the state at each entry of the tracer.
        self._number_of = np.empty(0, dtype=np.int64)
        self._limits: dict[int, LimitError] = {}

    def encode(self, value: Any) -> tuple[Int64Array, Int64Array]:
        """The tokens of a value, and the state before each; raises `InvalidDocument` where the schema refuses it.

        Raises `LimitError` where that, or the mask of a state, takes more work than the limits admit.
        """
        tokens, found = self._tracer.trace(self._tokenizer.encode_pieces(value))
        first = len(self._number_of)
        new = [self._number(first + index, entry) for index, entry in enumerate(self._tracer.entries[first:])]
        if new:
            self._number_of = np.concatenate([self._number_of, new])
        numbers = self._number_of[found]
        if len(numbers) and numbers.min() == NO_NUMBER:
            raise self._limits[int(found[numbers.argmin()])]
        return tokens, numbers

    def take(self, numbers: Int64Array) -> tuple[Int64Array, StateTables]:
        """States told by `encode`, numbered anew in the order in which they are met here, and their tables."""
        met, local = first_met(numbers, len(self._states))
        tables = self._states.chosen(met)
        if len(self._tracer.entries) > MAX_REMEMBERED:
            self._begin()
        return local, tables

    def _number(self, index: int, entry: StackEntry) -> int:
        """The number of the state at an entry of the tracer; where its mask breaks a limit, each document does."""
        try:
            return self._states.number((self._mask_row(entry.nonterminal), *self._reader.rows_at(entry)))
        except LimitError as error:
            self._limits[index] = error.during("mask", entry.path)
            return NO_NUMBER

    def _mask_row(self, nonterminal: int) -> int:
        if nonterminal not in self._mask_rows:
            packed = pack_masks(self._tokenizer.tables.mask(nonterminal)).tobytes()
            self._mask_rows[nonterminal] = self._states.mask(packed)
        return self._mask_rows[nonterminal]


def first_met(numbers: Int64Array, limit: int) -> tuple[Int64Array, Int64Array]:
    """The different ones of numbers below `limit` in the order in which they are met, and for each its index there."""
    first = np.full(limit, len(numbers))
    # Of several that are put at one index the last stays.
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    met = np.flatnonzero(first < len(numbers))
    met = met[np.argsort(first[met])]
    index = np.empty(limit, dtype=np.int64)
    index[met] = np.arange(len(met))
    return met, index[numbers]
