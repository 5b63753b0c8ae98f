"""Whether a pattern has a match in a text, in time that grows with the text alone.

In: the source of a pattern. Out: a callable that tells texts. Not covered: where the match is.
"""

from __future__ import annotations

from schemalm.grammar.limits import Limits
from schemalm.grammar.texts.automaton import DEAD, Automaton
from schemalm.grammar.texts.pattern import pattern_language


class PatternMatcher:
    """Tells the texts in which an ECMA-262 expression has a match; raises `PatternError` for what is not read."""

    def __init__(self, source: str, limits: Limits) -> None:
        self._automaton = Automaton(limits.automaton_states)
        self._start = self._automaton.place((pattern_language(source, limits.pattern_repeat),))

    def __call__(self, text: str) -> bool:
        """Whether there is a match; raises `SchemaError` where the expression leaves too many ways to go on."""
        place = self._start if self._start == DEAD else self._automaton.run(text.encode(), self._start)
        return place != DEAD and self._automaton.verdict(place) == 1
