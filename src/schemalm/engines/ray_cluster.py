"""A Ray cluster as an engine: each item is a Ray task; a running cluster, or one on this machine for the time being.

Ray starts the workers, replaces those that die and does their items again. Nothing is reported to Ray's makers, no
dashboard is started and Ray's own logs stay in its files.
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

# The items and answers of some hundred workers; more goes to Ray's folder on the disk.
_OBJECT_STORE_BYTES = 1 << 29
_WORKER = Worker()  # of the process that Ray runs this module in


@contextmanager
def open_ray(num_workers: int, address: str | None) -> Iterator[RayEngine]:
    """The engine of a cluster; one that is already connected to is used, and left as it is.

    Raises `ConfigurationError` where Ray is not installed or the address is none of a cluster.
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
            f"there is no Ray cluster at the address {address!r}: {error}; name one as HOST:PORT, or none to start one "
            "on this machine"
        ) from None


@contextmanager
def _kept_handlers() -> Iterator[None]:
    """The handlers of signals stay what they are: Ray sets its own, which end the process without a word."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            signal.signal(number, handler)


class RayEngine:
    """The engine of a cluster that is connected to."""

    def __init__(self, ray: Any, num_workers: int) -> None:
        self._ray = ray
        self._num_workers = num_workers
        self._remote = ray.remote(max_retries=NUM_TRIES - 1, num_cpus=1)(_answer)

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of each item, in their order."""
        submit = partial(self._submit, self._ray.put(pickle.dumps(task)))
        return results(submit, items, self._num_workers)

    def _submit(self, task: Any, item: bytes) -> _Pending:
        return _Pending(self._ray, self._remote.remote(task, item))


@dataclass(frozen=True)
class _Pending:
    """An answer that Ray owes; `reference` is Ray's name for it."""

    ray: Any
    reference: Any

    def result(self) -> bytes:
        """The answer; raises `LostWorkerError` where its workers died."""
        try:
            # Not `ray.get`: where a handler of signals raises, it raises a bare KeyboardInterrupt in its place.
            answered: bytes = self.reference.future().result()
        except self.ray.exceptions.RayError as error:
            raise LostWorkerError(str(error).splitlines()[0]) from None
        return answered

    def cancel(self) -> None:
        """Do without the answer."""
        self.ray.cancel(self.reference, force=True)


def _answer(task: bytes, item: bytes) -> bytes:
    """What Ray runs in its workers."""
    return _WORKER.answer(task, item)
