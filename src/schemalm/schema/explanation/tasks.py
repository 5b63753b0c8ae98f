"""Recursion without Python's stack, since values may be nested deeper than Python functions.

A task is a generator. It yields tasks and receives their results; it returns its own result.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Task: TypeAlias = "Generator[Task[Any], Any, T]"


def finish(task: Task[T]) -> T:
    """The result of a task, after running all tasks that it yields."""
    waiting: list[Task[Any]] = [task]
    result: Any = None
    while waiting:
        try:
            asked = waiting[-1].send(result)
        except StopIteration as ended:
            waiting.pop()
            result = ended.value
        else:
            waiting.append(asked)
            result = None
    found: T = result
    return found
