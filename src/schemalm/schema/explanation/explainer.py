"""Explains refusals: a fault, where it is, and what was seen to help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schemalm.errors import LimitError
from schemalm.json_pointer import pointer_to
from schemalm.limits import Budget
from schemalm.schema.explanation.allowance import Allowance, SpentError
from schemalm.schema.explanation.finder import Finder
from schemalm.schema.explanation.judge import Judge
from schemalm.schema.explanation.locations import Change, Location, Path
from schemalm.schema.explanation.remedies import Remedies, advice
from schemalm.schema.explanation.tasks import finish
from schemalm.schema.formula import Formula
from schemalm.schema.shapes import Shapes

# Of what a call may cost: looking at all faults, or at one of each object and array; and trying what helps.
LARGEST_SHARE = 0.4
SHARE_OF_REMEDIES = 0.05
NO_REASON = "refused; the reason takes too long to find"


@dataclass(frozen=True)
class Failure:
    """One broken keyword at one location, in words; `remedies`: changes of which each was seen to help."""

    path: Path
    keyword: str
    message: str
    remedies: tuple[tuple[Change, ...], ...] = ()

    @property
    def pointer(self) -> str:
        """The JSON pointer of the location."""
        return pointer_to(self.path)


class Explainer:
    """Finds why values break a formula; the work is counted as that of one call."""

    def __init__(self, shapes: Shapes, resolve: Callable[[str], Formula], budget: Budget) -> None:
        self._shapes, self._resolve, self._budget = shapes, resolve, budget

    def explain(self, formula: Formula, value: Any, refused_at: Path = ()) -> Failure | None:
        """The most telling failure of a value; None where it satisfies the formula.

        refused_at: where the grammar refused the value, which is told where the call may take no more work.
        """
        judge = Judge(self._shapes, self._resolve, Allowance(self._budget))
        root = Location(value)
        with self._budget.call("explanation"):
            try:
                if finish(judge.holds(formula, root)):
                    return None
                return self._failure(judge, formula, root)
            except (LimitError, SpentError):
                return Failure(refused_at, "limit", NO_REASON)

    def _failure(self, judge: Judge, formula: Formula, root: Location) -> Failure:
        judge.allowance.share(LARGEST_SHARE)
        try:
            finder = Finder(judge)
            fault = finish(finder.fault(formula, root))
        except SpentError:
            judge.allowance.share(LARGEST_SHARE)
            fault = finish(Finder(judge, max_faults=1).fault(formula, Location(root.value)))
            return Failure(fault.location.path, fault.keyword, fault.message())
        judge.allowance.share(SHARE_OF_REMEDIES)
        try:
            remedies = Remedies(judge, finder, formula).find(root, fault)
        except (LimitError, SpentError):
            remedies = []
        words = [part for part in (fault.message(), advice(remedies, fault)) if part]
        return Failure(fault.location.path, fault.keyword, "; ".join(words), tuple(remedies))
