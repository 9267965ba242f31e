"""Tensor: an array that remembers how it was made."""

from __future__ import annotations

import builtins
import math
from operator import attrgetter
from typing import Any

import numpy as np

from . import primitives as P
from .autograd import backward_steps, recording, writes
from .errors import GraphError, ShapeError, cannot_broadcast, cannot_multiply

_array_of = attrgetter("_array")
_new = object.__new__


class Tensor:
    """An n-dimensional array that records the operations on it, so that `backward()` can differentiate them.

    data : a number, a nested list, or a NumPy array. Python floats become float32, as in PyTorch; arrays keep
        their dtype and are copied.
    requires_grad : whether `backward()` fills `grad`. Only floating-point data can have a gradient.
    dtype : a NumPy dtype, to choose another.

    `data` is the array; assigning to it overwrites the tensor in place, and a graph that used the old value
    then refuses `backward()`. `grad` is an array of the same shape and dtype, None before the first
    `backward()`; gradients add up over calls.

    >>> x = Tensor([2.0], requires_grad=True)
    >>> y = Tensor([3.0], requires_grad=True)
    >>> z = x * y + x**2
    >>> z.backward()
    >>> x.grad, y.grad
    (array([7.], dtype=float32), array([2.], dtype=float32))
    """

    __slots__ = (
        "_array", "grad", "_requires_grad", "_retains_grad",  # the value and its gradient
        "_op", "_prev", "_kwargs",  # how it was made: Primitive, inputs, keywords; None, (), None for a leaf
        "_made", "_written",  # `writes.count` when it was made, and when it was last overwritten
        "__weakref__",
    )  # fmt: skip

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None):
        self._array = _as_array(data, dtype)
        self.grad = None
        self._requires_grad = self._retains_grad = False
        self._op, self._prev, self._kwargs = None, (), None
        self._made = self._written = writes.count
        if requires_grad:
            self.requires_grad_()

    # The value --------------------------------------------------------------------------------------------

    @property
    def data(self) -> np.ndarray:
        """The array. Assigning overwrites the tensor in place; the shape and the dtype stay."""
        return self._array

    @data.setter
    def data(self, value) -> None:
        value = np.asarray(value._array if isinstance(value, Tensor) else value, dtype=self.dtype)
        if value.shape != self.shape:
            raise ShapeError(
                f"a tensor of shape {self.shape} cannot take data of shape {value.shape}: its shape stays. "
                "Make a new Tensor for another one."
            )
        self._array = value
        writes.count += 1
        self._written = writes.count

    shape = property(lambda self: self._array.shape, doc="The size along each axis.")
    ndim = property(lambda self: self._array.ndim, doc="The number of axes.")
    dtype = property(lambda self: self._array.dtype, doc="The NumPy dtype of the entries.")

    def numel(self) -> int:
        """The number of entries."""
        return self._array.size

    def numpy(self) -> np.ndarray:
        """The array, not copied. Refused where it would cut a graph: if that is meant, t.detach().numpy()."""
        if self._requires_grad:
            raise GraphError(
                "NumPy would lose the gradient of this tensor: what it computes is not part of the graph. "
                "Use gradlib's operations, or t.detach().numpy() if no gradient is to flow."
            )
        return self._array

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def item(self) -> float:
        """The only entry, as a Python number."""
        if self._array.size != 1:
            raise ShapeError(
                f"item() takes the only entry of a tensor, but shape {self.shape} holds {self.numel()}."
            )
        return self._array.item()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise ShapeError(
                f"a tensor of shape {self.shape} is neither true nor false. Ask about one entry, or use (t "
                "> 0).all() or .any()."
            )
        return bool(self._array.item())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a 0-d tensor is a single number and has no len()")
        return len(self._array)

    def __repr__(self) -> str:
        parts = [np.array2string(self._array, separator=", ", prefix="Tensor(")]
        if self.ndim > 1 or self._array.size == 0:
            parts.append(f"shape={self.shape}")
        if self.dtype != np.float32:
            parts.append(f"dtype={self.dtype}")
        if self._op is not None:
            parts.append(f"op={self._op.symbol!r}")
        elif self._requires_grad:
            parts.append("requires_grad=True")
        return f"Tensor({', '.join(parts)})"

    # The graph --------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to this tensor: chosen for a leaf, inherited by a result."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self.requires_grad_(flag)

    def requires_grad_(self, flag: bool = True) -> Tensor:
        """Choose whether `backward()` fills the gradient of this leaf; returns the tensor."""
        if not self.is_leaf:
            raise GraphError(
                f"this tensor is a result of {self._op.symbol!r}: it needs a gradient because its inputs "
                "do. Only leaves "
                "choose. Use t.detach() for a constant of the same value, t.retain_grad() to keep its "
                "gradient."
            )
        if flag and self.dtype.kind != "f":
            raise TypeError(
                f"requires_grad=True takes floating-point data, this is {self.dtype}: a whole number cannot "
                "be nudged "
                "by a little. Write 2.0 in place of 2, or pass dtype=np.float32."
            )
        self._requires_grad = bool(flag)
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it begins a graph: made by the user, not by an operation that was recorded."""
        return self._op is None

    def detach(self) -> Tensor:
        """A constant on the same array, outside the graph."""
        return _constant(self._array)

    def retain_grad(self) -> None:
        """Have `backward()` keep the gradient of this tensor though it is not a leaf."""
        if not self._requires_grad:
            raise GraphError(
                "this tensor needs no gradient, so none can be kept. Set requires_grad=True on an input."
            )
        self._retains_grad = True

    def backward(self, gradient: Any = None) -> None:
        """Add ∂L/∂leaf to the `grad` of every leaf that this tensor was computed from.

        gradient : ∂L/∂self, of this tensor's shape. For a one-element tensor it may be left out: L is then
            the tensor itself, and the gradient 1. (PyTorch asks for 0-d there; otherwise the two agree.)

        Raises GraphError if there is no graph, if `gradient` is missing, or if a tensor of the graph was
        overwritten; ShapeError for a `gradient` of another shape.
        """
        for tensor, arrived, _ in backward_steps(self, self._seed(gradient), _array_of):
            if tensor._op is None or tensor._retains_grad:
                # An array of its own: `arrived` may have gone to several leaves.
                total = np.array(arrived) if tensor.grad is None else np.asarray(tensor.grad + arrived)
                tensor.grad = total.astype(tensor._array.dtype, copy=False)

    def _seed(self, gradient: Any) -> np.ndarray:
        """The gradient that `backward()` starts from, checked."""
        if not self._requires_grad:
            raise GraphError(
                "backward() found no graph: this tensor was not computed from one with requires_grad=True. "
                "Either no input "
                "asked for a gradient, or the graph was cut on the way by .data, .detach(), float() or "
                "no_grad()."
            )
        if gradient is None:
            if self._array.size != 1:
                raise GraphError(
                    f"backward() differentiates one number, but this tensor has shape {self.shape}. Reduce "
                    "it first with "
                    f".sum() or .mean(), or pass gradient=, an array of shape {self.shape}: how much each "
                    "entry counts."
                )
            return np.ones_like(self._array)
        gradient = gradient._array if isinstance(gradient, Tensor) else _as_array(gradient, None)
        if gradient.shape != self.shape:
            raise ShapeError(f"gradient must have the tensor's shape {self.shape}, got {gradient.shape}.")
        return gradient.astype(self.dtype, copy=False)

    def _refuse_overwritten(self, order: list[Tensor]) -> None:
        """Raise GraphError if a tensor in the graph was overwritten after an operation used or made it."""
        for node in order:
            if node._made == writes.count or node._op is None:  # mostly nothing was written since
                continue
            for tensor in (*node._prev, node):
                if tensor._written > node._made:
                    what = "its result" if tensor is node else f"its input of shape {tensor.shape}"
                    raise GraphError(
                        f"backward() needs the values that {node._op.symbol!r} worked with, but {what} was "
                        "overwritten in "
                        "place afterwards. Compute the result again, or make a new tensor in place of "
                        "overwriting."
                    )

    # Operators --------------------------------------------------------------------------------------------

    def __add__(self, other):
        return apply(P.add, self, _operand(other, self))

    def __radd__(self, other):
        return apply(P.add, _operand(other, self), self)

    def __sub__(self, other):
        return apply(P.sub, self, _operand(other, self))

    def __rsub__(self, other):
        return apply(P.sub, _operand(other, self), self)

    def __mul__(self, other):
        return apply(P.mul, self, _operand(other, self))

    def __rmul__(self, other):
        return apply(P.mul, _operand(other, self), self)

    def __truediv__(self, other):
        return apply(P.div, self, _operand(other, self))

    def __rtruediv__(self, other):
        return apply(P.div, _operand(other, self), self)

    def __pow__(self, other):
        return apply(P.pow, self, _operand(other, self))

    def __rpow__(self, other):
        return apply(P.pow, _operand(other, self), self)

    def __matmul__(self, other):
        return apply(P.matmul, self, _operand(other, self))

    def __rmatmul__(self, other):
        return apply(P.matmul, _operand(other, self), self)

    def __neg__(self):
        return apply(P.neg, self)

    def __pos__(self):
        return self

    def __iadd__(self, other):
        return self._in_place(P.add, other)

    def __isub__(self, other):
        return self._in_place(P.sub, other)

    def __imul__(self, other):
        return self._in_place(P.mul, other)

    def __itruediv__(self, other):
        return self._in_place(P.div, other)

    def _in_place(self, op: P.Primitive, other) -> Tensor:
        """`t += u`: overwrites t where nothing is recorded; in a graph it is `t = t + u`, a new tensor."""
        other = _operand(other, self)
        if recording.enabled and (self._requires_grad or other._requires_grad):
            if self.is_leaf and self._requires_grad:
                raise GraphError(
                    f"a leaf with requires_grad=True cannot be overwritten by '{op.symbol}=' while "
                    "operations are recorded: its "
                    "gradient would have nowhere to go. Update it inside `with gradlib.no_grad():`, or give "
                    "the result a new name."
                )
            return apply(op, self, other)
        result = apply(op, self, other)._array
        if result.shape != self.shape:
            raise ShapeError(
                f"shape {self.shape} cannot hold the result of '{op.symbol}=', of shape {result.shape}."
            )
        self.data = result  # a new array: one that shared the old one, by detach() or reshape(), keeps it
        return self

    # Comparisons are elementwise and give plain bool arrays: they have no derivative to record.

    def __eq__(self, other):
        return self._array == _operand(other, self)._array

    def __ne__(self, other):
        return self._array != _operand(other, self)._array

    def __lt__(self, other):
        return self._array < _operand(other, self)._array

    def __le__(self, other):
        return self._array <= _operand(other, self)._array

    def __gt__(self, other):
        return self._array > _operand(other, self)._array

    def __ge__(self, other):
        return self._array >= _operand(other, self)._array

    __hash__ = object.__hash__  # by identity: a tensor can be a key though == compares entries

    # Methods ----------------------------------------------------------------------------------------------

    def exp(self) -> Tensor:
        """eˣ, entry by entry."""
        return apply(P.exp, self)

    def log(self) -> Tensor:
        """The natural logarithm, entry by entry."""
        return apply(P.log, self)

    def sqrt(self) -> Tensor:
        """The square root, entry by entry."""
        return apply(P.sqrt, self)

    def sin(self) -> Tensor:
        """The sine of x in radians, entry by entry."""
        return apply(P.sin, self)

    def cos(self) -> Tensor:
        """The cosine of x in radians, entry by entry."""
        return apply(P.cos, self)

    def tanh(self) -> Tensor:
        """The hyperbolic tangent, entry by entry."""
        return apply(P.tanh, self)

    def sigmoid(self) -> Tensor:
        """σ(x) = 1/(1 + e⁻ˣ), entry by entry, without overflow."""
        return apply(P.sigmoid, self)

    def relu(self) -> Tensor:
        """max(x, 0), entry by entry; the gradient at 0 is 0."""
        return apply(P.relu, self)

    def matmul(self, other) -> Tensor:
        """The matrix product `self @ other`, over leading batch axes that broadcast."""
        return self @ other

    def sum(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False) -> Tensor:
        """The sum over one axis, several, or all. `dim` and `keepdim` are PyTorch's names for the same.

        >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).sum(axis=-1)
        Tensor([3., 7.])
        """
        return apply(P.sum, self, **_axes(axis, keepdims, dim, keepdim))

    def mean(self, axis=None, keepdims: bool = False, *, dim=None, keepdim: bool = False) -> Tensor:
        """The mean over one axis, several, or all."""
        return apply(P.mean, self, **_axes(axis, keepdims, dim, keepdim))

    def reshape(self, *shape) -> Tensor:
        """The same entries in another shape, given as numbers or as a tuple; one size may be -1."""
        return apply(P.reshape, self, shape=_sequence(shape))

    def permute(self, *dims) -> Tensor:
        """The axes in another order: axis i of the result is axis dims[i] of this tensor."""
        return apply(P.transpose, self, axes=_sequence(dims))

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Two axes exchanged, as in PyTorch. `permute` takes a whole new order."""
        axes = list(range(self.ndim))
        try:
            axes[dim0], axes[dim1] = axes[dim1], axes[dim0]
        except IndexError:
            raise ShapeError(
                f"transpose({dim0}, {dim1}) needs these axes, but shape {self.shape} has {self.ndim}."
            ) from None
        return apply(P.transpose, self, axes=tuple(axes))

    @property
    def T(self) -> Tensor:
        """All axes in reverse order: the transpose of a matrix."""
        return apply(P.transpose, self)

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged: each matrix of a batch transposed."""
        return self.transpose(-2, -1)

    # NumPy's own functions (NEP 13 and NEP 18) --------------------------------------------------------------

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        if "out" in keywords:
            raise TypeError(
                f"np.{ufunc.__name__} was asked to write its result into an array in place "
                "(as `array += tensor` does), where no graph can follow. "
                "Make a new value: array = array + tensor."
            )
        if method == "__call__" and not keywords:
            if op := _UFUNCS.get(ufunc):
                return apply(op, *_operands(inputs))
            if ufunc in _WITHOUT_GRADIENT:
                return ufunc(*map(_plain, inputs))
        raise _no_derivative(ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}")

    def __array_function__(self, function, types, args, keywords):
        if function in _FUNCTIONS:
            return _FUNCTIONS[function](*args, **keywords)
        if function in _WITHOUT_GRADIENT:
            return function(*map(_plain, args), **keywords)
        raise _no_derivative(function.__name__)


def apply(op: P.Primitive, *inputs: Tensor, **keywords) -> Tensor:
    """Compute one operation of the table, and record it where a gradient will be asked for.

    >>> cube = P.Primitive("cube", lambda x: x**3, P.Vjp(lambda g, z, x: g * 3 * x**2, r"3\\,{x}^2"))
    >>> x = Tensor(2.0, requires_grad=True)
    >>> y = apply(cube, x)
    >>> y.backward()
    >>> y, x.grad
    (Tensor(8., op='cube'), array(12., dtype=float32))
    """
    arrays = []
    needs_gradient = False
    for tensor in inputs:
        arrays.append(tensor._array)
        if tensor._requires_grad:
            needs_gradient = True
    try:
        array = op.forward(*arrays, **keywords)
    except (TypeError, ValueError) as error:
        raise _explained(op, arrays, keywords, error) from None
    result = _new(Tensor)
    # NumPy gives scalars for 0-d results; a tensor always holds an array.
    result._array = array if type(array) is np.ndarray else np.asarray(array)
    result.grad = None
    result._retains_grad = False
    result._made = result._written = writes.count
    if needs_gradient and recording.enabled:
        result._requires_grad = True
        result._op, result._prev, result._kwargs = op, inputs, keywords
    else:
        result._requires_grad = False
        result._op, result._prev, result._kwargs = None, (), None
    return result


def _constant(array: np.ndarray) -> Tensor:
    """A leaf on this very array, without a gradient."""
    tensor = _new(Tensor)
    tensor._array = array
    tensor.grad = None
    tensor._requires_grad = tensor._retains_grad = False
    tensor._op, tensor._prev, tensor._kwargs = None, (), None
    tensor._made = tensor._written = writes.count
    return tensor


def _operand(value: Any, like: Tensor) -> Tensor:
    """The other operand as a tensor. A Python number takes the dtype of `like`, where that can hold it."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (bool, int, float)):
        holds = like.dtype.kind == "f" or (like.dtype.kind in "iu" and isinstance(value, int))
        return _constant(
            np.asarray(value, dtype=like.dtype if holds else None if isinstance(value, int) else np.float32)
        )
    if isinstance(value, (np.ndarray, np.generic)):
        return _constant(_as_array(value, None))
    raise TypeError(
        f"a Tensor cannot be combined with a {type(value).__name__}: {value!r}. "
        "Make a Tensor or an array of it first."
    )


def _operands(values) -> list[Tensor]:
    like = next(value for value in values if isinstance(value, Tensor))
    return [_operand(value, like) for value in values]


def _plain(value: Any) -> Any:
    return value._array if isinstance(value, Tensor) else value


def _sequence(numbers: tuple) -> tuple[int, ...]:
    """(2, 3) for both f(2, 3) and f((2, 3))."""
    return (
        tuple(numbers[0]) if len(numbers) == 1 and isinstance(numbers[0], (tuple, list)) else tuple(numbers)
    )


def _axes(axis, keepdims, dim, keepdim) -> dict:
    """The keywords of a reduction, in NumPy's names."""
    if axis is not None and dim is not None:
        raise TypeError(f"axis={axis} and dim={dim} are two names for the same argument: give one.")
    axis = dim if axis is None else axis
    return {"axis": tuple(axis) if isinstance(axis, list) else axis, "keepdims": keepdims or keepdim}


# Data that comes in ------------------------------------------------------------


def _as_array(data: Any, dtype: Any) -> np.ndarray:
    """A new array of real numbers, or an error that says what is wrong with the data."""
    dtype = None if dtype is None else np.dtype(dtype)
    if isinstance(data, Tensor):
        if data._requires_grad:
            raise GraphError(
                "Tensor(t) would cut the graph of t. Use t itself, or t.detach() for a constant."
            )
        data = data._array
    try:
        array = np.array(data, dtype=dtype)
    except (TypeError, ValueError, GraphError) as error:
        raise _bad_data(data, error) from None
    if array.dtype.kind not in "fiub":
        raise _bad_data(data, array.dtype)
    if dtype is None and array.dtype == np.float64 and _first_leaf_type(data) is float:
        return array.astype(np.float32)
    return array


def _first_leaf_type(data: Any) -> type:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return float if isinstance(data, (list, tuple)) else type(data)  # an empty list holds no numbers: float32


def _bad_data(data: Any, reason: Any) -> Exception:
    """The error for data that is no array of real numbers."""
    ragged = _ragged(data)
    if ragged:
        return ShapeError(
            f"a tensor is a full grid of numbers, but {ragged}. Fill the short rows, or keep a list."
        )
    if getattr(reason, "kind", None) == "c":
        return TypeError(
            "a tensor holds real numbers, complex ones are not supported. Keep .real and .imag apart."
        )
    if isinstance(data, (list, tuple)) and builtins.any(isinstance(entry, Tensor) for entry in data):
        return TypeError("a Tensor is made of numbers, not of tensors: the graph of the parts would be cut.")
    shown = repr(data)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return TypeError(
        "a Tensor holds numbers: a number, nested lists of numbers, or an array. "
        f"Got {type(data).__name__} {shown}."
    )


def _ragged(data: Any, place: str = "data") -> str:
    """Where nested lists differ in length, in words; empty if they do not."""
    if not isinstance(data, (list, tuple)):
        return ""
    lengths = [len(row) if isinstance(row, (list, tuple)) else None for row in data]
    for i, length in enumerate(lengths):
        if length != lengths[0]:
            first, other = (
                "a number" if n is None else f"{n} {'entry' if n == 1 else 'entries'}"
                for n in (lengths[0], length)
            )
            return f"{place}[0] has {first} and {place}[{i}] has {other}".replace(
                "has a number", "is a number"
            )
    return next(filter(None, (_ragged(row, f"{place}[{i}]") for i, row in enumerate(data))), "")


# Operations that fail ------------------------------------------------------------


def _explained(op: P.Primitive, arrays: list[np.ndarray], keywords: dict, error: Exception) -> Exception:
    """The error of a forward function, in words that help."""
    shapes = [array.shape for array in arrays]
    if op is P.matmul:
        return cannot_multiply(*shapes)
    if op is P.transpose:
        return ShapeError(f"permute{keywords['axes']} must name each axis of shape {shapes[0]} once.")
    if op is P.broadcast_to and not _misfit(shapes[0], keywords["shape"]):
        return ShapeError(
            f"cannot broadcast {shapes[0]} to {tuple(keywords['shape'])}: counted from the last axis, a size "
            "must stay or be 1, and no axis may go."
        )
    if isinstance(error, np.exceptions.AxisError):
        if not shapes[0]:
            return ShapeError(
                f"{op.symbol} over axis {keywords['axis']}, but a 0-d tensor has no axes: leave axis out."
            )
        return ShapeError(
            f"{op.symbol} over axis {keywords['axis']}, but shape {shapes[0]} has axes 0 to "
            f"{len(shapes[0]) - 1}. "
            "Negative axes count from the end: -1 is the last."
        )
    if op is P.reshape:
        wanted = keywords["shape"]
        return ShapeError(
            f"cannot reshape {shapes[0]}, {math.prod(shapes[0])} in all, to {wanted}: the sizes must "
            "multiply to "
            f"{math.prod(shapes[0])}. One of them may be -1, for what is left."
        )
    if "broadcast" in str(error):
        return cannot_broadcast(*shapes, *([tuple(keywords["shape"])] if op is P.broadcast_to else []))
    dtypes = ", ".join(f"{array.dtype} {array.shape}" for array in arrays)
    return type(error)(f"{op.symbol} failed on {dtypes}: {error}")


def _misfit(*shapes: tuple[int, ...]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return True
    return False


def _no_derivative(name: str) -> TypeError:
    return TypeError(
        f"np.{name} is not an operation that gradlib can differentiate, so on a Tensor it would lose the "
        "gradient. Compose it of "
        "operations that are in the table, or call it on t.detach().numpy() if no gradient is to flow."
    )


def _where(condition, *choices) -> Tensor:
    if len(choices) != 2:
        raise TypeError(
            "np.where with a condition alone gives indices, which have no gradient: call it on t.data. "
            "To choose between two values, pass both: np.where(condition, x, y)."
        )
    return apply(P.where, *_operands((condition, *choices)))


_UFUNCS = {op.forward: op for op in P.TABLE.values() if isinstance(op.forward, np.ufunc)}

_WITHOUT_GRADIENT = {
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isnan, np.isfinite,
    np.isinf, np.sign, np.shape, np.ndim, np.size, np.ones_like, np.zeros_like, np.allclose, np.isclose,
    np.array_equal,
}  # fmt: skip

_FUNCTIONS = {
    np.sum: lambda x, axis=None, keepdims=False: x.sum(axis, keepdims),
    np.mean: lambda x, axis=None, keepdims=False: x.mean(axis, keepdims),
    np.reshape: lambda x, shape: x.reshape(shape),
    np.transpose: lambda x, axes=None: x.T if axes is None else x.permute(*axes),
    np.expand_dims: lambda x, axis: x.reshape(np.expand_dims(x._array, axis).shape),
    np.broadcast_to: lambda x, shape: apply(P.broadcast_to, x, shape=shape),
    np.where: _where,
}
