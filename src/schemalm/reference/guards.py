"""Guards of a training loop: memory that creeps up ends it with a reason, and training is kept before it is judged."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from schemalm.errors import TrainingError
from schemalm.process_memory import peak_resident_bytes


def resident_mebibytes() -> float:
    """The memory that this process has now; where the system does not tell, the most that it ever had."""
    if (statm := Path("/proc/self/statm")).exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return peak_resident_bytes() / 2**20


class MemoryGuard:
    """Stops a loop whose memory grows by more than the share `max_growth` of what it was after the first steps."""

    SETTLED_AFTER = 10  # steps, in which a loop comes to have all the memory that it should ever need

    def __init__(self, max_growth: float = 0.5, measure: Callable[[], float] = resident_mebibytes) -> None:
        self._max_growth, self._measure, self._settled = max_growth, measure, 0.0

    def check(self, step: int) -> None:
        """Look at the memory after a step; raises `TrainingError` where it grew too far."""
        now = self._measure()
        if step <= self.SETTLED_AFTER:
            self._settled = now
        elif now > (1 + self._max_growth) * self._settled:
            raise TrainingError(
                f"memory grew from {self._settled:.0f} MiB after step {self.SETTLED_AFTER} to {now:.0f} MiB after step "
                f"{step}, by more than the {self._max_growth:.0%} allowed: something is kept that each step makes anew"
            )


def persist_then_evaluate(persist: Callable[[], None], evaluate: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Write the checkpoint, then evaluate: whatever evaluation raises, the training is not lost."""
    persist()
    return evaluate()
