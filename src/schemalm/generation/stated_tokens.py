"""The tokens of what a prompt states: they are taken as the tokenizer merges them, and cost no call of the model.

Under a prompt the grammar often admits one symbol only, but several tokens that begin with it. The model was trained on
one way to merge them, so where the next symbols are known, their tokens are, too. In goes a machine; out come the
tokens of the symbols to come, up to the first choice.
"""

from __future__ import annotations

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Key, Text
from schemalm.grammar.symbols import NUM_BYTES
from schemalm.machine import Machine
from schemalm.machine.stepper import advance
from schemalm.tokenizer import Tokenizer

# The most symbols that are looked ahead at once.
MAX_SYMBOLS = 4096


def stated_tokens(tokenizer: Tokenizer, machine: Machine) -> list[int]:
    """Return the next tokens of a document as far as its grammar leaves no choice; empty at a choice."""
    grammar = machine.grammar
    stack = [entry.nonterminal for entry in machine.stack]
    symbols: list[int] = []
    while stack and len(symbols) < MAX_SYMBOLS and (symbol := grammar.only_symbol(stack[-1])) is not None:
        advance(grammar, stack, symbol)
        symbols.append(symbol)
    if not symbols:
        return []
    return tokenizer.encode_beginning(symbols, is_whole=_ends_segment(grammar, stack, symbols[-1]))


def _ends_segment(grammar: Grammar, stack: list[int], last: int) -> bool:
    """Whether no merge joins a symbol with the next one: it closes something, or content comes after structure."""
    if not stack or not grammar.symbols.arities[last]:
        return True
    is_before_text = isinstance(grammar.nonterminals[stack[-1]].state, Text | Key)
    return is_before_text and last >= NUM_BYTES
