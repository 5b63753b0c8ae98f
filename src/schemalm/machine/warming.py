"""Filling tables ahead: the masks of the nonterminals that training documents pass through.

A tokenizer knows these by label, most frequent first, which tells what they are but not how to reach them: the grammar
is searched for them from the start of a document on, breadth-first.
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

# Nonterminals that one search passes; the workflow schema has 1,200.
MAX_SEARCHED = 10_000


def warm_tables(tables: Tables, labels: Sequence[str]) -> None:
    """Fills the masks of the nonterminals with these labels, the first ones where not all find room."""
    found: dict[str, int] = {}
    # What takes too much work stays unfilled: whoever comes there is told.
    with suppress(LimitError), tables.grammar.budget.call("warm"):
        _find(tables, frozenset(labels), found)
    for label in labels[: tables.num_packed]:
        if label in found:
            with suppress(LimitError):
                tables.packed(tables.grammar.equivalent(found[label]))


def _find(tables: Tables, labels: frozenset[str], found: dict[str, int]) -> None:
    """Finds the nonterminals with some labels, as far as the search comes."""
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
    """The nonterminals that one symbol leads to; of bytes that a text treats alike, one is tried."""
    state = grammar.nonterminals[nonterminal].state
    symbols = grammar.candidates(nonterminal) if not isinstance(state, Text | Key) else _text_symbols(grammar, state)
    for symbol in symbols:
        yield from successors(grammar, nonterminal, symbol)


def _text_symbols(grammar: Grammar, state: Text | Key) -> list[int]:
    ends = [grammar.symbols.ids[KEY_END if isinstance(state, Key) else END]]
    return [byte for byte, _ in grammar.automaton.steps(state.dfa_state)] + ends
