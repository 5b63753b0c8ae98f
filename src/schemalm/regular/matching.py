"""Whether a pattern has a match in a text, in time that grows with the text alone.

In: the source of a pattern. Out: a callable that tells texts. Not covered: where the match is.
"""

from __future__ import annotations

from schemalm.limits import Budget, Limits
from schemalm.regular.pattern import pattern_language
from schemalm.regular.places import DEAD, Places


class PatternMatcher:
    """Tells the texts in which an ECMA-262 expression has a match; raises `PatternError` for what is not read."""

    def __init__(self, source: str, limits: Limits) -> None:
        self._places = Places(Budget(limits))
        self._start = self._places.place((pattern_language(source, limits.pattern_repeat),))
        self._places.budget.end_compilation()

    def __call__(self, text: str) -> bool:
        """Whether there is a match; raises `LimitError` where the expression leaves too many ways to go on."""
        if self._start == DEAD:
            return False
        with self._places.budget.call("match"):
            place = self._places.run(text.encode(), self._start)
        return place != DEAD and self._places.verdict(place) == 1
