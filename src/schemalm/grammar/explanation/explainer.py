"""Explains refusals: a fault, where it is, and what was seen to help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schemalm.documents.pointer import pointer_to
from schemalm.errors import LimitError
from schemalm.grammar.explanation.faults import Fault
from schemalm.grammar.explanation.finder import Finder
from schemalm.grammar.explanation.judge import Judge
from schemalm.grammar.explanation.places import Change, Path, Place
from schemalm.grammar.explanation.remedies import Remedies, advice
from schemalm.grammar.explanation.tasks import finish
from schemalm.grammar.formula import Formula
from schemalm.grammar.limits import Budget
from schemalm.grammar.shapes import Shapes

NO_REASON = "refused; the reason takes too long to find"


@dataclass(frozen=True)
class Failure:
    """One broken keyword at one place, in words; `remedies`: changes of which each was seen to help."""

    path: Path
    keyword: str
    message: str
    remedies: tuple[tuple[Change, ...], ...] = ()

    @property
    def pointer(self) -> str:
        """The JSON pointer of the place."""
        return pointer_to(self.path)


class Explainer:
    """Finds why values break a formula; the work is counted as that of one call."""

    def __init__(self, shapes: Shapes, resolve: Callable[[str], Formula], budget: Budget) -> None:
        self._shapes, self._resolve, self._budget = shapes, resolve, budget

    def explain(self, formula: Formula, value: Any, refused_at: Path = ()) -> Failure | None:
        """The most telling failure of a value; None where it satisfies the formula.

        refused_at: where the grammar refused the value, which is told where the call may take no more work.
        """
        judge = Judge(self._shapes, self._resolve, self._budget)
        finder, root = Finder(judge), Place(value)
        with self._budget.call("explanation"):
            try:
                if finish(judge.holds(formula, root)):
                    return None
                fault = finish(finder.fault(formula, root))
            except LimitError:
                return Failure(refused_at, "limit", NO_REASON)
            return _in_words(fault, Remedies(judge, finder, formula), root)


def _in_words(fault: Fault, remedies: Remedies, root: Place) -> Failure:
    try:
        found = remedies.find(root, fault)
    except LimitError:
        found = []
    words = [part for part in (fault.message(), advice(found, fault)) if part]
    return Failure(fault.place.path, fault.keyword, "; ".join(words), tuple(found))
