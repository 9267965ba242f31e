"""The engine that lesson 06 builds, as %%keep writes it."""

from contextlib import contextmanager

import numpy as np

from ..autograd import unbroadcast
from ..scalar import topological_order

TABLE = {
    "+": (np.add, [lambda g, z, x, y: g, lambda g, z, x, y: g]),
    "-": (np.subtract, [lambda g, z, x, y: g, lambda g, z, x, y: -g]),
    "·": (np.multiply, [lambda g, z, x, y: g * y, lambda g, z, x, y: g * x]),
    "@": (np.matmul, [lambda g, z, x, y: g @ y.T, lambda g, z, x, y: x.T @ g]),  # of matrices
    "tanh": (np.tanh, [lambda g, z, x: g * (1 - z**2)]),
    "sum": (np.sum, [lambda g, z, x: np.broadcast_to(g, x.shape)]),
}


class Tensor:
    def __init__(self, data, requires_grad=False):
        self.data, self.requires_grad = np.array(data, dtype=float), requires_grad
        self.grad, self._op, self._prev, self._options = None, "", (), {}

    def __add__(self, other):
        return apply("+", self, other)

    def __sub__(self, other):
        return apply("-", self, other)

    def __mul__(self, other):
        return apply("·", self, other)

    def __matmul__(self, other):
        return apply("@", self, other)

    def tanh(self):
        return apply("tanh", self)

    def sum(self, **options):
        return apply("sum", self, **options)


recording = True


def apply(op, *inputs, **options):
    inputs = tuple(x if isinstance(x, Tensor) else Tensor(x) for x in inputs)
    forward, _ = TABLE[op]
    result = Tensor(forward(*[x.data for x in inputs], **options))
    if recording and any(x.requires_grad for x in inputs):
        result.requires_grad = True
        result._op, result._prev, result._options = op, inputs, options
    return result


def backward(root):
    gradients = {root: np.ones_like(root.data)}
    for node in reversed(topological_order(root)):
        g = gradients.pop(node)
        if not node._prev:  # a leaf keeps an array of its own, and adds up
            node.grad = np.array(g) if node.grad is None else node.grad + g
            continue
        _, rules = TABLE[node._op]
        arrays = [x.data for x in node._prev]
        for x, rule in zip(node._prev, rules):  # noqa: B905  as the lesson has it
            if x.requires_grad:
                arrived = unbroadcast(rule(g, node.data, *arrays, **node._options), x.data.shape)
                gradients[x] = gradients[x] + arrived if x in gradients else arrived


Tensor.backward = backward  # a function that is assigned to a class is a method


def sum_rule(g, z, x, axis=None):
    return np.broadcast_to(g if axis is None else np.expand_dims(g, axis), x.shape)


def mean_rule(g, z, x, axis=None):
    return sum_rule(g, z, x, axis) / (x.size / z.size)  # each entry of z is the mean of so many


def take_rule(g, z, x, index):
    gradient = np.zeros_like(x)
    np.add.at(gradient, index, g)
    return gradient


TABLE["sum"] = np.sum, [sum_rule]
TABLE["mean"] = np.mean, [mean_rule]
TABLE["[]"] = lambda x, index: x[index], [take_rule]
Tensor.mean = lambda self, **options: apply("mean", self, **options)
Tensor.__getitem__ = lambda self, index: apply("[]", self, index=index)


@contextmanager
def no_grad():
    global recording
    before, recording = recording, False
    try:
        yield
    finally:
        recording = before


def detach(tensor):
    return Tensor(tensor.data)  # made by no operation, from no inputs


Tensor.detach = detach
