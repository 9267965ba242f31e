"""Derivatives of functions, and whether to trust them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .autograd import backward_steps
from .errors import GradcheckError, GraphError
from .tensor import Tensor

# The error of a central difference is about h²/6 · f''' from truncation and ε/h · f from rounding. Their sum
# is smallest near h = ε^(1/3), 6.1e-6 in float64, and is then about ε^(2/3), 4e-11 of the size of f.
_STEP = np.finfo(np.float64).eps ** (1 / 3)


class GradcheckWarning(UserWarning):
    """gradcheck could not tell: the function has a kink there, or does not feel the input at all."""


def numerical_gradient(
    function: Callable[[np.ndarray], float], x: np.ndarray, h: float | None = None
) -> np.ndarray:
    """The gradient of a function of an array, by central differences: entry i is (f(x + h eᵢ) - f(x - h eᵢ))
    / 2h.

    function : takes an array, returns one number. x : an array of any shape, left unchanged. h : the step; by
        default
    ε^(1/3) · max(1, |xᵢ|) for each entry, in float64.

    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([1.0, -3.0])).round(6)
    array([ 2., -6.])
    """
    moved = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(moved)
    for index in np.ndindex(moved.shape):
        center = moved[index]
        step = _STEP * max(1.0, abs(center)) if h is None else h
        moved[index] = center + step
        above = float(function(moved))
        moved[index] = center - step
        below = float(function(moved))
        moved[index] = center
        gradient[index] = (above - below) / (2 * step)
    return gradient


def gradcheck(
    function: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    atol: float = 1e-7,
    rtol: float = 1e-5,
    raise_exception: bool = True,
    rng: np.random.Generator | None = None,
) -> bool:
    """Compare the gradient that `backward()` finds with central finite differences, at every entry of every
    input.

    The function is probed with a random cotangent g: what is differentiated is L = Σ g · function(inputs), so
    that each entry of the output counts differently and an error in one cannot hide behind another. In
    float64, entry by entry,

        ∂L/∂xᵢ ≈ (L(xᵢ + h) - L(xᵢ - h)) / 2h,   h = ε^(1/3) · max(1, |xᵢ|)

    function : takes tensors, returns a tensor or a tuple of them. It must give the same result twice.
    inputs : a tensor or array, or a sequence of them. Those with requires_grad are checked; all floating ones
        if none has it. They are converted to float64 and left unchanged.
    atol, rtol : a gradient a agrees with a difference b if |a - b| <= atol · scale + rtol · |b|, where scale
        is the larger of 1 and Σ |g · function(inputs)|, which the rounding error grows with.
    raise_exception : False returns False in place of raising GradcheckError.
    rng : draws the cotangent; by default seeded with 0, so that a check repeats.

    Returns True if all agree. The error names the entry that is most wrong. Warns with GradcheckWarning where
    it cannot tell: at a kink, where the slopes from left and right differ (there a gradient between the two
    passes), and when an input moves L by nothing at all (then only zeros were compared).

    >>> gradcheck(lambda x, y: x * y + x.sin(), [np.array([0.5, 2.0]), np.array([3.0])])
    True
    """
    inputs = [inputs] if isinstance(inputs, (Tensor, np.ndarray)) else list(inputs)
    arrays, checked = _float64_inputs(inputs)
    outputs = _outputs(function, [Tensor(a, requires_grad=i in checked) for i, a in enumerate(arrays)])
    rng = np.random.default_rng(0) if rng is None else rng
    cotangents = [rng.normal(size=out.shape) for out in outputs]

    def probe(i: int, moved: np.ndarray) -> float:
        values = _outputs(function, [Tensor(moved if j == i else array) for j, array in enumerate(arrays)])
        return float(sum((g * out.data).sum() for g, out in zip(cotangents, values, strict=True)))

    base = probe(0, arrays[0])
    if not np.isfinite(base):
        raise GradcheckError(
            f"the function gave {base} at these inputs: there is no derivative to measure. Check at inputs "
            "where the result is finite."
        )
    if probe(0, arrays[0]) != base:
        raise GradcheckError(
            "the function gave two results for the same inputs, so its derivative cannot be measured. Fix "
            "its randomness: draw once outside, or seed a generator inside."
        )
    tolerance = atol * max(
        1.0, float(sum(np.abs(g * out.data).sum() for g, out in zip(cotangents, outputs, strict=True)))
    )
    failures = []
    for i, gradient in zip(checked, _analytic(function, arrays, checked, cotangents), strict=True):
        numerical = numerical_gradient(partial(probe, i), arrays[i])
        failures += _compare(i, partial(probe, i), arrays[i], gradient, numerical, tolerance, rtol)
        # A difference of L is rounded to about 4e-11 · L / |x|: a slope below 1e-9 of that scale is none.
        least = tolerance / 100 / max(1.0, np.abs(arrays[i]).max(initial=0))
        felt = (np.abs([numerical, gradient]) > least).any()
        if arrays[i].size and any(g.size for g in cotangents) and not felt:
            warnings.warn(
                f"input {i} does not change the result: only zeros were compared. A softmax summed, or a "
                "part that is detached, looks like this; probe a function that feels its input.",
                GradcheckWarning,
                stacklevel=2,
            )
    if failures and raise_exception:
        failures.sort(reverse=True)
        message = failures[0][1]
        raise GradcheckError(
            message + (f" ({len(failures)} entries are wrong, this one most.)" if len(failures) > 1 else "")
        )
    return not failures


def _float64_inputs(inputs: list) -> tuple[list[np.ndarray], list[int]]:
    """Copies in float64, and the positions of those to check."""
    data = [value.data if isinstance(value, Tensor) else np.asarray(value) for value in inputs]
    floating = [i for i, array in enumerate(data) if array.dtype.kind == "f"]
    checked = [i for i in floating if getattr(inputs[i], "requires_grad", False)] or floating
    if not checked:
        raise TypeError(
            "gradcheck needs a floating-point input to differentiate by, got "
            f"{[str(a.dtype) for a in data]}. Write 2.0 for 2."
        )
    return [array.astype(np.float64) if i in floating else array for i, array in enumerate(data)], checked


def _outputs(function: Callable, tensors: list[Tensor]) -> tuple[Tensor, ...]:
    result = function(*tensors)
    outputs = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    for out in outputs:
        if not isinstance(out, Tensor):
            raise TypeError(
                "gradcheck needs a function that returns a Tensor, or a tuple of them; "
                f"it returned {type(out).__name__}."
            )
    return outputs


def _analytic(function: Callable, arrays: list, checked: list[int], cotangents: list) -> list[np.ndarray]:
    """The gradient of L by `backward()`, for each checked input."""
    tensors = [Tensor(array, requires_grad=i in checked) for i, array in enumerate(arrays)]
    outputs = _outputs(function, tensors)
    for out, g in zip(outputs, cotangents, strict=True):
        if out.requires_grad:
            out.backward(g)
    if not any(out.requires_grad for out in outputs):
        raise GraphError(
            "no output of the function depends on the inputs through the graph: it was cut on the way."
        )
    return [np.zeros_like(arrays[i]) if tensors[i].grad is None else tensors[i].grad for i in checked]


def _compare(
    i: int,
    probe: Callable[[np.ndarray], float],
    x: np.ndarray,
    gradient: np.ndarray,
    numerical: np.ndarray,
    atol: float,
    rtol: float,
) -> list[tuple[float, str]]:
    """(how wrong, in words) for every entry of input i that disagrees."""
    failures = []
    for index in np.ndindex(numerical.shape):
        a, b = gradient[index], numerical[index]
        if abs(a - b) <= atol + rtol * abs(b):
            continue
        entry = f"entry {index} of input {i}" if index else f"input {i}"
        low, high = sorted(_one_sided_slopes(probe, x, index))
        # Where the function is smooth the one-sided slopes differ by h · f'', some 1e-5 of f''.
        if high - low > 1e-3 * max(1.0, abs(low), abs(high)) and low - atol <= a <= high + atol:
            warnings.warn(
                f"{entry} sits on a kink: the slope is {low:.4g} on one side and {high:.4g} on the other. "
                f"The gradient {a:.4g} "
                "lies between them, and no more can be said here. Check at another point.",
                GradcheckWarning,
                stacklevel=3,
            )
            continue
        wrong = abs(a - b)
        message = (
            f"the gradient at {entry} is wrong: backward() says {a:.10g}, "
            f"the finite difference says {b:.10g}; they differ by {wrong:.3g}."
        )
        failures.append((float("inf") if np.isnan(wrong) else wrong, message))
    return failures


def _one_sided_slopes(probe: Callable[[np.ndarray], float], x: np.ndarray, index: tuple) -> list[float]:
    """The slope to the left and to the right of one entry."""
    slopes = []
    for h in (-_STEP * max(1.0, abs(x[index])), _STEP * max(1.0, abs(x[index]))):
        moved = x.copy()
        moved[index] += h
        slopes.append((probe(moved) - probe(x)) / h)
    return slopes


def grad(
    outputs: Tensor, inputs: Tensor | Sequence[Tensor], grad_outputs: Any = None, create_graph: bool = False
) -> tuple[Tensor, ...]:
    """The gradient of `outputs` with respect to each input, as tensors; no `.grad` is touched.

    outputs : a tensor, of one element unless `grad_outputs` is given.
    inputs : a tensor or several that outputs was computed from.
    grad_outputs : ∂L/∂outputs, by default 1.
    create_graph : record the computation of the gradients, so that they can be differentiated again.

    >>> x = Tensor(2.0, requires_grad=True)
    >>> (slope,) = grad(x**3, x, create_graph=True)
    >>> (curvature,) = grad(slope, x)
    >>> slope.item(), curvature.item()
    (12.0, 12.0)

    Raises GraphError for an input that outputs does not depend on.
    """
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    seed = outputs._seed(grad_outputs)
    if create_graph:
        steps = backward_steps(
            outputs, grad_outputs if isinstance(grad_outputs, Tensor) else Tensor(seed), lambda node: node
        )
    else:
        steps = backward_steps(outputs, seed)
    wanted = {id(tensor) for tensor in inputs}
    found = {id(node): gradient for node, gradient, _ in steps if id(node) in wanted}
    for i, tensor in enumerate(inputs):
        if id(tensor) not in found:
            raise GraphError(
                f"outputs does not depend on input {i} (shape {tensor.shape}): its gradient is zero "
                "everywhere. Was it used, and does "
                "it have requires_grad=True?"
            )
    gradients = [(found[id(tensor)], tensor) for tensor in inputs]
    return tuple(g if isinstance(g, Tensor) else Tensor(g, dtype=tensor.dtype) for g, tensor in gradients)
