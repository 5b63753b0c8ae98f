"""The thread that owns a run: it writes all documents in one batch, and answers calls between two steps.

In go jobs and calls from any thread; out come documents and results, in the worker's thread. A job joins the running
batch as soon as a row is free, and leaves it when its document is finished, its time is over or nobody waits for it any
more. A call is a function that needs the grammar or the model; at most one is answered per step, so documents go on.

An error about one document ends that one alone. Whatever else happens, each job and each call gets one answer: if a
step fails, all documents of the batch get its error, and if the thread ends, everybody gets a `WorkerError`. The next
job starts a new thread.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from schemalm.errors import SchemaLMError
from schemalm.generation.engine import Engine, Request
from schemalm.generation.results import Generated, Piece
from schemalm.generation.run import Run

T = TypeVar("T")
_log = logging.getLogger(__name__)


# The budget of the document that warms a worker up; real workflows have 200 to 400 tokens.
WARM_UP_TOKENS = 300


class WorkerError(Exception):
    """The thread that writes documents has ended; the next job starts a new one."""


class BusyError(Exception):
    """Too many documents or calls are waiting, or one has waited too long."""


@dataclass(eq=False)
class Job:
    """A document that somebody waits for.

    deadline: the monotonic time in seconds at which it is closed. receive: gets the document or the error. follow: gets
    its pieces. Both are called in the worker's thread.
    """

    request: Request
    deadline: float
    receive: Callable[[Generated | Exception], None]
    follow: Callable[[Piece], None] | None = None
    is_cancelled: bool = field(default=False, init=False)

    def cancel(self) -> None:
        """Say that nobody waits any more; the document is left unfinished."""
        self.is_cancelled = True


class Worker:
    """Writes the documents of one run, `batch_size` at once; at most `max_waiting` more wait, and as many calls."""

    def __init__(self, run: Run, batch_size: int, max_waiting: int) -> None:
        self._run, self._batch_size, self._max_waiting = run, batch_size, max_waiting
        self._engine = Engine(run, batch_size)
        # What follows, but for the jobs that are running, is shared with other threads.
        self._condition = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._calls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._running: dict[Request, Job] = {}
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    @property
    def num_running(self) -> int:
        """The number of documents in the batch."""
        return len(self._running)

    @property
    def num_waiting(self) -> int:
        """The number of documents that wait for a row."""
        return len(self._waiting)

    def submit(self, jobs: Sequence[Job]) -> None:
        """Let jobs wait for a row; raises BusyError, and takes none, if too many would wait."""
        with self._condition:
            self._check_not_stopped()
            if len(self._waiting) + len(jobs) > self._max_waiting:
                raise BusyError(f"{len(self._waiting)} documents are waiting")
            self._waiting.extend(jobs)
            self._wake()

    def call(self, function: Callable[[], T]) -> Future[T]:
        """Let a function be called between two steps; raises BusyError if too many calls are waiting."""
        future: Future[T] = Future()
        with self._condition:
            self._check_not_stopped()
            if len(self._calls) >= self._max_waiting:
                raise BusyError(f"{len(self._calls)} calls are waiting")
            self._calls.append((function, future))
            self._wake()
        return future

    def warm_up(self) -> None:
        """Let a document be written for nobody, so that the first client finds a grammar that is no longer cold."""
        self.submit([Job(Request(0, 0, WARM_UP_TOKENS), math.inf, lambda _: None)])

    def stop(self) -> None:
        """End the thread; whoever waits gets a WorkerError."""
        with self._condition:
            self._is_stopping = True
            thread = self._thread
            self._condition.notify()
        if thread is not None:
            thread.join()

    def _check_not_stopped(self) -> None:
        if self._is_stopping:
            raise WorkerError("the server is stopping")

    def _wake(self) -> None:
        """Wake the thread, or start one; the condition is held."""
        if self._thread is None and not self._is_stopping:
            self._thread = threading.Thread(target=self._work, name=f"worker of {self._run.folder}", daemon=True)
            self._thread.start()
        self._condition.notify()

    def _work(self) -> None:
        try:
            while self._has_work():
                self._answer_call()
                self._write_step()
        finally:
            self._end()

    def _has_work(self) -> bool:
        """Wait for something to do; return False if the worker is stopped."""
        with self._condition:
            while not (self._waiting or self._calls or self._running or self._is_stopping):
                self._condition.wait()
            return not self._is_stopping

    def _answer_call(self) -> None:
        with self._condition:
            function, future = self._calls.popleft() if self._calls else (None, None)
        if function is None or future is None or not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(function())
        except Exception as error:
            future.set_exception(error)
        except BaseException:
            future.set_exception(WorkerError("the thread has ended"))
            raise

    def _write_step(self) -> None:
        """Let the documents of the batch go on by one choice each."""
        now = time.monotonic()
        self._engine.close({job.request for job in self._running.values() if now >= job.deadline})
        cancelled = {job.request for job in self._running.values() if job.is_cancelled}
        self._engine.drop(cancelled)
        for request in cancelled:
            del self._running[request]
        try:
            for request, piece in self._engine.step(self._next_requests()):
                self._deliver(self._running[request], piece)
        except Exception as error:
            self._fail(error)

    def _next_requests(self) -> Iterator[Request]:
        """Yield the requests that join the batch now, as rows are free."""
        while True:
            with self._condition:
                job = self._waiting.popleft() if self._waiting else None
            if job is None:
                return
            if job.is_cancelled:
                continue
            if time.monotonic() >= job.deadline:
                job.receive(BusyError("a document has waited too long"))
                continue
            self._running[job.request] = job
            yield job.request

    def _deliver(self, job: Job, piece: Piece) -> None:
        if job.follow is not None:
            job.follow(piece)
        if piece.generated is not None:
            del self._running[job.request]
            job.receive(piece.generated)

    def _fail(self, error: Exception) -> None:
        """Give an error to the job whose document the engine has left, or to all if the step itself failed."""
        lost = self._running.keys() - set(self._engine.active)
        if not lost:
            lost, self._engine = {*self._running}, Engine(self._run, self._batch_size)
        if not isinstance(error, SchemaLMError):
            _log.error("a step failed; documents that are lost: %d", len(lost), exc_info=error)
        for request in lost:
            self._running.pop(request).receive(error)

    def _end(self) -> None:
        """Answer everybody; the next job starts a new thread, with an empty batch."""
        with self._condition:
            self._thread = None
            jobs, calls = [*self._running.values(), *self._waiting], [*self._calls]
            self._running.clear()
            self._waiting.clear()
            self._calls.clear()
            self._engine = Engine(self._run, self._batch_size)
        error = WorkerError("the thread has ended")
        for job in jobs:
            job.receive(error)
        for _, future in calls:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
