"""Formulas become nonterminals: which symbols may begin each of them, and what each symbol opens.

The input is formulas over assertions. The output is nonterminals, the symbols that each admits, and the cost of
finishing each.
"""

from schemalm.grammar.grammar import Grammar

__all__ = ["Grammar"]
