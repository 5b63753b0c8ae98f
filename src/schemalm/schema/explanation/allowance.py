"""Limits the work of each part of an explanation, within the limit of the call."""

from __future__ import annotations

from schemalm.limits import Budget


class SpentError(Exception):
    """A part of an explanation has used up its share of work."""


class Allowance:
    """A share of a call's work in the units of `Budget`; without `share`, it is all of the call's work."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._num_left = budget.limits.call_work

    def share(self, part: float) -> None:
        """Starts a part that may take the fraction `part` of a call's work."""
        self._num_left = int(self._budget.limits.call_work * part)

    def work(self, num_units: int = 1) -> None:
        """Counts work; raises SpentError over the share, and LimitError over the limit of the call."""
        self._budget.work(num_units)
        self._num_left -= num_units
        if self._num_left < 0:
            raise SpentError
