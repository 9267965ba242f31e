"""Interval: all arrays between two arrays, entry by entry, with the operations of a tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import numpy_functions
from .. import primitives as P
from ..autograd import no_grad
from ..errors import ShapeError, axis_out_of_range, cannot_broadcast, shown, whole
from ..operations import Operations, on_cpu, plain
from ..tensor import Tensor

RULES: dict[str, Callable[..., Interval]] = {}  # by the names of the table of derivatives; rules.py fills it
_NAMES = {op: name for name, op in P.TABLE.items()}


class Interval(Operations):
    """All arrays between `low` and `high`, entry by entry, ends included.

    low, high : arrays, tensors or numbers that broadcast with each other, low <= high, not NaN; an end may be
        infinite. Without `high`, it is the single point `low`. Python floats become float32, as in a Tensor.

    It has the operations of a Tensor, combines with tensors, arrays and numbers, and runs through a model's own
    forward code. A comparison gives an interval of booleans: low is True where it certainly holds, high where it may
    hold. `where` takes such an interval; an `if` takes it only where the two agree.

    Raises ValueError where low > high or an end is NaN, ShapeError where the shapes do not broadcast.

    >>> x = Interval([-1.0, 2.0], [1.0, 3.0])
    >>> x.relu()
    Interval(low=[0., 2.], high=[1., 3.])
    >>> (x * x).contains([0.25, 9.0]), (x + 1).contains([2.5, 3.0])
    (True, False)
    """

    __slots__ = ("low", "high")
    __hash__ = object.__hash__

    def __init__(self, low: Any, high: Any = None):
        low, high = as_end(low), as_end(low if high is None else high)
        dtype = np.result_type(low, high)
        try:
            low, high = np.broadcast_arrays(low, high)
        except ValueError:
            raise ShapeError(
                f"low {low.shape} and high {high.shape} do not broadcast to one shape: an Interval has two ends for "
                "each entry."
            ) from None
        if np.isnan(low).any() or np.isnan(high).any():
            raise ValueError("an end of this Interval is NaN. For no bound use -inf or inf.")
        if (low > high).any():
            i = tuple(map(int, np.argwhere(low > high)[0]))
            raise ValueError(f"low must not exceed high, but at {i} low is {low[i]:g} and high is {high[i]:g}.")
        self.low, self.high = low.astype(dtype), high.astype(dtype)

    shape = property(lambda self: self.low.shape, doc="The size along each axis.")
    ndim = property(lambda self: self.low.ndim, doc="The number of axes.")
    dtype = property(lambda self: self.low.dtype, doc="The NumPy dtype of the ends.")
    width = property(lambda self: self.high - self.low, doc="high - low, an array.")

    def __getattr__(self, name: str):
        raise AttributeError(
            f"an Interval stands for many arrays and has no {name!r}. Operations that need a single array (argmax, "
            "sort, item, a Python loop over values) cannot be bounded. It has .low and .high."
        )

    def __setitem__(self, index, value):
        raise TypeError(
            "an Interval cannot be overwritten: results computed from it would not change. Make a new one, "
            "np.where(condition, value, x) or x.masked_fill(mask, value)."
        )

    @property
    def is_point(self) -> bool:
        """True if low and high are the same everywhere."""
        return self.low is self.high or bool((self.low == self.high).all())

    def numel(self) -> int:
        """The number of entries."""
        return self.low.size

    def size(self, dim: int | None = None) -> tuple | int:
        """The shape, or the size along one axis."""
        if dim is None:
            return self.shape
        dim = whole("size takes one axis, an integer", dim)
        if not -self.ndim <= dim < self.ndim:
            raise axis_out_of_range(dim, self.ndim)
        return self.shape[dim]

    def detach(self) -> Interval:
        """The same interval: it records no graph."""
        return self

    def contains(self, values: Any) -> bool:
        """Return True if every entry of an array, a tensor or another interval lies inside."""
        low, high = (values.low, values.high) if isinstance(values, Interval) else (on_cpu(values),) * 2
        if low.dtype.kind not in "fiub":
            raise TypeError(f"contains takes numbers, a tensor, an array or an Interval, got {shown(values)}.")
        _fitting(self.shape, low.shape)
        return bool(np.all((self.low <= low) & (high <= self.high)))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a 0-d interval is a single number and has no len()")
        return len(self.low)

    def __iter__(self):
        return iter(self.unbind())

    def __bool__(self) -> bool:
        if self.low.size == 1 and self.is_point:
            return bool(self.low.item())
        if self.low.size != 1:
            raise ShapeError(f"an `if` needs one answer, but this interval has shape {self.shape}. Test one entry.")
        raise ValueError(
            "an `if` needs one answer, but this holds for some points of the box and not for others. Choose entry by "
            "entry: np.where(condition, x, y) bounds both branches."
        )

    def __repr__(self) -> str:
        low, high = (np.array2string(end, separator=", ", prefix="Interval(low=") for end in (self.low, self.high))
        between = ",\n         " if "\n" in low else ", "
        dtype = "" if self.dtype in (np.float32, np.bool_) else f"{between}dtype={self.dtype}"
        return f"Interval(low={low}{between}high={high}{dtype})"

    # An operation reaches its rule through a method of Operations, a call of a Primitive, or a NumPy function.

    @staticmethod
    def _apply(op: P.Primitive, *inputs: Any, **keywords) -> Interval:
        """The bounds of one operation of the table. Raises TypeError for an operation without a rule and names it."""
        rule = RULES.get(_NAMES.get(op, op.symbol))
        if rule is None:
            raise TypeError(
                f"the operation {op.symbol!r} has no interval rule, so its result cannot be bounded. Compose it of "
                "operations that have one; gradlib.bounds.RULES lists them."
            )
        keywords.pop("kept", None)  # a place where a forward pass keeps results for its derivative
        arrays = [x.dtype for x in inputs if hasattr(x, "dtype") and x.dtype.kind == "f"]
        intervals = [as_interval(x, np.result_type(*arrays) if arrays else np.dtype(np.float32)) for x in inputs]
        with np.errstate(all="ignore"):  # an infinite end is a bound like any other
            try:
                bounds = rule(*intervals, **keywords)
            except (ValueError, IndexError) as error:
                raise _explained(error, op, intervals, keywords) from None
            # As for tensors: float64 only where a float64 array went in.
            if bounds.dtype == np.float64 and op is not P.astype and all(x.dtype != np.float64 for x in intervals):
                bounds = astype(bounds, np.float32)
        return bounds

    def clip(self, min=None, max=None):
        """The nearest number in [min, max], entry by entry; a bound may be an interval, too."""
        if not (isinstance(min, Interval) or isinstance(max, Interval)):
            return super().clip(min, max)
        bounded = self if min is None else self.maximum(min)
        return bounded if max is None else bounded.minimum(max)

    clamp = clip

    @staticmethod
    def _operand(value: Any) -> Any:
        return value  # `_apply` makes an interval of it

    @staticmethod
    def _index(index: Any) -> Any:
        return plain(index)

    @staticmethod
    def _call_primitive(op: P.Primitive, inputs: tuple, keywords: dict) -> Interval:
        return Interval._apply(op, *inputs, **keywords)

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        if method == "__call__" and not keywords:
            if op := numpy_functions.UFUNCS.get(ufunc):
                return Interval._apply(op, *inputs)
            if compare := _COMPARISONS.get(ufunc):
                return compare(*(as_interval(x, self.dtype) for x in inputs))
        raise TypeError(f"np.{ufunc.__name__} has no interval rule, so its result cannot be bounded.")

    def __array_function__(self, function, types, args, keywords):
        if function in _OF_SHAPES:
            return function(args[0].low, *args[1:], **keywords)
        if function not in numpy_functions.FUNCTIONS and function not in numpy_functions.PLAIN:
            raise TypeError(f"np.{function.__name__} has no interval rule, so its result cannot be bounded.")
        return numpy_functions.call(function, args, keywords)

    # Comparisons: where they certainly hold (low), and where they may hold (high) --------------------------

    def __lt__(self, other):
        return _less(self, as_interval(other, self.dtype))

    def __le__(self, other):
        return _less_equal(self, as_interval(other, self.dtype))

    def __gt__(self, other):
        return _less(as_interval(other, self.dtype), self)

    def __ge__(self, other):
        return _less_equal(as_interval(other, self.dtype), self)

    def __eq__(self, other):
        return _equal(self, as_interval(other, self.dtype))

    def __ne__(self, other):
        return ~_equal(self, as_interval(other, self.dtype))

    def __invert__(self):
        return with_ends(~self.high, ~self.low)

    def __and__(self, other):
        other = as_interval(other, self.dtype)
        _fitting(self.shape, other.shape)
        return with_ends(self.low & other.low, self.high & other.high)

    def __or__(self, other):
        other = as_interval(other, self.dtype)
        _fitting(self.shape, other.shape)
        return with_ends(self.low | other.low, self.high | other.high)

    __rand__, __ror__ = __and__, __or__


def _fitting(*shapes: tuple[int, ...]) -> None:
    """Raise ShapeError, as for tensors, unless the shapes broadcast with each other."""
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise cannot_broadcast(*shapes) from None


def _less(x: Interval, y: Interval) -> Interval:
    _fitting(x.shape, y.shape)
    return with_ends(x.high < y.low, x.low < y.high)


def _less_equal(x: Interval, y: Interval) -> Interval:
    _fitting(x.shape, y.shape)
    return with_ends(x.high <= y.low, x.low <= y.high)


def _equal(x: Interval, y: Interval) -> Interval:
    _fitting(x.shape, y.shape)
    same_points = (x.low == x.high) & (y.low == y.high) & (x.low == y.low)
    return with_ends(same_points, (x.low <= y.high) & (y.low <= x.high))


_COMPARISONS = {
    np.less: _less, np.less_equal: _less_equal, np.equal: _equal,
    np.greater: lambda x, y: _less(y, x), np.greater_equal: lambda x, y: _less_equal(y, x),
    np.not_equal: lambda x, y: ~_equal(x, y),
}  # fmt: skip
_OF_SHAPES = {np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.full_like}


# Making intervals ------------------------------------------------------------


def with_ends(low, high) -> Interval:
    """An Interval with these ends. An end that could not be computed (NaN, from ∞ - ∞) becomes infinite."""
    low, high = np.asarray(low), np.asarray(high)
    if low.dtype.kind == "f":
        low = np.where(np.isnan(low), low.dtype.type(-np.inf), low)
        high = np.where(np.isnan(high), high.dtype.type(np.inf), high)
    interval = object.__new__(Interval)
    interval.low, interval.high = low, high
    return interval


def point(array: np.ndarray) -> Interval:
    interval = object.__new__(Interval)
    interval.low = interval.high = array
    return interval


def as_end(value: Any) -> np.ndarray:
    array = Tensor(plain(value)).data
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def as_interval(value: Any, like: np.dtype) -> Interval:
    """Convert an operand to an interval: a constant is a single point. Python's numbers take the dtype `like`."""
    if isinstance(value, Interval):
        return value
    value = plain(value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and like.kind == "f"
    array = np.asarray(value, dtype=like if number else None)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"an Interval cannot be combined with a {type(value).__name__}: {value!r}.")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ValueError("a constant or parameter is NaN, so there is nothing to bound.")
    return point(array)


def _explained(error: Exception, op: P.Primitive, inputs: list[Interval], keywords: dict) -> Exception:
    """The error that tensors raise for the same mistake, such as shapes that do not fit; else the error itself."""
    try:
        with no_grad():
            op(*(Tensor(x.low) for x in inputs), **keywords)
    except (ValueError, IndexError) as explained:
        return explained
    return error


def truth(x: Interval) -> Interval:
    """The condition x ≠ 0, as an interval of booleans."""
    return x if x.dtype.kind == "b" else with_ends((x.low > 0) | (x.high < 0), (x.low != 0) | (x.high != 0))


def astype(x: Interval, dtype) -> Interval:
    if np.dtype(dtype).kind == "b":
        return truth(x)
    if x.dtype.kind == "f" and np.dtype(dtype).kind in "iu":
        least, most = (float(end) for end in (np.iinfo(dtype).min, np.iinfo(dtype).max))
        need((x.low >= least) & (x.high < most), "astype", x, f"numbers that {np.dtype(dtype)} holds")
    z = with_ends(x.low.astype(dtype), x.high.astype(dtype))
    return z if np.can_cast(x.dtype, dtype) or z.dtype.kind != "f" else outward(z.low, z.high)


def outward(low, high) -> Interval:
    """The ends moved out by one floating-point number."""
    return with_ends(np.nextafter(low, -np.inf), np.nextafter(high, np.inf))


def rounded(low, high, least=-np.inf, most=np.inf, scale=0.0) -> Interval:
    """Move the ends that elementary functions gave out by 16 ε of their size (or of `scale`, if that is larger) and by
    the smallest normal number, below which results may be flushed to 0. The result stays within [least, most].
    """
    low, high = np.asarray(low), np.asarray(high)
    unit, tiny = 16 * np.finfo(low.dtype).eps, np.finfo(low.dtype).tiny
    bounds = outward(
        low - (unit * np.maximum(np.abs(low), scale) + tiny),
        high + (unit * np.maximum(np.abs(high), scale) + tiny),
    )
    return within(bounds, least, most)


def within(x: Interval, least=-np.inf, most=np.inf) -> Interval:
    """x cut to [least, most], the values that the operation can give."""
    return with_ends(np.maximum(x.low, least).astype(x.dtype), np.minimum(x.high, most).astype(x.dtype))


def signed(z: Interval, x: Interval, y: Interval) -> Interval:
    """A product or quotient z of x and y. Where their signs determine the sign of z, moving out stops at 0."""
    x_up, x_down, y_up, y_down = x.low >= 0, x.high <= 0, y.low >= 0, y.high <= 0
    return with_ends(
        np.where(x_up & y_up | x_down & y_down, np.maximum(z.low, 0), z.low),
        np.where(x_up & y_down | x_down & y_up, np.minimum(z.high, 0), z.high),
    )


def largest(x: Interval) -> np.ndarray:
    """The largest absolute value of each entry."""
    return np.maximum(np.abs(x.low), np.abs(x.high))


def gamma(terms: float, dtype: np.dtype) -> float:
    """γ: the largest error of a sum of `terms` rounded products, relative to the sum of their sizes."""
    error = (terms + 8) * np.finfo(dtype).eps  # 8 more for the operations around the sum
    if error >= 0.1:
        raise ValueError(f"a sum of {terms:,.0f} terms in {dtype} has no useful bound: use float64.")
    return dtype.type(error / (1 - error))


def need(holds: np.ndarray, name: str, x: Interval, what: str) -> None:
    """Raise ValueError for an input that reaches beyond the domain of an operation."""
    holds = np.broadcast_to(holds, x.shape)
    if not holds.all():
        i = tuple(map(int, np.argwhere(~holds)[0]))
        raise ValueError(
            f"{name} needs {what}, but its input at {i} lies in [{x.low[i]:g}, {x.high[i]:g}]. Make the box smaller, "
            "or clip the input. (The true range may be smaller: intervals forget where numbers came from.)"
        )
