"""The table of derivatives: sums, products, extremes and what is built of them, along axes.

`axis` is None for all axes, one axis, or a tuple of them; negative ones count from the end.
"""

from __future__ import annotations

import math

import numpy as np

from .table import Primitive, Vjp


def _back(value, x, axis, keepdims):
    """A result of a reduction of x, with its reduced axes back as axes of size 1: then it broadcasts with x."""
    if axis is None or keepdims or not x.ndim:  # NumPy lets a 0-d array be summed over axis 0
        return value
    return np.expand_dims(value, axis)


def spread(g, x, axis, keepdims):
    """Give every entry of x the gradient of the sum that it went into."""
    return np.broadcast_to(_back(g, x, axis, keepdims), x.shape)


# np.sum and np.mean themselves take 2 µs longer than the loop that they call.
sum = Primitive(
    "sum", lambda x, axis=None, keepdims=False: np.add.reduce(x, axis=axis, keepdims=keepdims),
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: spread(g, x, axis, keepdims),
        r"\operatorname{spread} {g}",
    ),
    latex=r"\sum {x}",
    precision="single",
)  # fmt: skip


def _mean(x, axis=None, keepdims=False):
    total = np.add.reduce(x, axis=axis, keepdims=keepdims)
    return total / _how_many(total, x)


def _total(axis, x, y=None):
    """Σ x, or Σ x y, along the axis, which stays with size 1. Along the last one einsum takes half of the time."""
    if axis in (-1, x.ndim - 1, (-1,)):
        total = np.einsum("...i->...", x) if y is None else np.einsum("...i,...i->...", x, y)
        return total[..., None]
    return (x if y is None else x * y).sum(axis=axis, keepdims=True)


def _how_many(z, x):
    """How many entries of x each entry of a reduction z is made of; NaN for none, as 0/0 is."""
    return math.prod(x.shape) / (math.prod(z.shape) or 1) or math.nan


mean = Primitive(
    "mean", _mean,
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: spread(g / _how_many(z, x), x, axis, keepdims),
        r"\operatorname{spread} {g}/n",
    ),
    precision="single",
)  # fmt: skip


def _norm(x, ord=2, axis=None, keepdims=False):
    if ord == 2:
        return np.sqrt(np.add.reduce(x * x, axis=axis, keepdims=keepdims))
    return np.add.reduce(np.abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def _norm_back(g, z, x, ord, axis, keepdims):
    """(Σ|x|^p)^(1/p) has no slope where all x are 0: the gradient there is 0, as in PyTorch."""
    size = np.where(z == 0, 1, z)
    if ord == 2:
        return x * _back(g / size, x, axis, keepdims)
    return np.sign(x) * np.abs(x) ** (ord - 1) * _back(g / size ** (ord - 1), x, axis, keepdims)


norm = Primitive(
    "norm", _norm,
    Vjp(
        lambda g, z, x, ord=2, axis=None, keepdims=False: _norm_back(g, z, x, ord, axis, keepdims),
        r"{g} \cdot \operatorname{sign}({x}) \cdot (|{x}|/{z})^{p-1}",
    ),
    latex=r"\lVert {x} \rVert",
    precision="single",
)  # fmt: skip


# The largest entry ------------------------------------------------------------


def to_extremes(g, z, x, axis, keepdims):
    """The gradient, shared evenly by the entries that attain the extreme z."""
    attained = x == _back(z, x, axis, keepdims)
    ties = np.sum(attained, axis=axis, keepdims=keepdims, dtype=x.dtype)  # whole numbers would make float64 of g
    return attained * _back(g / ties, x, axis, keepdims)


max = Primitive(
    "max", np.max,
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: to_extremes(g, z, x, axis, keepdims),
        r"[{x} = {z}]\,{g}/\text{ties}",
    ),
    latex=r"\max {x}",
)  # fmt: skip

min = Primitive(
    "min", np.min,
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: to_extremes(g, z, x, axis, keepdims),
        r"[{x} = {z}]\,{g}/\text{ties}",
    ),
    latex=r"\min {x}",
)  # fmt: skip

# Softmax and its kin ------------------------------------------------------------


def _floating(x):
    return x if x.dtype.kind == "f" else x.astype(np.float32)


def _logsumexp(x, axis=None, keepdims=False):
    x = _floating(x)
    peak = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    peak = np.where(np.isfinite(peak), peak, np.zeros_like(peak))  # ∞ - ∞ is no number
    with np.errstate(divide="ignore"):  # ln 0 = -∞ is the right answer for a row of -∞
        z = np.log(np.sum(np.exp(x - peak), axis=axis, keepdims=True)) + peak  # every exponent is at most 0
    return z if keepdims else np.squeeze(z, axis=axis)


logsumexp = Primitive(
    "logsumexp", _logsumexp,
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: (
            _back(g, x, axis, keepdims) * np.exp(x - _back(np.where(z == -np.inf, 0, z), x, axis, keepdims))
        ),
        r"{g}\,e^{{x} - {z}}",
    ),
    latex=r"\ln \sum e^{{x}}",
    precision="single",
)  # fmt: skip


def _softmax(x, axis):
    x = _floating(x)
    z = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf))  # at most 1: no overflow
    z /= np.add.reduce(z, axis=axis, keepdims=True)
    return z


softmax = Primitive(
    "softmax", _softmax,
    Vjp(
        lambda g, z, x, axis: z * (g - _total(axis, g, z)),
        r"{z}\,({g} - \sum {g}\,{z})",
    ),
    precision="single",
)  # fmt: skip


def _log_softmax(x, axis):
    x = _floating(x)
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


log_softmax = Primitive(
    "log_softmax", _log_softmax,
    Vjp(
        lambda g, z, x, axis: g - np.exp(z) * g.sum(axis=axis, keepdims=True),
        r"{g} - e^{{z}} \sum {g}",
    ),
    precision="single",
)  # fmt: skip

# The cross-entropy of a row of scores x with the class i that is right: z = ln Σ eˣ - xᵢ = -ln softmax(x)ᵢ, whose slope
# is softmax(x) less 1 at i. As one entry, with the mean over the rows in it, a small network's step takes 15 % less
# time than composed of log_softmax, indexing and mean.


def _cross_entropy(x, index, reduction="none"):
    x = _floating(x)
    shifted = x - np.maximum.reduce(x, axis=-1, keepdims=True)
    rows = shifted.reshape(-1, x.shape[-1])  # (…, C) -> (N, C)
    right = rows[np.arange(len(rows)), index.reshape(-1)].reshape(index.shape)
    losses = np.log(np.add.reduce(np.exp(shifted), axis=-1)) - right
    return losses if reduction == "none" else np.add.reduce(losses, axis=None) / (losses.size or math.nan)


def cross_entropy_back(g, x, index, reduction):
    """The gradient of cross-entropy with respect to the scores: softmax minus the label as one-hot, times g."""
    wrong = softmax(x, axis=-1) - (index[..., None] == np.arange(x.shape[-1]))  # p - y
    return wrong * (np.expand_dims(g, -1) if reduction == "none" else g / (index.size or math.nan))


cross_entropy = Primitive(
    "cross_entropy", _cross_entropy,
    Vjp(
        lambda g, z, x, index, reduction="none": cross_entropy_back(g, x, index, reduction),
        r"{g}\,(\operatorname{softmax} {x} - [i])",
    ),
    latex=r"-\ln \operatorname{softmax}({x})_i",
    precision="single",
)  # fmt: skip

# To mean 0 and variance 1, which batch, layer and group normalization begin with. Composed of ten operations a layer
# takes twice the time. With s = √(var + ε), x moves its own mean and s too: ∂L/∂x = (g - mean g - z mean(g z))/s.


def _average(axis, x, y=None):
    total = _total(axis, x, y)
    return total / _how_many(total, x)


def _normalize(x, axis, eps):
    centered = x - _average(axis, x)
    centered /= np.sqrt(_average(axis, centered, centered) + eps)
    return centered


def _normalize_back(g, z, x, axis, eps):
    centered = x - _average(axis, x)
    s = np.sqrt(_average(axis, centered, centered) + eps)
    return (g - _average(axis, g) - z * _average(axis, g, z)) / s


normalize = Primitive(
    "normalize", _normalize,
    Vjp(
        lambda g, z, x, axis, eps: _normalize_back(g, z, x, axis, eps),
        r"({g} - \operatorname{mean} {g} - {z} \operatorname{mean}({g}\,{z}))/s",
    ),
    precision="single",
)  # fmt: skip

# Running sums and products ------------------------------------------------------------


def _cumsum_back(g, axis):
    return np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)


cumsum = Primitive(
    "cumsum", lambda x, axis: np.cumsum(x, axis=axis),
    Vjp(lambda g, z, x, axis: _cumsum_back(g, axis), r"\sum_{j \geq i} {g}_j"),
    precision="single",
)  # fmt: skip


def _without_each(x):
    """(…, n) -> (…, n, n): row i is x with entry i replaced by 1."""
    return np.where(np.eye(x.shape[-1], dtype=bool), 1, np.expand_dims(x, -2))


def _prod_back(g, z, x, axis, keepdims):
    """∂z/∂xᵢ is the product of the others: z/xᵢ, unless there is a zero to divide by."""
    if np.all(x != 0):
        return _back(g * z, x, axis, keepdims) / x
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
    ends = tuple(range(x.ndim - len(axes), x.ndim))
    moved = np.moveaxis(x, axes, ends)
    flat = np.reshape(moved, (*moved.shape[: x.ndim - len(axes)], -1))  # the reduced axes as one, the last
    others = np.prod(_without_each(flat), axis=-1)  # (…, n, n) -> (…, n)
    return np.moveaxis(np.reshape(others, moved.shape), ends, axes) * _back(g, x, axis, keepdims)


prod = Primitive(
    "prod", np.prod,
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: _prod_back(g, z, x, axis, keepdims),
        r"{g} \prod_{j \neq i} {x}_j",
    ),
    latex=r"\prod {x}",
    precision="single",
)  # fmt: skip


def _cumprod_back(g, z, x, axis):
    """Product j holds xᵢ for every j ≥ i, and its slope there is the product of the other factors."""
    if np.all(x != 0):
        return _cumsum_back(g * z, axis) / x
    g, x = np.moveaxis(g, axis, -1), np.moveaxis(x, axis, -1)
    others = np.cumprod(_without_each(x), axis=-1)  # (…, n, n): row i, column j: product j without factor i
    holds = np.triu(np.ones(x.shape[-1:] * 2, dtype=bool))
    return np.moveaxis(np.sum(np.where(holds, others, 0) * np.expand_dims(g, -2), axis=-1), -1, axis)


cumprod = Primitive(
    "cumprod", lambda x, axis: np.cumprod(x, axis=axis),
    Vjp(
        lambda g, z, x, axis: _cumprod_back(g, z, x, axis),
        r"\sum_{j \geq i} {g}_j \prod_{k \leq j, k \neq i} {x}_k",
    ),
    precision="single",
)  # fmt: skip
