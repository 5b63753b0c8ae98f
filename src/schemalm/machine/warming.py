"""Fills the masks of frequent nonterminals ahead of time.

A tokenizer file lists the nonterminals of its training documents by label, most frequent first. A label identifies a
nonterminal but does not say how to reach it, so the grammar is searched breadth-first from the start of a document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from schemalm.errors import LimitError
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Key, Text
from schemalm.grammar.symbols import END, KEY_END
from schemalm.machine.stepper import successors
from schemalm.machine.tables import Tables

# The most nonterminals that one search visits. The workflow schema has 1,200.
MAX_SEARCHED = 10_000


def warm_tables(tables: Tables, labels: Sequence[str]) -> None:
    """Fills the masks of the nonterminals with these labels, or of the first ones if the tables cannot keep all."""
    found: dict[str, int] = {}
    # Masks that take too much work stay unfilled. A machine that needs one reports the limit.
    with suppress(LimitError), tables.grammar.budget.call("warm"):
        _find(tables, frozenset(labels), found)
    for label in labels[: tables.num_packed]:
        if label in found:
            with suppress(LimitError):
                tables.packed(tables.grammar.equivalent(found[label]))


def _find(tables: Tables, labels: frozenset[str], found: dict[str, int]) -> None:
    """Finds the nonterminals with some labels, until the search reaches its limit."""
    grammar = tables.grammar
    seen = {grammar.start}
    queue = [grammar.start]
    for nonterminal in queue:
        label = tables.label(nonterminal)
        if label in labels:
            found.setdefault(label, nonterminal)
        if len(found) == len(labels) or len(queue) > MAX_SEARCHED:
            break
        for after in _successors(grammar, nonterminal):
            if after not in seen:
                seen.add(after)
                queue.append(after)


def _successors(grammar: Grammar, nonterminal: int) -> Iterator[int]:
    """Yields the nonterminals after one symbol. Of bytes with the same transition in a text, only one is tried."""
    state = grammar.nonterminals[nonterminal].state
    symbols = grammar.candidates(nonterminal) if not isinstance(state, Text | Key) else _text_symbols(grammar, state)
    for symbol in symbols:
        yield from successors(grammar, nonterminal, symbol)


def _text_symbols(grammar: Grammar, state: Text | Key) -> list[int]:
    ends = [grammar.symbols.ids[KEY_END if isinstance(state, Key) else END]]
    return [byte for byte, _ in grammar.automaton.steps(state.dfa_state)] + ends
