r"""Bounds of what a function can give, proven by interval arithmetic.

An `Interval` is a pair of arrays: entry by entry, all numbers from `low` to `high`. An operation on intervals
gives an interval that contains every result that its inputs can give:

    [a, b] + [c, d] = [a + c, b + d]        [a, b] · [c, d] = [min, max of ac, ad, bc, bd]

and for a function that only rises, f([a, b]) = [f(a), f(b)]. Composed, the operations bound a whole network.

*The bounds hold in floating point too.* They contain the exact real result, and also what the same operations
compute in this dtype, with sums in any order; parameters and constants are the numbers that the dtype holds.
A quotient by exactly 0 has no value and is left out.
What is assumed, and what is done about it, with ε the distance from 1 to the next number:

- +, -, ·, / and √ are correctly rounded (IEEE 754): the bounds move out by one number, `np.nextafter`;
- exp, log, tanh, … are within 4 units in the last place, the most that NumPy's own tests allow them, and what
  a few of them make up, a sigmoid, within 8: the bounds move out by 16 ε |z|, room for the error in the bound
  and for the error in what is bounded;
- a sum of n products differs from the exact one by at most γ Σ|xᵢ||yᵢ| with γ = nε/(1 - nε), in whatever order
  it is added up, with or without fused multiply-add (Higham, Accuracy and Stability of Numerical Algorithms,
  2002, section 3.1, there with half of this ε): the bounds move out by twice that.

*What intervals forget.* An interval knows its ends, not where they came from: x - x is [-1, 1] for x in
[0, 1], because the second x is taken for another number. So bounds of a deep network are true but wide. The
sampled range beside them is too narrow; the true range lies between the two. Small boxes have tight bounds.

Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), chapters 2 and 5; the matrix product by
midpoint and radius is Rump's (BIT 39, 1999).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import numpy as np

from . import numpy_functions
from . import primitives as P
from .autograd import no_grad
from .diagnostics import evaluating
from .errors import ShapeError
from .operations import Operations
from .random import generator
from .tensor import Tensor


class Interval(Operations):
    """All arrays between `low` and `high`, entry by entry, ends included.

    low, high : arrays, tensors or numbers that broadcast with each other, low <= high, not NaN; an end may be
        infinite. Without `high`, the single point `low`. Python floats become float32, as in a Tensor.

    It has the operations that a Tensor has, combines with tensors, arrays and numbers, and goes through a
    model's own forward code. A comparison gives an interval of booleans: low says where it is surely true,
    high where it may be; `where` takes it, an `if` only if they agree.

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
        low, high = _end(low), _end(low if high is None else high)
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
            f"an Interval stands for many arrays and has no {name!r}, so what depends on a single one (argmax, sort, "
            "item, a Python loop over values) cannot be bounded. It has .low and .high."
        )

    def __setitem__(self, index, value):
        raise TypeError(
            "an Interval cannot be written into: what was read from it before would not change. Make a new one, "
            "np.where(condition, value, x) or x.masked_fill(mask, value)."
        )

    @property
    def is_point(self) -> bool:
        """Whether low and high are the same everywhere."""
        return self.low is self.high or bool((self.low == self.high).all())

    def numel(self) -> int:
        """The number of entries."""
        return self.low.size

    def size(self, dim: int | None = None) -> tuple | int:
        """The shape, or the size along one axis."""
        return self.shape if dim is None else self.shape[dim]

    def contains(self, values: Any) -> bool:
        """Whether every entry of an array, a tensor or another interval lies inside."""
        low, high = (values.low, values.high) if isinstance(values, Interval) else (_plain(values),) * 2
        return bool(np.all((self.low <= low) & (high <= self.high)))

    def __len__(self) -> int:
        return len(self.low)

    def __iter__(self):
        return iter(self.unbind())

    def __bool__(self) -> bool:
        if self.low.size == 1 and self.is_point:
            return bool(self.low.item())
        raise ValueError(
            "an `if` needs one answer, but this holds for some points of the box and not for others. Choose entry "
            "by entry: np.where(condition, x, y) bounds both branches."
        )

    def __repr__(self) -> str:
        low, high = (np.array2string(end, separator=", ", prefix="Interval(low=") for end in (self.low, self.high))
        between = ",\n         " if "\n" in low else ", "
        dtype = "" if self.dtype in (np.float32, np.bool_) else f"{between}dtype={self.dtype}"
        return f"Interval(low={low}{between}high={high}{dtype})"

    # How an operation reaches its rule: by the methods of Operations, by a Primitive called, by NumPy's functions

    @staticmethod
    def _apply(op: P.Primitive, *inputs: Any, **keywords) -> Interval:
        """The bounds of one operation of the table. Raises TypeError, by name, for one without a rule."""
        rule = RULES.get(_NAMES.get(op, op.symbol))
        if rule is None:
            raise TypeError(
                f"the operation {op.symbol!r} has no interval rule, so what it gives cannot be bounded. Compose it of "
                "operations that have one: they are listed in gradlib.bounds.RULES."
            )
        keywords.pop("kept", None)  # room for what a forward pass keeps for its derivative
        arrays = [x.dtype for x in inputs if hasattr(x, "dtype") and x.dtype.kind == "f"]
        intervals = [_interval(x, np.result_type(*arrays) if arrays else np.dtype(np.float32)) for x in inputs]
        with np.errstate(all="ignore"):  # an infinite end is a bound like any other
            try:
                bounds = rule(*intervals, **keywords)
            except (ValueError, IndexError) as error:
                raise _explained(error, op, intervals, keywords) from None
            # As for tensors: float64 only where a float64 array went in.
            if bounds.dtype == np.float64 and op is not P.astype and all(x.dtype != np.float64 for x in intervals):
                bounds = _astype(bounds, np.float32)
        return bounds

    @staticmethod
    def _call_primitive(op: P.Primitive, inputs: tuple, keywords: dict) -> Interval:
        return Interval._apply(op, *inputs, **keywords)

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        if method == "__call__" and not keywords:
            if op := numpy_functions.UFUNCS.get(ufunc):
                return Interval._apply(op, *inputs)
            if compare := _COMPARISONS.get(ufunc):
                return compare(*(_interval(x, self.dtype) for x in inputs))
        raise TypeError(f"np.{ufunc.__name__} has no interval rule, so what it gives cannot be bounded.")

    def __array_function__(self, function, types, args, keywords):
        if function in _OF_SHAPES:
            return function(args[0].low, *args[1:], **keywords)
        if function not in numpy_functions.FUNCTIONS and function not in numpy_functions.PLAIN:
            raise TypeError(f"np.{function.__name__} has no interval rule, so what it gives cannot be bounded.")
        return numpy_functions.call(function, args, keywords)

    # Operators --------------------------------------------------------------------------------------------

    def __add__(self, other):
        return self._apply(P.add, self, other)

    def __radd__(self, other):
        return self._apply(P.add, other, self)

    def __sub__(self, other):
        return self._apply(P.sub, self, other)

    def __rsub__(self, other):
        return self._apply(P.sub, other, self)

    def __mul__(self, other):
        return self._apply(P.mul, self, other)

    def __rmul__(self, other):
        return self._apply(P.mul, other, self)

    def __truediv__(self, other):
        return self._apply(P.div, self, other)

    def __rtruediv__(self, other):
        return self._apply(P.div, other, self)

    def __pow__(self, other):
        return self._apply(P.pow, self, other)

    def __rpow__(self, other):
        return self._apply(P.pow, other, self)

    def __matmul__(self, other):
        return self._apply(P.matmul, self, other)

    def __rmatmul__(self, other):
        return self._apply(P.matmul, other, self)

    def __mod__(self, other):
        return self._apply(P.remainder, self, other)

    def __rmod__(self, other):
        return self._apply(P.remainder, other, self)

    def __floordiv__(self, other):
        return self._apply(P.floor_divide, self, other)

    def __rfloordiv__(self, other):
        return self._apply(P.floor_divide, other, self)

    def __abs__(self):
        return self._apply(P.abs, self)

    def __neg__(self):
        return self._apply(P.neg, self)

    def __pos__(self):
        return self

    def __getitem__(self, index):
        return self._apply(P.getitem, self, index=_plain(index))

    # Comparisons: where they are surely true (low), and where they may be (high) ---------------------------

    def __lt__(self, other):
        return _less(self, _interval(other, self.dtype))

    def __le__(self, other):
        return _less_equal(self, _interval(other, self.dtype))

    def __gt__(self, other):
        return _less(_interval(other, self.dtype), self)

    def __ge__(self, other):
        return _less_equal(_interval(other, self.dtype), self)

    def __eq__(self, other):
        return _equal(self, _interval(other, self.dtype))

    def __ne__(self, other):
        return ~_equal(self, _interval(other, self.dtype))

    def __invert__(self):
        return _make(~self.high, ~self.low)

    def __and__(self, other):
        other = _interval(other, self.dtype)
        return _make(self.low & other.low, self.high & other.high)

    def __or__(self, other):
        other = _interval(other, self.dtype)
        return _make(self.low | other.low, self.high | other.high)

    __rand__, __ror__ = __and__, __or__


def _less(x: Interval, y: Interval) -> Interval:
    return _make(x.high < y.low, x.low < y.high)


def _less_equal(x: Interval, y: Interval) -> Interval:
    return _make(x.high <= y.low, x.low <= y.high)


def _equal(x: Interval, y: Interval) -> Interval:
    same_points = (x.low == x.high) & (y.low == y.high) & (x.low == y.low)
    return _make(same_points, (x.low <= y.high) & (y.low <= x.high))


_COMPARISONS = {
    np.less: _less, np.less_equal: _less_equal, np.equal: _equal,
    np.greater: lambda x, y: _less(y, x), np.greater_equal: lambda x, y: _less_equal(y, x),
    np.not_equal: lambda x, y: ~_equal(x, y),
}  # fmt: skip
_OF_SHAPES = {np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.full_like}


# Making intervals ------------------------------------------------------------


def _make(low, high) -> Interval:
    """An Interval of these ends. An end that could not be computed (NaN: ∞ - ∞) becomes no bound at all."""
    low, high = np.asarray(low), np.asarray(high)
    if low.dtype.kind == "f":
        low = np.where(np.isnan(low), low.dtype.type(-np.inf), low)
        high = np.where(np.isnan(high), high.dtype.type(np.inf), high)
    interval = object.__new__(Interval)
    interval.low, interval.high = low, high
    return interval


def _point(array: np.ndarray) -> Interval:
    interval = object.__new__(Interval)
    interval.low = interval.high = array
    return interval


def _end(value: Any) -> np.ndarray:
    array = Tensor(_plain(value)).data
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _plain(value: Any) -> Any:
    return value.data if isinstance(value, Tensor) else value


def _interval(value: Any, like: np.dtype) -> Interval:
    """An operand as an interval: a constant is a single point. Python's numbers take the dtype of the other."""
    if isinstance(value, Interval):
        return value
    value = _plain(value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and like.kind == "f"
    array = np.asarray(value, dtype=like if number else None)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"an Interval cannot be combined with a {type(value).__name__}: {value!r}.")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ValueError("a constant or parameter is NaN, so there is nothing to bound.")
    return _point(array)


def _explained(error: Exception, op: P.Primitive, inputs: list[Interval], keywords: dict) -> Exception:
    """What tensors say of the same mistake, of shapes that do not fit, say; the error itself, where they make none."""
    try:
        with no_grad():
            op(*(Tensor(x.low) for x in inputs), **keywords)
    except (ValueError, IndexError) as explained:
        return explained
    return error


def _outward(low, high) -> Interval:
    """The ends moved out by one floating-point number."""
    return _make(np.nextafter(low, -np.inf), np.nextafter(high, np.inf))


def _rounded(low, high, least=-np.inf, most=np.inf, scale=0.0) -> Interval:
    """Ends that elementary functions gave, moved out by 16 ε of their size (or of `scale`, where that is more),
    and by the smallest normal number, below which results may be flushed to 0; not beyond [least, most]."""
    low, high = np.asarray(low), np.asarray(high)
    unit, tiny = 16 * np.finfo(low.dtype).eps, np.finfo(low.dtype).tiny
    bounds = _outward(
        low - (unit * np.maximum(np.abs(low), scale) + tiny),
        high + (unit * np.maximum(np.abs(high), scale) + tiny),
    )
    return _within(bounds, least, most)


def _within(x: Interval, least=-np.inf, most=np.inf) -> Interval:
    """x without what the operation cannot give."""
    return _make(np.maximum(x.low, least).astype(x.dtype), np.minimum(x.high, most).astype(x.dtype))


def _signed(z: Interval, x: Interval, y: Interval) -> Interval:
    """A product or quotient z, where the signs of x and y tell that of z: there, moving out stops at 0."""
    x_up, x_down, y_up, y_down = x.low >= 0, x.high <= 0, y.low >= 0, y.high <= 0
    return _make(
        np.where(x_up & y_up | x_down & y_down, np.maximum(z.low, 0), z.low),
        np.where(x_up & y_down | x_down & y_up, np.minimum(z.high, 0), z.high),
    )


def _size(x: Interval) -> np.ndarray:
    """The largest absolute value of each entry."""
    return np.maximum(np.abs(x.low), np.abs(x.high))


def _gamma(terms: float, dtype: np.dtype) -> float:
    """γ: how far a sum of so many rounded products can be off, relative to the sum of their sizes."""
    error = (terms + 8) * np.finfo(dtype).eps  # 8 more for the operations around the sum
    if error >= 0.1:
        raise ValueError(f"a sum of {terms:,.0f} terms in {dtype} has no bound worth having: use float64.")
    return dtype.type(error / (1 - error))


def _need(holds: np.ndarray, name: str, x: Interval, what: str) -> None:
    """Refuse an input that reaches to where an operation is not defined."""
    holds = np.broadcast_to(holds, x.shape)
    if not holds.all():
        i = tuple(map(int, np.argwhere(~holds)[0]))
        raise ValueError(
            f"{name} needs {what}, but its input at {i} lies somewhere in [{x.low[i]:g}, {x.high[i]:g}]. Make the "
            "box smaller, or clip the input. (The true range may be smaller: intervals forget where numbers came "
            "from.)"
        )


# Rules ------------------------------------------------------------
#
# A rule takes an Interval for each input of an operation, and its keywords; it returns an Interval. The table of
# rules, by the operations' names in the table of derivatives, stands at the end.


def _add(x: Interval, y: Interval) -> Interval:
    z = _outward(x.low + y.low, x.high + y.high)
    return _make(
        np.where((x.low >= 0) & (y.low >= 0), np.maximum(z.low, 0), z.low),
        np.where((x.high <= 0) & (y.high <= 0), np.minimum(z.high, 0), z.high),
    )


def _neg(x: Interval) -> Interval:
    return _make(-x.high, -x.low)


def _sub(x: Interval, y: Interval) -> Interval:
    return _add(x, _neg(y))


def _corners(function: Callable, x: Interval, y: Interval) -> np.ndarray:
    """The values at the corners of a rectangle, along a new first axis."""
    return np.stack([np.asarray(function(a, b)) for a in (x.low, x.high) for b in (y.low, y.high)])


def _mul(x: Interval, y: Interval) -> Interval:
    if x is y:  # the same number twice, not two numbers
        return _square(x)
    x, y = _as_numbers(x), _as_numbers(y)
    values = _corners(np.multiply, x, y)
    values = np.where(np.isnan(values), 0, values)  # 0 · ∞: the end ∞ is a bound that no number attains
    return _signed(_outward(values.min(axis=0), values.max(axis=0)), x, y)


def _as_numbers(x: Interval) -> Interval:
    return _make(x.low * np.int8(1), x.high * np.int8(1)) if x.dtype.kind == "b" else x


def _reciprocal(x: Interval) -> Interval:
    """1/x. Where 0 lies inside there is no bound; where it is an end, there is none on its side."""
    return _div(_point(np.ones((), x.dtype)), x)


def _div(x: Interval, y: Interval) -> Interval:
    apart = (y.low > 0) | (y.high < 0)
    values = _corners(np.true_divide, x, _make(np.where(apart, y.low, 1), np.where(apart, y.high, 1)))
    z = _signed(_outward(values.min(axis=0), values.max(axis=0)), x, y)
    if apart.all():
        return z
    # Beside 0: 1/[0, b] = [1/b, ∞], and x times that.
    near = _make(
        np.where((y.low >= 0) & (y.high > 0), np.nextafter(1 / y.high, 0), -np.inf).astype(z.dtype),
        np.where((y.high <= 0) & (y.low < 0), np.nextafter(1 / y.low, 0), np.inf).astype(z.dtype),
    )
    product = _mul(x, near)
    return _make(np.where(apart, z.low, product.low), np.where(apart, z.high, product.high))


def _abs(x: Interval) -> Interval:
    return _make(np.maximum(np.maximum(x.low, -x.high), 0), _size(x))


def _square(x: Interval) -> Interval:
    size = _abs(x)
    return _within(_outward(np.square(size.low), np.square(size.high)), least=0)


def _pow(x: Interval, y: Interval) -> Interval:
    """x**y. A base that is not negative attains its ends at corners; else whole exponents, by their parity."""
    if (x.low >= 0).all():
        values = _corners(np.power, x, y)
        return _rounded(values.min(axis=0), values.max(axis=0), least=0)
    if not (y.is_point and np.all(y.low == np.rint(y.low))):
        _need(x.low >= 0, "pow", x, "a base that is not negative, or one whole number as exponent")
    count = np.abs(y.low)
    odd = _rounded(np.power(x.low, count), np.power(x.high, count))
    size = _abs(x)
    even = _rounded(np.power(size.low, count), np.power(size.high, count), least=0)
    z = _choose(count % 2 == 1, odd, even)
    return _choose(y.low < 0, _reciprocal(z), z)


def _choose(condition: np.ndarray, x: Interval, y: Interval) -> Interval:
    return _make(np.where(condition, x.low, y.low), np.where(condition, x.high, y.high))


def _remainder(x: Interval, y: Interval) -> Interval:
    """x mod y: rises from 0 to y again and again; within one rise the ends are those of x."""
    _need((y.low > 0) | (y.high < 0), "remainder", y, "a divisor that cannot be 0")
    whole = _floor_divide(x, y)
    z = _rounded(np.remainder(x.low, y.low), np.remainder(x.high, y.high), scale=_size(y))
    one_rise = (whole.low == whole.high) & (y.low == y.high)
    least, most = np.minimum(y.low, 0), np.maximum(y.high, 0)
    return _within(_choose(one_rise, z, _make(least + 0 * z.low, most + 0 * z.high)), least, most)


def _floor_divide(x: Interval, y: Interval) -> Interval:
    quotient = _div(x, y)
    return _make(np.floor(quotient.low), np.floor(quotient.high))


def _astype(x: Interval, dtype) -> Interval:
    z = _make(x.low.astype(dtype), x.high.astype(dtype))
    return z if np.can_cast(x.dtype, dtype) or z.dtype.kind != "f" else _outward(z.low, z.high)


# Functions of one number ------------------------------------------------------------


def _rising(op: P.Primitive, least=-np.inf, most=np.inf, domain=(-np.inf, np.inf)) -> Callable:
    """The rule of a function that only rises: its ends are its values at the ends."""

    def rule(x: Interval) -> Interval:
        _need((x.low >= domain[0]) & (x.high <= domain[1]), op.symbol, x, f"numbers from {domain[0]} to {domain[1]}")
        return _rounded(op.forward(x.low), op.forward(x.high), least, most)

    return rule


def _exact(op: P.Primitive) -> Callable:
    """The rule of an operation that rises in every input and rounds nothing: the ends go through it."""

    def rule(*inputs: Interval, **keywords) -> Interval:
        return _make(
            op.forward(*(x.low for x in inputs), **keywords), op.forward(*(x.high for x in inputs), **keywords)
        )

    return rule


def _round(x: Interval, decimals: int = 0) -> Interval:
    """It rises in steps. With decimals it scales first, which may move an input over an edge: move out before."""
    if not decimals:
        return _make(np.round(x.low), np.round(x.high))
    x = _rounded(x.low, x.high)
    return _rounded(np.round(x.low, decimals), np.round(x.high, decimals))


def _arccos(x: Interval) -> Interval:
    _need((x.low >= -1) & (x.high <= 1), "arccos", x, "numbers from -1 to 1")
    return _rounded(np.arccos(x.high), np.arccos(x.low), least=0)


def _cosh(x: Interval) -> Interval:
    size = _abs(x)
    return _rounded(np.cosh(size.low), np.cosh(size.high), least=1)


def _reaches(x: Interval, point: float, period: float) -> np.ndarray:
    """Whether point + k · period lies in x, for a whole k; yes, where rounding leaves it open."""
    low, high = (end.astype(np.float64) for end in (x.low, x.high))
    slack = 8 * np.finfo(np.float64).eps * (1 + _size(x) / period)
    return np.floor((high - point) / period + slack) >= np.ceil((low - point) / period - slack)


def _wave(function: Callable, peak: float) -> Callable:
    """The rule of a sine wave: 1 if it passes a peak, -1 if it passes a trough, else its values at the ends."""

    def rule(x: Interval) -> Interval:
        ends = np.stack([function(x.low), function(x.high)])
        z = _rounded(ends.min(axis=0), ends.max(axis=0), least=-1, most=1, scale=1)
        return _make(
            np.where(_reaches(x, peak + math.pi, 2 * math.pi), z.dtype.type(-1), z.low),
            np.where(_reaches(x, peak, 2 * math.pi), z.dtype.type(1), z.high),
        )

    return rule


def _tan(x: Interval) -> Interval:
    pole = _reaches(x, math.pi / 2, math.pi)
    z = _rounded(np.tan(x.low), np.tan(x.high))
    return _choose(pole, _make(np.full_like(z.low, -np.inf), np.full_like(z.high, np.inf)), z)


def _atan2(y: Interval, x: Interval) -> Interval:
    """The angle of (x, y): at the corners, unless the box meets the ray where the angle jumps, x ≤ 0, y = 0."""
    values = _corners(np.arctan2, y, x)
    z = _rounded(values.min(axis=0), values.max(axis=0))
    half_turn = z.dtype.type(np.nextafter(np.float32(math.pi), np.float32(4)))
    smooth = (x.low > 0) | (y.low > 0) | (y.high < 0)
    return _choose(smooth, z, _make(np.full_like(z.low, -half_turn), np.full_like(z.high, half_turn)))


def _leaky_relu(x: Interval, negative_slope: float) -> Interval:
    """Two straight pieces that meet at 0: the ends are among the values at the ends and at 0."""
    middle = np.clip(0, x.low, x.high).astype(x.dtype)  # 0, or the end next to it
    values = np.stack([P.leaky_relu.forward(end, negative_slope) for end in (x.low, middle, x.high)])
    return _outward(values.min(axis=0), values.max(axis=0))


# gelu falls until here, then rises: the root of its slope Φ(x) + x φ(x), and that of the form with tanh.
_GELU_BOTTOM = {"none": -0.7517915246935645, "tanh": -0.7524614220710162}


def _gelu(x: Interval, approximate: str = "none") -> Interval:
    bottom = np.clip(_GELU_BOTTOM[approximate], x.low, x.high).astype(x.dtype)
    low, *ends = (P.gelu.forward(point, approximate) for point in (bottom, x.low, x.high))
    return _rounded(low, np.maximum(*ends), scale=_size(x))  # 1 + erf(x) cancels: an error of ε, times x


def _logaddexp(x: Interval, y: Interval) -> Interval:
    z = _rounded(np.logaddexp(x.low, y.low), np.logaddexp(x.high, y.high), scale=1)
    return _within(z, least=np.maximum(x.low, y.low))


# Choosing ------------------------------------------------------------


def _truth(x: Interval) -> Interval:
    """Whether it is not 0."""
    return x if x.dtype.kind == "b" else _make((x.low > 0) | (x.high < 0), (x.low != 0) | (x.high != 0))


def _where(condition: Interval, x: Interval, y: Interval) -> Interval:
    """x where the condition is sure, y where it cannot be, else whatever contains both."""
    condition = _truth(condition)
    low, high = np.minimum(x.low, y.low), np.maximum(x.high, y.high)
    either = _choose(condition.high, _make(low, high), y)
    return _choose(condition.low, x, either)


# Sums ------------------------------------------------------------


def _terms(x: Interval, axis) -> int:
    """How many entries a reduction over the axes brings together."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,) if x.ndim else ()
    return math.prod(x.shape[a] for a in axes)


def _linear(add_up: Callable, x: Interval, terms: float) -> Interval:
    """The rule of sums of entries: the ends are the sums of the ends, moved out by 2γ of the sizes."""
    x = _as_numbers(x)
    if x.dtype.kind != "f":
        x = _astype(x, np.float64)
    gamma, size = _gamma(terms, x.dtype), add_up(_size(x))
    margin = 2 * gamma * (1 + 4 * gamma) * size
    z = _outward(add_up(x.low) - margin, add_up(x.high) + margin)
    all_up, all_down = add_up((x.low < 0) * 1.0) == 0, add_up((x.high > 0) * 1.0) == 0  # of one sign: so is the sum
    return _make(np.where(all_up, np.maximum(z.low, 0), z.low), np.where(all_down, np.minimum(z.high, 0), z.high))


def _sum(x: Interval, axis=None, keepdims: bool = False) -> Interval:
    return _linear(partial(np.sum, axis=axis, keepdims=keepdims), x, _terms(x, axis))


def _mean(x: Interval, axis=None, keepdims: bool = False) -> Interval:
    if not _terms(x, axis):
        raise ValueError(f"the mean over {axis or 'all'} of no entries, in shape {x.shape}, is 0/0: nothing to bound.")
    total = _sum(x, axis, keepdims)
    return _div(total, _point(np.asarray(_terms(x, axis), total.dtype)))


def _norm(x: Interval, ord: float = 2, axis=None, keepdims: bool = False) -> Interval:
    if ord == 2:
        return RULES["sqrt"](_sum(_square(x), axis, keepdims))
    power, root = (_point(np.asarray(exponent, x.dtype)) for exponent in (ord, 1 / ord))
    return _pow(_sum(_pow(_abs(x), power), axis, keepdims), root)


def _cumsum(x: Interval, axis: int) -> Interval:
    return _linear(partial(np.cumsum, axis=axis), x, x.shape[axis])


def _scatter(x: Interval, index, shape) -> Interval:
    add_up = partial(P.scatter.forward, index=index, shape=shape)
    terms = add_up(np.ones(x.shape, x.dtype)).max(initial=0)
    return _exact(P.scatter)(x, index=index, shape=shape) if terms <= 1 else _linear(add_up, x, terms)


def _fold(x: Interval, kernel: tuple, **keywords) -> Interval:
    return _linear(partial(P.fold.forward, kernel=kernel, **keywords), x, math.prod(kernel))


def _normalize(x: Interval, axis, eps: float) -> Interval:
    """(x - mean)/√(var + ε) as composed; and of n numbers none lies further than √n of their sizes out."""
    centered = x - x.mean(axis, keepdims=True)
    terms = _terms(x, axis)
    most = math.sqrt(terms) * (1 + _gamma(terms, x.dtype))
    return _within(centered / (centered.square().mean(axis, keepdims=True) + eps).sqrt(), -most, most)


def _cumprod(x: Interval, axis: int) -> Interval:
    columns = [_make(low, high) for low, high in zip(*(np.moveaxis(e, axis, 0) for e in (x.low, x.high)), strict=True)]
    products = columns[:1]
    for column in columns[1:]:
        products.append(_mul(products[-1], column))
    return _make(np.stack([z.low for z in products], axis=axis), np.stack([z.high for z in products], axis=axis))


def _prod(x: Interval, axis=None, keepdims: bool = False) -> Interval:
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    kept = [a for a in range(x.ndim) if a not in {b % x.ndim for b in axes}]
    order = (*(a for a in range(x.ndim) if a not in kept), *kept)
    low, high = (np.transpose(end, order).reshape(-1, *(x.shape[a] for a in kept)) for end in (x.low, x.high))
    factors = (_make(*ends) for ends in zip(low, high, strict=True))
    product = reduce(_mul, factors, _point(np.ones([x.shape[a] for a in kept], x.dtype)))
    # NumPy may multiply in another order: n factors, each rounded once, in what is bounded and in the bound.
    margin = 4 * _gamma(_terms(x, axis), x.dtype) * _size(product)
    product = _outward(product.low - margin, product.high + margin)
    shape = np.sum(x.low, axis=axis, keepdims=keepdims).shape
    return _make(product.low.reshape(shape), product.high.reshape(shape))


def _logsumexp(x: Interval, axis=None, keepdims: bool = False) -> Interval:
    """It rises in every entry. Its error: that of n exponentials, relative to their sum, and of the largest entry."""
    low, high = (P.logsumexp.forward(end, axis, keepdims) for end in (x.low, x.high))
    terms = _terms(x, axis)
    scale = (1 + terms / 16) * (1 + np.maximum(np.abs(low), np.abs(high)) + math.log(max(terms, 1)))
    return _rounded(low, high, scale=np.where(np.isfinite(scale), scale, 0))


def _others(terms: np.ndarray, axis: int) -> np.ndarray:
    """For each entry the sum of the others along an axis, by sums from both ends: nothing cancels."""
    terms = np.moveaxis(terms, axis, -1)
    before, after = (np.cumsum(side, axis=-1)[..., :-1] for side in (terms, np.flip(terms, -1)))
    zero = np.zeros_like(terms[..., :1])
    total = np.concatenate([zero, before], axis=-1) + np.flip(np.concatenate([zero, after], axis=-1), -1)
    return np.moveaxis(total, -1, axis)


def _softmax_parts(x: Interval, axis: int):
    """eˣ of the ends and the sums of the others, all divided by e to the largest end; and the relative error."""
    peak = np.max(x.high, axis=axis, keepdims=True, initial=-np.inf)
    low, high = np.exp(x.low - peak), np.exp(x.high - peak)
    deepest = -math.log(np.finfo(x.dtype).smallest_subnormal)  # e^-d is 0 beyond; before, d is off by ε d
    error = _gamma(x.shape[axis] + deepest, x.dtype)
    return low, high, _others(low, axis), _others(high, axis), error


def _softmax(x: Interval, axis: int) -> Interval:
    """eˣⁱ/Σeˣʲ rises in xᵢ and falls in the others: its least value has xᵢ low and the others high."""
    low, high, others_low, others_high, error = _softmax_parts(x, axis)
    tiny = np.finfo(x.dtype).tiny * x.shape[axis]
    least = np.maximum(low - tiny, 0) / (low + others_high + tiny) * (1 - 4 * error)
    most = (high + tiny) / (high + others_low) * (1 + 4 * error) + tiny
    return _within(_outward(least, most), 0, 1)


def _log_softmax(x: Interval, axis: int) -> Interval:
    """xᵢ - ln Σeˣʲ = -ln(1 + Σ_{j≠i} eˣʲ⁻ˣⁱ), bounded as softmax is."""
    peak = np.max(x.high, axis=axis, keepdims=True, initial=-np.inf)
    _, _, others_low, others_high, error = _softmax_parts(x, axis)
    tiny = np.finfo(x.dtype).tiny * x.shape[axis]
    least = -np.logaddexp(0, np.log(others_high + tiny) + (peak - x.low))
    most = -np.logaddexp(0, np.log(np.maximum(others_low - tiny, 0)) + (peak - x.high))
    scale = np.max(_size(x), axis=axis, keepdims=True)
    margin = 4 * error * (1 + np.maximum(np.abs(least), scale))
    top = 4 * error * (1 + np.maximum(np.abs(most), scale))
    return _within(_outward(least - margin, most + top), most=0)


def _cross_entropy(x: Interval, index: np.ndarray, reduction: str = "none") -> Interval:
    rows = _log_softmax(x, -1).reshape(-1, x.shape[-1])  # (..., C) -> (N, C)
    losses = -rows[np.arange(len(rows)), np.reshape(index, -1)].reshape(np.shape(index))
    return losses if reduction == "none" else losses.mean()


# Products ------------------------------------------------------------


def _multilinear(multiply: Callable, inputs: tuple[Interval, ...], terms: float) -> Interval:
    r"""The rule of sums of products, one factor from each input: of matrices, of a convolution, of an einsum.

    With midpoints m and radii r, so that each input lies in m ± r, the result lies in

        m₁ m₂ ± ( r₁ |m₂| + (|m₁| + r₁) r₂ )

    since x y - m₁ m₂ = (x - m₁) m₂ + x (y - m₂), and likewise for more factors. Rounding adds 2γ (|m₁| + r₁)
    (|m₂| + r₂): γ for the product of the midpoints computed here, γ for the product that is bounded.
    """
    middles, radii = zip(*map(_middle_and_radius, inputs), strict=True)
    absolute = [np.abs(middle) for middle in middles]
    sizes = [size + radius for size, radius in zip(absolute, radii, strict=True)]
    center = multiply(*middles)
    gamma = _gamma(terms, center.dtype)
    margin = 2 * gamma * multiply(*sizes)
    for i, radius in enumerate(radii):
        if radius.any():
            margin = margin + multiply(*sizes[:i], radius, *absolute[i + 1 :])
    underflow = terms * np.finfo(center.dtype).tiny * math.prod(max(1, size.max(initial=0)) for size in sizes)
    margin = margin * (1 + 8 * gamma) + underflow  # the first: its own rounding
    return _outward(center - margin, center + margin)


def _middle_and_radius(x: Interval) -> tuple[np.ndarray, np.ndarray]:
    middle = np.where(x.low == x.high, x.low, x.low / 2 + x.high / 2)
    radius = np.maximum(middle - x.low, x.high - middle)
    return middle, np.where(x.low == x.high, 0, np.nextafter(radius, np.inf))


def _matmul(x: Interval, y: Interval) -> Interval:
    return _multilinear(np.matmul, (x, y), x.shape[-1])


def _linear_layer(x: Interval, weight: Interval, bias: Interval) -> Interval:
    return _add(_matmul(x, weight), bias)


def _einsum(*inputs: Interval, subscripts: str) -> Interval:
    multiply = partial(P.einsum.forward, subscripts=subscripts)
    ones = [np.ones(x.shape) for x in inputs]
    return _multilinear(multiply, inputs, np.max(multiply(*ones), initial=0))  # ones count the terms


# Recurrent networks, step by step as primitives/recurrent.py computes them ------------------------------------


def _states(step: Callable, a: Interval, *state: Interval) -> list[tuple[Interval, ...]]:
    """The states after each step: step(aₜ, *state) gives the next."""
    states = []
    for t in range(len(a)):
        state = step(a[t], *state)
        states.append(state)
    return states


def _gates(x: Interval) -> Interval:
    return (x * 0.5).tanh() * 0.5 + 0.5  # σ as it is computed there: near 0 it is off by ε, not by ε σ


def _rnn(a: Interval, weight: Interval, first: Interval, nonlinearity: str = "tanh") -> Interval:
    def step(inputs, h):
        p = h @ weight + inputs  # (N, H) @ (H, H) -> (N, H)
        return (p.tanh() if nonlinearity == "tanh" else p.relu(),)

    return numpy_functions.stack([h for (h,) in _states(step, a, first)])


def _lstm(a: Interval, weight: Interval, first: Interval, first_memory: Interval) -> Interval:
    def step(inputs, h, c):
        i, f, g, o = (h @ weight + inputs).chunk(4, dim=-1)  # (N, H) @ (H, 4H) -> 4 of (N, H)
        c = _gates(f) * c + _gates(i) * g.tanh()
        return _gates(o) * c.tanh(), c

    hidden, memory = zip(*_states(step, a, first, first_memory), strict=True)
    return numpy_functions.stack([numpy_functions.stack(list(hidden)), numpy_functions.stack(list(memory))])


def _gru(a: Interval, weight: Interval, bias: Interval, first: Interval) -> Interval:
    def step(inputs, h):
        inputs, recurrent = inputs.chunk(3, dim=-1), (h @ weight + bias).chunk(3, dim=-1)
        reset, update = (_gates(inputs[k] + recurrent[k]) for k in range(2))
        candidate = (inputs[2] + reset * recurrent[2]).tanh()
        return (candidate + update * (h - candidate),)

    return numpy_functions.stack([h for (h,) in _states(step, a, first)])


# The table of rules ------------------------------------------------------------

RULES: dict[str, Callable[..., Interval]] = {
    "add": _add, "sub": _sub, "mul": _mul, "div": _div, "neg": _neg, "pow": _pow, "abs": _abs, "square": _square,
    "reciprocal": _reciprocal, "remainder": _remainder, "floor_divide": _floor_divide, "astype": _astype,
    "to": lambda x, device: x,  # computed on the CPU, the bounds hold on every device
    "sqrt": _rising(P.sqrt, least=0, domain=(0, np.inf)),
    "exp": _rising(P.exp, least=0), "expm1": _rising(P.expm1, least=-1),
    "log": _rising(P.log, domain=(0, np.inf)), "log2": _rising(P.log2, domain=(0, np.inf)),
    "log1p": _rising(P.log1p, domain=(-1, np.inf)), "logaddexp": _logaddexp,
    "sin": _wave(np.sin, math.pi / 2), "cos": _wave(np.cos, 0.0), "tan": _tan, "atan2": _atan2, "round": _round,
    "arcsin": _rising(P.arcsin, domain=(-1, 1)), "arccos": _arccos, "arctan": _rising(P.arctan),
    "sinh": _rising(P.sinh), "cosh": _cosh, "tanh": _rising(P.tanh, least=-1, most=1),
    "sigmoid": _rising(P.sigmoid, least=0, most=1), "erf": _rising(P.erf, least=-1, most=1),
    "gelu": _gelu, "leaky_relu": _leaky_relu, "where": _where,
    "sum": _sum, "mean": _mean, "norm": _norm, "cumsum": _cumsum, "prod": _prod, "cumprod": _cumprod,
    "logsumexp": _logsumexp, "softmax": _softmax, "log_softmax": _log_softmax,
    "cross_entropy": _cross_entropy, "linear": _linear_layer, "matmul": _matmul, "einsum": _einsum,
    "scatter": _scatter, "fold": _fold, "normalize": _normalize, "rnn": _rnn, "lstm": _lstm, "gru": _gru,
} | {
    name: _exact(P.TABLE[name])
    for name in (
        "relu", "sign", "floor", "ceil", "maximum", "minimum", "clip", "max", "min",
        "reshape", "transpose", "broadcast_to", "concatenate", "pad", "getitem", "setitem", "unfold",
    )
}  # fmt: skip

_NAMES = {op: name for name, op in P.TABLE.items()}


# The bounds of a function ------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Bounds:
    """The proven ends that `estimate_bounds` found, and the smallest and largest values that samples gave.

    `lower, upper = bounds` unpacks the proven ends.
    """

    low: np.ndarray
    high: np.ndarray
    sampled_low: np.ndarray
    sampled_high: np.ndarray
    samples: int

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.low, self.high))

    @property
    def interval(self) -> Interval:
        """The proven bounds, to compute on."""
        return _make(self.low, self.high)

    def contains(self, values: Any) -> bool:
        """Whether every entry lies within the proven bounds."""
        return self.interval.contains(values)

    def __repr__(self) -> str:
        rows = [("output", "proven low", "sampled low", "sampled high", "proven high")]
        ends = (self.low, self.sampled_low, self.sampled_high, self.high)
        for index in list(np.ndindex(self.low.shape))[:10]:
            name = "[" + ", ".join(map(str, index)) + "]" if index else ""
            rows.append((name, *(f"{end[index]:.6g}" for end in ends)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        if self.low.size > 10:
            lines.append(f"... and {self.low.size - 10} more")
        return "\n".join(lines)


def estimate_bounds(
    f: Callable, x: Any, eps: Any, samples: int = 500, *, rng: np.random.Generator | None = None
) -> Bounds:
    """Bounds of f over the box [x - eps, x + eps]: proven by interval arithmetic, and sampled beside them.

    f : a Module, or a function of one tensor written in gradlib's operations or NumPy's functions. A module is
        run as in eval(), with its batch statistics and its dropout as they are in use, and put back afterwards.
    x : an array, a tensor or a list of finite numbers. eps : how far each entry may be off, a number or an array
        that broadcasts to x; finite, not negative.
    samples : how many points are tried, the center first, then corners of the box, where extremes often lie, and
        points inside, by turns. What is NaN at a point, as 0/0, is passed over.

    Returns `Bounds`: .low and .high contain every value of f over the box, in real numbers and as computed in
    the dtype of x (see the module's text for the proof's assumptions); .sampled_low and .sampled_high lie inside.
    The true range is between the two. Raises TypeError, by name, for an operation without an interval rule,
    ValueError where the box reaches beyond the domain of one, ShapeError where eps does not broadcast to x.

    That both x are the same number is forgotten here; the true range is [0.1875, 0.25]:

    >>> estimate_bounds(lambda x: x * (1 - x), 0.5, 0.25, rng=np.random.default_rng(0))
    output  proven low  sampled low  sampled high  proven high
                0.0625       0.1875          0.25       0.5625
    """
    center = _end(x)
    if not np.isfinite(center).all():
        raise ValueError(
            "x is the middle of the box: its entries must be finite. For all numbers, compute f(Interval(-inf, inf))."
        )
    radius = np.asarray(_plain(eps), dtype=np.float64)
    if not ((0 <= radius) & (radius < np.inf)).all():
        raise ValueError(f"eps is how far an entry may be off, 0 or more and finite, got {_plain(eps)}.")
    try:
        radius = np.broadcast_to(radius, center.shape)
    except ValueError:
        raise ShapeError(
            f"eps, of shape {radius.shape}, must be one number or broadcast to the shape of x, {center.shape}."
        ) from None
    if samples < 1:
        raise ValueError(f"samples is how many points to try, at least 1, got {samples}.")
    box = _make(_end_of_box(center, radius, -1), _end_of_box(center, radius, 1))
    rng = generator(rng)
    with no_grad(), evaluating(f), np.errstate(all="ignore"):  # of a value that is infinite the bounds speak
        f(Tensor(center))  # a mistake in f is explained by tensors
        proven = f(box)
        if not isinstance(proven, Interval):
            raise TypeError(
                f"f must return what it computed from its input; on an Interval it returned a {type(proven).__name__}."
            )
        low = high = np.full(proven.shape, np.nan)
        for i in range(samples):
            share = rng.random(center.shape) if i % 2 else rng.integers(2, size=center.shape)
            point = (box.low + share * (box.high - box.low)).astype(center.dtype)
            value = _plain(f(Tensor(np.clip(point, box.low, box.high) if i else center)))
            low, high = np.fmin(low, value), np.fmax(high, value)
    return Bounds(proven.low, proven.high, low.astype(proven.dtype), high.astype(proven.dtype), samples)


def _end_of_box(center: np.ndarray, radius: np.ndarray, side: int) -> np.ndarray:
    """center ± radius, moved out by one number where rounding went inward.

    By how much a sum is off, its own parts tell (Knuth, The Art of Computer Programming, volume 2, section 4.2.2).
    """
    wide, step = center.astype(np.float64), side * radius
    total = wide + step
    added = total - wide
    error = (wide - (total - added)) + (step - added)
    end = total.astype(center.dtype)
    inward = (side * (end - total) < 0) | ((end == total) & (side * error > 0))
    return np.where(inward, np.nextafter(end, center.dtype.type(side * np.inf)), end)
