"""Functions that are not methods: they choose between tensors, join or multiply several, or create new ones."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from . import primitives as P
from .device import to as moved
from .errors import ShapeError, cannot_stack, explained, holdable, not_an_axis, whole
from .numpy_functions import FUNCTIONS
from .operations import Operations, on_cpu, one_axis, real_dtype
from .random import generator
from .tensor import Tensor, as_tensor, limits, on


def where(condition, *choices):
    """`where(condition, x, y)`: x where the condition holds, y elsewhere.

    >>> where(np.array([True, False]), Tensor([1.0, 2.0]), 0.0)
    Tensor([1., 0.])
    """
    if len(choices) != 2:
        raise TypeError(
            "np.where with a condition alone gives indices, which have no gradient: call it on t.data. To choose "
            "between two values, pass both: np.where(condition, x, y)."
        )
    return P.where(condition, *_with_a_tensor(choices))


def _with_a_tensor(values) -> list:
    """The values, converted to tensors if none is one, so that the result is a tensor."""
    values = list(values)
    return values if any(isinstance(value, Operations) for value in values) else [as_tensor(v) for v in values]


def concatenate(arrays, axis: int | None = 0, *, dim: int | None = None):
    """Join tensors along an existing axis.

    >>> concatenate([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """
    arrays = _several("concatenate", arrays)
    axis = axis if dim is None else dim
    if axis is None:
        arrays, axis = [P.reshape(array, shape=(-1,)) for array in arrays], 0
    if isinstance(axis, (bool, np.bool_)) or not isinstance(axis, (int, np.integer)):
        raise not_an_axis(axis)
    return P.concatenate(*arrays, axis=int(axis))


def stack(arrays, axis: int = 0, *, dim: int | None = None):
    """Join tensors along a new axis.

    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])], axis=1)
    Tensor([[1., 3.],
            [2., 4.]], shape=(2, 2))
    """
    arrays = _several("stack", arrays)
    axis = axis if dim is None else dim
    shapes = [np.shape(array) for array in arrays]
    if len(set(shapes)) > 1:
        raise cannot_stack(shapes)
    ndim = len(shapes[0]) + 1
    axis = one_axis(axis, None, ndim)
    grown = (*shapes[0][:axis], 1, *shapes[0][axis:])
    return P.concatenate(*(P.reshape(array, shape=grown) for array in arrays), axis=axis)


def hstack(arrays):
    """Join tensors along the second axis; vectors and numbers along the first.

    >>> hstack([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """
    arrays = [array if np.ndim(array) else P.reshape(array, shape=(1,)) for array in _several("hstack", arrays)]
    return concatenate(arrays, axis=0 if np.ndim(arrays[0]) == 1 else 1)


def vstack(arrays):
    """Join tensors along the first axis; a vector is one row.

    >>> vstack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])])
    Tensor([[1., 2.],
            [3., 4.]], shape=(2, 2))
    """
    arrays = _several("vstack", arrays)
    return concatenate([a if np.ndim(a) > 1 else P.reshape(a, shape=(1, np.size(a))) for a in arrays])


def _several(name: str, arrays) -> list:
    """The arrays to be joined, as a list."""
    if not isinstance(arrays, (list, tuple)):
        raise TypeError(f"{name} takes a list of tensors, at least one, got {type(arrays).__name__}.")
    if not arrays:
        raise ValueError(f"{name} takes a list of tensors, at least one, got an empty list.")
    return [as_tensor(array) for array in arrays]


def einsum(subscripts: str, *operands):
    """Einstein's sum: products of the operands, summed over the letters that are not in the result.

    >>> einsum("ij,j->i", Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([1.0, 10.0]))
    Tensor([21., 43.])
    """
    if not isinstance(subscripts, str):
        raise TypeError(
            f"einsum takes the letters first, as in einsum('ij,jk->ik', x, y), got {type(subscripts).__name__}."
        )
    if not operands:
        raise explained("einsum", [], {"subscripts": subscripts}, ValueError())
    if (
        len(operands) == 1
        and isinstance(operands[0], (list, tuple))
        and any(isinstance(each, Operations) for each in operands[0])
    ):
        operands = tuple(operands[0])  # PyTorch takes the operands in a list, too
    return P.einsum(*_with_a_tensor(operands), subscripts=subscripts)


def dot(x, y):
    """NumPy's dot: a product with a number, else a sum over the last axis of x and the second-to-last of y."""
    if not np.ndim(x) or not np.ndim(y):
        return P.mul(x, y)
    if np.ndim(y) <= 2:
        return P.matmul(x, y)
    return tensordot(x, y, ([-1], [-2]))


def tensordot(x, y, dims=2, *, axes=None):
    """Sum products over the last `dims` axes of x and the first of y, or over two lists of axes. NumPy says `axes`."""
    return Operations.tensordot(as_tensor(x), as_tensor(y), dims, axes=axes)


def one_hot(indices: Any, num_classes: int = -1) -> Tensor:
    """Rows that are 1 at an index and 0 elsewhere: integers of shape (…,) -> int64 of shape (…, num_classes).

    num_classes : by default one more than the largest index.

    >>> one_hot([2, 0])
    Tensor([[0, 0, 1],
            [1, 0, 0]], shape=(2, 3), dtype=int64)

    Raises TypeError for indices that are not integers, IndexError for one out of range.
    """
    indices = on_cpu(indices)
    whole("num_classes is an integer from 0 on, or -1 to count them", num_classes, -1)
    if indices.dtype.kind not in "iu":
        raise TypeError(
            f"one_hot takes class indices, which are integers, got {indices.dtype} of shape {indices.shape}."
        )
    if num_classes == -1:
        if not indices.size:
            raise ValueError("one_hot cannot tell the number of classes from an empty array: give num_classes.")
        num_classes = int(indices.max()) + 1
    wrong = (indices < 0) | (indices >= num_classes)
    if wrong.any():
        raise IndexError(
            f"one_hot with {num_classes} classes takes indices 0 to {num_classes - 1}, got {indices[wrong][0]}."
        )
    holdable("one_hot", (*indices.shape, num_classes), np.int64)
    return on((indices[..., None] == np.arange(num_classes)).astype(np.int64))


# New tensors ------------------------------------------------------------------------------------------------
#
# As in PyTorch: sizes as numbers or as a tuple, float32 unless `dtype` says otherwise.


def zeros(*size, dtype: Any = np.float32, requires_grad: bool = False) -> Tensor:
    """Zeros of a shape.

    >>> zeros(2, 3)
    Tensor([[0., 0., 0.],
            [0., 0., 0.]], shape=(2, 3))
    """
    return full(_size(size), 0, dtype=dtype, requires_grad=requires_grad)


def ones(*size, dtype: Any = np.float32, requires_grad: bool = False) -> Tensor:
    """Ones of a shape.

    >>> ones(3)
    Tensor([1., 1., 1.])
    """
    return full(_size(size), 1, dtype=dtype, requires_grad=requires_grad)


def full(size, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor filled with one number. The default dtype is the number's: float32 for a Python float, int64 for an int.

    >>> full((2,), 0.5)
    Tensor([0.5, 0.5])
    """
    value = Tensor(fill_value, dtype=dtype)
    if value.ndim:
        raise ShapeError(f"full takes one number to fill with, got shape {value.shape}.")
    return _leaf(np.full(_size((size,)), value.data), requires_grad)


def arange(start, end=None, step=1, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """The numbers start, start + step, …, end excluded; `arange(n)` counts from 0. int64 for integers, else float32.

    >>> arange(3), arange(1, 2, 0.25)
    (Tensor([0, 1, 2], dtype=int64), Tensor([1.  , 1.25, 1.5 , 1.75]))
    """
    start, end = (0, start) if end is None else (start, end)
    _check_numbers("arange", start, end, step)
    if step == 0:
        raise ValueError("arange needs a step other than 0.")
    if not abs((end - start) / step) < 2**53:
        raise ValueError(f"arange from {start} to {end} in steps of {step} does not end: it takes finite numbers.")
    if dtype is None:
        dtype = np.float32 if any(np.asarray(number).dtype.kind == "f" for number in (start, end, step)) else np.int64
    return _leaf(np.arange(start, end, step).astype(real_dtype(dtype)), requires_grad)


def linspace(start: float, end: float, steps: int, *, dtype: Any = np.float32, requires_grad: bool = False) -> Tensor:
    """`steps` numbers at equal distances from start to end, both included.

    >>> linspace(0, 1, 5)
    Tensor([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    _check_numbers("linspace", start, end)
    whole("linspace takes steps, an integer from 0 on", steps, 0)
    holdable("linspace", (steps,), np.float64)
    return _leaf(np.linspace(float(start), float(end), steps).astype(real_dtype(dtype)), requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = np.float32, requires_grad: bool = False) -> Tensor:
    """The n by n identity matrix, or its first m columns.

    >>> eye(2)
    Tensor([[1., 0.],
            [0., 1.]], shape=(2, 2))
    """
    rows, columns = _size((n, n if m is None else m))
    return _leaf(np.eye(rows, columns, dtype=real_dtype(dtype)), requires_grad)


def rand(*size, dtype: Any = np.float32, requires_grad: bool = False, rng: np.random.Generator | None = None) -> Tensor:
    """Random numbers from the uniform distribution on [0, 1), drawn by `rng` or by the generator of `manual_seed`."""
    dtype = _floating("rand", dtype)
    exact = dtype if dtype.itemsize >= 4 else np.float32  # a generator draws float32 and float64
    drawn = generator(rng).random(_size(size), dtype=exact).astype(dtype)
    return _leaf(np.minimum(drawn, np.nextafter(dtype.type(1), dtype.type(0))), requires_grad)


def randn(
    *size, dtype: Any = np.float32, requires_grad: bool = False, rng: np.random.Generator | None = None
) -> Tensor:
    """Random numbers from the standard normal distribution, drawn by `rng` or by the generator of `manual_seed`.

    >>> randn(2, 3, rng=np.random.default_rng(0)).shape
    (2, 3)
    """
    dtype = _floating("randn", dtype)
    exact = dtype if dtype.itemsize >= 4 else np.float32
    return _leaf(generator(rng).standard_normal(_size(size), dtype=exact).astype(dtype), requires_grad)


def randint(
    low: int, high: int, size=None, *, dtype: Any = np.int64, requires_grad: bool = False,
    rng: np.random.Generator | None = None,
) -> Tensor:  # fmt: skip
    """Random integers from low to high - 1, drawn by `rng` or by the generator of `manual_seed`.

    `randint(high, size)` draws from 0 on.
    """
    if size is None:
        low, high, size = 0, low, high
    low, high = whole("randint takes integers low and high", low), whole("randint takes integers low and high", high)
    if low >= high:
        raise ValueError(f"randint draws integers from low to high - 1, so low < high; got {low} and {high}.")
    dtype = real_dtype(dtype)
    least, most = (0, 1) if dtype.kind == "b" else (int(limits(dtype).min), int(limits(dtype).max))
    if not least <= low < high <= most + 1:
        raise ValueError(f"{dtype} holds numbers from {least} to {most}, got low={low} and high={high}.")
    return _leaf(generator(rng).integers(low, high, _size((size,))).astype(dtype), requires_grad)


def zeros_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape of `input`, and in its dtype unless `dtype` is given.

    >>> zeros_like(Tensor([1.0, 2.0]))
    Tensor([0., 0.])
    """
    return full_like(input, 0, dtype=dtype, requires_grad=requires_grad)


def ones_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the shape of `input`, and in its dtype unless `dtype` is given."""
    return full_like(input, 1, dtype=dtype, requires_grad=requires_grad)


def full_like(input: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor filled with one number, in the shape of `input`, and in its dtype unless `dtype` is given."""
    like = as_tensor(input)
    made = full(like.shape, fill_value, dtype=like.dtype if dtype is None else dtype, requires_grad=requires_grad)
    return made if like.device == "cpu" else on(moved(made.data, like.device), requires_grad)


def rand_like(
    input: Any, *, dtype: Any = None, requires_grad: bool = False, rng: np.random.Generator | None = None
) -> Tensor:
    """`rand` in the shape of `input`, and in its dtype unless `dtype` is given."""
    like = as_tensor(input)
    return rand(like.shape, dtype=like.dtype if dtype is None else dtype, requires_grad=requires_grad, rng=rng)


def randn_like(
    input: Any, *, dtype: Any = None, requires_grad: bool = False, rng: np.random.Generator | None = None
) -> Tensor:
    """`randn` in the shape of `input`, and in its dtype unless `dtype` is given."""
    like = as_tensor(input)
    return randn(like.shape, dtype=like.dtype if dtype is None else dtype, requires_grad=requires_grad, rng=rng)


def _leaf(array: np.ndarray, requires_grad: bool) -> Tensor:
    return on(array).requires_grad_(requires_grad)


def _check_numbers(name: str, *numbers: Any) -> None:
    for number in numbers:
        if not isinstance(number, Real):
            raise TypeError(f"{name} takes numbers, got {number!r}. Of a tensor that holds one, take item().")


def _size(size: tuple) -> tuple[int, ...]:
    """Check a shape, and return (2, 3) for both f(2, 3) and f((2, 3))."""
    sizes = size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    return tuple(whole("a size is an integer from 0 on", n, 0, 2**63 - 1) for n in sizes)


def _floating(name: str, dtype: Any) -> np.dtype:
    dtype = real_dtype(dtype)
    if dtype.kind != "f":
        raise TypeError(f"{name} draws floating-point numbers, got dtype {dtype}. For integers there is randint.")
    return dtype


FUNCTIONS |= {
    np.where: where,
    np.concatenate: concatenate,
    np.stack: stack,
    np.hstack: hstack,
    np.vstack: vstack,
    np.dot: dot,
    np.einsum: einsum,
    np.tensordot: lambda a, b, axes=2: tensordot(a, b, axes),
}
