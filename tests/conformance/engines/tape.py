"""A tape: every operation is written down, and the gradients are read from a dictionary afterwards."""

import numpy as np

TAPE = []


class Var:
    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        other = lift(other)
        return record(self.value + other.value, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        other = lift(other)
        return record(self.value * other.value, (self, other.value), (other, self.value))

    def __sub__(self, other):
        return self + lift(other) * -1.0

    def __truediv__(self, other):
        other = lift(other)
        return record(self.value / other.value, (self, 1 / other.value), (other, -self.value / other.value**2))

    def __neg__(self):
        return self * -1.0

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return lift(other) - self

    def __rtruediv__(self, other):
        return lift(other) / self


def lift(x):
    return x if isinstance(x, Var) else Var(float(x))


def record(value, *shares):
    out = Var(value)
    TAPE.append((out, shares))
    return out


def tanh(x):
    z = float(np.tanh(x.value))
    return record(z, (x, 1 - z * z))


def exp(x):
    z = float(np.exp(x.value))
    return record(z, (x, z))


def gradients(y):
    """Return {variable: ∂y/∂variable} and clear the tape."""
    found = {y: 1.0}
    for out, shares in reversed(TAPE):
        if out in found:
            for x, local in shares:
                found[x] = found.get(x, 0.0) + local * found[out]
    TAPE.clear()
    return found
