"""The values that an item of an array can be, in the order in which completions use them, computed once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.seen_items import Form, SeenItem
from schemalm.grammar.states import Text, Value
from schemalm.grammar.symbols import END, ITEM
from schemalm.grammar.value_sets import CONSTANTS
from schemalm.machine.form_trie import Symbols
from schemalm.machine.texts import MAX_LISTS, LazyList, Texts
from schemalm.regular.numbers import equal_number_texts, number_of_text


class ListedValue(NamedTuple):
    """A value as an item: the record that an array keeps of it, its symbols, and the index of its number, if any."""

    seen_item: SeenItem
    symbols: Symbols
    number_start: int | None = None


class Values:
    """The values of a grammar's nonterminals that are texts or constants."""

    def __init__(self, grammar: Grammar, texts: Texts) -> None:
        self.of = lru_cache(MAX_LISTS)(_ValueFinder(grammar, texts).listed)


class _ValueFinder:
    """Finds values. A list that goes on later keeps this alive, and not the cache that the list is in."""

    def __init__(self, grammar: Grammar, texts: Texts) -> None:
        self._grammar, self._texts = grammar, texts
        self._item = grammar.symbols.ids[ITEM]

    def listed(self, nonterminal: int) -> LazyList[ListedValue]:
        """Returns the values of a nonterminal with a single outcome, up to the first that is no text or constant."""
        return LazyList(lambda: self._find(nonterminal), self._grammar)

    def _find(self, nonterminal: int) -> Iterator[ListedValue]:
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
        """Returns symbols that choose a kind, each with the nonterminal that it opens, the cheapest first."""
        opened = [(symbol, step.opened[0]) for symbol in symbols if (step := self._grammar.step(nonterminal, symbol))]
        return sorted(opened, key=lambda seen_item: (min(self._grammar.costs(seen_item[1]).values()), seen_item[0]))

    def _constant(self, written_at: int, symbol: int) -> ListedValue:
        constant = self._grammar.symbols.symbols[symbol]
        symbols = (self._item, symbol)
        return ListedValue(SeenItem(CONSTANTS.get(constant, constant.text), written_at, symbols), symbols)

    def _in_text(self, written_at: int, nonterminal: int, before: Symbols) -> Iterator[ListedValue]:
        """Yields the texts of a nonterminal, after some symbols."""
        node, end = self._grammar.nonterminals[nonterminal], self._grammar.symbols.ids[END]
        assert isinstance(node.state, Text)
        for text in self._texts.all(node.state.dfa_state, node.accepts):
            symbols = (*before, *text, end)
            if node.state.kind == "string":
                yield ListedValue(SeenItem(text.decode(), written_at, symbols), symbols)
            else:
                number = number_of_text(text.decode())
                form: Form = (*before, equal_number_texts(number)[0].encode(), end)
                yield ListedValue(SeenItem(number, written_at, form), symbols, len(before))
