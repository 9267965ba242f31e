r"""First values of weights: each function fills a floating-point tensor in place and returns it. Functions that draw
numbers take `rng`, a generator; by default the one that `gradlib.manual_seed` seeds.

Fan-in is the number of inputs that one output adds up, fan-out the number of outputs that one input reaches. A
matrix is stored as (in, out) here, so its fans are its sizes in that order. A convolution's weight is (out,
in/groups, *kernel), as in PyTorch, and each fan is multiplied by the size of the kernel.

A signal keeps its variance through a layer if the weights have variance 1/fan_in, its gradient with 1/fan_out. Xavier
takes the mean of the two fans, Kaiming one of them, times gain² to make up for the activation.
"""

from __future__ import annotations

import math
import sys

import numpy as np

from ..autograd import no_grad
from ..errors import real
from ..random import generator
from ..tensor import Tensor


def empty(*shape: int) -> np.ndarray:
    """A float32 array of zeros, ready to be filled."""
    return np.zeros(shape, dtype=np.float32)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor for weights before a nonlinearity: √2 for relu, which lets half of the variance through.

    param : the slope of a leaky relu, 0.01 by default; its gain is √(2/(1 + slope²)). The other gains are PyTorch's.

    >>> round(calculate_gain("relu"), 3), round(calculate_gain("leaky_relu", 0.2), 3), calculate_gain("tanh")
    (1.414, 1.387, 1.6666666666666667)

    Raises ValueError for an unknown nonlinearity.
    """
    if isinstance(nonlinearity, str) and nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else real("the slope of a leaky relu is a number", param)
        return math.sqrt(2 / (1 + slope**2))
    gains = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}
    gains |= dict.fromkeys(("conv1d", "conv2d"), 1.0)
    if not isinstance(nonlinearity, str) or nonlinearity not in gains:
        raise ValueError(f"no gain is known for {nonlinearity!r}. There are: {', '.join(gains)}, leaky_relu.")
    return gains[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight: a matrix (in, out), or a convolution's weight (out, in/groups, *kernel).

    >>> fans(Tensor(np.zeros((784, 10)))), fans(Tensor(np.zeros((8, 3, 5, 5))))
    ((784, 10), (75, 200))

    Raises ValueError for fewer than two axes.
    """
    shape = _fillable(tensor).shape
    if len(shape) < 2:
        raise ValueError(f"the fans of a weight need at least two axes, got shape {shape}. Fill a bias with zeros_.")
    if len(shape) == 2:
        return shape
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def _fillable(tensor: Tensor) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"an initializer fills a Tensor or a Parameter, got {type(tensor).__name__}.")
    return tensor


def _fill(tensor: Tensor, values: np.ndarray) -> Tensor:
    with no_grad():
        return tensor.copy_(values)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, *, rng: np.random.Generator | None = None) -> Tensor:
    """Uniform between a and b: mean (a + b)/2, variance (b - a)²/12.

    >>> uniform_(Tensor([0.0, 0.0]), 5.0, 6.0, rng=np.random.default_rng(0))
    Tensor([5.6369615, 5.269787 ])
    """
    real("uniform_'s a is a finite number", a, -sys.float_info.max, sys.float_info.max)
    real("uniform_'s b is a finite number, at least a", b, a, sys.float_info.max)
    return _fill(tensor, generator(rng).uniform(a, b, size=_fillable(tensor).shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, *, rng: np.random.Generator | None = None) -> Tensor:
    """Normal, with a mean and a standard deviation.

    >>> normal_(Tensor([0.0, 0.0]), mean=3.0, std=0.1, rng=np.random.default_rng(0))
    Tensor([3.012573 , 2.9867895])
    """
    real("normal_'s mean is a number", mean)
    real("normal_'s std is a number of at least 0", std, 0)
    return _fill(tensor, generator(rng).normal(mean, std, size=_fillable(tensor).shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One number everywhere.

    >>> constant_(Tensor([0.0, 0.0]), 0.5)
    Tensor([0.5, 0.5])
    """
    return _fill(tensor, np.full(_fillable(tensor).shape, real("constant_'s val is a number", val)))


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere.

    >>> zeros_(Tensor([1.0, 2.0]))
    Tensor([0., 0.])
    """
    return constant_(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere.

    >>> ones_(Tensor([0.0, 2.0]))
    Tensor([1., 1.])
    """
    return constant_(tensor, 1)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, *, rng: np.random.Generator | None = None) -> Tensor:
    """Uniform in ±gain √(6/(fan_in + fan_out)): variance 2 gain²/(fan_in + fan_out).

    >>> weight = xavier_uniform_(Tensor(np.zeros((30, 20))))  # √(6/50) = 0.346
    >>> bool(0.3 < weight.data.max() < 0.347)
    True

    Raises ValueError for fewer than two axes.
    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.
    """
    bound = _checked(gain) * math.sqrt(6 / max(sum(fans(tensor)), 1))
    return uniform_(tensor, -bound, bound, rng=rng)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, *, rng: np.random.Generator | None = None) -> Tensor:
    """Normal with variance 2 gain²/(fan_in + fan_out). Errors and source as for `xavier_uniform_`.

    >>> weight = xavier_normal_(Tensor(np.zeros((300, 200))))  # √(2/500) = 0.063
    >>> bool(0.06 < weight.data.std() < 0.066)
    True
    """
    return normal_(tensor, 0.0, _checked(gain) * math.sqrt(2 / max(sum(fans(tensor)), 1)), rng=rng)


def _checked(gain: float) -> float:
    return real("gain is a finite number of at least 0", gain, 0, sys.float_info.max)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Uniform in ±gain √(3/fan): variance gain²/fan, with the gain of a nonlinearity, see `calculate_gain`.

    a : the slope of the leaky relu that follows. mode : "fan_in" keeps the size of signals, "fan_out" the size of
    gradients.

    >>> weight = kaiming_uniform_(Tensor(np.zeros((300, 20))), nonlinearity="relu")  # √(2 · 3/300) = 0.141
    >>> bool(0.14 < weight.data.max() < 0.142)
    True

    Raises ValueError for fewer than two axes, an unknown mode or nonlinearity.
    Source: He and others, Delving deep into rectifiers, 2015.
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng=rng)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Normal with variance gain²/fan. Options, errors and source as for `kaiming_uniform_`.

    >>> weight = kaiming_normal_(Tensor(np.zeros((200, 300))), nonlinearity="relu")  # √(2/200) = 0.1
    >>> bool(0.095 < weight.data.std() < 0.105)
    True
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), rng=rng)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if not isinstance(mode, str) or mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is 'fan_in' or 'fan_out', got {mode!r}.")
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fans(tensor)[mode == "fan_out"], 1))


def orthogonal_(tensor: Tensor, gain: float = 1.0, *, rng: np.random.Generator | None = None) -> Tensor:
    """A matrix with orthonormal rows or columns, whichever are fewer, times gain; later axes count as one.

    For a square matrix W, Wᵀ W = gain² I: it rotates vectors and stretches them all by gain.

    >>> weight = orthogonal_(Tensor(np.zeros((3, 2)))).data
    >>> bool(np.allclose(weight.T @ weight, np.eye(2)))
    True

    Raises ValueError for fewer than two axes.
    Source: Saxe and others, Exact solutions to the nonlinear dynamics of learning, 2014.
    """
    if _fillable(tensor).ndim < 2:
        raise ValueError(f"orthogonal_ takes at least two axes, got shape {tensor.shape}.")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    drawn = generator(rng).normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(drawn)
    q = q * np.sign(np.diag(r))  # without it the signs follow the algorithm, not the draw
    return _fill(tensor, real("gain is a number", gain) * (q if rows >= columns else q.T).reshape(tensor.shape))
