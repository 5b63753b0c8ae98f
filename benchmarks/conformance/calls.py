"""CPU times of single calls by operation, as a histogram whose steps grow by an eighth.

Percentiles are exact to one step for any number of calls. Sums and the longest call are exact.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
STEP = math.log(1.125)
# The operations of walks.
WALK_OPERATIONS = ("mask", "advance", "completion", "decode")


@dataclass
class CallTimes:
    """The calls of one operation, counted by the number of the histogram step."""

    counts: Counter[int] = field(default_factory=Counter)
    total_milliseconds: float = 0.0
    max_milliseconds: float = 0.0

    def add(self, milliseconds: float) -> None:
        """Count a call."""
        self.counts[math.ceil(math.log(max(milliseconds, 1e-4)) / STEP)] += 1
        self.total_milliseconds += milliseconds
        self.max_milliseconds = max(self.max_milliseconds, milliseconds)

    def extend(self, other: CallTimes) -> None:
        """Count the calls of another record as well."""
        self.counts.update(other.counts)
        self.total_milliseconds += other.total_milliseconds
        self.max_milliseconds = max(self.max_milliseconds, other.max_milliseconds)

    @property
    def num_calls(self) -> int:
        """The number of calls."""
        return self.counts.total()

    def percentile(self, share: float) -> float:
        """Returns the time that this share of calls did not exceed, in milliseconds, to one step; 0 without calls."""
        wanted, seen = math.ceil(share * self.num_calls), 0
        for step, count in sorted(self.counts.items()):
            seen += count
            if seen >= wanted:
                return min(math.exp(step * STEP), self.max_milliseconds)
        return 0.0

    def as_json(self) -> dict[str, Any]:
        """Returns the figures as a JSON value."""
        shares = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
        found = {name: round(self.percentile(share), 4) for name, share in shares.items()}
        return {"num_calls": self.num_calls, **found, "max": round(self.max_milliseconds, 3)}


class Clock:
    """Measures the CPU time of calls in this thread; no other thread may work."""

    def __init__(self) -> None:
        self.times: dict[str, CallTimes] = {}

    def call(self, operation: str, function: Callable[..., T], *arguments: Any) -> T:
        """Calls a function and counts its time, even if it raises."""
        start = time.thread_time()
        try:
            return function(*arguments)
        finally:
            self.add(operation, (time.thread_time() - start) * 1000)

    def add(self, operation: str, milliseconds: float) -> None:
        """Count a call of an operation."""
        self.times.setdefault(operation, CallTimes()).add(milliseconds)


def merged(records: Iterable[dict[str, CallTimes]]) -> dict[str, CallTimes]:
    """Merges the calls of several records by operation."""
    found: dict[str, CallTimes] = {}
    for record in records:
        for operation, times in record.items():
            found.setdefault(operation, CallTimes()).extend(times)
    return found
