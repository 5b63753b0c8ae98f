"""Masks and transitions that also respect arrays whose items have to differ.

Finite states determine what most tokens do (`finite_tables.py`). But a token that opens a guarded array and begins its
first item may begin an item that the array cannot contain. A machine tries each such token, once for each nonterminal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemalm.grammar.grammar import Grammar
from schemalm.machine.completion import has_end
from schemalm.machine.finite_tables import LIMIT_BYTES, FiniteTables, StackEntry, Transition
from schemalm.machine.guards import begins_guarded_item, tokens_that_enter_items
from schemalm.machine.symbol_machine import SymbolMachine
from schemalm.machine.vocabulary import Vocabulary


class Tables(FiniteTables):
    """Masks and transitions of one vocabulary under a grammar with the same symbols."""

    def __init__(self, grammar: Grammar, vocabulary: Vocabulary, limit_bytes: int = LIMIT_BYTES) -> None:
        """limit_bytes: memory for masks and transitions. At least one of each is kept."""
        super().__init__(grammar, vocabulary, limit_bytes)
        self._tokens_that_enter_items = tokens_that_enter_items(vocabulary) if grammar.has_guards else frozenset()

    def _fill(self, nonterminal: int) -> NDArray[np.bool_]:
        mask = super()._fill(nonterminal)
        for token in self._tokens_that_enter_items:
            mask[token] = mask[token] and self._can_begin_item(nonterminal, token)
        return mask

    def _walk(self, entry: StackEntry, token: int) -> Transition | None:
        transition = super()._walk(entry, token)
        is_refused = token in self._tokens_that_enter_items and not self._can_begin_item(entry.nonterminal, token)
        return None if is_refused else transition

    def _can_begin_item(self, nonterminal: int, token: int) -> bool:
        """Whether no array of an admitted token forbids the item that the token begins."""
        symbols = self.vocabulary.symbols[token]
        if not begins_guarded_item(self.grammar, nonterminal, symbols):
            return True
        machine = SymbolMachine.at(self, nonterminal)
        try:
            for symbol in symbols:
                machine.push(symbol)
        except ValueError:
            return False
        return has_end(machine)
