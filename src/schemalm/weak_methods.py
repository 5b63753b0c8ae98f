"""Methods that an object may hold without keeping itself alive.

An object that holds its own method, in a cache or as a callback, waits for Python's garbage collector. Tables and
grammars have millions of parts, so they should go when the last document is written under them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakMethod

P = ParamSpec("P")
T = TypeVar("T")


def weak(method: Callable[P, T]) -> Callable[P, T]:
    """Returns a function that does what a method does, as long as something else keeps its object alive."""
    found = WeakMethod(method)

    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        alive = found()
        assert alive is not None, "whoever calls a part of an object keeps the object"
        return alive(*args, **kwargs)

    return called
