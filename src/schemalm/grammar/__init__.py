"""Formulas become nonterminals: which symbols each may begin with, and what each of them opens."""

from schemalm.grammar.grammar import Grammar

__all__ = ["Grammar"]
