"""A scalar engine of closures, in micrograd's style. It needs no configuration."""

import contextlib
import math


class Value:
    recording = True

    def __init__(self, data, parents=(), requires_grad=True):
        self.data = float(data)
        self.grad = 0.0
        self.requires_grad = requires_grad
        self.parents = tuple(parents) if Value.recording else ()
        self.pass_on = lambda gradient: None

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((parent, False) for parent in node.parents)
        for node in order:
            if node.parents:
                node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            node.pass_on(node.grad)

    def collect(self, gradient):
        if self.requires_grad:
            self.grad += gradient

    def __add__(self, other):
        other = wrap(other)
        out = Value(self.data + other.data, (self, other))

        def pass_on(gradient):
            self.collect(gradient)
            other.collect(gradient)

        return remember(out, pass_on)

    def __mul__(self, other):
        other = wrap(other)
        out = Value(self.data * other.data, (self, other))

        def pass_on(gradient):
            self.collect(other.data * gradient)
            other.collect(self.data * gradient)

        return remember(out, pass_on)

    def __sub__(self, other):
        other = wrap(other)
        out = Value(self.data - other.data, (self, other))

        def pass_on(gradient):
            self.collect(gradient)
            other.collect(-gradient)

        return remember(out, pass_on)

    def __truediv__(self, other):
        other = wrap(other)
        out = Value(self.data / other.data, (self, other))

        def pass_on(gradient):
            self.collect(gradient / other.data)
            other.collect(-self.data / other.data**2 * gradient)

        return remember(out, pass_on)

    def __pow__(self, other):
        exponent = other.data if isinstance(other, Value) else other
        out = Value(self.data**exponent, (self, other) if isinstance(other, Value) else (self,))

        def pass_on(gradient):
            self.collect(exponent * self.data ** (exponent - 1) * gradient if exponent else 0.0)
            if isinstance(other, Value):
                other.collect(out.data * math.log(self.data) * gradient)

        return remember(out, pass_on)

    def __neg__(self):
        out = Value(-self.data, (self,))
        return remember(out, lambda gradient: self.collect(-gradient))

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return wrap(other) - self

    def __rtruediv__(self, other):
        return wrap(other) / self

    def __rpow__(self, other):
        return wrap(other) ** self

    def exp(self):
        out = Value(math.exp(self.data), (self,))
        return remember(out, lambda gradient: self.collect(out.data * gradient))

    def log(self):
        out = Value(math.log(self.data), (self,))
        return remember(out, lambda gradient: self.collect(gradient / self.data))

    def tanh(self):
        out = Value(math.tanh(self.data), (self,))
        return remember(out, lambda gradient: self.collect((1 - out.data**2) * gradient))

    def sigmoid(self):
        out = Value(0.5 * (1 + math.tanh(self.data / 2)), (self,))
        return remember(out, lambda gradient: self.collect(out.data * (1 - out.data) * gradient))

    def relu(self):
        out = Value(max(self.data, 0.0), (self,))
        return remember(out, lambda gradient: self.collect((self.data > 0) * gradient))

    def sqrt(self):
        out = Value(math.sqrt(self.data), (self,))
        return remember(out, lambda gradient: self.collect(gradient / (2 * out.data)))

    def sin(self):
        out = Value(math.sin(self.data), (self,))
        return remember(out, lambda gradient: self.collect(math.cos(self.data) * gradient))

    def cos(self):
        out = Value(math.cos(self.data), (self,))
        return remember(out, lambda gradient: self.collect(-math.sin(self.data) * gradient))

    def abs(self):
        out = Value(abs(self.data), (self,))
        return remember(out, lambda gradient: self.collect(math.copysign(1.0, self.data) * gradient))

    def detach(self):
        return Value(self.data, requires_grad=False)

    def zero_grad(self):
        self.grad = 0.0


def wrap(number):
    return number if isinstance(number, Value) else Value(number, requires_grad=False)


def remember(out, pass_on):
    if Value.recording:
        out.pass_on = pass_on
    return out


@contextlib.contextmanager
def no_grad():
    before = Value.recording
    Value.recording = False
    try:
        yield
    finally:
        Value.recording = before
