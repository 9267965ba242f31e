"""The table of derivatives: sums, products, extremes along axes, and operations built from them.

`axis` is None for all axes, one axis, or a tuple of them; negative ones count from the end.
"""

from __future__ import annotations

import math

import numpy as np

from .elementwise import _ratio
from .table import HALF, Primitive, Vjp, in_single


def _back(value, x, axis, keepdims):
    """Restore the reduced axes of a result as axes of size 1: then it broadcasts with x."""
    if axis is None or keepdims or not x.ndim:  # NumPy lets a 0-d array be summed over axis 0
        return value
    return np.expand_dims(value, axis)


def spread(g, x, axis, keepdims):
    """Give every entry of x the gradient of the sum that it went into."""
    return np.broadcast_to(_back(g, x, axis, keepdims), x.shape)


# NumPy adds pairwise along axes that lie together in memory, else row by row. In float32 the mean of 10⁶ rows of 0.1 is
# then off by 1 %, that of 1,024 rows by 1e-5. More rows are added in float64: 2 to 3 times as long, about 1 % of
# the product of a layer with as many rows.
_MANY = 1024


def _axes_of(x, axis):
    """List the reduced axes, counted from the front."""
    axes = range(x.ndim) if axis is None or not x.ndim else axis if isinstance(axis, tuple) else (axis,)
    return [a % x.ndim for a in axes]


def _rows(x, axis):
    """Count the rows that NumPy would add to one another one by one."""
    axes = _axes_of(x, axis)
    rows, together = 1, x.itemsize  # the step in memory from one run of entries added pairwise to the next
    for step, size, a in sorted(zip(x.strides, x.shape, range(x.ndim), strict=True)):
        if a in axes and step == together:
            together *= size
        elif a in axes:
            rows *= size
    return rows


def _sum(x, axis=None, keepdims=False):
    if x.dtype == HALF:
        return _sum(x.astype(np.float32), axis, keepdims).astype(HALF)
    total = np.add.reduce(x, axis=axis, keepdims=keepdims)  # 2 µs less than np.sum, which calls it
    if x.size <= _MANY * total.size or x.dtype != np.float32 or type(x) is not np.ndarray or _rows(x, axis) <= _MANY:
        return total
    return np.add.reduce(x, axis=axis, keepdims=keepdims, dtype=np.float64).astype(np.float32)


# The sums of all rules, of the engine too, are this entry.
sum_ = Primitive(
    "sum", _sum,
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: spread(g, x, axis, keepdims),
        r"\operatorname{spread} {g}",
    ),
    latex=r"\sum {x}",
    precision="single",
)  # fmt: skip


@in_single
def _mean(x, axis=None, keepdims=False):
    total = _sum(x, axis, keepdims)
    return total / _how_many(total, x)


@in_single  # in float16 more than 65504 entries are infinitely many
def _mean_back(g, z, x, axis, keepdims):
    return spread(g / _how_many(z, x), x, axis, keepdims)


def _total(axis, x, y=None):
    """Σ x, or Σ x y, along the axis, which stays with size 1. Along a short last one einsum takes half of the time."""
    if x.ndim and axis in (-1, x.ndim - 1, (-1,)) and x.shape[-1] <= _MANY:
        total = np.einsum("...i->...", x) if y is None else np.einsum("...i,...i->...", x, y)
        return total[..., None]
    return sum_(x if y is None else x * y, axis=axis, keepdims=True)


def _how_many(z, x):
    """Count the entries of x behind each entry of its reduction z; NaN for none, since 0/0 is NaN."""
    return math.prod(x.shape) / (math.prod(z.shape) or 1) or math.nan


mean = Primitive(
    "mean", _mean,
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: _mean_back(g, z, x, axis, keepdims),
        r"\operatorname{spread} {g}/n",
    ),
    precision="single",
)  # fmt: skip


def _center(x, axis):
    x = _floating(x)
    axes = _axes_of(x, axis)
    first = x[tuple(slice(1) if a in axes else slice(None) for a in range(x.ndim))]
    shifted = x - first  # exactly 0 where all entries are equal, which rounding makes of x - mean x only by chance
    return shifted - _mean(shifted, axis, keepdims=True)


# Of deviations from the mean, variances and standard deviations are made.
center = Primitive(
    "center", in_single(_center),
    Vjp(
        lambda g, z, x, axis: g - mean(g, axis=axis, keepdims=True),
        r"{g} - \operatorname{mean} {g}",
    ),
    latex=r"{x} - \operatorname{mean} {x}",
    precision="single",
)  # fmt: skip


@in_single
def _norm(x, ord=2, axis=None, keepdims=False):
    if ord == 2:
        return np.sqrt(_sum(x * x, axis, keepdims))
    return _sum(np.abs(x) ** ord, axis, keepdims) ** (1 / ord)


@in_single
def _norm_back(g, z, x, ord, axis, keepdims):
    """(Σ|x|^p)^(1/p) has no slope where all x are 0: the gradient there is 0, as in PyTorch. For p < 1, |x|^(p - 1) is
    infinite at each x = 0; there 0 is chosen, too."""
    if ord == 2:
        return x * _back(_ratio(g, z), x, axis, keepdims)
    if ord < 1:
        return np.sign(x) * _ratio(np.abs(x) ** ord, np.abs(x)) * _back(g * z ** (1 - ord), x, axis, keepdims)
    return np.sign(x) * np.abs(x) ** (ord - 1) * _back(_ratio(g, z ** (ord - 1)), x, axis, keepdims)


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


@in_single
def to_extremes(g, z, x, axis, keepdims):
    """Share the gradient evenly among the entries that attain the extreme z."""
    attained = x == _back(z, x, axis, keepdims)
    ties = sum_(attained.astype(x.dtype), axis=axis, keepdims=keepdims)  # integers would make g float64
    return attained * _back(g / ties, x, axis, keepdims)


max_ = Primitive(
    "max", np.max,
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: to_extremes(g, z, x, axis, keepdims),
        r"[{x} = {z}]\,{g}/\text{ties}",
    ),
    latex=r"\max {x}",
)  # fmt: skip

min_ = Primitive(
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


@in_single
def _logsumexp(x, axis=None, keepdims=False):
    x = _floating(x)
    peak = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    peak = np.where(np.isfinite(peak), peak, np.zeros_like(peak))  # ∞ - ∞ is NaN
    with np.errstate(divide="ignore"):  # ln 0 = -∞ is the right answer for a row of -∞
        z = np.log(_sum(np.exp(x - peak), axis, True)) + peak  # every exponent is at most 0
    return z if keepdims else np.squeeze(z, axis=axis)


@in_single
def _logsumexp_back(g, z, x, axis, keepdims):
    z = np.where(z == -np.inf, 0, z)
    return _back(g, x, axis, keepdims) * np.exp(x - _back(z, x, axis, keepdims))


logsumexp = Primitive(
    "logsumexp", _logsumexp,
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: _logsumexp_back(g, z, x, axis, keepdims),
        r"{g}\,e^{{x} - {z}}",
    ),
    latex=r"\ln \sum e^{{x}}",
    precision="single",
)  # fmt: skip


@in_single
def _softmax(x, axis):
    x = _floating(x)
    z = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf))  # at most 1: no overflow
    z /= _sum(z, axis, True)
    return z


@in_single
def _softmax_back(g, z, axis):
    return z * (g - _total(axis, g, z))


softmax = Primitive(
    "softmax", _softmax,
    Vjp(
        lambda g, z, x, axis: _softmax_back(g, z, axis),
        r"{z}\,({g} - \sum {g}\,{z})",
    ),
    precision="single",
)  # fmt: skip


@in_single
def _log_softmax(x, axis):
    x = _floating(x)
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(_sum(np.exp(shifted), axis, True))


@in_single
def _log_softmax_back(g, z, axis):
    return g - np.exp(z) * sum_(g, axis=axis, keepdims=True)


log_softmax = Primitive(
    "log_softmax", _log_softmax,
    Vjp(
        lambda g, z, x, axis: _log_softmax_back(g, z, axis),
        r"{g} - e^{{z}} \sum {g}",
    ),
    precision="single",
)  # fmt: skip

# The cross-entropy of a row of scores x with the class i that is right: z = ln Σ eˣ - xᵢ = -ln softmax(x)ᵢ, whose slope
# is softmax(x) minus 1 at i. As one entry, with the mean over the rows in it, a small network's step takes 15 % less
# time than composed of log_softmax, indexing and mean.


@in_single
def _cross_entropy(x, index, reduction="none"):
    x = _floating(x)
    shifted = x - np.maximum.reduce(x, axis=-1, keepdims=True)
    rows = shifted.reshape(-1, x.shape[-1])  # (…, C) -> (N, C)
    right = rows[np.arange(len(rows)), index.reshape(-1)].reshape(index.shape)
    losses = np.log(_sum(np.exp(shifted), -1)) - right
    return losses if reduction == "none" else _sum(losses) / (losses.size or math.nan)


@in_single
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


def _standard(x, axis, eps):
    """Compute x - mean x and s."""
    mean_x = _average(axis, x)
    centered = x - mean_x
    s = np.sqrt(_average(axis, centered, centered) + eps)
    if (np.abs(mean_x) > 30 * s).any():  # then the rounding error of the mean is too large beside s
        centered = center(x, axis=axis)
        s = np.sqrt(_average(axis, centered, centered) + eps)
    return centered, s


@in_single
def _normalize(x, axis, eps):
    centered, s = _standard(x, axis, eps)
    centered /= s
    return centered


@in_single
def _normalize_back(g, z, x, axis, eps):
    _, s = _standard(x, axis, eps)
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


@in_single
def _cumsum(x, axis):
    if x.dtype == np.float32 and x.shape[axis] > _MANY:
        return np.cumsum(x, axis=axis, dtype=np.float64).astype(np.float32)
    return np.cumsum(x, axis=axis)


def _cumsum_back(g, axis):
    return np.flip(cumsum(np.flip(g, axis), axis=axis), axis)


cumsum = Primitive(
    "cumsum", _cumsum,
    Vjp(lambda g, z, x, axis: _cumsum_back(g, axis), r"\sum_{j \geq i} {g}_j"),
    precision="single",
)  # fmt: skip


def _without_each(x):
    """(…, n) -> (…, n, n): row i is x with entry i replaced by 1."""
    return np.where(np.eye(x.shape[-1], dtype=bool), 1, np.expand_dims(x, -2))


@in_single
def _prod_back(g, z, x, axis, keepdims):
    """∂z/∂xᵢ is the product of the others: z/xᵢ, unless there is a 0 or an infinity to divide by."""
    if np.all((x != 0) & np.isfinite(x)):
        return _back(g * z, x, axis, keepdims) / x
    axes = _axes_of(x, axis)
    ends = tuple(range(x.ndim - len(axes), x.ndim))
    moved = np.moveaxis(x, axes, ends)
    flat = np.reshape(moved, (*moved.shape[: x.ndim - len(axes)], -1))  # the reduced axes as one, the last
    others = np.prod(_without_each(flat), axis=-1)  # (…, n, n) -> (…, n)
    return np.moveaxis(np.reshape(others, moved.shape), ends, axes) * _back(g, x, axis, keepdims)


prod = Primitive(
    "prod", in_single(np.prod),
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: _prod_back(g, z, x, axis, keepdims),
        r"{g} \prod_{j \neq i} {x}_j",
    ),
    latex=r"\prod {x}",
    precision="single",
)  # fmt: skip


@in_single
def _cumprod_back(g, z, x, axis):
    """Product j holds xᵢ for every j ≥ i, and its slope there is the product of the other factors."""
    if np.all((x != 0) & np.isfinite(x)):
        return _cumsum_back(g * z, axis) / x
    g, x = np.moveaxis(g, axis, -1), np.moveaxis(x, axis, -1)
    others = np.cumprod(_without_each(x), axis=-1)  # (…, n, n): row i, column j: product j without factor i
    holds = np.triu(np.ones(x.shape[-1:] * 2, dtype=bool))
    return np.moveaxis(sum_(np.where(holds, others, 0) * np.expand_dims(g, -2), axis=-1), -1, axis)


cumprod = Primitive(
    "cumprod", in_single(lambda x, axis: np.cumprod(x, axis=axis)),
    Vjp(
        lambda g, z, x, axis: _cumprod_back(g, z, x, axis),
        r"\sum_{j \geq i} {g}_j \prod_{k \leq j, k \neq i} {x}_k",
    ),
    precision="single",
)  # fmt: skip
