"""SIGINT (Ctrl-C) and SIGTERM: the signals that ask a program to end, and the error that they become."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """A signal ended what was under way; `number` is the signal's. A process that it ends exits with 128 + `number`."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(number)
        self.number = number

    @classmethod
    def by(cls, number: int) -> None:
        """End what is under way, as a handler of signals does."""
        raise cls(number)


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
