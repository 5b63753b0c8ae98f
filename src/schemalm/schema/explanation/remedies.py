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
from schemalm.schema.explanation.wording import joined, named
from schemalm.schema.formula import Formula

Signature: TypeAlias = "tuple[Path, str, str | None]"
MAX_ALTERNATIVES = 3
MAX_FIRST = 4  # changes that are combined with a second one


class Remedies:
    """Finds changes that repair a fault of a whole value without breaking anything else."""

    def __init__(self, evaluator: Evaluator, finder: Finder, formula: Formula, root: Location, whole: Fault) -> None:
        """root: the whole value; whole: all its faults."""
        self._evaluator = evaluator
        self._finder = finder
        self._formula = formula
        self._root = root
        self._whole = whole
        self._known = _signatures(whole)

    def share(self, part: float) -> None:
        """Starts a part of the search that may take the fraction `part` of a call's work."""
        self._evaluator.allowance.share(part)

    def find(self, fault: Fault) -> list[tuple[Change, ...]]:
        """Changes that each repair a fault; if there are none, two that do so together; else an empty list.

        Raises the errors of `Allowance.work`.
        """
        most = self._whole.cost - fault.weight
        # The value of a key that is added elsewhere is unknown, so adding it may not help.
        tried = [change for change in fault.changes if not isinstance(change, Add) or change.location is fault.location]
        single = [(self._cost(after := changed(self._root, change)), change, after) for change in tried]
        least = min((cost for cost, *_ in single), default=MAX_COST)
        if least <= most:
            return [(change,) for cost, change, _ in single if cost == least]
        for _, first, after in sorted(single, key=lambda tried: tried[0])[:MAX_FIRST]:
            for second in self._fault(after).changes[:MAX_FIRST]:
                if isinstance(second, Add) or _undoes(second, first):
                    continue
                if self._cost(changed(after, second)) <= most:
                    return [(first, second)]
        return []

    def settled_by(self, remedies: Sequence[tuple[Change, ...]]) -> set[Fault]:
        """The faults that the likely remedy of another one repairs as well: if a key is misspelled, its right name."""
        if len(remedies) != 1 or len(remedies[0]) != 1:
            return set()
        (change,) = remedies[0]
        if not isinstance(change, Rename):
            return set()
        after = changed(self._root, change)
        left = frozenset() if self._holds(after) else _signatures(self._fault(after))
        wrong = change.location.child(change.key)
        return {leaf for leaf in self._whole.leaves if leaf.location is not wrong and _signature(leaf) not in left}

    def _holds(self, root: Location) -> bool:
        return finish(self._evaluator.holds(self._formula, root))

    def _cost(self, root: Location) -> int:
        """The cost that remains after a change; `MAX_COST` more if there is a fault that was not known."""
        if self._holds(root):
            return 0
        fault = self._fault(root)
        return fault.cost if _signatures(fault) <= self._known else fault.cost + MAX_COST

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
    return frozenset(map(_signature, fault.leaves))


def _signature(fault: Fault) -> Signature:
    return fault.location.path, fault.keyword, fault.missing


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


def nearest_name(fault: Fault) -> str:
    """The nearest name that is allowed in place of a wrong key, though no change is known to help; else empty."""
    return f"the nearest allowed key is {named(fault.similar[0])}" if fault.similar else ""


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
