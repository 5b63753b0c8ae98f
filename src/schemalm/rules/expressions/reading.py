"""Reads whole texts: whether a place allows them, and the references in them.

Most texts hold no expression, and most expressions occur again and again. So a text is cut into its expressions, and
each of them is read once: what an expression says does not depend on the text around it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from schemalm.memo import Allowance, Memo
from schemalm.rules.expressions.language import expression_language
from schemalm.rules.expressions.place import ExpressionPlace
from schemalm.rules.expressions.references import Link, Reference, find_references

# The memory for the expressions of one place, in characters, and the longest expression that is remembered.
MAX_REMEMBERED = 1_000_000
MAX_LENGTH = 1_000


class Reader:
    """Reads the texts of one place; use `reader_of`."""

    def __init__(self, place: ExpressionPlace) -> None:
        self._place = place
        self._opening, closing = place.delimiters
        first, rest = re.escape(closing[0]), re.escape(closing[1:])
        # An expression ends at the first closing delimiter outside a text in quotes.
        self._expression = re.compile(
            rf"{re.escape(self._opening)}(?:[^'{first}]|'[^']*'|{first}(?!{rest}))*+{first}{rest}"
        )
        self._allowance = Allowance(MAX_REMEMBERED)
        self._memo: Memo[str, tuple[Reference, ...] | None] = Memo(self._read, self._allowance, MAX_LENGTH)

    def references(self, text: str) -> tuple[Reference, ...] | None:
        """The chains of a text that lead to declared names, in order; None if the place does not allow the text."""
        if self._allowance.is_spent:
            self._memo.clear()
            self._allowance.restore()
        if self._place.form in ("condition", "whole"):
            return self._memo[text]
        if self._opening not in text:
            return ()
        return self._in_free_text(text) if self._place.has_expressions else None

    def _in_free_text(self, text: str) -> tuple[Reference, ...] | None:
        found: list[Reference] = []
        begin = text.find(self._opening)
        while begin >= 0:
            expression = self._expression.match(text, begin)
            references = self._memo[expression[0]] if expression else None
            if expression is None or references is None:
                return None
            found += [_moved(reference, begin) for reference in references]
            begin = text.find(self._opening, expression.end())
        return tuple(found)

    def _read(self, text: str) -> tuple[Reference, ...] | None:
        return find_references(expression_language(self._place), text)


def _moved(reference: Reference, distance: int) -> Reference:
    return tuple(Link(kind, name, start + distance, end + distance) for kind, name, start, end in reference)


@lru_cache(maxsize=512)
def reader_of(place: ExpressionPlace) -> Reader:
    """The reader of the texts of a place."""
    return Reader(place)
