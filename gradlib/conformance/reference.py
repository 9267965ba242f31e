"""NumPy in the clothes of an engine: the value that is right, and the operations that an expression uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class Recorded:
    """An array that notes the operations that are applied to it."""

    __array_ufunc__ = None  # an array on the left leaves the operation to this class

    def __init__(self, array: Any, operations: set[str]):
        self.array, self.operations = np.asarray(array, float), operations

    def note(self, name: str, function: Callable, *others: Any) -> Recorded:
        self.operations.add(name)
        arrays = [other.array if isinstance(other, Recorded) else other for other in others]
        return Recorded(function(self.array, *arrays), self.operations)

    def __add__(self, other):
        return self.note("add", np.add, other)

    __radd__ = __add__

    def __mul__(self, other):
        return self.note("mul", np.multiply, other)

    __rmul__ = __mul__

    def __sub__(self, other):
        return self.note("sub", np.subtract, other)

    def __rsub__(self, other):
        return self.note("rsub", lambda a, b: b - a, other)

    def __truediv__(self, other):
        return self.note("div", np.divide, other)

    def __rtruediv__(self, other):
        return self.note("rdiv", lambda a, b: b / a, other)

    def __pow__(self, other):
        return self.note("pow", np.power, other)

    def __rpow__(self, other):
        return self.note("rpow", lambda a, b: b**a, other)

    def __neg__(self):
        return self.note("neg", np.negative)


class Reference:
    """The operations of an Engine, on Recorded arrays."""

    FUNCTIONS = {
        "exp": np.exp, "log": np.log, "tanh": np.tanh, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "abs": np.abs,
        "relu": lambda a: np.maximum(a, 0), "sigmoid": lambda a: 0.5 * (1 + np.tanh(a / 2)),
    }  # fmt: skip

    def __init__(self):
        self.operations: set[str] = set()

    def variable(self, number: Any) -> Recorded:
        return Recorded(number, self.operations)

    constant = variable

    def apply(self, name: str, t: Recorded) -> Recorded:
        return t.note(name, self.FUNCTIONS[name])

    def matmul(self, a: Recorded, b: Recorded) -> Recorded:
        if max(a.array.ndim, b.array.ndim) > 2:
            self.operations.add("matmul of stacks")
        return a.note("matmul", np.matmul, b)

    def index(self, t: Recorded, key: Any) -> Recorded:
        return t.note("index", lambda a: a[key])

    def sum(self, t: Recorded, axis: Any = None, keepdims: bool = False) -> Recorded:
        return t.note("sum", lambda a: a.sum(axis=axis, keepdims=keepdims))

    def mean(self, t: Recorded, axis: Any = None, keepdims: bool = False) -> Recorded:
        return t.note("mean", lambda a: a.mean(axis=axis, keepdims=keepdims))

    def max(self, t: Recorded, axis: Any = None, keepdims: bool = False) -> Recorded:
        return t.note("max", lambda a: a.max(axis=axis, keepdims=keepdims))

    def softmax(self, t: Recorded, axis: int = -1) -> Recorded:
        return t.note("softmax", lambda a: np.exp(a - _logsumexp(a, axis)))

    def log_softmax(self, t: Recorded, axis: int = -1) -> Recorded:
        return t.note("log_softmax", lambda a: a - _logsumexp(a, axis))

    def logsumexp(self, t: Recorded, axis: int = -1) -> Recorded:
        return t.note("logsumexp", lambda a: _logsumexp(a, axis).squeeze(axis))

    def reshape(self, t: Recorded, *shape: int) -> Recorded:
        return t.note("reshape", lambda a: a.reshape(shape))

    def transpose(self, t: Recorded, axes: tuple[int, ...] | None = None) -> Recorded:
        return t.note("transpose", lambda a: a.transpose(axes))


def _logsumexp(a: np.ndarray, axis: int) -> np.ndarray:
    largest = a.max(axis, keepdims=True)
    return largest + np.log(np.exp(a - largest).sum(axis, keepdims=True))
