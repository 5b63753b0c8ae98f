"""Engines: one function over many items, in this process, in a pool of processes or on a Ray cluster.

In go a task and a stream of items; out come the results in the order of the items.

Memory is bounded whatever their number: an engine takes an item when a result has been asked for, and holds at most
two for each worker. Every engine gives the same results, since a task and an item alone decide them. A worker that dies
is replaced and its item is done again, so a task may run twice for one item. Items and results have to pickle, except
in this process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from schemalm.bounds import check_number
from schemalm.engines.interface import Engine, EngineName, Item, Result, Task
from schemalm.errors import ConfigurationError

__all__ = ["Engine", "EngineName", "Task", "open_engine"]


class _ThisProcess:
    """The engine of one worker: this process itself."""

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of each item."""
        function = task.start()
        for item in items:
            yield function(item)


@contextmanager
def open_engine(name: EngineName, *, workers: int, address: str | None = None) -> Iterator[Engine]:
    """The engine of a name; its workers end with the context, at once where an error or a signal ends it.

    name: "local" for this machine (one worker is this process, more are a pool) or "ray". workers: how many items are
    worked on at a time. address: that of a running Ray cluster, "auto" for the one that this machine belongs to;
    without it Ray runs on this machine for as long as the context. The machines of a running cluster need SchemaLM of
    the same version, and the files that items name. Raises `ConfigurationError` for a setting out of its range, where
    Ray is not installed, and where there is no cluster at the address.
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
        raise ConfigurationError(f"address {address!r} is that of a Ray cluster: choose the engine 'ray' as well")
    if workers == 1:
        yield _ThisProcess()
        return
    from schemalm.engines.pool import open_pool  # noqa: PLC0415

    with open_pool(workers) as pool:
        yield pool
