"""Formulas become nonterminals: which symbols may begin each of them, and what each symbol opens.

In go formulas over assertions; out come nonterminals, the symbols that each admits, and the cost of finishing each.
"""

from schemalm.grammar.grammar import Grammar

__all__ = ["Grammar"]
