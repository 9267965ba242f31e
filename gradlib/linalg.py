"""Linear algebra under the names of `torch.linalg`: `solve`, `inv`, `det`, `norm`."""

from __future__ import annotations

from typing import Any

from .functions import Tensor, as_tensor


def inv(A: Any) -> Tensor:
    """The inverse of each matrix of (…, n, n).

    >>> inv([[2.0, 0.0], [0.0, 4.0]])
    Tensor([[0.5 , 0.  ],
            [0.  , 0.25]], shape=(2, 2))
    """
    return as_tensor(A).inv()


def det(A: Any) -> Tensor:
    """The determinant of each matrix of (…, n, n).

    >>> det([[2.0, 0.0], [0.0, 4.0]])
    Tensor(8.)
    """
    return as_tensor(A).det()


def solve(A: Any, B: Any) -> Tensor:
    """Solve A @ X = B for X, for each matrix of (…, n, n); B is a vector or a stack of matrices.

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [1.0, 1.0])
    Tensor([0.5 , 0.25])
    """
    return as_tensor(A).solve(as_tensor(B))


def norm(x: Any, ord: float | None = None, dim=None, keepdim: bool = False, *, axis=None, keepdims: bool = False):
    """The norm (Σ|x|^ord)^(1/ord) along an axis, with ord = 2 by default; without an axis, of all entries.

    >>> norm([3.0, 4.0])
    Tensor(5.)

    Raises TypeError for an `ord` over several axes: gradlib cannot differentiate matrix norms, such as the largest
    singular value.
    """
    x = as_tensor(x)
    axes = dim if axis is None else axis
    several = x.ndim if axes is None else len(axes) if isinstance(axes, (tuple, list)) else 1
    if ord is not None and several > 1:
        way = "leave ord out" if isinstance(ord, str) else f"use t.norm({ord})"
        raise TypeError(
            f"linalg.norm over {several} axes with ord={ord} is a matrix norm, which gradlib cannot differentiate. For "
            f"the norm of all entries {way}."
        )
    return x.norm(2 if ord is None else ord, axes, keepdim or keepdims)
