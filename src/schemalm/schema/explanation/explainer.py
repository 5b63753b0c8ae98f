"""Explains refusals: a fault, its location, and changes that are known to help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemalm.errors import LimitError
from schemalm.json_pointer import pointer_to
from schemalm.limits import Budget
from schemalm.schema.explanation.allowance import Allowance, SpentError
from schemalm.schema.explanation.evaluator import Evaluator
from schemalm.schema.explanation.finder import Finder
from schemalm.schema.explanation.locations import Change, Location, Path
from schemalm.schema.explanation.remedies import Remedies, advice
from schemalm.schema.explanation.tasks import finish
from schemalm.schema.formula import Formula
from schemalm.schema.shapes import Shapes

# Shares of a call's work: for finding all faults, or one per object and array; and for trying remedies.
LARGEST_SHARE = 0.4
SHARE_OF_REMEDIES = 0.05
NO_REASON = "not valid; finding the reason takes too much work"


@dataclass(frozen=True)
class Failure:
    """One broken keyword at one location, in words; `remedies`: changes, each of which is known to help."""

    path: Path
    keyword: str
    message: str
    remedies: tuple[tuple[Change, ...], ...] = ()

    @property
    def pointer(self) -> str:
        """The JSON pointer of the location."""
        return pointer_to(self.path)


class Explainer:
    """Finds out why values break a formula; each explanation is one call, whose work is limited."""

    def __init__(self, shapes: Shapes, budget: Budget) -> None:
        self._shapes, self._budget = shapes, budget

    def explain(self, formula: Formula, value: Any, refused_at: Path = ()) -> Failure | None:
        """The most relevant failure of a value; None if the value satisfies the formula.

        refused_at: where the grammar refused the value; reported if the call exceeds its work limit.
        """
        evaluator = Evaluator(self._shapes, Allowance(self._budget))
        root = Location(value)
        with self._budget.call("explanation"):
            try:
                if finish(evaluator.holds(formula, root)):
                    return None
                return self._failure(evaluator, formula, root)
            except (LimitError, SpentError):
                return Failure(refused_at, "limit", NO_REASON)

    def _failure(self, evaluator: Evaluator, formula: Formula, root: Location) -> Failure:
        evaluator.allowance.share(LARGEST_SHARE)
        try:
            finder = Finder(evaluator)
            fault = finish(finder.fault(formula, root))
        except SpentError:
            evaluator.allowance.share(LARGEST_SHARE)
            fault = finish(Finder(evaluator, max_faults=1).fault(formula, Location(root.value)))
            return Failure(fault.location.path, fault.keyword, fault.message())
        evaluator.allowance.share(SHARE_OF_REMEDIES)
        try:
            remedies = Remedies(evaluator, finder, formula).find(root, fault)
        except (LimitError, SpentError):
            remedies = []
        words = [part for part in (fault.message(), advice(remedies, fault)) if part]
        return Failure(fault.location.path, fault.keyword, "; ".join(words), tuple(remedies))
