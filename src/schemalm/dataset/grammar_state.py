"""What the machine expects before each token, as numbers for a model: one row for the nonterminal, one for the path.

Rows are those of the grammar-state embedding (`GrammarStates`); whatever the tokenizer's corpus did not have is row 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemalm.machine import Machine, Tables
from schemalm.tokenizer import Tokenizer

UNKNOWN_ROW = 0


class GrammarStateReader:
    """Reads the embedding rows of a machine's place."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tables: Tables = tokenizer.tables
        self._nonterminals, self._paths = tokenizer.states.rows()
        self._known: dict[int, int] = {}

    def rows(self, machine: Machine) -> tuple[int, int]:
        """The rows (nonterminal, path) in force before the machine's next token; (0, 0) once the document is whole."""
        if machine.is_complete:
            return UNKNOWN_ROW, UNKNOWN_ROW
        return self._nonterminal_row(machine.nonterminal), self._paths.get(machine.path, UNKNOWN_ROW)

    def _nonterminal_row(self, nonterminal: int) -> int:
        if nonterminal not in self._known:
            self._known[nonterminal] = self._nonterminals.get(self._tables.label(nonterminal), UNKNOWN_ROW)
        return self._known[nonterminal]

    def trace(self, machine: Machine, tokens: Sequence[int]) -> tuple[list[int], list[tuple[int, int]]]:
        """The nonterminal and the embedding rows before each of `tokens`, which the machine consumes."""
        nonterminals: list[int] = []
        states: list[tuple[int, int]] = []
        for token in tokens:
            nonterminals.append(machine.nonterminal)
            states.append(self.rows(machine))
            machine.advance(token)
        return nonterminals, states
