"""The values that an item of an array can be, in the order in which completions take them, found once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.seen_items import Entry, Form
from schemalm.grammar.states import Text, Value
from schemalm.grammar.symbols import END, ITEM
from schemalm.grammar.value_sets import CONSTANTS
from schemalm.machine.forms import Symbols
from schemalm.machine.texts import MAX_LISTINGS, Listing, Texts
from schemalm.regular.numbers import equal_number_texts, number_of_text


class Written(NamedTuple):
    """A value as an item: what an array keeps of it, its symbols, and of these the first of a number, if it is one."""

    entry: Entry
    symbols: Symbols
    num_before: int | None = None


class Values:
    """The values of a grammar's nonterminals, as far as they are texts and constants."""

    def __init__(self, grammar: Grammar, texts: Texts) -> None:
        self._grammar = grammar
        self._texts = texts
        self._item = grammar.symbols.ids[ITEM]
        self.of = lru_cache(MAX_LISTINGS)(self._list)

    def _list(self, nonterminal: int) -> Listing[Written]:
        """The values of a nonterminal that ends with one outcome, up to the first that holds others."""
        return Listing(lambda: self._find(nonterminal), self._grammar)

    def _find(self, nonterminal: int) -> Iterator[Written]:
        state = self._grammar.nonterminals[nonterminal].state
        if isinstance(state, Text):
            yield from self._in_text(nonterminal, nonterminal, (self._item,))
        elif isinstance(state, Value):
            constants, others = self._texts.symbols(nonterminal)
            for symbol in sorted(symbol for symbols in constants.values() for symbol in symbols):
                yield self._constant(nonterminal, symbol)
            for symbol, child in self._entered(nonterminal, others):
                if not isinstance(self._grammar.nonterminals[child].state, Text):
                    return
                yield from self._in_text(nonterminal, child, (self._item, symbol))

    def _entered(self, nonterminal: int, symbols: Symbols) -> list[tuple[int, int]]:
        """Symbols that choose a kind, each with the nonterminal that it opens, the cheapest first."""
        opened = [(symbol, step.opened[0]) for symbol in symbols if (step := self._grammar.step(nonterminal, symbol))]
        return sorted(opened, key=lambda entry: (min(self._grammar.costs(entry[1]).values()), entry[0]))

    def _constant(self, written_at: int, symbol: int) -> Written:
        constant = self._grammar.symbols.symbols[symbol]
        symbols = (self._item, symbol)
        return Written(Entry(CONSTANTS.get(constant, constant.text), written_at, symbols), symbols)

    def _in_text(self, written_at: int, nonterminal: int, before: Symbols) -> Iterator[Written]:
        """The texts of a nonterminal, after some symbols."""
        node, end = self._grammar.nonterminals[nonterminal], self._grammar.symbols.ids[END]
        assert isinstance(node.state, Text)
        for text in self._texts.all(node.state.dfa_state, node.accepts):
            symbols = (*before, *text, end)
            if node.state.kind == "string":
                yield Written(Entry(text.decode(), written_at, symbols), symbols)
            else:
                number = number_of_text(text.decode())
                form: Form = (*before, equal_number_texts(number)[0].encode(), end)
                yield Written(Entry(number, written_at, form), symbols, len(before))
