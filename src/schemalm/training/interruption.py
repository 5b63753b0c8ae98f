"""How a training run ends when a signal asks for it.

The first SIGINT or SIGTERM is noted while steps are computed: the loop goes on to where the run is whole, writes the
checkpoint of that step and returns. Before the first step, and while documents are scored, nothing has to be finished:
there it ends at once what is under way. A second signal always does.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from schemalm.interruption import Interrupted, TrainingInterrupted, handled_signals
from schemalm.training.checkpoint import checkpoint_steps
from schemalm.training.progress import Progress

T = TypeVar("T")


class Interruption:
    """What signals have asked of a run: `number` is that of the first one, None before.

    `is_agreed`: a process was asked, and all of them know. `resume`: as in `TrainingInterrupted`.
    """

    def __init__(self, progress: Progress | None = None, resume: str | int | None = None) -> None:
        self.number: int | None = None
        self.is_agreed = False
        self.resume = resume
        self._progress = Progress() if progress is None else progress
        self._num_heard = 0
        self._is_noting = self._is_settled = False

    def agree(self) -> None:
        """End with the other processes; where none of the signals came here, as if SIGTERM had."""
        self.is_agreed, self.number = True, self.number or signal.SIGTERM

    @contextmanager
    def watched(self, run: Path) -> Iterator[None]:
        """Hear signals; raises `TrainingInterrupted` for one that ends at once what is under way."""
        try:
            with handled_signals(self._hear):
                yield
        except Interrupted:
            raise self.error(run) from None

    def begin_noting(self) -> None:
        """From here on the first signal ends nothing by itself."""
        self._is_noting = True

    def abandonable(self, work: Callable[[], T], otherwise: T) -> T:
        """What `work` gives; `otherwise` where the first signal ends it, which does not end the run at once."""
        try:
            self._is_noting = False
            found = work()
            self._is_noting = True
        except Interrupted:
            self._is_noting = True
            if self._num_heard > 1:
                raise
            return otherwise
        return found

    def settle(self) -> None:
        """From here on nothing is lost, however the run ends."""
        self._is_settled = True

    def error(self, run: Path) -> TrainingInterrupted:
        """What to raise, as things stand on the disk."""
        steps = checkpoint_steps(run)
        step = steps[-1] if steps else None
        return TrainingInterrupted(self.number or signal.SIGTERM, run, self._how(), step, self.resume)

    def _how(self) -> str:
        if self._is_settled:
            return "interrupted, and nothing is lost"
        return (
            "interrupted at once, and what came after the last checkpoint is lost"
            if self._is_noting
            else "interrupted before training"
        )

    def _hear(self, number: int) -> None:
        # A signal that others heard of before, and told, is the first one here all the same.
        self._num_heard += 1
        self.number = self.number or number
        if self._num_heard > 1 or not self._is_noting:
            raise Interrupted(number)
        with suppress(Exception):  # a handler runs between any two steps of the program, which it must not break
            self._progress.message("interrupted: finishing this step and saving it; interrupt again to end at once")
