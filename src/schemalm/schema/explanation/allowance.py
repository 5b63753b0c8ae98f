"""What one part of an explanation may cost, beside what the call may."""

from __future__ import annotations

from schemalm.limits import Budget


class SpentError(Exception):
    """A part of an explanation has taken its share of work."""


class Allowance:
    """A share of a call's work, in the units of `Budget`; no more than the call's own unless a share of it is set."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._num_left = budget.limits.call_work

    def share(self, part: float) -> None:
        """Begins a part that may take so much of what a whole call may."""
        self._num_left = int(self._budget.limits.call_work * part)

    def work(self, num_units: int = 1) -> None:
        """Counts work; raises SpentError over the share, and LimitError where the call may take no more."""
        self._budget.work(num_units)
        self._num_left -= num_units
        if self._num_left < 0:
            raise SpentError
