"""Graphs of every kind that a widget may be given."""

import math

import numpy as np

from gradlib import Tensor
from gradlib.scalar import Value


class Learner:
    """A learner's Value of lesson 03, without gradlib: data, _prev and _op alone."""

    def __init__(self, data, prev=(), op=""):
        self.data, self._prev, self._op = data, prev, op

    def __add__(self, other):
        return Learner(self.data + other.data, (self, other), "+")

    def __mul__(self, other):
        return Learner(self.data * other.data, (self, other), "*")


def diamond():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    return x * y + x**2


def shared_result():
    x = Value(3.0, "x")
    y = x * x
    return y + y


def ladder(diamonds):
    x = Value(1.0, "x")
    for _ in range(diamonds):
        x = x.sin() * x.cos()
    return x


def chain(length):
    x = Value(1.0, "x")
    for _ in range(length):
        x = x + 1.0
    return x


def leaf():
    return Value(2.0, "x")


def extremes():
    tiny, huge = Value(1e-300, "tiny"), Value(-1e300, "huge")
    return tiny * huge / 3.0 + (huge * 1e-299).exp() + tiny.sqrt()


def not_finite():
    x, inf = Value(math.nan, "x"), Value(math.inf, "inf")
    return x * inf + inf


def learners_own():
    a, b = Learner(2.0), Learner(-3.0)
    return (a * b + a) * b


def tensors():
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=(3, 2)), requires_grad=True)
    weight, bias = (Tensor(rng.normal(size=shape), requires_grad=True) for shape in [(2, 4), (4,)])
    return ((x @ weight + bias).tanh() ** 2).mean()


def marked_up():
    """A name that is markup must stay text."""
    x = Value(2.0, '<b> & "x"')
    return x * x + x


GRAPHS = {
    "diamond": diamond,
    "shared result": shared_result,
    "three diamonds": lambda: ladder(3),
    "leaf": leaf,
    "extreme values": extremes,
    "not finite": not_finite,
    "a learner's own class": learners_own,
    "tensors": tensors,
    "markup": marked_up,
}
