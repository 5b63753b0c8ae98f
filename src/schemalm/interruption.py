"""SIGINT (Ctrl-C) and SIGTERM: the signals that ask a program to end, and the exceptions that they become."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """A signal ended what was under way; `number` is the signal's. A process that it ends exits with 128 + `number`."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(number)
        self.number = number


def end_at_once(number: int) -> None:
    """Raise `Interrupted`: what a handler does where nothing has to be finished."""
    raise Interrupted(number)


class TrainingInterrupted(Interrupted):
    """A signal ended a training run.

    run: its folder. how: what became of the work. step: that of the newest checkpoint in the folder, None where there
    is none. resume: what `train` has to be given to go on exactly from here, None for a start.
    """

    def __init__(self, number: int, run: Path, how: str, step: int | None, resume: str | int | None) -> None:
        super().__init__(number)
        self.args = (number, run, how, step, resume)
        self.run = run
        self.how = how
        self.step = step
        self.resume = resume

    def __str__(self) -> str:
        newest = "there is no checkpoint" if self.step is None else f"the newest checkpoint is of step {self.step}"
        return f"{self.how}: {newest} in {self.run}"


@contextmanager
def handled_signals(handle: Callable[[int], None]) -> Iterator[None]:
    """Call `handle` with the number of each of `SIGNALS` that arrives; the handlers before come back at the end.

    Python lets the main thread alone hear of signals: in others nothing changes. Neither does it for a signal that is
    ignored, as shells make background jobs ignore SIGINT, or whose handler is not Python's to restore.
    """
    with ExitStack() as handlers:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    old = signal.signal(number, lambda number, _: handle(number))
                    handlers.callback(signal.signal, number, old)
        yield
