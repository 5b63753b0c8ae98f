"""Texts and constants in the order in which completions use them, computed once and shared by all searches.

An array that needs a text which it does not contain yet continues where its last search ended. So the k-th shortest
text costs no more than the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Generic, TypeVar

from schemalm.errors import LimitError
from schemalm.grammar.grammar import Grammar
from schemalm.machine.form_trie import Candidates
from schemalm.weak_methods import weak

T = TypeVar("T")

# The number of lists that are kept. The cost of a text, in units of work.
MAX_LISTS = 256
TEXT_UNITS = 10


class LazyList(Generic[T]):
    """Values in order, computed on demand."""

    def __init__(self, find: Callable[[], Iterator[T]], grammar: Grammar) -> None:
        self._find = find
        self._values: Iterator[T] | None = None
        self._found: list[T] = []
        self._budget = grammar.budget

    def at(self, position: int) -> T | None:
        """Returns the value at a position; None beyond the end."""
        while len(self._found) <= position:
            value = self._next()
            if value is None:
                return None
            self._found.append(value)
        return self._found[position]

    def _next(self) -> T | None:
        if self._values is None:
            self._values = islice(self._find(), len(self._found), None)
        self._budget.work(TEXT_UNITS)
        try:
            return next(self._values, None)
        except LimitError:
            # An iterator that has raised an error is exhausted. The next call starts again.
            self._values = None
            raise


class Texts:
    """The texts of a grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._lists = lru_cache(MAX_LISTS)(weak(self._list))
        self.symbols = lru_cache(MAX_LISTS)(weak(self._find_symbols))
        # By DFA state and outcomes: a number that is known to be exceeded by the number of texts.
        self._exceeded: dict[tuple[int, tuple[int, ...]], int] = {}

    def _list(self, dfa_state: int, outcomes: tuple[int, ...]) -> LazyList[bytes]:
        automaton = self.grammar.automaton
        return LazyList(lambda: automaton.texts(dfa_state, frozenset(outcomes)), self.grammar)

    def has_more(self, dfa_state: int, outcomes: tuple[int, ...], count: int) -> bool:
        """Whether more than `count` texts continue at a DFA state and end with one of the outcomes."""
        if self._exceeded.get((dfa_state, outcomes), -1) >= count:
            return True
        doubled = 1 << count.bit_length()
        found = next((num for num in (doubled, count) if self._has_more(dfa_state, outcomes, num)), None)
        if found is not None:
            self._exceeded[dfa_state, outcomes] = found
        return found is not None

    def _has_more(self, dfa_state: int, outcomes: tuple[int, ...], count: int) -> bool:
        self.grammar.budget.work(TEXT_UNITS)
        return self.grammar.automaton.has_more_texts(dfa_state, frozenset(outcomes), count)

    def non_matching(
        self, dfa_state: int, outcomes: tuple[int, ...], end: int, forbidden: Candidates
    ) -> Iterator[bytes]:
        """Yields the texts that continue at a DFA state and leave no forbidden candidate once `end` follows them."""
        return forbidden.non_matching(
            (dfa_state, outcomes), self._lists(dfa_state, outcomes).at, lambda text: (*text, end)
        )

    def all(self, dfa_state: int, outcomes: tuple[int, ...]) -> Iterator[bytes]:
        """Yields the texts that continue at a DFA state."""
        listing, position = self._lists(dfa_state, outcomes), 0
        while (text := listing.at(position)) is not None:
            yield text
            position += 1

    def _find_symbols(self, nonterminal: int) -> tuple[dict[int, tuple[int, ...]], tuple[int, ...]]:
        """Returns the admitted symbols: those that end the nonterminal, by outcome, and all others."""
        ends: dict[int, list[int]] = {}
        others: list[int] = []
        for symbol in self.grammar.admitted(nonterminal):
            step = self.grammar.step(nonterminal, symbol)
            (others if step is None or step.opened else ends.setdefault(step.outcome, [])).append(symbol)
        return {outcome: tuple(symbols) for outcome, symbols in ends.items()}, tuple(others)


def element_at(values: Sequence[T]) -> Callable[[int], T | None]:
    """Returns a function that looks up the value at a position; None beyond the end."""
    return lambda position: values[position] if position < len(values) else None
