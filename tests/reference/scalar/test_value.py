"""Every operation of a value has the derivative of finite differences, alone and in graphs of any depth."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable

import pytest

from schemalm.reference.scalar.value import Value, garbage_collection_paused, topological_order

OPERATIONS: dict[str, Callable[[Value, Value], Value]] = {
    "add": lambda a, b: a + b,
    "add a number": lambda a, b: a + 2.0 + 3.0 * b,
    "a number first": lambda a, b: (2.0 - a) * (3.0 / b) + (1.0 + b),
    "multiply": lambda a, b: a * b,
    "subtract": lambda a, b: a - b - 1.5,
    "negate": lambda a, b: -a * b,
    "divide": lambda a, b: a / b / 2.0,
    "power": lambda a, b: a**3 + b**-0.5,
    "exp": lambda a, b: (a * b).exp(),
    "log": lambda a, b: (a + b).log(),
    "relu": lambda a, b: (a - b).relu() + (b - a).relu(),
    "tanh": lambda a, b: (a * b).tanh(),
    "twice": lambda a, b: a * a + a * b * a,
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_derivatives_agree_with_finite_differences(operation: Callable[[Value, Value], Value]) -> None:
    a, b = Value(0.7), Value(1.3)
    operation(a, b).backward()
    width = 1e-6

    def slope(da: float, db: float) -> float:
        ends = [operation(Value(0.7 + sign * da), Value(1.3 + sign * db)).data for sign in (1, -1)]
        return (ends[0] - ends[1]) / (2 * width)

    assert a.grad == pytest.approx(slope(width, 0), abs=1e-8)
    assert b.grad == pytest.approx(slope(0, width), abs=1e-8)


def test_relu_is_zero_below_and_at_zero() -> None:
    for number in (-1.0, 0.0):
        value = Value(number)
        result = value.relu()
        result.backward()
        assert (result.data, value.grad) == (0.0, 0.0)


def test_each_operation_carries_its_name_parents_and_local_derivatives() -> None:
    a, b = Value(2.0), Value(3.0)
    product = a * b
    assert (product.operation, product.parents, product.local_derivatives) == ("*", (a, b), (3.0, 2.0))
    assert a.exp().local_derivatives == (math.exp(2.0),)
    assert (a**3).local_derivatives == (12.0,)


def test_a_value_that_is_used_twice_is_visited_once_after_all_that_use_it() -> None:
    a = Value(1.5)
    square = a * a
    root = square * square + square
    ordered = topological_order(root)
    assert len(ordered) == len(set(ordered)) == 4
    assert ordered.index(a) < ordered.index(square) < ordered.index(root)
    root.backward()
    assert a.grad == pytest.approx(4 * 1.5**3 + 2 * 1.5)


def test_depth_has_no_limit() -> None:
    start = total = Value(1.0)
    for _ in range(50_000):
        total = total + 1.0
    total.backward()
    assert (total.data, start.grad) == (50_001.0, 1.0)


def test_the_garbage_collector_always_runs_again() -> None:
    with pytest.raises(ZeroDivisionError), garbage_collection_paused():
        assert not gc.isenabled()
        Value(0.0) ** -1
    assert gc.isenabled()
