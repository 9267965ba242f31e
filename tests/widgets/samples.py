"""For every widget: views over the whole range of what it takes, extremes included."""

import math

import numpy as np

from gradlib import Tensor
from gradlib.scalar import Value
from gradlib.widgets import BackwardOrder, ChainRuleWalkthrough, TangentSecant


class Learner:
    """What a learner writes in lesson 03, without gradlib: data, _prev and _op, nothing else."""

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

SAMPLES = {
    TangentSecant: {
        "sin": lambda: TangentSecant(np.sin, 1.0, derivative=np.cos, expression="sin(x)"),
        "math.exp, slope estimated": lambda: TangentSecant(math.exp, 0.0),
        "constant": lambda: TangentSecant(lambda x: 2.0, 0.0, derivative=0),
        "whole numbers": lambda: TangentSecant(lambda x: x * x, 3, derivative=6),
        "kink": lambda: TangentSecant(abs, 0.0),
        "pole in the window": lambda: TangentSecant(lambda x: 1 / x, 0.5, derivative=-4.0),
        "at the pole": lambda: TangentSecant(lambda x: 1 / x, 0.0),
        "undefined on the left": lambda: TangentSecant(math.log, 0.1, derivative=10.0, expression="ln(x)"),
        "undefined everywhere": lambda: TangentSecant(lambda x: math.sqrt(-1 - x * x), 1.0),
        "huge values": lambda: TangentSecant(lambda x: 1e300 * x, 1.0),
        "overflow": lambda: TangentSecant(math.exp, 709.5),
        "tiny values": lambda: TangentSecant(lambda x: 1e-300 * x, 1.0),
        "large x": lambda: TangentSecant(np.sin, 1e8, derivative=np.cos),
        "markup": lambda: TangentSecant(np.sin, 1.0, expression='<b> & "f"'),
    },
    ChainRuleWalkthrough: {
        name: lambda make=make: ChainRuleWalkthrough(make(), {})
        for name, make in {**GRAPHS, "300 operations": lambda: chain(300)}.items()
    },
    BackwardOrder: {
        name: lambda make=make: BackwardOrder(make(), {})
        for name, make in {
            **GRAPHS,
            "40 diamonds": lambda: ladder(40),
            "300 operations": lambda: chain(300),
        }.items()
    },
}
