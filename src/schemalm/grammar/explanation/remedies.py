"""The smallest change that was seen to help: changes are tried on the value before anything is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemalm.documents.pointer import pointer_to
from schemalm.grammar.explanation.faults import Fault
from schemalm.grammar.explanation.finder import Finder
from schemalm.grammar.explanation.judge import Judge
from schemalm.grammar.explanation.places import Change, Place, changed
from schemalm.grammar.explanation.tasks import finish
from schemalm.grammar.explanation.wording import joined
from schemalm.grammar.formula import Formula

MAX_ALTERNATIVES = 3
MAX_FIRST = 6  # changes after which a second one is tried


class Remedies:
    """Looks for the changes that mend a fault of a whole value without breaking anything else."""

    def __init__(self, judge: Judge, finder: Finder, formula: Formula) -> None:
        self._judge = judge
        self._finder = finder
        self._formula = formula

    def find(self, root: Place, fault: Fault) -> list[tuple[Change, ...]]:
        """Changes of which each mends the fault; where there are none, two that do so together; else none."""
        most = fault.cost - fault.weight
        single = [(self._cost(changed(root, change)), change) for change in fault.changes]
        least = min((cost for cost, _ in single), default=most + 1)
        if least <= most:
            return [(change,) for cost, change in single if cost == least]
        by_cost = sorted(single, key=lambda pair: pair[0])[:MAX_FIRST]
        return next(self._pairs(root, [change for _, change in by_cost], most), [])

    def _pairs(self, root: Place, first: Sequence[Change], most: int) -> Iterator[list[tuple[Change, ...]]]:
        for change in first:
            after = changed(root, change)
            for second in self._fault(after).changes[:MAX_FIRST]:
                if self._cost(changed(after, second)) <= most:
                    yield [(change, second)]

    def _cost(self, root: Place) -> int:
        return 0 if finish(self._judge.holds(self._formula, root)) else self._fault(root).cost

    def _fault(self, root: Place) -> Fault:
        return finish(self._finder.fault(self._formula, root))


def advice(remedies: Sequence[tuple[Change, ...]], fault: Fault) -> str:
    """What to do, in words; nothing where the message of the fault says it already."""
    own = [changes for changes in remedies if all(_is_about(change, fault.place) for change in changes)]
    shown = (own or list(remedies))[:MAX_ALTERNATIVES]
    guesses = [change.guess for change, *others in own if change.guess and not others]
    if guesses:
        return f"did you mean {joined(guesses[:MAX_ALTERNATIVES], 'or')}?"
    if [list(changes) for changes in shown] == [[fault.natural_change]]:
        return ""
    words = [joined([_words(change, fault.place) for change in changes], "and") for changes in shown]
    return joined(words, "or")


def _is_about(change: Change, place: Place) -> bool:
    return change.place is place or change.place is place.parent


def _words(change: Change, place: Place) -> str:
    """What to do; and where, unless that is at the place."""
    where = "" if _is_about(change, place) else f" at {pointer_to(change.place.path) or '/'}"
    return change.advice + where
