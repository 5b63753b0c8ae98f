"""Formulas become nonterminals: which symbols each may begin with, and what each of them opens.

In go formulas over assertions; out come nonterminals, the symbols that each admits, and the cost of finishing each.
"""

from schemalm.grammar.grammar import Grammar

__all__ = ["Grammar"]
