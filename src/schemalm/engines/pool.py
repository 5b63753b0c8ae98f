"""A pool of processes on this machine that survives the death of its workers.

Each worker is a fresh interpreter (`schemalm.engines.worker`), so it inherits neither threads nor locks, and a script
that opens a pool needs no guard around its entry point. A worker has one item at a time, so it is known which item to
repeat when it dies. Workers are in their own sessions, so Ctrl-C in the terminal reaches only this process. They end
when the pool is closed, and by themselves when this process is gone.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue

from schemalm.engines.interface import Item, Result, Task
from schemalm.engines.messages import NUM_TRIES, LostWorkerError, results, worker_environment


@contextmanager
def open_pool(num_workers: int) -> Iterator[Pool]:
    """Open a pool; its processes start when they are needed, and are killed at the end."""
    pool = Pool(num_workers)
    try:
        yield pool
    finally:
        pool.close()


class Pool:
    """The engine with several processes."""

    def __init__(self, num_workers: int) -> None:
        self._processes = [_Process() for _ in range(num_workers)]
        self._idle: SimpleQueue[_Process] = SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        # A thread for each process waits for its answers.
        self._threads = ThreadPoolExecutor(num_workers)

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of each item, in order."""
        return results(partial(self._submit, pickle.dumps(task)), items, len(self._processes))

    def _submit(self, task: bytes, item: bytes) -> Future[bytes]:
        return self._threads.submit(self._answer, task, item)

    def _answer(self, task: bytes, item: bytes) -> bytes:
        process = self._idle.get()
        try:
            return process.answer(task, item)
        finally:
            self._idle.put(process)

    def close(self) -> None:
        """Kill the processes; pending results raise `LostWorkerError`."""
        for process in self._processes:
            process.close()
        self._threads.shutdown(cancel_futures=True)


class _Process:
    """One worker: its process, which is replaced if it dies, and the connection to it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection[tuple[bytes, bytes], bytes]
        self._lock = threading.Lock()
        self._is_closed = False

    def answer(self, task: bytes, item: bytes) -> bytes:
        """Return the worker's answer for an item; raises `LostWorkerError` if `NUM_TRIES` processes died."""
        how = ""
        for _ in range(NUM_TRIES):
            self._begin()
            try:
                self._connection.send((task, item))
                return self._connection.recv_bytes()
            except (EOFError, OSError):
                how = self._end()
        raise LostWorkerError(how)

    def _begin(self) -> None:
        with self._lock:
            if self._is_closed:
                raise LostWorkerError("because the pool was closed")
            if self._process is not None:
                return
            self._connection, end = Pipe()
            with end:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "schemalm.engines.worker", str(end.fileno())],
                    env={**os.environ, **worker_environment()},
                    pass_fds=[end.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=2,  # output of a library must not mix with a command's results
                    start_new_session=True,
                )

    def _end(self) -> str:
        """Kill the process if it is still running, and return how it ended."""
        with self._lock:
            if self._process is None:
                return ""
            self._connection.close()
            self._process.kill()
            code = self._process.wait()
            self._process = None
        return f"by the signal {signal.Signals(-code).name}" if code < 0 else f"with the exit code {code}"

    def close(self) -> None:
        """Kill the process and start no other."""
        with self._lock:
            self._is_closed = True
            if self._process is not None:
                self._process.kill()
                self._process.wait()
