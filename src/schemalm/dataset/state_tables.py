"""States: what the model gets from the machine before each token, numbered in order of first occurrence.

A state is a packed mask and two rows of the grammar-state embedding, for the nonterminal and for the path. The same
documents therefore have the same states in every process, and nonterminals and paths that look the same to the model
are one state.
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

# Work is restarted beyond this number of tracer entries; a corpus usually has a few hundred.
MAX_REMEMBERED = 1 << 17
NO_NUMBER = -1


class StateTables(NamedTuple):
    """Distinct masks, packed [M, ceil(vocab_size / 8)], and distinct states [P, 3].

    A state is a row of `masks` and two rows of the grammar-state embedding, for the nonterminal and for the path.
    """

    masks: NDArray[np.uint8]
    rows: Int64Array


class StateNumbers:
    """Numbers states, and their masks, in order of first occurrence."""

    def __init__(self) -> None:
        self._masks: dict[bytes, int] = {}
        self._numbers: dict[tuple[int, int, int], int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def mask(self, packed: bytes) -> int:
        """Return the row of a packed mask."""
        return self._masks.setdefault(packed, len(self._masks))

    def number(self, row: tuple[int, int, int]) -> int:
        """Return the number of the state with these rows of mask, nonterminal and path."""
        return self._numbers.setdefault(row, len(self._numbers))

    def add(self, tables: StateTables) -> Int64Array:
        """Add the states of other tables, and return their numbers here [P]."""
        masks = [self.mask(mask.tobytes()) for mask in tables.masks]
        rows = tables.rows.tolist()
        return np.array([self.number((masks[mask], state, path)) for mask, state, path in rows], dtype=np.int64)

    def tables(self) -> StateTables:
        """Return the tables of all states so far."""
        packed = np.frombuffer(b"".join(self._masks), dtype=np.uint8)
        masks = packed.reshape(len(self._masks), len(packed) // max(len(self._masks), 1))
        return StateTables(masks, np.array(list(self._numbers), dtype=np.int64).reshape(-1, 3))

    def chosen(self, numbers: Int64Array) -> StateTables:
        """Return the tables of some states, in this order, with the masks that they use."""
        masks, rows = self.tables()
        rows = rows[numbers]
        found, rows[:, 0] = first_occurrences(rows[:, 0], len(masks))
        return StateTables(masks[found], rows)


class StateReader:
    """Encodes documents and finds the state before each token; state numbers are valid until `take`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._reader = GrammarStateReader(tokenizer)
        self._begin()

    def _begin(self) -> None:
        self._tracer = Tracer(self._tokenizer.tables)
        self._states = StateNumbers()
        self._mask_rows: dict[int, int] = {}
        # The state number of each tracer entry.
        self._number_of = np.empty(0, dtype=np.int64)
        self._limits: dict[int, LimitError] = {}

    def encode(self, value: Any) -> tuple[Int64Array, Int64Array]:
        """Return the tokens of a value and the state before each.

        Raises `InvalidDocument` if the schema rejects the value, and `LimitError` if encoding, or the mask of a state,
        exceeds a limit.
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
        """Renumber states from `encode` by first occurrence in `numbers`, and return them with their tables."""
        distinct, local = first_occurrences(numbers, len(self._states))
        tables = self._states.chosen(distinct)
        if len(self._tracer.entries) > MAX_REMEMBERED:
            self._begin()
        return local, tables

    def _number(self, index: int, entry: StackEntry) -> int:
        """Return the state number of a tracer entry; if its mask exceeds a limit, keep the error for later."""
        try:
            return self._states.number(
                (self._mask_row(entry.nonterminal), *self._reader.rows_at(self._tracer.tables, entry))
            )
        except LimitError as error:
            self._limits[index] = error.during("mask", entry.path)
            return NO_NUMBER

    def _mask_row(self, nonterminal: int) -> int:
        if nonterminal not in self._mask_rows:
            packed = pack_masks(self._tokenizer.tables.mask(nonterminal)).tobytes()
            self._mask_rows[nonterminal] = self._states.mask(packed)
        return self._mask_rows[nonterminal]


def first_occurrences(numbers: Int64Array, limit: int) -> tuple[Int64Array, Int64Array]:
    """Return the distinct numbers (below `limit`) by first occurrence, and for each number its index among them."""
    first = np.full(limit, len(numbers))
    # If several values are assigned to one index, the last one remains.
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    distinct = np.flatnonzero(first < len(numbers))
    distinct = distinct[np.argsort(first[distinct])]
    index = np.empty(limit, dtype=np.int64)
    index[distinct] = np.arange(len(distinct))
    return distinct, index[numbers]
