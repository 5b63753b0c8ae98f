"""Finds the smallest change that helps; every change is tried on the value before it is suggested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from schemalm.json_pointer import pointer_to
from schemalm.schema.explanation.evaluator import Evaluator
from schemalm.schema.explanation.faults import MAX_COST, Fault
from schemalm.schema.explanation.finder import Finder
from schemalm.schema.explanation.locations import Add, Change, Location, Path, Remove, Rename, changed
from schemalm.schema.explanation.tasks import finish
from schemalm.schema.explanation.wording import joined
from schemalm.schema.formula import Formula

Signature: TypeAlias = "tuple[Path, str, str | None]"
MAX_ALTERNATIVES = 3
MAX_FIRST = 4  # changes that are combined with a second one


class Remedies:
    """Finds changes that repair a fault of a whole value without breaking anything else."""

    def __init__(self, evaluator: Evaluator, finder: Finder, formula: Formula) -> None:
        self._evaluator = evaluator
        self._finder = finder
        self._formula = formula

    def find(self, root: Location, fault: Fault) -> list[tuple[Change, ...]]:
        """Changes that each repair the fault; if there are none, two that do so together; else an empty list."""
        most, known = fault.cost - fault.weight, _signatures(fault)
        # The value of a key that is added elsewhere is unknown, so adding it may not help.
        tried = [change for change in fault.changes if not isinstance(change, Add) or change.location is fault.location]
        single = [(self._cost(after := changed(root, change), known), change, after) for change in tried]
        least = min((cost for cost, *_ in single), default=MAX_COST)
        if least <= most:
            return [(change,) for cost, change, _ in single if cost == least]
        for _, first, after in sorted(single, key=lambda tried: tried[0])[:MAX_FIRST]:
            for second in self._fault(after).changes[:MAX_FIRST]:
                if isinstance(second, Add) or _undoes(second, first):
                    continue
                if self._cost(changed(after, second), known) <= most:
                    return [(first, second)]
        return []

    def _cost(self, root: Location, known: frozenset[Signature]) -> int:
        """The cost that remains after a change; `MAX_COST` more if there is a fault that was not known."""
        if finish(self._evaluator.holds(self._formula, root)):
            return 0
        fault = self._fault(root)
        return fault.cost if _signatures(fault) <= known else fault.cost + MAX_COST

    def _fault(self, root: Location) -> Fault:
        return finish(self._finder.fault(self._formula, root))


def _undoes(second: Change, first: Change) -> bool:
    """Whether the second change undoes the first one."""
    path = _target(second)
    return _target(first)[: len(path)] == path


def _target(change: Change) -> Path:
    """The path that a change writes, removes or renames."""
    path = change.location.path
    return (*path, change.key) if isinstance(change, Add | Remove | Rename) else path


def _signatures(fault: Fault) -> frozenset[Signature]:
    return frozenset((leaf.location.path, leaf.keyword, leaf.missing) for leaf in fault.leaves)


def advice(remedies: Sequence[tuple[Change, ...]], fault: Fault) -> str:
    """What to do, in words; empty if the message of the fault says it already."""
    path = fault.location.path
    own = [changes for changes in remedies if all(_is_about(change, path) for change in changes)]
    single = [changes[0] for changes in own if len(changes) == 1]
    guesses = [change.guess for change in single if change.guess]
    if guesses:
        return f"did you mean {joined(guesses[:MAX_ALTERNATIVES], 'or')}?"
    if single and all(_is_said(change, fault) for change in single):
        return ""
    # A change around the location may be the required one; a change beside it is about something else.
    around = [changes for changes in remedies if all(_holds(change, path) for change in changes)]
    words = [joined([_words(change, path) for change in changes], "and") for changes in own or around]
    return joined(list(dict.fromkeys(words))[:MAX_ALTERNATIVES], "or")


def _is_said(change: Change, fault: Fault) -> bool:
    """Whether the message already says that a key is missing, or that this key is not allowed."""
    if isinstance(change, Remove):
        return not fault.kinds and (*change.location.path, change.key) == fault.location.path
    return isinstance(change, Add)


def _is_about(change: Change, path: Path) -> bool:
    return change.location.path in (path, path[:-1])


def _holds(change: Change, path: Path) -> bool:
    """Whether a change is at a location or around it."""
    return path[: change.location.depth] == change.location.path


def _words(change: Change, path: Path) -> str:
    """What to do, and where if that is not obvious."""
    where = "" if _is_about(change, path) else f" at {pointer_to(change.location.path) or '/'}"
    return change.advice + where
