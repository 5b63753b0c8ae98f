"""What the machine expects before each token, as numbers for a model: one row for the nonterminal, one for the path.

Rows are those of the grammar-state embedding (`GrammarStates`); whatever the tokenizer's corpus did not have is row 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from schemalm.machine import Machine, StackEntry, Tables
from schemalm.tokenizer import Tokenizer

UNKNOWN_ROW = 0
# Stack entries whose rows are remembered.
MAX_REMEMBERED = 1 << 14


class GrammarStateReader:
    """Reads the embedding rows of the entry on top of a machine's stack."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tables: Tables = tokenizer.tables
        self._nonterminals, self._paths = tokenizer.states.rows()
        self.rows_at: Callable[[StackEntry], tuple[int, int]] = lru_cache(MAX_REMEMBERED)(self._rows_of)

    def rows(self, machine: Machine) -> tuple[int, int]:
        """The rows (nonterminal, path) in force before the machine's next token; (0, 0) once the document is whole."""
        return (UNKNOWN_ROW, UNKNOWN_ROW) if machine.is_complete else self.rows_at(machine.top)

    def _rows_of(self, entry: StackEntry) -> tuple[int, int]:
        label = self._tables.label(entry.nonterminal)
        return self._nonterminals.get(label, UNKNOWN_ROW), self._paths.get(entry.path, UNKNOWN_ROW)
