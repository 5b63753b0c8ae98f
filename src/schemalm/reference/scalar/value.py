"""A number that records how it was computed: reverse-mode differentiation in one class.

A `Value` stores its number, the operation that computed it, the operands (its parents) and, for each of them, the local
derivative: how much the result changes when that parent changes a little. `backward` applies the chain rule to the
whole graph. After micrograd (Karpathy, 2020). Second derivatives are not covered.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager

Values = tuple["Value", ...]
Floats = tuple[float, ...]


class Value:
    """A node of the graph; after `backward`, `grad` is the derivative of that value with respect to this one."""

    __slots__ = ("data", "grad", "local_derivatives", "operation", "parents")

    def __init__(self, data: float, operation: str = "", parents: Values = (), local_derivatives: Floats = ()) -> None:
        self.data = data
        self.grad = 0.0
        self.operation = operation
        self.parents = parents
        self.local_derivatives = local_derivatives

    # Each operation: its result, its name, its operands, and the derivative with respect to each operand.

    def __add__(self, other: Value | float) -> Value:  # d(a + b)/da = 1, d(a + b)/db = 1
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, "+", (self, other), (1.0, 1.0))

    def __mul__(self, other: Value | float) -> Value:  # d(a b)/da = b, d(a b)/db = a
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, "*", (self, other), (other.data, self.data))

    def __pow__(self, exponent: float) -> Value:  # d(a^n)/da = n a^(n - 1)
        return Value(self.data**exponent, f"^{exponent:g}", (self,), (exponent * self.data ** (exponent - 1),))

    def exp(self) -> Value:
        """e to the power of this value: d(e^a)/da = e^a."""
        result = math.exp(self.data)
        return Value(result, "exp", (self,), (result,))

    def log(self) -> Value:
        """The natural logarithm: d(log a)/da = 1 / a."""
        return Value(math.log(self.data), "log", (self,), (1.0 / self.data,))

    def relu(self) -> Value:
        """This value if it is above zero, else zero: the derivative is 1 or 0."""
        return Value(max(self.data, 0.0), "relu", (self,), (1.0 if self.data > 0 else 0.0,))

    def tanh(self) -> Value:
        """The hyperbolic tangent: d(tanh a)/da = 1 - tanh(a)^2."""
        result = math.tanh(self.data)
        return Value(result, "tanh", (self,), (1.0 - result * result,))

    # The remaining operations are combinations of the ones above.

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Value:
        return self * -1.0

    def __sub__(self, other: Value | float) -> Value:
        return self + other * -1.0

    def __rsub__(self, other: float) -> Value:
        return -self + other

    def __truediv__(self, other: Value | float) -> Value:
        return self * other**-1

    def __rtruediv__(self, other: float) -> Value:
        return self**-1 * other

    def backward(self) -> None:
        """Add the derivative of this value to `grad` of every value in the graph; call it once per graph."""
        self.grad = 1.0
        for value in reversed(topological_order(self)):
            for parent, local_derivative in zip(value.parents, value.local_derivatives, strict=True):
                parent.grad += local_derivative * value.grad


def topological_order(root: Value) -> list[Value]:
    """Return all values that `root` depends on and `root` itself, parents first; iterative, so depth is unlimited."""
    ordered: list[Value] = []
    seen: set[Value] = set()
    waiting = [root]
    while waiting:
        value = waiting[-1]
        if missing := [parent for parent in value.parents if parent not in seen]:
            waiting += missing
        elif waiting.pop() not in seen:
            seen.add(value)
            ordered.append(value)
    return ordered


@contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """Pause the garbage collector: a graph has no cycles, and searching for them takes longer than building it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
