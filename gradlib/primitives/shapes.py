"""The table of derivatives: operations that move entries without changing them.

Each is linear, so its rule is its transpose: what was copied is summed, what was moved is moved back.
"""

from __future__ import annotations

import math

import numpy as np

from .table import Primitive, Vjp

reshape = Primitive(
    "reshape", lambda x, shape: x.reshape(shape),
    Vjp(lambda g, z, x, shape: g.reshape(x.shape), r"\operatorname{reshape} {g}"),
)  # fmt: skip


def _inverse(axes):
    """Invert an order of axes."""
    places = [axis % len(axes) for axis in axes]
    return tuple(map(places.index, range(len(axes))))


transpose = Primitive(
    "transpose", np.transpose,
    Vjp(
        lambda g, z, x, axes=None: np.transpose(g, None if axes is None else _inverse(axes)),
        r"\operatorname{transpose} {g}",
    ),
)  # fmt: skip

broadcast_to = Primitive(
    "broadcast_to", np.broadcast_to,
    Vjp(lambda g, z, x, shape: g, r"\operatorname{unbroadcast} {g}"),  # the engine sums the stretched axes
)  # fmt: skip

# Joining ------------------------------------------------------------


def _part(position, g, z, *inputs, axis):
    """Cut out the piece of g that belongs to one input."""
    sizes = [x.shape[axis] for x in inputs[: position + 1]]
    start, stop = sum(sizes[:-1]), sum(sizes)
    return g[(slice(None),) * (axis % g.ndim) + (slice(start, stop),)]


concatenate = Primitive(
    "concatenate", lambda *inputs, axis=0: np.concatenate(inputs, axis=axis),
    variadic=Vjp(lambda position, g, z, *inputs, axis=0: _part(position, g, z, *inputs, axis=axis),
                 r"\operatorname{slice} {g}"),
)  # fmt: skip


def _inner(x, pad_width):
    return tuple(slice(before, before + size) for (before, _), size in zip(pad_width, x.shape, strict=True))


def _pad(x, pad_width, constant_values=0):
    return np.pad(x, pad_width, constant_values=constant_values) if x.ndim else x.copy()


pad = Primitive(
    "pad", _pad,
    Vjp(lambda g, z, x, pad_width, constant_values=0: g[_inner(x, pad_width)], r"\operatorname{slice} {g}"),
)  # fmt: skip

# Indexing ------------------------------------------------------------
# `getitem` reads x[index], for any index that NumPy takes; `scatter` is its transpose: it adds g into zeros
# at that index, so that an entry that was read twice collects twice. Each is the other's rule.


def _repeats(index) -> bool:
    """True if an index may name an entry more than once: only arrays of integers can."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype != bool for part in parts)


def _positions(index, shape):
    """Return the position in the flattened x of each entry of x[index]."""
    return np.arange(math.prod(shape)).reshape(shape)[index]


def scattered(g, index, shape):
    """Add g into zeros of a shape at the places that x[index] reads; a place that is read twice collects twice."""
    if not _repeats(index):
        x = np.zeros_like(g, shape=shape)
        x[index] = g
        return x
    # bincount adds rows of 64 numbers 8 times as fast as np.add.at (float64, NumPy 2.4).
    weights = np.ravel(g).astype(np.float64, copy=False)  # longdouble too, which bincount refuses
    sums = np.bincount(_positions(index, shape).ravel(), weights, minlength=math.prod(shape))
    return sums.reshape(shape).astype(g.dtype, copy=False)


def _getitem(x, index):
    z = x[index]
    if isinstance(z, np.generic):  # NumPy makes a copy of a single entry; like other parts, it shows x's memory
        z = x[(*index, ...) if isinstance(index, tuple) else (index, ...)]
    return z


getitem = Primitive(
    "getitem", _getitem,
    Vjp(lambda g, z, x, index: scatter(g, index=index, shape=x.shape), r"\operatorname{scatter} {g}"),
    latex=r"{x}[i]",
)  # fmt: skip

scatter = Primitive(
    "scatter", scattered,
    Vjp(lambda g, z, x, index, shape: g[index], r"{g}[i]"),
)  # fmt: skip


def assign(x, index, value):
    """Assign x[index] = value, in place. Unlike in NumPy, an array of one entry fits a single entry."""
    x[index] = value.reshape(()) if value.size == 1 else value


def _setitem(x, value, index):
    z = x.copy()
    assign(z, index, value)
    return z


def _kept(g, x, value, index):
    """Return g at the index, but 0 where a later entry was assigned to the same place."""
    own = g[index]
    own = own.reshape((1,) * (value.ndim - own.ndim) + own.shape)  # NumPy lets a value have more axes, of size 1
    if not _repeats(index):
        return own
    positions = _positions(index, x.shape)
    order = np.arange(positions.size).reshape(positions.shape)
    last = np.empty(math.prod(x.shape), dtype=int)
    last[positions.ravel()] = order.ravel()
    return own * (last[positions] == order)


setitem = Primitive(
    "setitem", _setitem,
    Vjp(
        lambda g, z, x, value, index: setitem(g, np.zeros((), g.dtype), index=index),
        r"{g}\ \text{but}\ 0\ \text{at}\ i",
    ),
    Vjp(lambda g, z, x, value, index: _kept(g, x, value, index), r"{g}[i]"),
    latex=r"{x}[i] \leftarrow {y}",
)  # fmt: skip
