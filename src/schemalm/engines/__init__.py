"""Engines: they apply one function to many items, in this process, in a pool of processes or on a Ray cluster.

In go a task and a stream of items; out come the results in the order of the items.

Memory is bounded whatever the number of items: an engine takes items only as results are requested, and has at most two
for each worker at a time. All engines return the same results, since a result depends only on the task and the item. A
worker that dies is replaced and its item is processed again, so a task may run twice for one item. Items and results
must be picklable, except in this process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from schemalm.bounds import check_number
from schemalm.engines.interface import Engine, EngineName, Item, Result, Task
from schemalm.errors import ConfigurationError

__all__ = ["Engine", "EngineName", "Task", "open_engine"]


class _ThisProcess:
    """The engine with one worker, which is this process itself."""

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of each item."""
        function = task.start()
        for item in items:
            yield function(item)


@contextmanager
def open_engine(name: EngineName, *, workers: int, address: str | None = None) -> Iterator[Engine]:
    """Open an engine by name; its workers end with the context, immediately after an error or a signal.

    name: "local" for this machine (one worker is this process, more are a pool) or "ray". workers: the number of items
    processed at a time. address: that of a running Ray cluster, or "auto" for the one that this machine belongs to;
    without it, Ray runs on this machine until the context ends. The machines of a running cluster need the same version
    of SchemaLM, and the files that the items name. Raises `ConfigurationError` if a setting is out of its range, if Ray
    is not installed, or if there is no cluster at the address.
    """
    check_number("workers", workers, 1, is_whole=True)
    if name == "ray":
        from schemalm.engines.ray_cluster import open_ray  # noqa: PLC0415

        with open_ray(workers, address) as engine:
            yield engine
        return
    if name != "local":
        raise ConfigurationError(f"engine must be 'local' or 'ray', got {name!r}")
    if address is not None:
        raise ConfigurationError(f"the address {address!r} needs the engine 'ray', got the engine 'local'")
    if workers == 1:
        yield _ThisProcess()
        return
    from schemalm.engines.pool import open_pool  # noqa: PLC0415

    with open_pool(workers) as pool:
        yield pool
