"""Explains refusals: faults, their locations, and changes that are known to help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemalm.errors import LimitError
from schemalm.json_pointer import pointer_to
from schemalm.limits import Budget
from schemalm.schema.explanation.allowance import Allowance, SpentError
from schemalm.schema.explanation.evaluator import Evaluator
from schemalm.schema.explanation.faults import Fault
from schemalm.schema.explanation.finder import MAX_FAULTS, Finder
from schemalm.schema.explanation.independence import independent
from schemalm.schema.explanation.locations import Change, Location, Path
from schemalm.schema.explanation.remedies import Remedies, advice, nearest_name
from schemalm.schema.explanation.tasks import finish
from schemalm.schema.formula import Formula
from schemalm.schema.shapes import Shapes

# Shares of a call's work: for finding all faults, or one per object and array; and for trying the remedies of a fault.
LARGEST_SHARE = 0.4
SHARE_OF_REMEDIES = 0.05
MAX_FAULTS_OF_FIRST = 32  # of an object or array, where only the most relevant failure is asked for
NO_REASON = "not valid; finding the reason takes too much work"


@dataclass(frozen=True)
class Failure:
    """One broken keyword at one location, in words.

    remedies: changes, each of which is known to help. offset: where in the text at the location, if that is known.
    """

    path: Path
    keyword: str
    message: str
    remedies: tuple[tuple[Change, ...], ...] = ()
    offset: int | None = None

    @property
    def pointer(self) -> str:
        """The JSON pointer of the location."""
        return pointer_to(self.path)


class Explainer:
    """Finds out why values break a formula; each explanation is one call, whose work is limited."""

    def __init__(self, shapes: Shapes, budget: Budget, reasons: Mapping[str, str] | None = None) -> None:
        """reasons: what patterns are for, in words."""
        self._shapes, self._budget, self._reasons = shapes, budget, reasons or {}

    def explain(self, formula: Formula, value: Any, refused_at: Path = ()) -> Failure | None:
        """The most relevant failure of a value; None if the value satisfies the formula.

        refused_at: where the grammar refused the value; reported if the call exceeds its work limit.
        """
        return next(iter(self._explain(formula, value, refused_at, is_first_only=True)), None)

    def explain_all(self, formula: Formula, value: Any, refused_at: Path = ()) -> list[Failure]:
        """The independent failures of a value, at most `MAX_PARTS`; empty if the value satisfies the formula.

        Of alternatives that all fail, only the failures of the nearest one are reported. refused_at: as in `explain`.
        """
        return self._explain(formula, value, refused_at, is_first_only=False)

    def _explain(self, formula: Formula, value: Any, refused_at: Path, is_first_only: bool) -> list[Failure]:
        evaluator = Evaluator(self._shapes, Allowance(self._budget))
        root = Location(value)
        with self._budget.call("explanation"):
            try:
                if finish(evaluator.holds(formula, root)):
                    return []
                return self._failures(evaluator, formula, root, is_first_only)
            except (LimitError, SpentError):
                return [Failure(refused_at, "limit", NO_REASON)]

    def _failures(self, evaluator: Evaluator, formula: Formula, root: Location, is_first_only: bool) -> list[Failure]:
        evaluator.allowance.share(LARGEST_SHARE)
        try:
            finder = Finder(evaluator, self._reasons, MAX_FAULTS_OF_FIRST if is_first_only else MAX_FAULTS)
            fault = finish(finder.fault(formula, root))
        except SpentError:
            evaluator.allowance.share(LARGEST_SHARE)
            fault = finish(Finder(evaluator, self._reasons, max_faults=1).fault(formula, Location(root.value)))
            return [_failure(leaf) for leaf in independent(fault.leaves)[: 1 if is_first_only else None]]
        remedies = Remedies(evaluator, finder, formula, root, fault)
        return [self._first(fault, remedies)] if is_first_only else self._all(fault, remedies)

    def _first(self, fault: Fault, remedies: Remedies) -> Failure:
        return _failure(fault, self._changes(fault, remedies))

    def _all(self, fault: Fault, remedies: Remedies) -> list[Failure]:
        """The failures of all leaves, without those that the likely repair of another one repairs as well."""
        found = {}
        settled: set[Fault] = set()
        leaves = independent(fault.leaves)
        # The repair of a misspelled key may be the repair of others, so these faults come first.
        for leaf in sorted(leaves, key=lambda leaf: leaf.keyword != "additionalProperties"):
            if leaf not in settled:
                found[leaf] = _failure(leaf, self._changes(leaf, remedies))
                settled |= remedies.settled_by(found[leaf].remedies)
        return [found[leaf] for leaf in leaves if leaf in found and leaf not in settled]

    def _changes(self, fault: Fault, remedies: Remedies) -> Sequence[tuple[Change, ...]]:
        """The remedies of a fault; none if trying them takes too much work."""
        try:
            remedies.share(SHARE_OF_REMEDIES)
            return remedies.find(fault)
        except (LimitError, SpentError):
            return ()


def _failure(fault: Fault, changes: Sequence[tuple[Change, ...]] = ()) -> Failure:
    words = [part for part in (fault.message(), advice(changes, fault) or nearest_name(fault)) if part]
    return Failure(fault.location.path, fault.keyword, "; ".join(words), tuple(changes), fault.offset)
