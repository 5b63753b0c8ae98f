"""What the engines have in common: the task that a caller hands in, and the engine that runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)

EngineName = Literal["local", "ray"]


class Task(Protocol[Item_contra, Result_co]):
    """What is done to items: a small object that pickles, as a frozen dataclass does."""

    def start(self) -> Callable[[Item_contra], Result_co]:
        """The function of one item; called once in each worker, so this is where what it needs is made."""
        ...


class Engine(Protocol):
    """What runs tasks."""

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of each item, in their order; items are taken as results are asked for.

        What the task's function raises is raised here, in the place of the result. Raises `DataError` for an item whose
        workers die three times; it is named by its attribute `place`, a text, where it has one, else by its number.
        """
        ...
