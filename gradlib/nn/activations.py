"""Activations: as functions of a tensor, and as modules."""

from __future__ import annotations

from ..tensor import Tensor
from .module import Module


def relu(x) -> Tensor:
    """max(x, 0); the gradient at 0 is 0."""
    return x.relu()


def leaky_relu(x, negative_slope: float = 0.01) -> Tensor:
    """x where x > 0, else negative_slope · x."""
    return x.leaky_relu(negative_slope)


def elu(x, alpha: float = 1.0) -> Tensor:
    """x where x > 0, else α (eˣ - 1)."""
    return x.elu(alpha)


def gelu(x, approximate: str = "none") -> Tensor:
    """x Φ(x), Φ the normal distribution's cumulative function; "tanh" approximates it."""
    return x.gelu(approximate)


def silu(x) -> Tensor:
    """x σ(x)."""
    return x.silu()


def sigmoid(x) -> Tensor:
    """1/(1 + e⁻ˣ)."""
    return x.sigmoid()


def tanh(x) -> Tensor:
    """The hyperbolic tangent."""
    return x.tanh()


def softmax(x, dim: int = -1) -> Tensor:
    """eˣ/Σeˣ along an axis."""
    return x.softmax(dim)


def log_softmax(x, dim: int = -1) -> Tensor:
    """The logarithm of softmax, exact where that is near 0."""
    return x.log_softmax(dim)


def softplus(x, beta: float = 1.0) -> Tensor:
    """ln(1 + e^(βx))/β."""
    return x.softplus(beta)


class ReLU(Module):
    """max(x, 0), entry by entry."""

    def forward(self, x) -> Tensor:
        return x.relu()


class LeakyReLU(Module):
    """x where x > 0, else negative_slope · x."""

    def __init__(self, negative_slope: float = 0.01):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x) -> Tensor:
        return x.leaky_relu(self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """x where x > 0, else α (eˣ - 1)."""

    def __init__(self, alpha: float = 1.0):
        super().__init__()
        self.alpha = alpha

    def forward(self, x) -> Tensor:
        return x.elu(self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class GELU(Module):
    """x Φ(x), Φ the normal distribution's cumulative function; approximate="tanh" is cheaper."""

    def __init__(self, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, x) -> Tensor:
        return x.gelu(self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """x σ(x), entry by entry."""

    def forward(self, x) -> Tensor:
        return x.silu()


class Sigmoid(Module):
    """1/(1 + e⁻ˣ), entry by entry."""

    def forward(self, x) -> Tensor:
        return x.sigmoid()


class Tanh(Module):
    """The hyperbolic tangent, entry by entry."""

    def forward(self, x) -> Tensor:
        return x.tanh()


class Softmax(Module):
    """eˣ/Σeˣ along an axis, the last by default."""

    def __init__(self, dim: int = -1):
        super().__init__()
        self.dim = dim

    def forward(self, x) -> Tensor:
        return x.softmax(self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """The logarithm of softmax along an axis, the last by default."""

    def forward(self, x) -> Tensor:
        return x.log_softmax(self.dim)


class Softplus(Module):
    """ln(1 + e^(βx))/β, a smooth relu."""

    def __init__(self, beta: float = 1.0):
        super().__init__()
        self.beta = beta

    def forward(self, x) -> Tensor:
        return x.softplus(self.beta)

    def extra_repr(self) -> str:
        return f"beta={self.beta}"


_BY_NAME = {
    "relu": ReLU, "leaky_relu": LeakyReLU, "elu": ELU, "gelu": GELU, "silu": SiLU, "sigmoid": Sigmoid, "tanh": Tanh,
    "softplus": Softplus,
}  # fmt: skip


def by_name(name: str) -> Module:
    """A new activation by its name.

    >>> by_name("tanh")
    Tanh()

    Raises ValueError for a name that is not known.
    """
    if name not in _BY_NAME:
        raise ValueError(f"there is no activation {name!r}. There are: {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]()
