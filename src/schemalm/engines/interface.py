"""The interfaces of a task, which the caller provides, and of an engine, which runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)

EngineName = Literal["local", "ray"]


class Task(Protocol[Item_contra, Result_co]):
    """The work on items: a small picklable object, such as a frozen dataclass."""

    def start(self) -> Callable[[Item_contra], Result_co]:
        """Return the function that processes one item; called once in each worker, so it can prepare resources."""
        ...


class Engine(Protocol):
    """An object that runs tasks."""

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of each item, in order; items are taken as results are requested.

        An error that the task's function raises is raised here, instead of the result. Raises `DataError` for an item
        whose workers die three times; the message names it by its attribute `description`, a string, if it has one,
        else by its number.
        """
        ...
