"""Turns what the machine expects before each token into model input: one row for the nonterminal, one for the path.

Rows index the grammar-state embedding (`GrammarStates`). What the tokenizer's training corpus did not contain is row 0.
"""

from __future__ import annotations

from schemalm.machine import Machine, StackEntry, Tables
from schemalm.tokenizer import Tokenizer

UNKNOWN_ROW = 0


class GrammarStateReader:
    """Finds the embedding rows of the entry on top of a machine's stack."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._nonterminals, self._paths = tokenizer.states.rows()

    def rows(self, machine: Machine) -> tuple[int, int]:
        """Return the rows (nonterminal, path) before the machine's next token; (0, 0) once the document is complete."""
        return (UNKNOWN_ROW, UNKNOWN_ROW) if machine.is_complete else self.rows_at(machine.tables, machine.top)

    def rows_at(self, tables: Tables, entry: StackEntry) -> tuple[int, int]:
        """Return the rows of an entry of these tables."""
        label = tables.label(entry.nonterminal)
        return self._nonterminals.get(label, UNKNOWN_ROW), self._paths.get(entry.path, UNKNOWN_ROW)
