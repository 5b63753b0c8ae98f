"""An object may hold its own method."""

from __future__ import annotations

import gc
import weakref

from schemalm.weak_methods import weak


class Counter:
    """Counts calls of its own method, which it holds."""

    def __init__(self) -> None:
        self.count = 0
        self.again = weak(self.add)

    def add(self, number: int) -> int:
        self.count += number
        return self.count


def test_the_function_does_what_the_method_does() -> None:
    counter = Counter()
    assert [counter.again(2), counter.again(number=3), counter.count] == [2, 5, 5]


def test_the_object_is_free_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        counter = Counter()
        counter.again(1)
        alive = weakref.ref(counter)
        del counter
        assert alive() is None
    finally:
        gc.enable()
