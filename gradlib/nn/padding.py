"""A border around a tensor."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import not_pairs
from ..tensor import Tensor, as_tensor


def pad(x, pad, mode: str = "constant", value: float = 0.0) -> Tensor:
    """x with a border: (before, after) for each axis, first axis first, or one number for all, as in `Tensor.pad`.

    mode : "constant" fills it with value; "edge", "reflect", "symmetric" and "wrap" repeat entries of x.

    >>> pad([[1.0, 2.0]], ((0, 0), (1, 2)))
    Tensor([[0., 1., 2., 0., 0.]], shape=(1, 5))

    Raises ShapeError for PyTorch's flat list, which counts from the last axis: NumPy reads (1, 2) as one pair for all
    axes. The error names the pairs.
    """
    x = as_tensor(x)
    flat = isinstance(pad, Sequence) and not any(isinstance(width, Sequence) for width in pad)
    if flat and (x.ndim, len(pad)) != (1, 2):
        raise not_pairs(pad, x.shape)
    return x.pad(pad, mode, value)
