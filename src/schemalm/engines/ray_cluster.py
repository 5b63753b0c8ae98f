"""A Ray cluster as an engine, either a running one or a temporary one on this machine; each item is a Ray task.

Ray starts the workers, replaces those that die and repeats their items. Ray's usage statistics and its dashboard are
off, and its logs stay in its own files.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from schemalm.engines.interface import Item, Result, Task
from schemalm.engines.messages import NUM_TRIES, LostWorkerError, Worker, results, worker_environment
from schemalm.errors import ConfigurationError
from schemalm.interruption import SIGNALS

# Enough for the items and answers of a few hundred workers; Ray writes any more to its folder on disk.
_OBJECT_STORE_BYTES = 1 << 29
_WORKER = Worker()  # one in each process that Ray starts


@contextmanager
def open_ray(num_workers: int, address: str | None) -> Iterator[RayEngine]:
    """Open the engine of a cluster; an existing connection is reused and left open.

    Raises `ConfigurationError` if Ray is not installed, or if there is no cluster at the address.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError('the engine "ray" needs Ray: pip install "schemalm[ray]"') from None
    if ray.is_initialized():
        yield RayEngine(ray, num_workers)
        return
    try:
        with _kept_handlers():
            _connect(ray, num_workers, address)
        yield RayEngine(ray, num_workers)
    finally:
        ray.shutdown()


def _connect(ray: Any, num_workers: int, address: str | None) -> None:
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        ray.init(
            "local",
            num_cpus=num_workers,
            object_store_memory=_OBJECT_STORE_BYTES,
            runtime_env={"env_vars": worker_environment()},
            **quiet,
        )
        return
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConfigurationError(
            f"there is no Ray cluster at the address {address!r}: {error}; give the address as HOST:PORT, or give none "
            "to start a cluster on this machine"
        ) from None


@contextmanager
def _kept_handlers() -> Iterator[None]:
    """Restore the signal handlers: Ray installs its own, which end the process without a message."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            signal.signal(number, handler)


class RayEngine:
    """The engine of a connected cluster."""

    def __init__(self, ray: Any, num_workers: int) -> None:
        self._ray = ray
        self._num_workers = num_workers
        self._remote = ray.remote(max_retries=NUM_TRIES - 1, num_cpus=1)(_answer)

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of each item, in order."""
        submit = partial(self._submit, self._ray.put(pickle.dumps(task)))
        return results(submit, items, self._num_workers)

    def _submit(self, task: Any, item: bytes) -> _Pending:
        return _Pending(self._ray, self._remote.remote(task, item))


@dataclass(frozen=True)
class _Pending:
    """A pending answer of Ray; `reference` is Ray's object reference."""

    ray: Any
    reference: Any

    def result(self) -> bytes:
        """Wait for the answer and return it; raises `LostWorkerError` if the item's workers died."""
        try:
            # Not `ray.get`: if a signal handler raises, `ray.get` replaces its exception by a bare KeyboardInterrupt.
            answered: bytes = self.reference.future().result()
        except self.ray.exceptions.RayError as error:
            raise LostWorkerError(str(error).splitlines()[0]) from None
        return answered

    def cancel(self) -> None:
        """Give up the answer."""
        self.ray.cancel(self.reference, force=True)


def _answer(task: bytes, item: bytes) -> bytes:
    """Return the answer to a pickled item; Ray runs this in its workers."""
    return _WORKER.answer(task, item)
