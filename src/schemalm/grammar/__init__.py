"""Schemas become grammars: every keyword by construction, or an error that names it."""

from schemalm.grammar.compilation import compile_schema
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.limits import Limits

__all__ = ["Grammar", "Limits", "compile_schema"]
