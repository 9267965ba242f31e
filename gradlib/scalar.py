"""The scalar engine of lesson 03, whole: reverse-mode differentiation of numbers.

A Value remembers its inputs and, for each, the local derivative: how fast it moves when that input moves.
`backward()` walks from the result to the inputs and passes local derivative · gradient to each input. Nothing
else is needed.
"""

from __future__ import annotations

import math


class Value:
    """A number that remembers how it was made.

    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> z = x * y + x**2
    >>> z.backward()
    >>> z, x.grad, y.grad
    (Value(data=10.0, grad=1.0), 7.0, 2.0)
    """

    def __init__(self, data: float, name: str = "", requires_grad: bool = True):
        self.data = float(data)
        self.grad = 0.0
        self.name = name
        self.requires_grad = requires_grad
        self._prev: tuple[Value, ...] = ()  # the inputs
        self._op = ""  # the operation's symbol, as in the table of derivatives
        self._local: tuple[float, ...] = ()  # ∂self/∂input, one for each input

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"

    def backward(self) -> None:
        """Add ∂self/∂v to the `grad` of every value v that this one was computed from."""
        gradients = {self: 1.0}
        for value in reversed(topological_order(self)):
            gradient = gradients[value]
            value.grad += gradient
            for parent, local in zip(value._prev, value._local, strict=True):
                if parent.requires_grad:
                    gradients[parent] = gradients.get(parent, 0.0) + local * gradient

    def __add__(self, other):
        other = _as_value(other)
        return _result(self.data + other.data, "+", (self, other), (1.0, 1.0))

    def __sub__(self, other):
        other = _as_value(other)
        return _result(self.data - other.data, "-", (self, other), (1.0, -1.0))

    def __mul__(self, other):
        other = _as_value(other)
        return _result(self.data * other.data, "·", (self, other), (other.data, self.data))

    def __truediv__(self, other):
        other = _as_value(other)
        z = self.data / other.data
        return _result(z, "/", (self, other), (1 / other.data, -z / other.data))  # y² overflows above 1e154

    def __pow__(self, other):
        x, y = self.data, _as_value(other).data
        z = x**y
        if isinstance(z, complex):
            raise ValueError(f"({x}) ** {y} is not a real number: a negative base takes only integer exponents.")
        by_base = (
            0.0 if y == 0 else y * x ** (y - 1) if y >= 1 else y * z / x if x else math.inf
        )  # below y = 1, x ** (y - 1) overflows before z does
        by_exponent = (
            z * math.log(x) if x > 0 else 0.0 if x == 0 else math.nan
        )  # for x < 0, xʸ exists only for integers y
        return _result(z, "**", (self, _as_value(other)), (by_base, by_exponent))

    def __neg__(self):
        return _result(-self.data, "neg", (self,), (-1.0,))

    def __radd__(self, other):
        return _as_value(other) + self

    def __rsub__(self, other):
        return _as_value(other) - self

    def __rmul__(self, other):
        return _as_value(other) * self

    def __rtruediv__(self, other):
        return _as_value(other) / self

    def __rpow__(self, other):
        return _as_value(other) ** self

    def exp(self):
        z = math.exp(self.data)
        return _result(z, "exp", (self,), (z,))

    def log(self):
        return _result(math.log(self.data), "log", (self,), (1 / self.data,))

    def sqrt(self):
        z = math.sqrt(self.data)
        return _result(z, "sqrt", (self,), (0.5 / z if z else math.inf,))

    def sin(self):
        return _result(math.sin(self.data), "sin", (self,), (math.cos(self.data),))

    def cos(self):
        return _result(math.cos(self.data), "cos", (self,), (-math.sin(self.data),))

    def tanh(self):
        z = math.tanh(self.data)
        return _result(z, "tanh", (self,), (1 - z * z,))

    def sigmoid(self):
        z = 0.5 * (1 + math.tanh(0.5 * self.data))  # 1 / (1 + exp(-x)) overflows below x = -709
        return _result(z, "sigmoid", (self,), (z * (1 - z),))

    def relu(self):
        return _result(max(self.data, 0.0), "relu", (self,), (float(self.data > 0),))


def _as_value(number) -> Value:
    """Convert a plain number to a constant: a Value that needs no gradient."""
    return number if isinstance(number, Value) else Value(number, requires_grad=False)


def _result(data: float, op: str, inputs: tuple[Value, ...], local: tuple[float, ...]) -> Value:
    result = Value(data, requires_grad=any(value.requires_grad for value in inputs))
    result._op, result._prev, result._local = op, inputs, local
    return result


def topological_order(root: Value) -> list[Value]:
    """Every value that root was computed from, inputs before outputs. A stack is used instead of recursion."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        value, inputs_done = stack.pop()
        if inputs_done:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            stack.append((value, True))
            stack += [(parent, False) for parent in value._prev if parent.requires_grad]
    return order
