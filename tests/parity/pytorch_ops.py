"""What PyTorch calls each operation of the table: functions of tensors, with the table's own keywords.

A module `<family>_ops.py` of this folder holds the operations of one family in a dict `PYTORCH`; they are merged.
"""

from __future__ import annotations

import importlib
import math
from pathlib import Path

import numpy as np
import torch


def axes_of(x, axis):
    return tuple(range(x.ndim)) if axis is None else axis


def reduced(function):
    """A reduction with NumPy's keywords."""
    return lambda x, axis=None, keepdims=False: function(x, dim=axes_of(x, axis), keepdim=keepdims)


def prod(x, axis=None, keepdims=False):
    """PyTorch's prod takes one axis at a time."""
    axes = axes_of(x, axis)
    for a in sorted((a % x.ndim for a in (axes if isinstance(axes, tuple) else (axes,))), reverse=True):
        x = x.prod(dim=a, keepdim=keepdims)
    return x * 1


def positions(shape, index):
    """The places x[index] reads, counted flat. PyTorch knows no slices that go backwards."""
    return torch.tensor(np.arange(math.prod(shape)).reshape(shape)[index].copy())


def getitem(x, index):
    return x.reshape(-1)[positions(x.shape, index)]


def scatter(x, index, shape):
    flat = torch.zeros(math.prod(shape), dtype=x.dtype)
    return flat.index_add(0, positions(shape, index).reshape(-1), x.reshape(-1)).reshape(shape)


def setitem(x, value, index):
    places = positions(x.shape, index)
    value = value.reshape(value.shape[max(0, value.ndim - places.ndim) :])  # axes of size 1 in front
    return x.reshape(-1).index_put((places,), value.expand(places.shape)).reshape(x.shape)


def pad(x, pad_width):
    """PyTorch pads the last axis first."""
    return torch.nn.functional.pad(x, [size for pair in reversed(pad_width) for size in pair])


def cross_entropy(x, index):
    """PyTorch's classes are on axis 1."""
    rows, index = x.reshape(-1, x.shape[-1]), torch.tensor(index)
    return torch.nn.functional.cross_entropy(rows, index.reshape(-1), reduction="none").reshape(index.shape)


def converted(x, dtype):
    return x.to(getattr(torch, np.dtype(dtype).name))


PYTORCH = {
    # arithmetic
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow,
    "neg": torch.neg, "remainder": torch.remainder, "abs": torch.abs, "sign": torch.sign,
    # PyTorch has no gradient for floor_divide; it is the floor of a quotient, whose gradient is 0.
    "floor_divide": lambda x, y: torch.floor(x / y),
    "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "square": torch.square,
    "reciprocal": torch.reciprocal, "sqrt": torch.sqrt, "astype": converted,
    "to": lambda x, device: x.to(device),
    # elementary functions
    "exp": torch.exp, "expm1": torch.expm1, "log": torch.log, "log1p": torch.log1p, "log2": torch.log2,
    "logaddexp": torch.logaddexp, "sin": torch.sin, "cos": torch.cos, "tan": torch.tan,
    "arcsin": torch.asin, "arccos": torch.acos, "arctan": torch.atan, "atan2": torch.atan2,
    "arcsinh": torch.asinh, "arccosh": torch.acosh, "arctanh": torch.atanh, "log10": torch.log10, "exp2": torch.exp2,
    "sinh": torch.sinh, "cosh": torch.cosh, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "erf": torch.erf,
    # activations and choices
    "relu": torch.relu, "leaky_relu": torch.nn.functional.leaky_relu, "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "maximum": torch.maximum, "minimum": torch.minimum, "clip": torch.clamp, "where": torch.where,
    # reductions
    "center": lambda x, axis: x - x.mean(dim=axes_of(x, axis), keepdim=True),
    "sum": reduced(torch.sum), "mean": reduced(torch.mean), "max": reduced(torch.amax),
    "min": reduced(torch.amin), "prod": prod, "norm": reduced(torch.linalg.vector_norm),
    "logsumexp": reduced(torch.logsumexp),
    "cumsum": lambda x, axis: torch.cumsum(x, axis), "cumprod": lambda x, axis: torch.cumprod(x, axis),
    "softmax": lambda x, axis: torch.softmax(x, axis),
    "log_softmax": lambda x, axis: torch.log_softmax(x, axis),
    # shapes
    "reshape": lambda x, shape: x.reshape(shape),
    "transpose": lambda x, axes: x.permute(axes if axes is not None else tuple(range(x.ndim))[::-1]),
    "broadcast_to": lambda x, shape: x.expand(shape),
    "concatenate": lambda *inputs, axis: torch.cat(inputs, dim=axis),
    "pad": pad, "getitem": getitem, "scatter": scatter, "setitem": setitem,
    # matrices
    "matmul": torch.matmul, "linear": lambda x, weight, bias: x @ weight + bias, "cross_entropy": cross_entropy,
    "einsum": lambda *inputs, subscripts: torch.einsum(subscripts, *inputs),
    "inv": torch.linalg.inv, "det": torch.linalg.det, "solve": torch.linalg.solve,
}  # fmt: skip

for path in sorted(Path(__file__).parent.glob("*_ops.py")):
    if path.stem != "pytorch_ops":
        PYTORCH |= importlib.import_module(f"tests.parity.{path.stem}").PYTORCH
