"""The operations as methods, under NumPy's and PyTorch's names.

Each method calls an entry of the table, or is composed of other methods. PyTorch's `dim` and `keepdim` and NumPy's
`axis` and `keepdims` are both accepted.
"""

from __future__ import annotations

import functools
import math
from numbers import Real
from typing import Any

import numpy as np

from . import primitives as P
from .device import DeviceArray
from .device import to as moved
from .errors import (
    ShapeError,
    axis_out_of_range,
    bad_data,
    cannot_broadcast,
    flag,
    holdable,
    not_an_axis,
    not_over_axis,
    not_pairs,
    nothing_to_reduce,
    real,
    refuse_masked,
    shown,
    twice,
    whole,
)


def _if_a_number(method):
    """Let a method along one axis treat a 0-d tensor as a vector of one entry, as PyTorch does."""

    @functools.wraps(method)
    def along_one_axis(self, *args, **keywords):
        if self.ndim:
            return method(self, *args, **keywords)
        result = method(self.reshape(1), *args, **keywords)
        return tuple(part.reshape(()) for part in result) if isinstance(result, tuple) else result.reshape(())

    return along_one_axis


class Operations:
    """The operators and methods of a tensor that compute.

    A subclass defines three methods. `_apply(op, *inputs, **keywords)` applies an entry of the table to objects of the
    class, `_operand(value)` converts the other operand of an operator, and `_index(index)` converts an index.
    `self._apply` takes only such objects; calling an entry, P.maximum(x, y), also takes numbers and arrays.
    """

    __slots__ = ()

    # Operators --------------------------------------------------------------------------------------------

    def __add__(self, other):
        return self._apply(P.add, self, self._operand(other))

    def __radd__(self, other):
        return self._apply(P.add, self._operand(other), self)

    def __sub__(self, other):
        return self._apply(P.sub, self, self._operand(other))

    def __rsub__(self, other):
        return self._apply(P.sub, self._operand(other), self)

    def __mul__(self, other):
        return self._apply(P.mul, self, self._operand(other))

    def __rmul__(self, other):
        return self._apply(P.mul, self._operand(other), self)

    def __truediv__(self, other):
        return self._apply(P.div, self, self._operand(other))

    def __rtruediv__(self, other):
        return self._apply(P.div, self._operand(other), self)

    def __pow__(self, other):
        return self._apply(P.pow, self, self._operand(other))

    def __rpow__(self, other):
        return self._apply(P.pow, self._operand(other), self)

    def __matmul__(self, other):
        return self._apply(P.matmul, self, self._operand(other))

    def __rmatmul__(self, other):
        return self._apply(P.matmul, self._operand(other), self)

    def __mod__(self, other):
        return self._apply(P.remainder, self, self._operand(other))

    def __rmod__(self, other):
        return self._apply(P.remainder, self._operand(other), self)

    def __floordiv__(self, other):
        return self._apply(P.floor_divide, self, self._operand(other))

    def __rfloordiv__(self, other):
        return self._apply(P.floor_divide, self._operand(other), self)

    def __divmod__(self, other):
        return self // other, self % other

    def __rdivmod__(self, other):
        return other // self, other % self

    def __abs__(self):
        return self._apply(P.abs, self)

    def __neg__(self):
        return self._apply(P.neg, self)

    def __pos__(self):
        return self

    def __getitem__(self, index):
        return self._apply(P.getitem, self, index=self._index(index))

    # Elementary functions ---------------------------------------------------------------------------------

    def abs(self):
        """|x|, entry by entry; the gradient at 0 is 0."""
        return self._apply(P.abs, self)

    def sign(self):
        """The sign -1, 0 or 1, entry by entry. Its gradient is 0."""
        return self._apply(P.sign, self)

    def floor(self):
        """The largest integer that is at most x, entry by entry. Its gradient is 0."""
        return self._apply(P.floor, self)

    def ceil(self):
        """The smallest integer that is at least x, entry by entry. Its gradient is 0."""
        return self._apply(P.ceil, self)

    def round(self, decimals: int = 0):
        """Round to `decimals` decimals, entry by entry; halves go to the even neighbour. Its gradient is 0."""
        decimals = whole("round takes decimals, an integer", decimals)
        return self._apply(P.round, self, decimals=decimals)

    def square(self):
        """x², entry by entry."""
        return self._apply(P.square, self)

    def sqrt(self):
        """The square root, entry by entry."""
        return self._apply(P.sqrt, self)

    def reciprocal(self):
        """1/x, entry by entry."""
        return self._apply(P.reciprocal, self)

    def exp(self):
        """eˣ, entry by entry."""
        return self._apply(P.exp, self)

    def expm1(self):
        """eˣ - 1, entry by entry, exact for small x."""
        return self._apply(P.expm1, self)

    def log(self):
        """The natural logarithm, entry by entry."""
        return self._apply(P.log, self)

    def log1p(self):
        """ln(1 + x), entry by entry, exact for small x."""
        return self._apply(P.log1p, self)

    def log2(self):
        """The logarithm to base 2, entry by entry."""
        return self._apply(P.log2, self)

    def log10(self):
        """The logarithm to base 10, entry by entry."""
        return self._apply(P.log10, self)

    def exp2(self):
        """2ˣ, entry by entry."""
        return self._apply(P.exp2, self)

    def rsqrt(self):
        """1/√x, entry by entry."""
        return self.sqrt().reciprocal()

    def sin(self):
        """The sine of x in radians, entry by entry."""
        return self._apply(P.sin, self)

    def cos(self):
        """The cosine of x in radians, entry by entry."""
        return self._apply(P.cos, self)

    def tan(self):
        """The tangent of x in radians, entry by entry."""
        return self._apply(P.tan, self)

    def arcsin(self):
        """The angle in radians whose sine is x, entry by entry."""
        return self._apply(P.arcsin, self)

    def arccos(self):
        """The angle in radians whose cosine is x, entry by entry."""
        return self._apply(P.arccos, self)

    def arctan(self):
        """The angle in radians whose tangent is x, entry by entry."""
        return self._apply(P.arctan, self)

    def sinh(self):
        """The hyperbolic sine, entry by entry."""
        return self._apply(P.sinh, self)

    def cosh(self):
        """The hyperbolic cosine, entry by entry."""
        return self._apply(P.cosh, self)

    def arcsinh(self):
        """The number whose hyperbolic sine is x, entry by entry."""
        return self._apply(P.arcsinh, self)

    def arccosh(self):
        """The number ≥ 0 whose hyperbolic cosine is x, entry by entry."""
        return self._apply(P.arccosh, self)

    def arctanh(self):
        """The number whose hyperbolic tangent is x, entry by entry."""
        return self._apply(P.arctanh, self)

    def tanh(self):
        """The hyperbolic tangent, entry by entry."""
        return self._apply(P.tanh, self)

    def erf(self):
        """The error function, 2/√π ∫₀ˣ e^(-t²) dt, entry by entry (computed by SciPy)."""
        return self._apply(P.erf, self)

    def atan2(self, other):
        """The angle in radians of the point (other, self), entry by entry."""
        return P.atan2(self, other)

    def logaddexp(self, other):
        """ln(eˣ + eʸ), entry by entry, without overflow."""
        return P.logaddexp(self, other)

    def remainder(self, other):
        """x mod y, entry by entry, with the sign of y."""
        return P.remainder(self, other)

    def pow(self, exponent):
        """xʸ, entry by entry."""
        return self**exponent

    def lerp(self, end, weight):
        """Linear interpolation from x = self to y = `end`: x + w (y - x), entry by entry, with w = `weight`."""
        if self.dtype == np.float16 == getattr(end, "dtype", None):  # the difference may be above 65504
            return self.float().lerp(end.astype(np.float32), weight).astype(self.dtype)
        return self + weight * (end - self)

    asin, acos, atan, arctan2 = arcsin, arccos, arctan, atan2
    asinh, acosh, atanh = arcsinh, arccosh, arctanh

    # Activations ------------------------------------------------------------------------------------------

    def sigmoid(self):
        """σ(x) = 1/(1 + e⁻ˣ), entry by entry, without overflow."""
        return self._apply(P.sigmoid, self)

    def relu(self):
        """max(x, 0), entry by entry; the gradient at 0 is 0."""
        return self._apply(P.relu, self)

    def leaky_relu(self, negative_slope: float = 0.01):
        """x where x > 0, else negative_slope · x."""
        negative_slope = real("leaky_relu takes negative_slope, a number", negative_slope)
        return self._apply(P.leaky_relu, self, negative_slope=negative_slope)

    def elu(self, alpha: float = 1.0):
        """x where x > 0, else α (eˣ - 1)."""
        alpha = real("elu takes alpha, a number", alpha)
        # Clipped, so that expm1 does not overflow. The curvature jumps at 0; there it is 0, as in PyTorch.
        return P.where(self < 0, alpha * self.clip(max=0.0).expm1(), self.clip(min=0.0).leaky_relu(alpha))

    def gelu(self, approximate: str = "none"):
        """x Φ(x), where Φ is the cumulative distribution function of the standard normal; "tanh" approximates it.

        Source: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.
        """
        if not isinstance(approximate, str) or approximate not in ("none", "tanh"):
            raise ValueError(f"gelu takes approximate='none' or 'tanh', got {approximate!r}.")
        return self._apply(P.gelu, self, approximate=approximate)

    def silu(self):
        """x σ(x), entry by entry."""
        return self._apply(P.silu, self)

    def softplus(self, beta: float = 1.0):
        """ln(1 + e^(βx))/β, a smooth relu, without overflow."""
        beta = real("softplus takes beta, a number", beta)
        scaled = self if beta == 1 else self * beta
        result = P.logaddexp(scaled, 0.0)
        return result if beta == 1 else result / beta

    # Choosing ---------------------------------------------------------------------------------------------

    def maximum(self, other):
        """The larger of the two, entry by entry. At a tie each gets half of the gradient."""
        return P.maximum(self, other)

    def minimum(self, other):
        """The smaller of the two, entry by entry. At a tie each gets half of the gradient."""
        return P.minimum(self, other)

    def clip(self, min=None, max=None):
        """The nearest number in [min, max], entry by entry. The gradient is 0 outside the bounds and 1 on a bound.

        Bounds that are tensors get a gradient too, where they apply.
        """
        if min is None and max is None:
            raise TypeError("clip needs min, max, or both: without a bound there is nothing to do.")
        if isinstance(min, Operations) or isinstance(max, Operations):
            bounded = self if min is None else P.where((self < min) | (min != min), min, self)  # NaN as a bound: NaN
            return bounded if max is None else P.where((bounded > max) | (max != max), max, bounded)
        return self._apply(P.clip, self, min=min, max=max)

    clamp = clip

    def where(self, condition, other):
        """The entries of this tensor where the condition holds, those of `other` elsewhere."""
        return P.where(condition, self, other)

    def masked_fill(self, mask, value):
        """`value` where the mask is true, the entries of this tensor elsewhere."""
        return P.where(mask, value, self)

    # Results that are plain arrays: there is no derivative to record --------------------------------------

    def isnan(self) -> np.ndarray:
        """True where an entry is NaN, as a plain array."""
        return np.isnan(self.data)

    def isfinite(self) -> np.ndarray:
        """True where an entry is neither infinite nor NaN, as a plain array."""
        return np.isfinite(self.data)

    def isinf(self) -> np.ndarray:
        """True where an entry is infinite, as a plain array."""
        return np.isinf(self.data)

    def any(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False) -> np.ndarray:
        """True where any entry along the axes is not 0, as a plain array."""
        return _plainly(np.any, self, several_axes(self.ndim, axis, keepdims, dim, keepdim))

    def all(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False) -> np.ndarray:
        """True where no entry along the axes is 0, as a plain array."""
        return _plainly(np.all, self, several_axes(self.ndim, axis, keepdims, dim, keepdim))

    def argmax(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False) -> np.ndarray:
        """The index of the largest entry along the axis, the first at a tie, as a plain array."""
        return _plainly(np.argmax, self, several_axes(self.ndim, axis, keepdims, dim, keepdim))

    def argmin(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False) -> np.ndarray:
        """The index of the smallest entry along the axis, the first at a tie, as a plain array."""
        return _plainly(np.argmin, self, several_axes(self.ndim, axis, keepdims, dim, keepdim))

    def argsort(self, dim: int = -1, descending: bool = False, stable: bool = True, *, axis=None) -> np.ndarray:
        """The indices that sort along an axis, as a plain array.

        Equal entries keep their order whatever `stable` says; it is there because PyTorch has it.
        """
        axis = one_axis(axis, dim, self.ndim)
        if not self.ndim:
            return np.zeros((), dtype=np.intp)
        if not flag("descending", descending):
            return np.argsort(self.data, axis=axis, kind="stable")
        last = self.data.shape[axis] - 1  # flipped twice, so that ties keep their order
        return np.flip(last - np.argsort(np.flip(self.data, axis), axis=axis, kind="stable"), axis)

    # Reductions -------------------------------------------------------------------------------------------

    def sum(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False):
        """The sum over one axis, several axes, or all. PyTorch's names are `dim` and `keepdim`; they mean the same.

        >>> from gradlib import Tensor
        >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).sum(axis=-1)
        Tensor([3., 7.])
        """
        return self._apply(P.sum, self, **several_axes(self.ndim, axis, keepdims, dim, keepdim))

    def mean(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False):
        """The mean over one axis, several axes, or all."""
        return self._apply(P.mean, self, **several_axes(self.ndim, axis, keepdims, dim, keepdim))

    def prod(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False):
        """The product over one axis, several axes, or all. The gradient is correct at zeros too."""
        return self._apply(P.prod, self, **several_axes(self.ndim, axis, keepdims, dim, keepdim))

    def max(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False):
        """The largest entry along the axes; `argmax` gives its index. Entries that tie share the gradient evenly.

        This is PyTorch's amax. (PyTorch's max with a dim also returns indices, and only one entry gets the gradient.)
        """
        return self._apply(P.max, self, **several_axes(self.ndim, axis, keepdims, dim, keepdim))

    def min(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False):
        """The smallest entry along the axes; `argmin` gives its index. Entries that tie share the gradient evenly."""
        return self._apply(P.min, self, **several_axes(self.ndim, axis, keepdims, dim, keepdim))

    amax, amin = max, min

    def var(self, axis=None, *unnamed, keepdims: bool = False, correction: int = 1, dim=None, keepdim: bool = False,
            unbiased: bool | None = None, ddof: int | None = None):  # fmt: skip
        """The variance Σ(x - mean)²/(n - correction) along the axes; correction=1 is unbiased for a sample.

        `unbiased=False` and NumPy's `ddof=0` are other names for correction=0. keepdims needs its name: a second
        argument without one is PyTorch's `unbiased`, and is refused.
        """
        correction = _correction("var", unnamed, correction, unbiased, ddof)
        if self.dtype == np.float16:  # squares above 65504 are infinite there
            wide = self.float().var(axis, keepdims=keepdims, correction=correction, dim=dim, keepdim=keepdim)
            return wide.astype(self.dtype)
        centered, count = self._centered("var", axis, dim)
        return centered.square().sum(axis, keepdims, dim=dim, keepdim=keepdim) / _positive(count - correction)

    def std(self, axis=None, *unnamed, keepdims: bool = False, correction: int = 1, dim=None, keepdim: bool = False,
            unbiased: bool | None = None, ddof: int | None = None):  # fmt: skip
        """The square root of the variance, with the arguments of `var`. Where all entries are equal, it is 0 and so is
        its gradient."""
        correction = _correction("std", unnamed, correction, unbiased, ddof)
        if self.dtype == np.float16:
            wide = self.float().std(axis, keepdims=keepdims, correction=correction, dim=dim, keepdim=keepdim)
            return wide.astype(self.dtype)
        centered, count = self._centered("std", axis, dim)
        return centered.norm(2, axis, keepdims, dim=dim, keepdim=keepdim) / _positive(count - correction) ** 0.5

    def center(self, axis=None, *, dim=None):
        """x minus its mean over the axes, which is exactly 0 where all entries are equal."""
        return self._centered("center", axis, dim)[0]

    def _centered(self, name: str, axis, dim) -> tuple[Any, int]:
        """The deviations from the mean, and how many entries the mean is of."""
        axis = several_axes(self.ndim, axis, False, dim, False)["axis"]
        _check_over(name, axis, self.shape)
        axes = range(self.ndim) if axis is None or not self.ndim else axis if isinstance(axis, tuple) else (axis,)
        return self._apply(P.center, self, axis=axis), math.prod(self.shape[a] for a in axes)

    def norm(self, ord: float = 2, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False, p=None):
        """(Σ|x|^ord)^(1/ord) over the axes, by default over all entries; ord may be ∞. Its gradient at 0 is 0.

        p : PyTorch's name for ord.
        """
        if p is not None and not (isinstance(ord, Real) and ord == 2):
            raise TypeError(f"ord={shown(ord)} and p={shown(p)} are two names for the same argument: give one.")
        ord = ord if p is None else p
        axes = several_axes(self.ndim, axis, keepdims, dim, keepdim)
        if isinstance(ord, (bool, np.bool_)) or not isinstance(ord, Real) or not ord > 0:
            raise ValueError(f"norm takes a positive order (1, 2, 3, …) or math.inf for the maximum, got {ord!r}.")
        if ord == math.inf:
            return self.abs().max(**axes)
        return self._apply(P.norm, self, ord=ord.item() if isinstance(ord, np.generic) else ord, **axes)

    def logsumexp(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False):
        """ln Σ eˣ over the axes, without overflow."""
        return self._apply(P.logsumexp, self, **several_axes(self.ndim, axis, keepdims, dim, keepdim))

    @_if_a_number
    def softmax(self, dim: int = -1, *, axis=None):
        """eˣ/Σeˣ along an axis, by default the last, without overflow."""
        return self._apply(P.softmax, self, axis=one_axis(axis, dim, self.ndim))

    @_if_a_number
    def log_softmax(self, dim: int = -1, *, axis=None):
        """x - ln Σeˣ along an axis, by default the last: the logarithm of softmax, accurate where softmax is near 0."""
        return self._apply(P.log_softmax, self, axis=one_axis(axis, dim, self.ndim))

    def cumsum(self, dim: int | None = None, *, axis=None):
        """Running sums along an axis, or over the flattened entries if no axis is given."""
        return self._running(P.cumsum, axis, dim)

    def cumprod(self, dim: int | None = None, *, axis=None):
        """Running products along an axis, or over the flattened entries if no axis is given."""
        return self._running(P.cumprod, axis, dim)

    def _running(self, op: P.Primitive, axis, dim):
        axis = dim if axis is None else axis
        if axis is None or not self.ndim:
            if axis is not None:
                one_axis(axis, None, 0)
            result = self._apply(op, self.reshape(-1), axis=0)
            return result if self.ndim else result.reshape(())
        return self._apply(op, self, axis=one_axis(axis, None, self.ndim))

    # Shapes -----------------------------------------------------------------------------------------------

    def reshape(self, *shape):
        """The same entries in another shape, given as integers or as a tuple. One size may be -1: the rest."""
        return self._apply(P.reshape, self, shape=_sequence(shape))

    view = reshape

    def flatten(self, start_dim: int = 0, end_dim: int = -1):
        """Merge the axes from start_dim to end_dim into one."""
        start, end = one_axis(None, start_dim, self.ndim), one_axis(None, end_dim, self.ndim)
        if not self.ndim:
            return self.reshape(1)
        if start > end:
            raise ShapeError(f"flatten runs from start_dim to end_dim, but {start_dim} comes after {end_dim}.")
        merged = math.prod(self.shape[start : end + 1])
        return self.reshape(*self.shape[:start], merged, *self.shape[end + 1 :])

    def permute(self, *dims):
        """Put the axes in another order: axis i of the result is axis dims[i] of this tensor."""
        return self._apply(P.transpose, self, axes=_sequence(dims))

    def transpose(self, dim0: int | None = None, dim1: int | None = None, *more):
        """Swap two axes, as in PyTorch. `permute` takes a new order of all axes."""
        if dim0 is None or dim1 is None or more:
            raise TypeError(
                "transpose swaps two axes, t.transpose(0, 1). For a new order of all axes, as in NumPy, use "
                "t.permute(…); for the reverse order use t.T."
            )
        first, second = one_axis(None, dim0, self.ndim), one_axis(None, dim1, self.ndim)
        axes = list(range(self.ndim))
        if axes:
            axes[first], axes[second] = second, first
        return self._apply(P.transpose, self, axes=tuple(axes))

    swapaxes = swapdims = transpose

    @property
    def T(self):
        """All axes in reverse order: the transpose of a matrix."""
        return self._apply(P.transpose, self)

    @property
    def mT(self):
        """Each matrix of a batch transposed: the last two axes swapped."""
        if self.ndim < 2:
            raise ShapeError(f"mT transposes matrices, at least two axes, got shape {self.shape}.")
        return self.transpose(-2, -1)

    def moveaxis(self, source, destination):
        """Move axes to other places; the others keep their order. Both arguments are one axis, or equally many."""
        sources, destinations = (
            [one_axis(None, axis, self.ndim) for axis in (axes if isinstance(axes, (tuple, list)) else [axes])]
            for axes in (source, destination)
        )
        if len(sources) != len(destinations):
            raise ShapeError(f"moveaxis({source}, {destination}) must name as many destinations as sources.")
        if len(set(sources)) < len(sources) or len(set(destinations)) < len(destinations):
            raise ShapeError(f"moveaxis({source}, {destination}) must name each axis once.")
        if not self.ndim:
            return self
        order = [axis for axis in range(self.ndim) if axis not in sources]
        for place, axis in sorted(zip(destinations, sources, strict=True)):
            order.insert(place, axis)
        return self.permute(order)

    movedim = moveaxis

    def squeeze(self, axis=None, *, dim=None):
        """Remove axes of size 1: all of them, or the given ones, which must have size 1."""
        axis = several_axes(self.ndim, axis, False, dim, False)["axis"]
        if axis is None:
            return self.reshape(tuple(size for size in self.shape if size != 1))
        axes = axis if isinstance(axis, tuple) else (axis,)
        gone = {one_axis(None, a, self.ndim) for a in axes}
        if len(gone) < len(axes):
            raise twice("squeeze", axes)
        for a in gone:
            if self.shape[a] != 1:
                raise ShapeError(
                    f"squeeze removes axes of size 1, but axis {a} of shape {self.shape} has size {self.shape[a]}. "
                    "Reduce it by sum() or mean(), or choose an entry by indexing."
                )
        return self.reshape(tuple(size for a, size in enumerate(self.shape) if a not in gone))

    def expand_dims(self, axis):
        """Insert new axes of size 1 at the given places of the result."""
        axes = axis if isinstance(axis, (tuple, list)) else (axis,)
        ndim = self.ndim + len(axes)
        new = {one_axis(None, a, ndim) for a in axes}
        if len(new) < len(axes):
            raise ShapeError(f"expand_dims({axis}) must name each new axis once.")
        sizes = iter(self.shape)
        return self.reshape(tuple(1 if a in new else next(sizes) for a in range(ndim)))

    def unsqueeze(self, dim: int):
        """Insert a new axis of size 1 at a place of the result."""
        return self.expand_dims(dim)

    def broadcast_to(self, *shape):
        """Stretch to a shape: axes of size 1 are repeated, new axes come in front."""
        return self._apply(P.broadcast_to, self, shape=_sizes("broadcast_to", shape))

    def expand(self, *sizes):
        """Stretch to a shape in which -1 keeps the size of an axis."""
        sizes = _sizes("expand", sizes)
        known = (-1,) * (len(sizes) - self.ndim) + tuple(self.shape)
        if any(s == k == -1 for s, k in zip(sizes, known, strict=False)):
            raise ShapeError(
                f"expand{sizes}: -1 keeps the size of an axis, but shape {self.shape} does not have axis "
                f"{sizes.index(-1)} of the result. Give its size."
            )
        return self.broadcast_to(tuple(k if s == -1 else s for s, k in zip(sizes, known, strict=False)))

    def expand_as(self, other):
        """Stretch to the shape of another tensor."""
        return self.broadcast_to(np.shape(other))

    def tile(self, *dims):
        """Repeat the whole tensor dims[i] times along axis i. The result has at least len(dims) axes."""
        dims = _sequence(dims)
        dims = tuple(whole("tile takes integers from 0 on", k, 0) for k in dims)
        ndim = max(len(dims), self.ndim)
        dims = (1,) * (ndim - len(dims)) + dims
        sizes = (1,) * (ndim - self.ndim) + tuple(self.shape)
        # (…, n, …) -> (…, 1, n, …) -> (…, k, n, …) -> (…, k n, …)
        single = self.reshape([size for n in sizes for size in (1, n)])
        copies = single.broadcast_to([size for k, n in zip(dims, sizes, strict=True) for size in (k, n)])
        return copies.reshape([k * n for k, n in zip(dims, sizes, strict=True)])

    def repeat(self, *repeats):
        """Repeat the whole tensor, as in PyTorch: `tile` with a number for every axis. For np.repeat use
        `repeat_interleave`.
        """
        if len(_sequence(repeats)) < self.ndim:
            raise ShapeError(
                f"repeat takes a number for each of the {self.ndim} axes of shape {self.shape}, got "
                f"{_sequence(repeats)}. To repeat each entry, use repeat_interleave."
            )
        return self.tile(*repeats)

    def repeat_interleave(self, repeats, dim: int | None = None, *, axis=None):
        """Repeat each entry along an axis, or each of the flattened entries: NumPy's repeat."""
        axis = dim if axis is None else axis
        if axis is None or not self.ndim:
            return self.reshape(-1).repeat_interleave(repeats, 0 if axis is None else axis)
        axis, counts = one_axis(None, axis, self.ndim), on_cpu(repeats)
        total = sum(whole("repeat_interleave takes integers from 0 on", n, 0) for n in counts.ravel().tolist())
        if counts.shape not in ((), (1,), (self.shape[axis],)):
            raise ShapeError(
                f"repeat_interleave takes one number, or one for each of the {self.shape[axis]} entries along axis "
                f"{axis}; got {counts.size}."
            )
        total *= self.shape[axis] if counts.size == 1 else 1
        holdable("repeat_interleave", (*self.shape[:axis], total, *self.shape[axis + 1 :]), self.dtype)
        return self._along(axis, np.repeat(np.arange(self.shape[axis]), counts.astype(np.intp)))

    def _along(self, axis: int, index):
        """The entries at an index along one axis."""
        return self[(slice(None),) * axis + (index,)]

    def flip(self, *axes, dims=None):
        """Reverse the order of the entries along the axes, by default along all. As in NumPy it is a view: what is
        written into it is written into this tensor. (PyTorch copies.)

        >>> from gradlib import Tensor
        >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).flip(dims=[1])
        Tensor([[2., 1.],
                [4., 3.]], shape=(2, 2))
        """
        if axes and dims is not None:
            raise TypeError(f"flip takes its axes by position or as dims=, not both; got {axes} and dims={dims}.")
        dims = axes if dims is None else (dims,)
        over_all = not dims or dims[0] is None
        axes = range(self.ndim) if over_all else [one_axis(None, a, self.ndim) for a in _sequence(dims)]
        if len(set(axes)) < len(axes):
            raise ShapeError(f"flip{_sequence(dims)} must name each axis once.")
        return self[tuple(slice(None, None, -1 if a in axes else 1) for a in range(self.ndim))]

    @_if_a_number
    def roll(self, shifts, dims=None, *, axis=None):
        """Shift the entries along an axis; those that leave at the end come back at the start."""
        axis = dims if axis is None else axis
        if axis is None:
            return self.reshape(-1).roll(shifts, 0).reshape(self.shape)
        several = isinstance(axis, (tuple, list))
        if isinstance(shifts, (tuple, list)) != several or several and len(shifts) != len(axis):
            raise ShapeError(f"roll takes one shift for each axis: got shifts {shifts} for axis {axis}.")
        if several:
            rolled = self
            for shift, a in zip(shifts, axis, strict=True):
                rolled = rolled.roll(shift, a)
            return rolled
        axis = one_axis(None, axis, self.ndim)
        size = self.shape[axis]
        start = -whole("roll moves entries by an integer", shifts) % size if size else 0
        return P.concatenate(self._along(axis, slice(start, None)), self._along(axis, slice(None, start)), axis=axis)

    def pad(self, pad_width, mode: str = "constant", constant_values: float = 0):
        """Add a border. As in NumPy, its widths are (before, after) for each axis, or one pair or one number for all.

        mode "constant" fills the border with a number; "edge", "reflect", "symmetric" and "wrap" fill it with entries
        of the tensor, which collect the gradients of their copies.
        """
        try:
            widths = np.broadcast_to(np.asarray(pad_width), (self.ndim, 2)).tolist()
        except ValueError:
            raise not_pairs(pad_width, self.shape) from None
        for width in np.ravel(widths).tolist():
            if isinstance(width, int) and width < 0:
                raise ValueError(f"pad takes integers of at least 0, got {pad_width}. To cut entries off, use a slice.")
            whole("pad takes integers of at least 0", width)
        shape = tuple(before + n + after for n, (before, after) in zip(self.shape, widths, strict=True))
        holdable("pad", shape, self.dtype)
        if mode == "constant":
            if not isinstance(constant_values, Real):
                raise TypeError(f"pad fills the border with a number, got {shown(constant_values)}.")
            widths = tuple(map(tuple, widths))
            return self._apply(P.pad, self, pad_width=widths, constant_values=constant_values)
        if not isinstance(mode, str) or mode not in ("edge", "reflect", "symmetric", "wrap"):
            other = {"replicate": "edge", "circular": "wrap"}.get(str(mode))
            hint = f" PyTorch's {mode!r} is NumPy's {other!r}." if other else ""
            raise ValueError(
                f"pad takes mode 'constant', 'edge', 'reflect', 'symmetric' or 'wrap', got {mode!r}.{hint}"
            )
        padded = self
        for axis, width in enumerate(widths):
            if any(width) and not self.shape[axis]:
                raise ShapeError(
                    f"pad with mode {mode!r} repeats entries, but axis {axis} of shape {self.shape} has none."
                )
            padded = padded._along(axis, np.pad(np.arange(self.shape[axis]), width, mode=mode))
        return padded

    # Parts ------------------------------------------------------------------------------------------------

    def split(self, split_size_or_sections, dim: int = 0, *, axis=None) -> tuple:
        """Split into pieces along an axis, of one size (the last may be smaller) or of the sizes in a list."""
        axis = self._own_axis(axis, dim)
        total = self.shape[axis]
        if isinstance(split_size_or_sections, (tuple, list)):
            sizes = [whole("split takes sizes, integers from 0 on", size, 0) for size in split_size_or_sections]
            if sum(sizes) != total:
                raise ShapeError(
                    f"split({sizes}) must add up to {total}, the size of axis {axis} of shape {self.shape}; it adds up "
                    f"to {sum(sizes)}."
                )
        else:
            size = whole("split takes the size of a piece, or a list of sizes", split_size_or_sections)
            if size < 1:
                raise ValueError(f"split takes the size of a piece, at least 1, got {size}.")
            sizes = [min(size, total - start) for start in range(0, total, size)] or [0]
        ends = np.cumsum(sizes).tolist()
        return tuple(self._along(axis, slice(e - s, e)) for s, e in zip(sizes, ends, strict=True))

    def chunk(self, chunks: int, dim: int = 0, *, axis=None) -> tuple:
        """Split into `chunks` pieces of equal size along an axis; the last may be smaller."""
        chunks = whole("chunk takes the number of pieces, at least 1", chunks, 1)
        axis = self._own_axis(axis, dim)
        size = -(-self.shape[axis] // chunks)
        if not size:
            holdable("chunk", (chunks,), np.intp)
        return self.split(size or [0] * chunks, axis)

    def unbind(self, dim: int = 0, *, axis=None) -> tuple:
        """The slices along an axis, each without that axis."""
        axis = self._own_axis(axis, dim)
        return tuple(self._along(axis, i) for i in range(self.shape[axis]))

    def _own_axis(self, axis, dim) -> int:
        """The axis to split along, checked. A 0-d tensor has none."""
        if not self.ndim:
            raise axis_out_of_range(dim if axis is None else axis, 0)
        return one_axis(axis, dim, self.ndim)

    def narrow(self, dim: int, start: int, length: int):
        """The `length` entries from `start` on along an axis."""
        axis = self._own_axis(None, dim)
        start = whole("narrow takes an integer start", start)
        length = whole("narrow takes a length, an integer from 0 on", length, 0)
        size = self.shape[axis]
        first = start + size if start < 0 else start
        if not 0 <= first <= first + length <= size:
            raise ShapeError(
                f"narrow({dim}, {start}, {length}) reaches beyond axis {dim} of shape {self.shape}, of size {size}."
            )
        return self._along(axis, slice(first, first + length))

    @_if_a_number
    def index_select(self, dim: int, index):
        """The entries at a list of indices along an axis; repeated ones add up their gradients."""
        index = _indices(index)
        if index.ndim > 1:
            raise ShapeError(f"index_select takes a list of indices, of shape (n,), got shape {index.shape}.")
        return self._along(one_axis(None, dim, self.ndim), np.atleast_1d(index))

    def gather(self, dim: int, index):
        """result[i, j, …] = self[index[i, j, …], j, …] for dim=0, and so on for other axes."""
        index = _indices(index)
        if not self.ndim:
            return self.reshape(1).gather(dim, index.reshape(-1)).reshape(index.shape)
        return self[self._grid(dim, index)]

    def take_along_axis(self, indices, axis: int = -1):
        """The entries at indices along an axis; `argsort` and `argmax(keepdims=True)` return such indices."""
        indices = _indices(indices)
        if indices.ndim == self.ndim > 0:  # axes of size 1 are stretched, as in NumPy
            axis = one_axis(None, axis, self.ndim)
            others = [(n, m) for a, (n, m) in enumerate(zip(indices.shape, self.shape, strict=True)) if a != axis]
            if all(n in (1, m) for n, m in others):
                stretched = (*self.shape[:axis], indices.shape[axis], *self.shape[axis + 1 :])
                indices = np.broadcast_to(indices, stretched)
        return self.gather(axis, indices)

    def take_along_dim(self, indices, dim: int | None = None):
        """`take_along_axis` as in PyTorch. Without `dim` it takes from the flattened entries."""
        if dim is None:
            return self.reshape(-1).take_along_axis(_indices(indices).reshape(-1), 0)
        return self.take_along_axis(indices, dim)

    def masked_select(self, mask):
        """The entries where the mask is true, as a vector. The mask and the tensor broadcast.

        >>> from gradlib import Tensor
        >>> Tensor([1.0, 2.0, 3.0]).masked_select([True, False, True])
        Tensor([1., 3.])
        """
        mask = on_cpu(mask)
        if mask.dtype != bool:
            raise TypeError(f"masked_select takes a mask of bools, got {mask.dtype} of shape {mask.shape}.")
        try:
            shape = np.broadcast_shapes(self.shape, mask.shape)
        except ValueError:
            raise cannot_broadcast(self.shape, mask.shape) from None
        return self.broadcast_to(shape)[np.broadcast_to(mask, shape)]

    def scatter_add(self, dim: int, index, src):
        """This tensor plus src: result[index[i, j, …], j, …] += src[i, j, …] for dim=0, and so on for other axes."""
        if not isinstance(src, Operations):
            src = self._operand(src if np.ndim(src) == 0 or hasattr(src, "dtype") else np.asarray(src, self.dtype))
        index, shape = _indices(index), np.shape(src)
        if not self.ndim and len(shape) == index.ndim == 0:
            src = P.reshape(src, shape=(1,))
            return self.reshape(1).scatter_add(dim, index.reshape(1), src).reshape(())
        if len(shape) != index.ndim or any(n < m for n, m in zip(shape, index.shape, strict=True)):
            raise ShapeError(
                "scatter_add takes a src at least as large as the index along every axis, got an index of shape "
                f"{index.shape} and a src of shape {shape}."
            )
        grid = self._grid(dim, index)
        src = src[tuple(map(slice, index.shape))]  # PyTorch lets src be larger
        self[grid]  # an index out of range raises an error that names this tensor's shape
        return self + P.scatter(src, index=grid, shape=tuple(self.shape))

    def _grid(self, dim: int, index) -> tuple:
        """Index arrays for all axes: `index` along dim, and each entry's own position along the other axes."""
        axis, index = one_axis(None, dim, self.ndim), _indices(index)
        fits = index.ndim == self.ndim and all(
            n <= m for a, (n, m) in enumerate(zip(index.shape, self.shape, strict=True)) if a != axis
        )
        if not fits:
            raise ShapeError(
                f"the index must have {self.ndim} axes, as shape {self.shape} has, and may be larger than it only "
                f"along axis {dim}; got shape {index.shape}."
            )
        grid = list(np.ogrid[tuple(map(slice, index.shape))])
        grid[axis] = index
        return tuple(grid)

    @_if_a_number
    def sort(self, dim: int = -1, descending: bool = False, stable: bool = True, *, axis=None) -> tuple:
        """(values, indices) sorted along an axis. The values are part of the graph, the indices a plain array.

        Equal entries keep their order whatever `stable` says; it is there because PyTorch has it.
        """
        order = self.argsort(dim, descending, axis=axis)
        return (self if not self.ndim else self.take_along_axis(order, one_axis(axis, dim, self.ndim))), order

    def topk(self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, axis=None) -> tuple:
        """(values, indices) of the k largest entries along an axis, or of the k smallest. They are always sorted."""
        axis = one_axis(axis, dim, self.ndim)
        if not self.ndim:
            values, order = self.reshape(1).topk(k, 0, largest)
            return (values.reshape(()), order.reshape(())) if k == 1 else (values, order)
        k = whole("topk takes k, an integer", k)
        if not 0 <= k <= self.shape[axis]:
            raise ShapeError(f"topk takes k from 0 to {self.shape[axis]}, the size of axis {axis}, got {k}.")
        order = np.take(self.argsort(axis, descending=largest), np.arange(k), axis=axis)
        return self.take_along_axis(order, axis), order

    def diagonal(self, offset: int = 0, dim1: int = 0, dim2: int = 1):
        """The entries whose positions along two axes differ by `offset`, as a new last axis.

        As for `reshape`: a view if the matrices lie row by row in memory, else a copy.
        """
        if one_axis(None, dim1, self.ndim) == one_axis(None, dim2, self.ndim):
            raise ShapeError(f"diagonal needs two different axes, got axis {dim1} twice.")
        offset = whole("diagonal takes an integer offset", offset)
        moved = self.moveaxis((dim1, dim2), (-2, -1))
        rows, columns = moved.shape[-2:]
        count = max(0, min(rows, columns - offset) - max(0, -offset))
        start = max(0, -offset) * columns + max(0, offset)
        flat = moved.reshape(*moved.shape[:-2], rows * columns)
        return flat[..., start : start + count * (columns + 1) : columns + 1]

    def trace(self):
        """The sum of a matrix's diagonal."""
        if self.ndim != 2:
            raise ShapeError(
                f"trace takes a matrix, got shape {self.shape}; for a stack use diagonal(0, -2, -1).sum(-1)."
            )
        return self.diagonal().sum()

    def tril(self, diagonal: int = 0):
        """The lower triangle of each matrix, 0 above the given diagonal."""
        return P.where(_lower(self, "tril", diagonal), self, np.zeros((), self.dtype))

    def triu(self, diagonal: int = 0):
        """The upper triangle of each matrix, 0 below the given diagonal."""
        return P.where(
            _lower(self, "triu", whole("triu takes an integer diagonal", diagonal) - 1), np.zeros((), self.dtype), self
        )

    # Matrices ---------------------------------------------------------------------------------------------

    def matmul(self, other):
        """The matrix product `self @ other`, over leading batch axes that broadcast."""
        return self @ other

    def dot(self, other):
        """Σ xᵢ yᵢ of two vectors."""
        shapes = self.shape, np.shape(other)
        if len(shapes[0]) != 1 or len(shapes[1]) != 1:
            raise ShapeError(f"dot takes two vectors, got shapes {shapes[0]} and {shapes[1]}. For matrices use @.")
        return self @ other

    def outer(self, other):
        """(n,), (m,) -> (n, m): every product xᵢ yⱼ."""
        shapes = self.shape, np.shape(other)
        if len(shapes[0]) != 1 or len(shapes[1]) != 1:
            raise ShapeError(f"outer takes two vectors, got shapes {shapes[0]} and {shapes[1]}. Flatten them first.")
        return self.reshape(-1, 1) * other

    def tensordot(self, other, dims=2, *, axes=None):
        """Sum products over the last `dims` axes of this tensor and the first of other, or over two lists of axes.

        NumPy's name for `dims` is `axes`.
        """
        dims = dims if axes is None else axes
        ndims = np.ndim(self), np.ndim(other)
        if isinstance(dims, (int, np.integer)):
            dims = whole("tensordot sums over `dims` axes, an integer from 0 on", dims, 0)
            if dims > min(ndims):
                raise axis_out_of_range(-dims, min(ndims), "tensordot: ")
            left, right = range(-dims, 0), range(dims)
        elif isinstance(dims, (tuple, list)) and len(dims) == 2:
            left, right = (axes if isinstance(axes, (tuple, list, range)) else [axes] for axes in dims)
        else:
            raise TypeError(
                f"tensordot takes a number of axes, or two lists of axes, one for each tensor, got {dims!r}."
            )
        for axes, n in zip((left, right), ndims, strict=True):
            if len(axes) and not n:
                raise axis_out_of_range(axes[0], 0)
        left, right = ([one_axis(None, a, n) for a in axes] for axes, n in zip((left, right), ndims, strict=True))
        if len(left) != len(right):
            raise ShapeError(f"tensordot pairs the axes of two lists, but {left} and {right} differ in length.")
        for axes, shape in ((left, self.shape), (right, np.shape(other))):
            if len(set(axes)) < len(axes):
                raise ShapeError(f"tensordot names axis {max(axes, key=axes.count)} of shape {tuple(shape)} twice.")
        sizes = [self.shape[a] for a in left], [np.shape(other)[a] for a in right]
        if sizes[0] != sizes[1]:
            raise ShapeError(
                f"tensordot of shapes {self.shape} and {np.shape(other)} sums over axes of sizes {sizes[0]} and "
                f"{sizes[1]}: they must be the same."
            )
        own, others = list(range(ndims[0])), list(range(ndims[0], sum(ndims)))  # a letter for each axis
        for a, b in zip(left, right, strict=True):
            others[b] = own[a]
        kept = [i for i in own + others if (own + others).count(i) == 1]
        names = ["".join(chr(ord("a") + i) for i in axes) for axes in (own, others, kept)]
        return P.einsum(self, other, subscripts="{},{}->{}".format(*names))

    def inv(self):
        """The inverse of each matrix."""
        return self._apply(P.inv, self)

    inverse = inv

    def det(self):
        """The determinant of each matrix."""
        return self._apply(P.det, self)

    def solve(self, other):
        """Solve self @ x = other for x, for each matrix; other is a vector or a stack of matrices."""
        return P.solve(self, other)

    # Types ------------------------------------------------------------------------------------------------

    def astype(self, dtype):
        """The same numbers in another dtype; gradients come back in the old one. Integers leave the graph."""
        dtype = real_dtype(dtype)
        if self.dtype == dtype:
            return self
        return self._apply(P.astype, self if dtype.kind == "f" else self.detach(), dtype=dtype)

    to = astype

    def float(self):
        """The same numbers as float32."""
        return self.astype(np.float32)

    def double(self):
        """The same numbers as float64."""
        return self.astype(np.float64)


def plain(value: Any) -> Any:
    """The array of a tensor; anything else unchanged."""
    return value.data if isinstance(value, Operations) else value


def on_cpu(value: Any) -> np.ndarray:
    """The numbers of a tensor on any device, or of a list, as an array in the memory of the CPU."""
    value = plain(value)
    if isinstance(value, DeviceArray):
        return moved(value, "cpu")
    refuse_masked(value)
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as error:
        raise bad_data(value, error) from None


def real_dtype(dtype: Any) -> np.dtype:
    """A dtype of real numbers, or an error that says what was wrong with it."""
    try:
        dtype = np.dtype(dtype)
    except (TypeError, ValueError):
        raise TypeError(f"dtype must be one of NumPy's, such as np.float32, got {dtype!r}.") from None
    if dtype.kind not in "fiub":
        raise TypeError("a tensor holds real numbers, complex ones are not supported. Keep .real and .imag apart.")
    return dtype if dtype.isnative else np.dtype(dtype.type)


def _indices(index: Any) -> np.ndarray:
    """Indices along an axis, as an array of integers."""
    index = on_cpu(index)
    if index.dtype.kind not in "iu":
        raise TypeError(f"an index holds integers, got {index.dtype} of shape {index.shape}.")
    return index


def _plainly(function, x: Operations, axes: dict) -> np.ndarray:
    """The result of a reduction that has no derivative, as a plain array."""
    name, axis = function.__name__, axes["axis"]
    if name.startswith("arg"):
        if isinstance(axis, tuple):
            raise not_an_axis(axis)
        if not (x.numel() if axis is None or not -x.ndim <= axis < x.ndim else x.shape[axis]):
            raise nothing_to_reduce(name, x.shape)
    _check_over(name, axis, x.shape)
    return function(x.data, **axes)


def _check_over(name: str, axis, shape: tuple[int, ...]) -> None:
    """Raise ShapeError for an axis, or one of several, that the shape does not have."""
    for a in () if axis is None else axis if isinstance(axis, tuple) else (axis,):
        if not -len(shape) <= a < len(shape) and (shape or a not in (0, -1)):
            raise not_over_axis(name, axis, shape)
    if isinstance(axis, tuple) and len({a % max(len(shape), 1) for a in axis}) < len(axis):
        raise twice(name, axis)


def _sequence(numbers: tuple) -> tuple[int, ...]:
    """Return (2, 3) for both f(2, 3) and f((2, 3))."""
    return tuple(numbers[0]) if len(numbers) == 1 and isinstance(numbers[0], (tuple, list)) else tuple(numbers)


def _sizes(what: str, numbers: tuple) -> tuple[int, ...]:
    return tuple(whole(f"{what} takes integers", size) for size in _sequence(numbers))


def several_axes(ndim: int, axis, keepdims, dim, keepdim) -> dict:
    """The keywords of a reduction under NumPy's names. axis is None, an integer, or a tuple of integers."""
    if axis is not None and dim is not None:
        raise TypeError(f"axis={axis} and dim={dim} are two names for the same argument: give one.")
    if axis is None and dim is not None:
        axis = None if isinstance(dim, (tuple, list)) and not dim else dim  # PyTorch: no axis named, all of them
    if axis is not None and type(axis) is not int:
        several = isinstance(axis, (tuple, list))
        for a in axis if several else (axis,):
            if isinstance(a, (bool, np.bool_)) or not isinstance(a, (int, np.integer)):
                raise not_an_axis(axis, several=True)
        axis = tuple(map(int, axis)) if several else int(axis)
    if not ndim and axis in (0, -1, (0,), (-1,)):
        axis = None  # as in PyTorch, a 0-d tensor can be reduced along axis 0 or -1
    if keepdims is not False or keepdim is not False:
        if isinstance(axis, int) and type(keepdims) is int:  # x.sum(0, 1)
            raise TypeError(
                f"keepdims is True or False, got {keepdims}. Several axes are a tuple, ({axis}, {keepdims})."
            )
        keepdims = flag("keepdims", keepdims) or flag("keepdim", keepdim)
    return {"axis": axis, "keepdims": keepdims}


def one_axis(axis, dim, ndim: int) -> int:
    """One axis, counted from the front. As in PyTorch, a 0-d tensor accepts axis 0 and -1."""
    axis = dim if axis is None else axis
    if isinstance(axis, (bool, np.bool_)) or not isinstance(axis, (int, np.integer)):
        raise not_an_axis(axis)
    if not -max(ndim, 1) <= axis < max(ndim, 1):
        raise axis_out_of_range(axis, ndim)
    return int(axis) % max(ndim, 1)


def _correction(name: str, unnamed: tuple, correction, unbiased, ddof) -> float:
    if unnamed:
        raise TypeError(
            f"{name} takes one argument without a name, the axis; got also {', '.join(map(shown, unnamed))}. Write "
            "keepdims=True, or correction=0 for PyTorch's unbiased=False."
        )
    if unbiased is not None or ddof is not None:
        if correction not in (1, None) or (unbiased is not None and ddof is not None):
            raise TypeError("correction, unbiased and ddof are names for the same choice: give one of them.")
        correction = ddof if unbiased is None else int(flag("unbiased", unbiased))
    if correction is None:  # PyTorch's default
        return 1
    if isinstance(correction, (bool, np.bool_)) or not isinstance(correction, Real):
        raise TypeError(f"correction is a number to subtract from the number of entries, got {correction!r}.")
    return correction


def _positive(count: int) -> float:
    """The divisor n - correction, or NaN if it is not positive, so that the result is NaN as in PyTorch."""
    return count if count > 0 else math.nan


def _lower(x: Operations, name: str, diagonal: int) -> np.ndarray:
    """Bools in the shape of the matrices, True on the given diagonal and below."""
    if x.ndim < 2:
        raise ShapeError(f"{name} takes matrices, at least two axes, got shape {x.shape}.")
    rows, columns = x.shape[-2:]
    diagonal = min(max(whole(f"{name} takes an integer diagonal", diagonal), -rows), columns)
    return np.tri(rows, columns, diagonal, dtype=bool)
