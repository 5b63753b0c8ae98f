"""Ends a training run on SIGINT or SIGTERM.

During steps, the first signal is only recorded: the loop finishes the step, writes its checkpoint and returns. Before
the first step and while documents are scored, there is nothing to save, so the signal ends that work at once. A second
signal always ends the run at once.
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
    """The signals that a run has received: `number` is the first one, or None.

    `is_agreed`: some process received a signal, and all processes know. `resume`: as in `TrainingInterrupted`.
    """

    def __init__(self, progress: Progress | None = None, resume: str | int | None = None) -> None:
        self.number: int | None = None
        self.is_agreed = False
        self.resume = resume
        self._progress = Progress() if progress is None else progress
        self._num_signals = 0
        self._is_deferring = self._is_saved = False

    def agree(self) -> None:
        """End together with the other processes; a process without a signal acts as if it had received SIGTERM."""
        self.is_agreed, self.number = True, self.number or signal.SIGTERM

    @contextmanager
    def handling_signals(self, run: Path) -> Iterator[None]:
        """Handle signals; raises `TrainingInterrupted` for one that ends the work at once."""
        try:
            with handled_signals(self._on_signal):
                yield
        except Interrupted:
            raise self.error(run) from None

    def defer_first_signal(self) -> None:
        """From now on, only record the first signal."""
        self._is_deferring = True

    def abandon_on_signal(self, work: Callable[[], T], otherwise: T) -> T:
        """Return the result of `work`, or `otherwise` if the first signal ends it; that does not end the run."""
        try:
            self._is_deferring = False
            found = work()
            self._is_deferring = True
        except Interrupted:
            self._is_deferring = True
            if self._num_signals > 1:
                raise
            return otherwise
        return found

    def mark_saved(self) -> None:
        """From now on, the run can end in any way without losing work."""
        self._is_saved = True

    def error(self, run: Path) -> TrainingInterrupted:
        """Return the exception to raise, given the checkpoints on disk."""
        steps = checkpoint_steps(run)
        step = steps[-1] if steps else None
        return TrainingInterrupted(self.number or signal.SIGTERM, run, self._how(), step, self.resume)

    def _how(self) -> str:
        if self._is_saved:
            return "interrupted, and nothing is lost"
        return (
            "interrupted at once, and the steps after the last checkpoint are lost"
            if self._is_deferring
            else "interrupted before training"
        )

    def _on_signal(self, number: int) -> None:
        # Another process may have reported a signal before; one that arrives here then still counts as the first.
        self._num_signals += 1
        self.number = self.number or number
        if self._num_signals > 1 or not self._is_deferring:
            raise Interrupted(number)
        with suppress(Exception):  # a handler runs between any two steps of the program and must not break it
            self._progress.message("interrupted: finishing this step and saving it; interrupt again to end at once")
