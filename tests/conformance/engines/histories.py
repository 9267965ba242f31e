"""A scalar engine with histories and a function that goes backward, in which constants are plain numbers."""

import math


class Scalar:
    def __init__(self, v, history=()):
        self.v = v
        self.derivative = None
        self.history = history  # pairs (input, local derivative)

    def __add__(self, other):
        return made(self.v + val(other), (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        return made(self.v * val(other), (self, val(other)), (other, self.v))

    def __sub__(self, other):
        return made(self.v - val(other), (self, 1.0), (other, -1.0))

    def __rsub__(self, other):
        return made(other - self.v, (self, -1.0))

    def __truediv__(self, other):
        return made(self.v / val(other), (self, 1 / val(other)), (other, -self.v / val(other) ** 2))

    def __rtruediv__(self, other):
        return made(other / self.v, (self, -other / self.v**2))

    def __neg__(self):
        return made(-self.v, (self, -1.0))

    __radd__, __rmul__ = __add__, __mul__

    def log(self):
        return made(math.log(self.v), (self, 1 / self.v))

    def relu(self):
        return made(max(self.v, 0.0), (self, float(self.v > 0)))


def val(x):
    return x.v if isinstance(x, Scalar) else x


def made(v, *shares):
    return Scalar(v, tuple(share for share in shares if isinstance(share[0], Scalar)))


def backpropagate(result, d):
    order, seen, stack = [], set(), [(result, False)]
    while stack:
        x, done = stack.pop()
        if done:
            order.append(x)
        elif x not in seen:
            seen.add(x)
            stack.append((x, True))
            stack += [(parent, False) for parent, _ in x.history]
    derivatives = {result: d}
    for x in reversed(order):
        if not x.history:
            x.derivative = (x.derivative or 0.0) + derivatives[x]
        for parent, local in x.history:
            derivatives[parent] = derivatives.get(parent, 0.0) + local * derivatives[x]
