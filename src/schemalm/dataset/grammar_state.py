"""Turns what the machine expects before each token into model input: one row for the nonterminal, one for the path.

Rows index the grammar-state embedding (`GrammarStates`). What the tokenizer's training corpus did not contain is row 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from schemalm.machine import Machine, StackEntry, Tables
from schemalm.tokenizer import Tokenizer

UNKNOWN_ROW = 0
# The number of stack entries whose rows are cached.
MAX_REMEMBERED = 1 << 14


class GrammarStateReader:
    """Finds the embedding rows of the entry on top of a machine's stack."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tables: Tables = tokenizer.tables
        self._nonterminals, self._paths = tokenizer.states.rows()
        self.rows_at: Callable[[StackEntry], tuple[int, int]] = lru_cache(MAX_REMEMBERED)(self._rows_of)

    def rows(self, machine: Machine) -> tuple[int, int]:
        """Return the rows (nonterminal, path) before the machine's next token; (0, 0) once the document is complete."""
        return (UNKNOWN_ROW, UNKNOWN_ROW) if machine.is_complete else self.rows_at(machine.top)

    def _rows_of(self, entry: StackEntry) -> tuple[int, int]:
        label = self._tables.label(entry.nonterminal)
        return self._nonterminals.get(label, UNKNOWN_ROW), self._paths.get(entry.path, UNKNOWN_ROW)
