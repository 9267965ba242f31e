"""A tensor engine whose functions stand in the module, whose sums keep their axes, and whose backward replaces."""

import numpy as np


class Variable:
    __array_ufunc__ = None

    def __init__(self, rows):
        self.array = np.atleast_1d(np.array(rows, float))
        self.gradient_ = None
        self.creator = None  # (inputs, function from the gradient to theirs)

    def backprop(self):
        order, seen = [], set()
        stack = [iter([self])]
        path = [None]
        while stack:
            x = next(stack[-1], None)
            if x is None:
                stack.pop()
                order.append(path.pop())
            elif id(x) not in seen:
                seen.add(id(x))
                path.append(x)
                stack.append(iter(x.creator[0] if x.creator else []))
        order.pop()  # the None around the result
        for x in order:
            x.gradient_ = np.zeros(x.array.shape)
        self.gradient_ += 1
        for x in reversed(order):
            if x.creator:
                inputs, back = x.creator
                for each, share in zip(inputs, back(x.gradient_), strict=True):
                    each.gradient_ += fold(share, each.array.shape)

    def clear_grad(self):
        self.gradient_ = None

    def __add__(self, other):
        return create(self.array + lift(other).array, [self, lift(other)], lambda g: (g, g))

    def __mul__(self, other):
        other = lift(other)
        return create(self.array * other.array, [self, other], lambda g: (g * other.array, g * self.array))

    def __neg__(self):
        return create(-self.array, [self], lambda g: (-g,))

    def __sub__(self, other):
        return self + -lift(other)

    def __rsub__(self, other):
        return lift(other) + -self

    __radd__, __rmul__ = __add__, __mul__


def lift(x):
    return x if isinstance(x, Variable) else Variable(x)


def create(array, inputs, back):
    out = Variable(array)
    out.creator = inputs, back
    return out


def fold(g, shape):
    extra = tuple(range(g.ndim - len(shape)))
    g = g.sum(axis=extra) if extra else g
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def Sin(x):
    return create(np.sin(x.array), [x], lambda g: (g * np.cos(x.array),))


def Tanh(x):
    z = np.tanh(x.array)
    return create(z, [x], lambda g: (g * (1 - z * z),))


def Sum(x, axes=None):
    return create(x.array.sum(axis=axes, keepdims=True), [x], lambda g: (np.broadcast_to(g, x.array.shape),))


def dot(x, w):
    if x.array.ndim != 2 or w.array.ndim != 2:
        raise ValueError("dot takes two matrices")
    return create(x.array @ w.array, [x, w], lambda g: (g @ w.array.T, x.array.T @ g))
