"""The interval rules: for each operation of the table of derivatives, the bounds of its result.

A rule takes an Interval for each input of an operation, and the keywords, and returns an Interval. The table of rules,
by the operations' names, is at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial, reduce

import numpy as np

from .. import primitives as P
from ..functions import stack
from .interval import (
    RULES,
    Interval,
    astype,
    gamma,
    largest,
    need,
    outward,
    point,
    rounded,
    signed,
    truth,
    with_ends,
    within,
)


def _add(x: Interval, y: Interval) -> Interval:
    z = outward(x.low + y.low, x.high + y.high)
    return with_ends(
        np.where((x.low >= 0) & (y.low >= 0), np.maximum(z.low, 0), z.low),
        np.where((x.high <= 0) & (y.high <= 0), np.minimum(z.high, 0), z.high),
    )


def _neg(x: Interval) -> Interval:
    x = _as_numbers(x)
    return with_ends(-x.high, -x.low)


def _sub(x: Interval, y: Interval) -> Interval:
    return _add(x, _neg(y))


def _corners(function: Callable, x: Interval, y: Interval) -> np.ndarray:
    """The values at the corners of a rectangle, along a new first axis."""
    return np.stack([np.asarray(function(a, b)) for a in (x.low, x.high) for b in (y.low, y.high)])


def mul_bounds(x: Interval, y: Interval) -> Interval:
    if x is y:  # the same number twice, not two numbers
        return _square(x)
    x, y = _as_numbers(x), _as_numbers(y)
    values = _corners(np.multiply, x, y)
    values = np.where(np.isnan(values), 0, values)  # 0 · ∞: the end ∞ is a bound that no number attains
    return signed(outward(values.min(axis=0), values.max(axis=0)), x, y)


def _as_numbers(x: Interval) -> Interval:
    return with_ends(x.low * np.int8(1), x.high * np.int8(1)) if x.dtype.kind == "b" else x


def _reciprocal(x: Interval) -> Interval:
    """1/x. Where 0 lies inside x there is no bound; where 0 is an end of x, there is no bound on one side."""
    return _div(point(np.ones((), x.dtype)), x)


def _div(x: Interval, y: Interval) -> Interval:
    apart = (y.low > 0) | (y.high < 0)
    values = _corners(np.true_divide, x, with_ends(np.where(apart, y.low, 1), np.where(apart, y.high, 1)))
    z = signed(outward(values.min(axis=0), values.max(axis=0)), x, y)
    if apart.all():
        return z
    # Next to 0: 1/[0, b] = [1/b, ∞], and x times that.
    near = with_ends(
        np.where((y.low >= 0) & (y.high > 0), np.nextafter(1 / y.high, 0), -np.inf).astype(z.dtype),
        np.where((y.high <= 0) & (y.low < 0), np.nextafter(1 / y.low, 0), np.inf).astype(z.dtype),
    )
    product = mul_bounds(x, near)
    return with_ends(np.where(apart, z.low, product.low), np.where(apart, z.high, product.high))


def _abs(x: Interval) -> Interval:
    x = _as_numbers(x)
    return with_ends(np.maximum(np.maximum(x.low, -x.high), 0), largest(x))


def _square(x: Interval) -> Interval:
    size = _abs(x)
    return within(outward(np.square(size.low), np.square(size.high)), least=0)


def _pow(x: Interval, y: Interval) -> Interval:
    """x**y. With a base ≥ 0 the extremes are at corners; a negative base takes integer exponents, by their parity."""
    if (x.low >= 0).all():
        values = _corners(np.power, x, y)
        return rounded(values.min(axis=0), values.max(axis=0), least=0)
    if not (y.is_point and np.all(y.low == np.rint(y.low))):
        need(x.low >= 0, "pow", x, "a base that is not negative, or one integer as exponent")
    count = np.abs(y.low)
    odd = rounded(np.power(x.low, count), np.power(x.high, count))
    size = _abs(x)
    even = rounded(np.power(size.low, count), np.power(size.high, count), least=0)
    z = _choose(count % 2 == 1, odd, even)
    return _choose(y.low < 0, _reciprocal(z), z)


def _choose(condition: np.ndarray, x: Interval, y: Interval) -> Interval:
    return with_ends(np.where(condition, x.low, y.low), np.where(condition, x.high, y.high))


def _remainder(x: Interval, y: Interval) -> Interval:
    """x mod y. It rises from 0 to y again and again; within one rise its ends are the values at the ends of x."""
    need((y.low > 0) | (y.high < 0), "remainder", y, "a divisor that cannot be 0")
    whole = _floor_divide(x, y)
    z = rounded(np.remainder(x.low, y.low), np.remainder(x.high, y.high), scale=largest(y))
    one_rise = (whole.low == whole.high) & (y.low == y.high)
    least, most = np.minimum(y.low, 0), np.maximum(y.high, 0)
    return within(_choose(one_rise, z, with_ends(least + 0 * z.low, most + 0 * z.high)), least, most)


def _floor_divide(x: Interval, y: Interval) -> Interval:
    quotient = _div(x, y)
    # NumPy computes (x - x mod y)/y, rounded twice: beside 2²³ in float32 that may miss an integer.
    unit = 4 * np.finfo(quotient.dtype).eps
    low, high = quotient.low - unit * np.abs(quotient.low), quotient.high + unit * np.abs(quotient.high)
    return with_ends(np.floor(low), np.floor(high))


# Functions of one number ------------------------------------------------------------


def _rising(op: P.Primitive, least=-np.inf, most=np.inf, domain=(-np.inf, np.inf)) -> Callable:
    """The rule of an increasing function: its ends are its values at the ends."""

    def rule(x: Interval) -> Interval:
        need((x.low >= domain[0]) & (x.high <= domain[1]), op.symbol, x, f"numbers from {domain[0]} to {domain[1]}")
        return rounded(op.forward(x.low), op.forward(x.high), least, most)

    return rule


def _exact(op: P.Primitive) -> Callable:
    """The rule of an operation that rises in every input and rounds nothing: apply it to the ends."""

    def rule(*inputs: Interval, **keywords) -> Interval:
        return with_ends(
            op.forward(*(x.low for x in inputs), **keywords), op.forward(*(x.high for x in inputs), **keywords)
        )

    return rule


def _round(x: Interval, decimals: int = 0) -> Interval:
    """Round, which rises in steps. With decimals it scales first, which may cross a step: the ends move out before."""
    if not decimals:
        return with_ends(np.round(x.low), np.round(x.high))
    x = rounded(x.low, x.high)
    return rounded(np.round(x.low, decimals), np.round(x.high, decimals))


def _arccos(x: Interval) -> Interval:
    need((x.low >= -1) & (x.high <= 1), "arccos", x, "numbers from -1 to 1")
    return rounded(np.arccos(x.high), np.arccos(x.low), least=0)


def _cosh(x: Interval) -> Interval:
    size = _abs(x)
    return rounded(np.cosh(size.low), np.cosh(size.high), least=1)


def _reaches(x: Interval, point: float, period: float) -> np.ndarray:
    """True where point + k · period lies in x for an integer k, and where rounding leaves it open."""
    low, high = (end.astype(np.float64) for end in (x.low, x.high))
    slack = 8 * np.finfo(np.float64).eps * (1 + largest(x) / period)
    return np.floor((high - point) / period + slack) >= np.ceil((low - point) / period - slack)


def _wave(function: Callable, peak: float) -> Callable:
    """The rule of a sine wave: 1 if it passes a peak, -1 if it passes a trough, else its values at the ends."""

    def rule(x: Interval) -> Interval:
        ends = np.stack([function(x.low), function(x.high)])
        z = rounded(ends.min(axis=0), ends.max(axis=0), least=-1, most=1, scale=1)
        return with_ends(
            np.where(_reaches(x, peak + math.pi, 2 * math.pi), z.dtype.type(-1), z.low),
            np.where(_reaches(x, peak, 2 * math.pi), z.dtype.type(1), z.high),
        )

    return rule


def _tan(x: Interval) -> Interval:
    pole = _reaches(x, math.pi / 2, math.pi)
    z = rounded(np.tan(x.low), np.tan(x.high))
    return _choose(pole, with_ends(np.full_like(z.low, -np.inf), np.full_like(z.high, np.inf)), z)


def _atan2(y: Interval, x: Interval) -> Interval:
    """The angle of (x, y): at the corners, unless the box meets the ray where the angle jumps, x ≤ 0, y = 0."""
    values = _corners(np.arctan2, y, x)
    z = rounded(values.min(axis=0), values.max(axis=0))
    half_turn = z.dtype.type(np.nextafter(np.float32(math.pi), np.float32(4)))
    smooth = (x.low > 0) | (y.low > 0) | (y.high < 0)
    return _choose(smooth, z, with_ends(np.full_like(z.low, -half_turn), np.full_like(z.high, half_turn)))


def _leaky_relu(x: Interval, negative_slope: float) -> Interval:
    """Two straight pieces that meet at 0: the ends are among the values at the ends and at 0."""
    middle = np.clip(0, x.low, x.high).astype(x.dtype)  # 0, or the end next to it
    values = np.stack([P.leaky_relu.forward(end, negative_slope) for end in (x.low, middle, x.high)])
    return outward(values.min(axis=0), values.max(axis=0))


# gelu falls up to here, then rises. These are the roots of its slope: Φ(x) + x φ(x), and the slope with tanh.
_GELU_BOTTOM = {"none": -0.7517915246935645, "tanh": -0.7524614220710162}


def _gelu(x: Interval, approximate: str = "none") -> Interval:
    bottom = np.clip(_GELU_BOTTOM[approximate], x.low, x.high).astype(x.dtype)
    low, *ends = (P.gelu.forward(point, approximate) for point in (bottom, x.low, x.high))
    return rounded(low, np.maximum(*ends), scale=largest(x))  # 1 + erf(x) cancels: an error of ε, times x


def _logaddexp(x: Interval, y: Interval) -> Interval:
    z = rounded(np.logaddexp(x.low, y.low), np.logaddexp(x.high, y.high), scale=1)
    return within(z, least=np.maximum(x.low, y.low))


# Choosing ------------------------------------------------------------


def _where(condition: Interval, x: Interval, y: Interval) -> Interval:
    """x where the condition certainly holds, y where it cannot hold, else an interval that contains both."""
    condition = truth(condition)
    low, high = np.minimum(x.low, y.low), np.maximum(x.high, y.high)
    either = _choose(condition.high, with_ends(low, high), y)
    return _choose(condition.low, x, either)


# Sums ------------------------------------------------------------


def _terms(x: Interval, axis) -> int:
    """The number of entries that a reduction over the axes combines."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,) if x.ndim else ()
    return math.prod(x.shape[a] for a in axes)


def _linear(add_up: Callable, x: Interval, terms: float) -> Interval:
    """The rule of sums of entries: the ends are the sums of the ends, moved out by 2γ of the sizes."""
    x = _as_numbers(x)
    if x.dtype.kind != "f":
        x = astype(x, np.float64)
    γ, size = gamma(terms, x.dtype), add_up(largest(x))
    margin = 2 * γ * (1 + 4 * γ) * size
    z = outward(add_up(x.low) - margin, add_up(x.high) + margin)
    all_up, all_down = add_up((x.low < 0) * 1.0) == 0, add_up((x.high > 0) * 1.0) == 0  # then the sum has the same sign
    return with_ends(np.where(all_up, np.maximum(z.low, 0), z.low), np.where(all_down, np.minimum(z.high, 0), z.high))


def _sum(x: Interval, axis=None, keepdims: bool = False) -> Interval:
    return _linear(partial(np.sum, axis=axis, keepdims=keepdims), x, _terms(x, axis))


def _mean(x: Interval, axis=None, keepdims: bool = False) -> Interval:
    if not _terms(x, axis):
        raise ValueError(
            f"the mean over {'all' if axis is None else f'axis {axis}'} of an empty array, of shape {x.shape}, is 0/0: "
            "there is nothing to bound."
        )
    total = _sum(x, axis, keepdims)
    return _div(total, point(np.asarray(_terms(x, axis), total.dtype)))


def _norm(x: Interval, ord: float = 2, axis=None, keepdims: bool = False) -> Interval:
    if ord == 2:
        return RULES["sqrt"](_sum(_square(x), axis, keepdims))
    power, root = (point(np.asarray(exponent, x.dtype)) for exponent in (ord, 1 / ord))
    return _pow(_sum(_pow(_abs(x), power), axis, keepdims), root)


def _cumsum(x: Interval, axis: int) -> Interval:
    return _linear(partial(np.cumsum, axis=axis), x, x.shape[axis])


def _scatter(x: Interval, index, shape) -> Interval:
    add_up = partial(P.scatter.forward, index=index, shape=shape)
    terms = add_up(np.ones(x.shape, x.dtype)).max(initial=0)
    return _exact(P.scatter)(x, index=index, shape=shape) if terms <= 1 else _linear(add_up, x, terms)


def _fold(x: Interval, kernel: tuple, **keywords) -> Interval:
    return _linear(partial(P.fold.forward, kernel=kernel, **keywords), x, math.prod(kernel))


def _center(x: Interval, axis) -> Interval:
    return x - x.mean(axis, keepdims=True)


def _normalize(x: Interval, axis, eps: float) -> Interval:
    """(x - mean)/√(var + ε) composed. No entry is further than √n standard deviations from the mean."""
    centered = _center(x, axis)
    terms = _terms(x, axis)
    most = math.sqrt(terms) * (1 + gamma(terms, x.dtype))
    return within(centered / (centered.square().mean(axis, keepdims=True) + eps).sqrt(), -most, most)


def _cumprod(x: Interval, axis: int) -> Interval:
    columns = [
        with_ends(low, high) for low, high in zip(*(np.moveaxis(e, axis, 0) for e in (x.low, x.high)), strict=True)
    ]
    products = columns[:1]
    for column in columns[1:]:
        products.append(mul_bounds(products[-1], column))
    return with_ends(np.stack([z.low for z in products], axis=axis), np.stack([z.high for z in products], axis=axis))


def _prod(x: Interval, axis=None, keepdims: bool = False) -> Interval:
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    kept = [a for a in range(x.ndim) if a not in {b % x.ndim for b in axes}]
    order = (*(a for a in range(x.ndim) if a not in kept), *kept)
    low, high = (np.transpose(end, order).reshape(-1, *(x.shape[a] for a in kept)) for end in (x.low, x.high))
    factors = (with_ends(*ends) for ends in zip(low, high, strict=True))
    product = reduce(mul_bounds, factors, point(np.ones([x.shape[a] for a in kept], x.dtype)))
    # NumPy may multiply in another order: n factors, each rounded once, in what is bounded and in the bound.
    margin = 4 * gamma(_terms(x, axis), x.dtype) * largest(product)
    product = outward(product.low - margin, product.high + margin)
    shape = np.sum(x.low, axis=axis, keepdims=keepdims).shape
    return with_ends(product.low.reshape(shape), product.high.reshape(shape))


def _logsumexp(x: Interval, axis=None, keepdims: bool = False) -> Interval:
    """ln Σ eˣ rises in every entry. Its error is that of n exponentials, relative to their sum, and of the largest."""
    low, high = (P.logsumexp.forward(end, axis, keepdims) for end in (x.low, x.high))
    terms = _terms(x, axis)
    # A scale for each end: that of an infinite one would leave no bound at the other.
    below, above = ((1 + terms / 16) * (1 + np.abs(end) + math.log(max(terms, 1))) for end in (low, high))
    return with_ends(rounded(low, low, scale=below).low, rounded(high, high, scale=above).high)


def _others(terms: np.ndarray, axis: int) -> np.ndarray:
    """The sum of all other entries along an axis, for each entry. It adds from both ends, so nothing cancels."""
    terms = np.moveaxis(terms, axis, -1)
    before, after = (np.cumsum(side, axis=-1)[..., :-1] for side in (terms, np.flip(terms, -1)))
    zero = np.zeros_like(terms[..., :1])
    total = np.concatenate([zero, before], axis=-1) + np.flip(np.concatenate([zero, after], axis=-1), -1)
    return np.moveaxis(total, -1, axis)


def _softmax_parts(x: Interval, axis: int):
    """eˣ of the ends and the sums of the others, all divided by e to the largest end, and their relative error."""
    peak = np.max(x.high, axis=axis, keepdims=True, initial=-np.inf)
    low, high = np.exp(x.low - peak), np.exp(x.high - peak)
    deepest = -math.log(np.finfo(x.dtype).smallest_subnormal)  # e^-d is 0 beyond; before, d is off by ε d
    error = gamma(x.shape[axis] + deepest, x.dtype)
    return low, high, _others(low, axis), _others(high, axis), error


def _softmax(x: Interval, axis: int) -> Interval:
    """eˣⁱ/Σeˣʲ rises in xᵢ and falls in the others: its least value has xᵢ low and the others high."""
    low, high, others_low, others_high, error = _softmax_parts(x, axis)
    tiny = np.finfo(x.dtype).tiny * x.shape[axis]
    least = np.maximum(low - tiny, 0) / (low + others_high + tiny) * (1 - 4 * error)
    most = (high + tiny) / (high + others_low) * (1 + 4 * error) + tiny
    return within(outward(least, most), 0, 1)


def _log_softmax(x: Interval, axis: int) -> Interval:
    """xᵢ - ln Σeˣʲ = -ln(1 + Σ_{j≠i} eˣʲ⁻ˣⁱ), bounded as softmax is."""
    peak = np.max(x.high, axis=axis, keepdims=True, initial=-np.inf)
    _, _, others_low, others_high, error = _softmax_parts(x, axis)
    tiny = np.finfo(x.dtype).tiny * x.shape[axis]
    least = -np.logaddexp(0, np.log(others_high + tiny) + (peak - x.low))
    most = -np.logaddexp(0, np.log(np.maximum(others_low - tiny, 0)) + (peak - x.high))
    scale = np.max(largest(x), axis=axis, keepdims=True)
    margin = 4 * error * (1 + np.maximum(np.abs(least), scale))
    top = 4 * error * (1 + np.maximum(np.abs(most), scale))
    return within(outward(least - margin, most + top), most=0)


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
    γ = gamma(terms, center.dtype)
    margin = 2 * γ * multiply(*sizes)
    for i, radius in enumerate(radii):
        if radius.any():
            margin = margin + multiply(*sizes[:i], radius, *absolute[i + 1 :])
    underflow = terms * np.finfo(center.dtype).tiny * math.prod(max(1, size.max(initial=0)) for size in sizes)
    margin = margin * (1 + 8 * γ) + underflow  # the factor: the rounding of the margin itself
    return outward(center - margin, center + margin)


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
    """The states after each step; step(aₜ, *state) computes the next."""
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

    return stack([h for (h,) in _states(step, a, first)])


def _lstm(a: Interval, weight: Interval, first: Interval, first_memory: Interval) -> Interval:
    def step(inputs, h, c):
        i, f, g, o = (h @ weight + inputs).chunk(4, dim=-1)  # (N, H) @ (H, 4H) -> 4 of (N, H)
        c = _gates(f) * c + _gates(i) * g.tanh()
        return _gates(o) * c.tanh(), c

    hidden, memory = zip(*_states(step, a, first, first_memory), strict=True)
    return stack([stack(list(hidden)), stack(list(memory))])


def _gru(a: Interval, weight: Interval, bias: Interval, first: Interval) -> Interval:
    def step(inputs, h):
        inputs, recurrent = inputs.chunk(3, dim=-1), (h @ weight + bias).chunk(3, dim=-1)
        reset, update = (_gates(inputs[k] + recurrent[k]) for k in range(2))
        candidate = (inputs[2] + reset * recurrent[2]).tanh()
        return (candidate + update * (h - candidate),)

    return stack([h for (h,) in _states(step, a, first)])


# The table of rules ------------------------------------------------------------

RULES |= {
    "add": _add, "sub": _sub, "mul": mul_bounds, "div": _div, "neg": _neg, "pow": _pow, "abs": _abs, "square": _square,
    "reciprocal": _reciprocal, "remainder": _remainder, "floor_divide": _floor_divide, "astype": astype,
    "to": lambda x, device: x,  # computed on the CPU, the bounds hold on every device
    "sqrt": _rising(P.sqrt, least=0, domain=(0, np.inf)),
    "exp": _rising(P.exp, least=0), "exp2": _rising(P.exp2, least=0), "expm1": _rising(P.expm1, least=-1),
    "log": _rising(P.log, domain=(0, np.inf)), "log2": _rising(P.log2, domain=(0, np.inf)),
    "log10": _rising(P.log10, domain=(0, np.inf)),
    "log1p": _rising(P.log1p, domain=(-1, np.inf)), "logaddexp": _logaddexp,
    "sin": _wave(np.sin, math.pi / 2), "cos": _wave(np.cos, 0.0), "tan": _tan, "atan2": _atan2, "round": _round,
    "arcsin": _rising(P.arcsin, domain=(-1, 1)), "arccos": _arccos, "arctan": _rising(P.arctan),
    "arcsinh": _rising(P.arcsinh), "arccosh": _rising(P.arccosh, least=0, domain=(1, np.inf)),
    "arctanh": _rising(P.arctanh, domain=(-1, 1)),
    "sinh": _rising(P.sinh), "cosh": _cosh, "tanh": _rising(P.tanh, least=-1, most=1),
    "sigmoid": _rising(P.sigmoid, least=0, most=1), "erf": _rising(P.erf, least=-1, most=1),
    "gelu": _gelu, "silu": lambda x: x * x.sigmoid(), "leaky_relu": _leaky_relu, "where": _where,
    "sum": _sum, "mean": _mean, "center": _center, "norm": _norm, "cumsum": _cumsum, "prod": _prod, "cumprod": _cumprod,
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
