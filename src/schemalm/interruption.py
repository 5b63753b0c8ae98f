"""SIGINT (Ctrl-C) and SIGTERM: the signals that end a program, turned into exceptions."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """The signal `number` ended the work; a process that ends because of it exits with 128 + `number`."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(number)
        self.number = number


def raise_interrupted(number: int) -> None:
    """Raise `Interrupted`: the handler for work that has nothing to finish first."""
    raise Interrupted(number)


class TrainingInterrupted(Interrupted):
    """A signal ended a training run.

    run: its folder. how: what happened to the work. step: the step of the newest checkpoint in the folder, or None if
    there is none. resume: the argument that makes `train` continue exactly from here, or None to start again.
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
    """Call `handle` with the number of each of `SIGNALS` that arrives; the previous handlers return at the end.

    Python delivers signals to the main thread only, so nothing changes in other threads. Nothing changes either for a
    signal that is ignored (shells make background jobs ignore SIGINT), or whose handler Python cannot restore.
    """
    with ExitStack() as handlers:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    old = signal.signal(number, lambda number, _: handle(number))
                    handlers.callback(signal.signal, number, old)
        yield
