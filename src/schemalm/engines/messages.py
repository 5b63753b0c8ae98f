"""What goes between this process and workers: bytes, the same to and from a pool and a Ray cluster.

A request is a pickled task with a pickled item; an answer is a pickled result, or the error in its place. The task
travels with every item: it is small beside one, and no side has to know what the other has. Pickles go between our own
processes alone, never into files.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from schemalm.errors import DataError, SchemaLMError

NUM_TRIES = 3
_IN_FLIGHT_PER_WORKER = 2
# Workers share the cores: each is one thread, whatever a library would take.
_THREAD_SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class Pending(Protocol):
    """An answer that is on its way."""

    def result(self) -> bytes:
        """The answer; waits for it. Raises `LostWorkerError` where the item's workers died."""
        ...

    def cancel(self) -> object:
        """Do without the answer: it is not begun where it is not under way yet."""
        ...


class LostWorkerError(Exception):
    """The workers of an item died, `NUM_TRIES` times; the text says how the last of them did."""


Submit = Callable[[bytes], Pending]


def worker_environment() -> dict[str, str]:
    """The settings of a worker on this machine: one thread, and modules from where this process has them."""
    paths = [str(Path(path).absolute()) for path in sys.path]
    return {**_THREAD_SETTINGS, "PYTHONPATH": os.pathsep.join(paths)}


def results(submit: Submit, items: Iterable[Any], num_workers: int) -> Iterator[Any]:
    """Yield the result of each item in their order, with a bounded number of them submitted at a time."""
    pending: deque[tuple[str, Pending]] = deque()
    try:
        for index, item in enumerate(items):
            place = getattr(item, "place", f"item {index + 1:,}")
            pending.append((place, submit(pickle.dumps(item))))
            if len(pending) >= _IN_FLIGHT_PER_WORKER * num_workers:
                yield _result(*pending.popleft())
        while pending:
            yield _result(*pending.popleft())
    finally:
        for _, unwanted in pending:
            unwanted.cancel()


def _result(place: str, pending: Pending) -> Any:
    try:
        answered = pending.result()
    except LostWorkerError as error:
        raise DataError(
            f"{place}: the process that worked on it ended {NUM_TRIES} times, {error}; where memory ran out, go on "
            "with fewer workers, else leave this part out"
        ) from None
    result, raised = pickle.loads(answered)
    if raised is not None:
        raise raised
    return result


class Worker:
    """A worker's side: answers requests, and keeps the function of the task that it had last."""

    def __init__(self) -> None:
        self._task = b""
        self._function: Callable[[Any], Any]

    def answer(self, task: bytes, item: bytes) -> bytes:
        """The answer to a pickled item."""
        try:
            if task != self._task:
                self._function, self._task = pickle.loads(task).start(), task
            return pickle.dumps((self._function(pickle.loads(item)), None))
        except BaseException as error:  # some libraries raise what is no Exception
            return pickle.dumps((None, _portable(error)))


def _portable(error: BaseException) -> BaseException:
    """The error, with the place where it was raised unless it is one of ours; its text where it cannot be pickled."""
    if isinstance(error, SchemaLMError):
        return error
    raised = "".join(traceback.format_exception(error))
    try:
        copy: BaseException = pickle.loads(pickle.dumps(error))
    except Exception:
        copy = RuntimeError(f"{type(error).__name__}: {error}")
    copy.add_note(f"raised in a worker:\n{raised}")
    return copy
