"""Protections of a training loop: stop it if memory use grows, and write the checkpoint before evaluating."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from schemalm.errors import TrainingError
from schemalm.process_memory import peak_resident_bytes


def resident_mebibytes() -> float:
    """Return the current memory use of this process in MiB, or its peak if the system reports only that."""
    if (statm := Path("/proc/self/statm")).exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return peak_resident_bytes() / 2**20


class MemoryGuard:
    """Stops a loop whose memory use grows by more than the fraction `max_growth` over its use after the first steps."""

    WARMUP_STEPS = 10  # the steps after which a loop should have allocated all the memory that it needs

    def __init__(self, max_growth: float = 0.5, measure: Callable[[], float] = resident_mebibytes) -> None:
        self._max_growth, self._measure, self._baseline = max_growth, measure, 0.0

    def check(self, step: int) -> None:
        """Measure the memory use after a step; raises `TrainingError` if it grew too much."""
        now = self._measure()
        if step <= self.WARMUP_STEPS:
            self._baseline = now
        elif now > (1 + self._max_growth) * self._baseline:
            raise TrainingError(
                f"memory grew from {self._baseline:.0f} MiB after step {self.WARMUP_STEPS} to {now:.0f} MiB after step "
                f"{step}, by more than the {self._max_growth:.0%} allowed: each step seems to keep memory"
            )


def persist_then_evaluate(persist: Callable[[], None], evaluate: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Write the checkpoint, then evaluate, so that an error in the evaluation does not lose the training."""
    persist()
    return evaluate()
