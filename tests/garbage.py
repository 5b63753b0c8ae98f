"""What a piece of work leaves to the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any


def left_by(work: Callable[[], Any]) -> list[object]:
    """Objects and functions of the package that hold themselves when the work is over.

    What was there before does not count, nor do lists and the like, which other threads leave as well.
    """
    gc.collect()
    gc.disable()
    gc.freeze()
    try:
        work()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        return [thing for thing in gc.garbage if _module(thing).startswith("schemalm.")]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.unfreeze()
        gc.enable()


def _module(thing: object) -> str:
    """The module that defines a function, or the class of any other thing."""
    named = thing if callable(thing) and hasattr(thing, "__code__") else type(thing)
    return str(getattr(named, "__module__", ""))
