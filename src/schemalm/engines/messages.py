"""The messages between this process and workers, as bytes; the same for a pool and a Ray cluster.

A request is a pickled task with a pickled item; an answer is a pickled result, or the error instead. The task is sent
with every item: it is small in comparison, and neither side needs to know what the other has. Pickles are exchanged
only between the project's own processes, and never written to files.
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
# Workers share the cores, so each has one thread, whatever the default of a library.
_THREAD_SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class Pending(Protocol):
    """An answer that has not arrived yet."""

    def result(self) -> bytes:
        """Wait for the answer and return it; raises `LostWorkerError` if the item's workers died."""
        ...

    def cancel(self) -> object:
        """Give up the answer; work on it does not begin if it has not begun yet."""
        ...


class LostWorkerError(Exception):
    """The workers of an item died `NUM_TRIES` times; the text says how the last one ended."""


Submit = Callable[[bytes], Pending]


def worker_environment() -> dict[str, str]:
    """Return the environment of a worker on this machine: one thread, and the import path of this process."""
    paths = [str(Path(path).absolute()) for path in sys.path]
    return {**_THREAD_SETTINGS, "PYTHONPATH": os.pathsep.join(paths)}


def results(submit: Submit, items: Iterable[Any], num_workers: int) -> Iterator[Any]:
    """Yield the result of each item in order, with a bounded number of items submitted at a time."""
    pending: deque[tuple[str, Pending]] = deque()
    try:
        for index, item in enumerate(items):
            description = getattr(item, "description", f"item {index + 1:,}")
            pending.append((description, submit(pickle.dumps(item))))
            if len(pending) >= _IN_FLIGHT_PER_WORKER * num_workers:
                yield _result(*pending.popleft())
        while pending:
            yield _result(*pending.popleft())
    finally:
        for _, unwanted in pending:
            unwanted.cancel()


def _result(description: str, pending: Pending) -> Any:
    try:
        answered = pending.result()
    except LostWorkerError as error:
        raise DataError(
            f"{description}: the process that worked on it ended {NUM_TRIES} times, {error}; if memory ran out, use "
            "fewer workers, else leave this part out"
        ) from None
    result, raised = pickle.loads(answered)
    if raised is not None:
        raise raised
    return result


class Worker:
    """The worker's side: it answers requests, and keeps the function of the most recent task."""

    def __init__(self) -> None:
        self._task = b""
        self._function: Callable[[Any], Any]

    def answer(self, task: bytes, item: bytes) -> bytes:
        """Return the answer to a pickled item."""
        try:
            if task != self._task:
                self._function, self._task = pickle.loads(task).start(), task
            return pickle.dumps((self._function(pickle.loads(item)), None))
        except BaseException as error:  # some libraries raise objects that are not an Exception
            return pickle.dumps((None, _portable(error)))


def _portable(error: BaseException) -> BaseException:
    """Return the error with its traceback as a note; SchemaLM's own are unchanged, unpicklable ones are replaced."""
    if isinstance(error, SchemaLMError):
        return error
    raised = "".join(traceback.format_exception(error))
    try:
        copy: BaseException = pickle.loads(pickle.dumps(error))
    except Exception:
        copy = RuntimeError(f"{type(error).__name__}: {error}")
    copy.add_note(f"raised in a worker:\n{raised}")
    return copy
