"""Finite differences: the slow way to a derivative, and the check of the fast one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .errors import GradcheckError, GraphError, bad_data, real, shown, takes
from .operations import on_cpu
from .random import generator
from .tensor import Tensor

# The error of a central difference is about h²/6 · f''' from truncation and ε/h · f from rounding. Their sum
# is smallest near h = ε^(1/3), 6.1e-6 in float64, and is then about ε^(2/3), 4e-11 of the size of f.
_STEP = np.finfo(np.float64).eps ** (1 / 3)


class GradcheckWarning(UserWarning):
    """gradcheck could not tell: the function has a kink there, or does not depend on the input."""


def numerical_gradient(function: Callable[[np.ndarray], float], x: np.ndarray, h: float | None = None) -> np.ndarray:
    """The gradient of a function of an array, by central differences: (f(x + h eᵢ) - f(x - h eᵢ)) / 2h for entry i.

    function : takes an array, returns one number.
    x : an array of any shape, left unchanged.
    h : the step; by default ε^(1/3) · max(1, |xᵢ|) for each entry, in float64.

    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([1.0, -3.0])).round(6)
    array([ 2., -6.])
    """
    moved = float64_copy(x)
    takes(function, [x])
    if h is not None:
        real("h is the step, a number above 0", h, above=0)
    gradient = np.zeros_like(moved)
    for index in np.ndindex(moved.shape):
        center = moved[index]
        step = _STEP * max(1.0, abs(center)) if h is None else h
        moved[index] = center + step
        above = _number(function(moved))
        moved[index] = center - step
        below = _number(function(moved))
        moved[index] = center
        gradient[index] = (above - below) / (2 * step)
    return gradient


def _number(result: Any) -> float:
    try:
        return float(result)
    except (TypeError, ValueError):
        raise TypeError(f"the function must return one number, got {shown(result)}.") from None


def float64_copy(x: Any) -> np.ndarray:
    """A copy of x in float64."""
    try:
        return np.array(x, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise bad_data(x, error) from None


def gradcheck(
    function: Callable[..., Any],
    inputs: Tensor | np.ndarray | Sequence[Any],
    *,
    atol: float = 1e-7,
    rtol: float = 1e-5,
    raise_exception: bool = True,
    rng: np.random.Generator | None = None,
) -> bool:
    """Compare the gradient of `backward()` with central finite differences, at every entry of every input.

    The check differentiates L = Σ g · function(inputs) with a random cotangent g. Each entry of the output then has
    another weight, and an error in one cannot hide behind another. In float64, entry by entry,

        ∂L/∂xᵢ ≈ (L(xᵢ + h) - L(xᵢ - h)) / 2h,   h = ε^(1/3) · max(1, |xᵢ|)

    function : takes tensors, returns a tensor or a tuple of them. It must give the same result twice.
    inputs : a tensor or array, or a list or tuple of them. Those with requires_grad are checked; all floating
        ones if none has it. They are converted to float64 and left unchanged.
    atol, rtol : a gradient a agrees with a difference b if |a - b| <= atol + rtol · |b| + r, where r is 100
        times the rounding error of the difference, ε^(2/3) · Σ |g · function(inputs)| / max(1, |xᵢ|).
    raise_exception : False returns False instead of raising GradcheckError.
    rng : draws the cotangent; by default it is seeded with 0, so that a check is repeatable.

    Returns True if all agree. The error names the entry with the largest error. A GradcheckWarning says where the
    check cannot tell: at a kink, where the slopes from left and right differ and a gradient between the two passes,
    and for an input that changes L by no more than the tolerance, where a gradient of zero would pass.

    >>> gradcheck(lambda x, y: x * y + x.sin(), [np.array([0.5, 2.0]), np.array([3.0])])
    True
    """
    return verdict(disagreements(function, inputs, atol=atol, rtol=rtol, rng=rng), raise_exception)


class Disagreement(NamedTuple):
    """A gradient that differs from the finite difference: by how much, and in words."""

    error: float
    message: str


def verdict(found: list[Disagreement], raise_exception: bool) -> bool:
    """Return True if nothing was found. Otherwise return False, or raise the largest error."""
    if found and raise_exception:
        others = f" ({len(found)} entries are wrong; this one has the largest error.)" if len(found) > 1 else ""
        raise GradcheckError(max(found).message + others)
    return not found


def disagreements(
    function: Callable[..., Any],
    inputs: Any,
    *,
    atol: float,
    rtol: float,
    rng: np.random.Generator | None = None,
    may_be_flat: bool = False,
) -> list[Disagreement]:
    """The disagreements that `gradcheck` finds.

    may_be_flat : accept a result that does not depend on the inputs, as long as the differences are zero too.
    """
    real("atol is a number from 0 on", atol, 0)
    real("rtol is a number from 0 on", rtol, 0)
    arrays, checked = float64_inputs(inputs)
    values = [out.data for out in _outputs(function, map(Tensor, arrays))]
    rng = np.random.default_rng(0) if rng is None else generator(rng)
    cotangents = [rng.normal(size=value.shape) for value in values]

    def probe(i: int, moved: np.ndarray) -> float:
        tensors = [Tensor(moved if j == i else array) for j, array in enumerate(arrays)]
        outputs = _outputs(function, tensors)
        return float(sum((g * out.data).sum() for g, out in zip(cotangents, outputs, strict=True)))

    _expect_steady(partial(probe, 0, arrays[0]))
    size = sum(np.abs(g * value).sum() for g, value in zip(cotangents, values, strict=True))
    gradients = _gradients(function, arrays, checked, cotangents)
    if gradients is None and not may_be_flat:
        raise GraphError("no output of the function depends on the inputs through the graph: it was cut on the way.")
    found = []
    for position, i in enumerate(checked):
        x, move = arrays[i], partial(probe, i)
        gradient = np.zeros(x.shape) if gradients is None else gradients[position]
        numerical = numerical_gradient(move, x)
        rounding = 100 * _STEP**2 * size / np.maximum(1.0, np.abs(x))
        found += compare(i, move, x, gradient, numerical, atol + rounding, rtol)
        flat = (np.abs([numerical, gradient]) <= atol + rounding).all()
        if flat and not may_be_flat and x.size and any(g.size for g in cotangents):
            warnings.warn(
                f"input {i} does not change the result: only zeros were compared, or numbers within the tolerance of "
                "zero. The sum of a softmax, or a detached part, looks like this. Check a function that depends on its "
                "input.",
                GradcheckWarning,
                stacklevel=3,
            )
    return found


def float64_inputs(inputs: Any) -> tuple[list[np.ndarray], list[int]]:
    """Copies of the inputs in float64, and the positions of those to check."""
    inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    data = [on_cpu(value) for value in inputs]
    floating = [i for i, array in enumerate(data) if array.dtype.kind == "f"]
    checked = [i for i in floating if getattr(inputs[i], "requires_grad", False)] or floating
    if not checked:
        raise TypeError(
            f"gradcheck needs a floating-point input, got {[str(a.dtype) for a in data]}. Write 2.0 instead of 2."
        )
    return [array.astype(np.float64) if i in floating else array for i, array in enumerate(data)], checked


def _outputs(function: Callable, tensors: Any) -> tuple[Tensor, ...]:
    tensors = list(tensors)
    takes(function, tensors)
    result = function(*tensors)
    outputs = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    for out in outputs:
        if not isinstance(out, Tensor):
            raise TypeError(
                "gradcheck needs a function that returns a Tensor or a tuple of them; it returned "
                f"{type(out).__name__}."
            )
    return outputs


def _expect_steady(probe: Callable[[], float]) -> None:
    """Raise GradcheckError unless the result is a finite number, and the same in a second call."""
    first = probe()
    if not np.isfinite(first):
        raise GradcheckError(
            f"the function returned {first} at these inputs: there is no derivative to measure. Check at inputs where "
            "the result is finite."
        )
    if probe() != first:
        raise GradcheckError(
            "the function returned two results for the same inputs, so its derivative cannot be measured. Fix its "
            "randomness: draw once outside, or seed a generator inside."
        )


def _gradients(function: Callable, arrays: list, checked: list[int], cotangents: list) -> list[np.ndarray] | None:
    """The gradient of L for each checked input, computed by `backward()`; None if there is no graph."""
    tensors = [Tensor(array, requires_grad=i in checked) for i, array in enumerate(arrays)]
    outputs = _outputs(function, tensors)
    if not any(out.requires_grad for out in outputs):
        return None
    for out, g in zip(outputs, cotangents, strict=True):
        if out.requires_grad:
            out.backward(g)
    return [np.zeros_like(arrays[i]) if tensors[i].grad is None else tensors[i].grad for i in checked]


def compare(
    i: int,
    probe: Callable[[np.ndarray], float],
    x: np.ndarray,
    gradient: np.ndarray,
    numerical: np.ndarray,
    atol: np.ndarray,
    rtol: float,
) -> list[Disagreement]:
    """Every entry of input i that disagrees."""
    found = []
    for index in np.ndindex(numerical.shape):
        a, b = gradient[index], numerical[index]
        if abs(a - b) <= atol[index] + rtol * abs(b):
            continue
        entry = f"entry {index} of input {i}" if index else f"input {i}"
        low, high = sorted(_one_sided_slopes(probe, x, index))
        # Where the function is smooth the one-sided slopes differ by h · f'', some 1e-5 of f''.
        if high - low > 1e-3 * max(1.0, abs(low), abs(high)) and low - atol[index] <= a <= high + atol[index]:
            warnings.warn(
                f"{entry} is at a kink: the slope is {low + 0.0:.4g} on one side and {high + 0.0:.4g} on the other. "
                f"The gradient {a:.4g} lies between them, so the check cannot tell if it is correct. Check at another "
                "point.",
                GradcheckWarning,
                stacklevel=4,
            )
            continue
        error = abs(a - b)
        message = (
            f"the gradient at {entry} is wrong: backward() says {a:.10g}, the finite difference says {b:.10g}; they "
            f"differ by {error:.3g}."
        )
        found.append(Disagreement(float("inf") if np.isnan(error) else error, message))
    return found


def _one_sided_slopes(probe: Callable[[np.ndarray], float], x: np.ndarray, index: tuple) -> list[float]:
    """The slope to the left and to the right of one entry."""
    slopes = []
    for h in (-_STEP * max(1.0, abs(x[index])), _STEP * max(1.0, abs(x[index]))):
        moved = x.copy()
        moved[index] += h
        slopes.append((probe(moved) - probe(x)) / h)
    return slopes
