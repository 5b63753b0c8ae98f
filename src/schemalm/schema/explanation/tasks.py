"""Recursion without Python's stack: values are nested deeper than functions may be.

A task is a generator. What it yields is a task too, whose result it gets back; what it returns is its own result.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Task: TypeAlias = "Generator[Task[Any], Any, T]"


def finish(task: Task[T]) -> T:
    """The result of a task, once all tasks that it asks for are done."""
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
