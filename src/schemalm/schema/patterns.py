"""The languages of a schema's ECMA-262 expressions, each found once."""

from __future__ import annotations

from schemalm.limits import Limits
from schemalm.regular.language import Language
from schemalm.regular.pattern import finite_texts, pattern_language


class Patterns:
    """The languages of ECMA-262 expressions, with a cache.

    max_finite: the maximum number of texts that are listed.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.max_finite = limits.finite_pattern_keys
        self._languages: dict[str, Language] = {}
        self._finite: dict[str, list[str]] = {}

    def language(self, source: str) -> Language:
        """The texts in which an expression has a match; raises PatternError."""
        if source not in self._languages:
            self._languages[source] = pattern_language(source, self._limits.pattern_repeat)
        return self._languages[source]

    def finite_texts(self, source: str) -> list[str]:
        """Every text that matches if there are at most `max_finite`; empty for other expressions."""
        if source not in self._finite:
            self._finite[source] = finite_texts(source, self.max_finite) or []
        return self._finite[source]
