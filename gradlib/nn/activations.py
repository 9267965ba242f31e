"""Activations, as functions of a tensor and as modules.

Each works entry by entry, softmax and log_softmax along an axis. All take a tensor, an array or nested lists of any
shape, and return a tensor of that shape.
"""

from __future__ import annotations

from ..tensor import Tensor, as_tensor
from .module import Module


def relu(x) -> Tensor:
    """max(x, 0). Its slope is 1 above 0 and 0 below, and 0 at 0, as in PyTorch.

    >>> relu([-1.0, 0.0, 2.0])
    Tensor([0., 0., 2.])

    Source: Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010.
    """
    return as_tensor(x).relu()


def leaky_relu(x, negative_slope: float = 0.01) -> Tensor:
    """x where x > 0, else a x with a = negative_slope. Its slope is 1 or a, at 0 it is a.

    >>> leaky_relu([-1.0, 2.0], 0.1)
    Tensor([-0.1,  2. ])

    Source: Maas, Hannun, Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.
    """
    return as_tensor(x).leaky_relu(negative_slope)


def elu(x, alpha: float = 1.0) -> Tensor:
    """x where x > 0, else α (eˣ - 1). Its slope is 1 or α eˣ.

    >>> elu([-100.0, 2.0], alpha=0.5)
    Tensor([-0.5,  2. ])

    Source: Clevert, Unterthiner, Hochreiter, Fast and Accurate Deep Network Learning by Exponential Linear Units, 2015.
    """
    return as_tensor(x).elu(alpha)


def gelu(x, approximate: str = "none") -> Tensor:
    """x Φ(x), with Φ the normal distribution's cumulative function. Its slope is Φ(x) + x Φ'(x).

    approximate : "tanh" takes ½ (1 + tanh(√(2/π) (x + 0.044715 x³))) for Φ(x), which needs no SciPy.

    Raises ValueError for another approximation.

    >>> gelu([-100.0, 0.0, 100.0])
    Tensor([ -0.,   0., 100.])

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.
    """
    return as_tensor(x).gelu(approximate)


def silu(x) -> Tensor:
    """x σ(x), also called swish. Its slope is σ(x) (1 + x (1 - σ(x))).

    >>> silu([0.0, 100.0])
    Tensor([  0., 100.])

    Source: Elfwing, Uchibe, Doya, Sigmoid-Weighted Linear Units, 2017.
    """
    return as_tensor(x).silu()


def sigmoid(x) -> Tensor:
    """σ(x) = 1/(1 + e⁻ˣ), without overflow. Its slope is σ(x) (1 - σ(x)).

    >>> sigmoid([-1000.0, 0.0])
    Tensor([0. , 0.5])
    """
    return as_tensor(x).sigmoid()


def tanh(x) -> Tensor:
    """The hyperbolic tangent, (eˣ - e⁻ˣ)/(eˣ + e⁻ˣ). Its slope is 1 - tanh² x.

    >>> tanh([0.0, 1000.0])
    Tensor([0., 1.])
    """
    return as_tensor(x).tanh()


def softmax(x, dim: int = -1) -> Tensor:
    """eˣ/Σeˣ along the axis dim, the last by default, without overflow: numbers above 0 with the sum 1.

    ∂zᵢ/∂xⱼ = zᵢ ([i = j] - zⱼ), so that ∂L/∂x = z (g - Σ g z). Raises ShapeError for an axis that is not there.

    >>> softmax([[0.0, 0.0], [1000.0, 0.0]])
    Tensor([[0.5, 0.5],
            [1. , 0. ]], shape=(2, 2))
    """
    return as_tensor(x).softmax(dim)


def log_softmax(x, dim: int = -1) -> Tensor:
    """x - ln Σeˣ along the axis dim, the last by default: the logarithm of softmax, exact where that is near 0.

    ∂L/∂x = g - softmax(x) Σ g. Raises ShapeError for an axis that is not there.

    >>> log_softmax([1000.0, 0.0])
    Tensor([    0., -1000.])
    """
    return as_tensor(x).log_softmax(dim)


def softplus(x, beta: float = 1.0) -> Tensor:
    """ln(1 + e^(βx))/β, a smooth relu, without overflow. Its slope is σ(βx).

    (PyTorch switches to x itself above βx = 20, its threshold. Here the formula holds everywhere.)

    >>> softplus([-1000.0, 1000.0])
    Tensor([   0., 1000.])

    Source: Dugas and others, Incorporating Second-Order Functional Knowledge for Better Option Pricing, 2000.
    """
    return as_tensor(x).softplus(beta)


class ReLU(Module):
    """max(x, 0): `relu`.

    >>> ReLU()(Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """

    def forward(self, x) -> Tensor:
        return relu(x)


class LeakyReLU(Module):
    """x where x > 0, else negative_slope · x: `leaky_relu`.

    >>> LeakyReLU(0.1)(Tensor([-1.0, 2.0]))
    Tensor([-0.1,  2. ])
    """

    def __init__(self, negative_slope: float = 0.01):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x) -> Tensor:
        return leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """x where x > 0, else α (eˣ - 1): `elu`.

    >>> ELU(0.5)(Tensor([-100.0, 2.0]))
    Tensor([-0.5,  2. ])
    """

    def __init__(self, alpha: float = 1.0):
        super().__init__()
        self.alpha = alpha

    def forward(self, x) -> Tensor:
        return elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class GELU(Module):
    """x Φ(x), with Φ the normal distribution's cumulative function: `gelu`. approximate="tanh" needs no SciPy.

    >>> GELU("tanh")(Tensor([-100.0, 100.0]))
    Tensor([ -0., 100.])
    """

    def __init__(self, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, x) -> Tensor:
        return gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """x σ(x): `silu`.

    >>> SiLU()(Tensor([0.0, 100.0]))
    Tensor([  0., 100.])
    """

    def forward(self, x) -> Tensor:
        return silu(x)


class Sigmoid(Module):
    """1/(1 + e⁻ˣ): `sigmoid`.

    >>> Sigmoid()(Tensor([-1000.0, 0.0]))
    Tensor([0. , 0.5])
    """

    def forward(self, x) -> Tensor:
        return sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent: `tanh`.

    >>> Tanh()(Tensor([0.0, 1000.0]))
    Tensor([0., 1.])
    """

    def forward(self, x) -> Tensor:
        return tanh(x)


class Softmax(Module):
    """eˣ/Σeˣ along the axis dim, the last by default: `softmax`.

    >>> Softmax(dim=0)(Tensor([[0.0, 1000.0], [0.0, 0.0]]))
    Tensor([[0.5, 1. ],
            [0.5, 0. ]], shape=(2, 2))
    """

    def __init__(self, dim: int = -1):
        super().__init__()
        self.dim = dim

    def forward(self, x) -> Tensor:
        return softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """The logarithm of softmax along the axis dim, the last by default: `log_softmax`.

    >>> LogSoftmax()(Tensor([1000.0, 0.0]))
    Tensor([    0., -1000.])
    """

    def forward(self, x) -> Tensor:
        return log_softmax(x, self.dim)


class Softplus(Module):
    """ln(1 + e^(βx))/β, a smooth relu: `softplus`.

    >>> Softplus()(Tensor([-1000.0, 1000.0]))
    Tensor([   0., 1000.])
    """

    def __init__(self, beta: float = 1.0):
        super().__init__()
        self.beta = beta

    def forward(self, x) -> Tensor:
        return softplus(x, self.beta)

    def extra_repr(self) -> str:
        return f"beta={self.beta}"


_BY_NAME = {
    "relu": ReLU, "leaky_relu": LeakyReLU, "elu": ELU, "gelu": GELU, "silu": SiLU, "sigmoid": Sigmoid, "tanh": Tanh,
    "softplus": Softplus,
}  # fmt: skip


def by_name(name: str) -> Module:
    """A new activation module, by its name.

    >>> by_name("tanh")
    Tanh()

    Raises ValueError for an unknown name.
    """
    if not isinstance(name, str) or name not in _BY_NAME:
        hint = "" if isinstance(name, str) else " An activation is given by its name."
        raise ValueError(f"there is no activation {name!r}.{hint} There are: {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]()
