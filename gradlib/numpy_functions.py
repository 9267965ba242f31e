"""NumPy's own functions on tensors: the entry or method that each one calls (NEP 13 and NEP 18).

They take NumPy's arguments and follow NumPy's rules: np.var divides by n, np.repeat repeats entries. Functions that
gradlib cannot differentiate raise TypeError. Comparisons and shape queries have no derivative and run on plain arrays.
"""

from __future__ import annotations

import inspect
import operator
from itertools import pairwise
from typing import Any

import numpy as np

from . import primitives as P
from .errors import ShapeError
from .operations import on_cpu, one_axis, plain

UFUNCS = {op.forward: op for op in P.TABLE.values() if isinstance(op.forward, np.ufunc)}
UFUNCS[np.reciprocal] = P.reciprocal

PLAIN = {
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isnan, np.isfinite, np.isinf,
    np.signbit, np.logical_not, np.logical_and, np.logical_or, np.shape, np.ndim, np.size, np.ones_like,
    np.zeros_like, np.full_like, np.empty_like, np.allclose, np.isclose, np.array_equal, np.any, np.all, np.argmax,
    np.argmin, np.argsort, np.count_nonzero, np.nonzero, np.flatnonzero, np.searchsorted, np.array2string,
    np.array_repr, np.array_str, np.result_type, np.may_share_memory, np.shares_memory, np.histogram, np.unique,
}  # fmt: skip


def call(function: Any, args: tuple, keywords: dict) -> Any:
    """Call a function of NumPy on tensors."""
    if function in PLAIN:
        return function(*plains(args), **{name: plain(value) for name, value in keywords.items()})
    ours = FUNCTIONS.get(function)
    if ours is None:
        raise no_derivative(function.__name__)
    signature = inspect.signature(ours)
    try:
        signature.bind(*args, **keywords)
    except TypeError as error:
        raise TypeError(
            f"np.{function.__name__} on a tensor takes the arguments {signature}: {error}. NumPy's other arguments "
            "have no meaning in a graph, or are not supported."
        ) from None
    return ours(*args, **keywords)


def plains(values) -> list:
    """The arrays of tensors, including tensors in lists."""
    return [[plain(v) for v in value] if isinstance(value, (list, tuple)) else plain(value) for value in values]


def no_derivative(name: str) -> TypeError:
    """The error for a function of NumPy that gradlib cannot differentiate."""
    return TypeError(
        f"np.{name} is not an operation that gradlib can differentiate, so on a Tensor it would lose the gradient. "
        "Compose it of operations that are in the table, or call it on t.detach().numpy() if you need no gradient."
    )


def _outer(a, b):
    return P.mul(P.reshape(a, shape=(-1, 1)), P.reshape(b, shape=(1, -1)))


def _split(ary, indices_or_sections, axis=0):
    axis = ary._own_axis(axis, None)
    total = ary.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        if indices_or_sections < 1 or total % indices_or_sections:
            raise ShapeError(
                f"np.split makes {indices_or_sections} equal pieces, but axis {axis} of shape {ary.shape} has size "
                f"{total}. t.split and t.chunk allow a smaller last piece."
            )
        return list(ary.split(total // indices_or_sections, axis))
    edges = [*map(operator.index, indices_or_sections)]
    return [ary._along(axis, slice(a, b)) for a, b in pairwise([0, *edges, total])]


def _max(a, axis=None, keepdims=False):
    return a.max(axis, keepdims)


def _min(a, axis=None, keepdims=False):
    return a.min(axis, keepdims)


def _norm(x, ord=None, axis=None, keepdims=False):
    axes = axis if axis is not None else tuple(range(x.ndim))
    if ord is not None and isinstance(axes, tuple) and len(axes) >= 2:
        way = "leave ord out" if isinstance(ord, str) else f"use t.norm({ord})"
        raise TypeError(
            f"np.linalg.norm of {'a matrix' if len(axes) == 2 else f'{len(axes)} axes'} with ord={ord} is a matrix "
            f"norm, which gradlib cannot differentiate. For the norm of all entries {way}."
        )
    return x.norm(2 if ord is None else ord, axis, keepdims)


def _take(a, indices, axis=None):
    if on_cpu(indices).dtype.kind not in "iu" and np.size(indices):
        raise TypeError("np.take takes the indices of the entries, as integers. For a mask use t[mask].")
    a = a if a.ndim else a.reshape(1)
    return a.reshape(-1)[indices] if axis is None else a._along(one_axis(axis, None, a.ndim), indices)


# These call methods of tensors; functions.py adds those that join several.
FUNCTIONS = {
    np.sum: lambda a, axis=None, keepdims=False: a.sum(axis, keepdims),
    np.mean: lambda a, axis=None, keepdims=False: a.mean(axis, keepdims),
    np.prod: lambda a, axis=None, keepdims=False: a.prod(axis, keepdims),
    np.max: _max, np.amax: _max, np.min: _min, np.amin: _min,
    np.var: lambda a, axis=None, ddof=0, keepdims=False: a.var(axis, keepdims=keepdims, ddof=ddof),
    np.std: lambda a, axis=None, ddof=0, keepdims=False: a.std(axis, keepdims=keepdims, ddof=ddof),
    np.cumsum: lambda a, axis=None: a.cumsum(axis),
    np.cumprod: lambda a, axis=None: a.cumprod(axis),
    np.linalg.norm: _norm,
    np.clip: lambda a, a_min=None, a_max=None, *, min=None, max=None: a.clip(
        a_min if min is None else min, a_max if max is None else max
    ),
    np.round: lambda a, decimals=0: a.round(decimals),
    np.reshape: lambda a, shape: a.reshape(shape),
    np.ravel: lambda a: a.reshape(-1),
    np.transpose: lambda a, axes=None: a.T if axes is None else a.permute(*axes),
    np.matrix_transpose: lambda x: x.mT,
    np.swapaxes: lambda a, axis1, axis2: a.transpose(axis1, axis2),
    np.moveaxis: lambda a, source, destination: a.moveaxis(source, destination),
    np.squeeze: lambda a, axis=None: a.squeeze(axis),
    np.expand_dims: lambda a, axis: a.expand_dims(axis),
    np.broadcast_to: lambda array, shape: array.broadcast_to(shape),
    np.atleast_1d: lambda a: a if a.ndim else a.reshape(1),
    np.repeat: lambda a, repeats, axis=None: a.repeat_interleave(repeats, axis),
    np.tile: lambda A, reps: A.tile(reps),
    np.flip: lambda m, axis=None: m.flip() if axis is None else m.flip(axis),
    np.roll: lambda a, shift, axis=None: a.roll(shift, axis),
    np.pad: lambda array, pad_width, mode="constant", constant_values=0: array.pad(pad_width, mode, constant_values),
    np.split: _split,
    np.take: _take,
    np.take_along_axis: lambda arr, indices, axis=-1: arr.take_along_axis(indices, axis),
    np.sort: lambda a, axis=-1: a.reshape(-1).sort()[0] if axis is None else a.sort(axis)[0],
    np.diagonal: lambda a, offset=0, axis1=0, axis2=1: a.diagonal(offset, axis1, axis2),
    np.trace: lambda a: a.trace(),
    np.tril: lambda m, k=0: m.tril(k),
    np.triu: lambda m, k=0: m.triu(k),
    np.outer: _outer,
    np.linalg.inv: lambda a: a.inv(),
    np.linalg.det: lambda a: a.det(),
    np.linalg.solve: lambda a, b: P.solve(a, b),
    np.astype: lambda x, dtype: x.astype(dtype),
}  # fmt: skip
