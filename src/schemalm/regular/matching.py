"""Whether a pattern has a match in a text, in time that grows with the text alone.

In: the source of a pattern. Out: a callable that tests texts. Not covered: where the match is.
"""

from __future__ import annotations

from schemalm.limits import Budget, Limits
from schemalm.regular.lazy_dfa import DEAD, LazyDfa
from schemalm.regular.pattern import pattern_language


class PatternMatcher:
    """Tests whether an ECMA-262 expression has a match in a text; raises `PatternError` for an unsupported one."""

    def __init__(self, source: str, limits: Limits) -> None:
        self._dfa = LazyDfa(Budget(limits))
        self._start = self._dfa.state((pattern_language(source, limits.pattern_repeat),))
        self._dfa.budget.end_compilation()

    def __call__(self, text: str) -> bool:
        """Whether there is a match; raises `LimitError` if the expression leaves too many alternatives to follow."""
        if self._start == DEAD:
            return False
        with self._dfa.budget.call("match"):
            state = self._dfa.run(text.encode(), self._start)
        return state != DEAD and self._dfa.outcome(state) == 1
