"""Texts that hold expressions: their language, the names that they refer to, and what is wrong with them.

In: an `ExpressionPlace`, which says what may be written at one kind of place. Out: a leaf of `regular.language`, the
references in a text, and problems in plain words. All three run the same states, so they cannot differ.
"""

from schemalm.rules.expressions.language import ExpressionLanguage, expression_language
from schemalm.rules.expressions.place import ExpressionPlace, Function, Syntax
from schemalm.rules.expressions.problems import Problem, problem
from schemalm.rules.expressions.reading import reader_of
from schemalm.rules.expressions.references import Link, Reference
from schemalm.rules.expressions.states import Slot

__all__ = [
    "ExpressionLanguage",
    "ExpressionPlace",
    "Function",
    "Link",
    "Problem",
    "Reference",
    "Slot",
    "Syntax",
    "expression_language",
    "problem",
    "reader_of",
]
