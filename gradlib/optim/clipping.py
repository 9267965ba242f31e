"""Clipping: make gradients smaller, before a step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from ..autograd import own_gradient
from ..device import as_array
from ..errors import real
from ..tensor import Tensor


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:
    """Multiply all gradients by the same factor, so that as one long vector they have a norm of at most max_norm.

        g ← g · min(1, max_norm / (|g| + 1e-6))

    The direction stays: only the length is cut. Each `grad` is overwritten in place; a grad of None is skipped.

    parameters : one tensor or several. norm_type : p of the p-norm, 2; math.inf takes the largest entry.
    error_if_nonfinite : raise ValueError if the norm is infinite or NaN, before anything is changed.

    Raises ValueError for a max_norm below 0, which would reverse the gradients, and for a generator that yields
    nothing.

    Returns the norm before clipping, computed in at least float32.

    Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1.

    >>> x = Tensor([3.0, 4.0], requires_grad=True)
    >>> (x**2).sum().backward()
    >>> clip_grad_norm_([x], max_norm=1.0), x.grad.round(4)
    (10.0, array([0.6, 0.8], dtype=float32))
    """
    _check_limit("max_norm", max_norm)
    real("norm_type is the order of the norm, a number above 0 or math.inf", norm_type, above=0)
    gradients = _gradients(parameters)
    norm = _norm([_norm_of(gradient, norm_type) for gradient in gradients], norm_type)
    if error_if_nonfinite and not math.isfinite(norm):
        raise ValueError(
            f"the gradients' norm is {norm}: some gradient is infinite or NaN, and clipping cannot mend it. Look for a "
            "logarithm or a division of 0, or lower the learning rate."
        )
    factor = max_norm / (norm + 1e-6)  # 1e-6: the norm may be 0
    if not factor >= 1:  # also for NaN, which every gradient then shows
        for gradient in gradients:
            if gradient.dtype == np.float16:  # in which the factor would lose digits, or be 0
                gradient[...] = gradient.astype(np.float32) * factor
            else:
                gradient *= factor
    return norm


def clip_gradients(params: Tensor | Iterable[Tensor], max_norm: float) -> float:
    """Shrink all gradients together to a 2-norm of at most max_norm; return the norm before.

    The same as `clip_grad_norm_`, under a plainer name.

    >>> x = Tensor([3.0, 4.0], requires_grad=True)
    >>> (x**2 / 2).sum().backward()
    >>> clip_gradients(x, max_norm=2.5), x.grad.round(4)
    (5.0, array([1.5, 2. ], dtype=float32))
    """
    return clip_grad_norm_(params, max_norm)


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Clip every entry of every gradient to [-clip_value, clip_value], in place. The direction changes.

    Raises ValueError for a clip_value below 0, and for a generator that yields nothing.

    >>> x = Tensor([3.0, 0.1], requires_grad=True)
    >>> (x**2).sum().backward()
    >>> clip_grad_value_(x, 0.5)
    >>> x.grad
    array([0.5, 0.2], dtype=float32)
    """
    _check_limit("clip_value", clip_value)
    for gradient in _gradients(parameters):
        with np.errstate(over="ignore"):  # a limit above 65504 is infinite in float16
            np.clip(gradient, -clip_value, clip_value, out=gradient)


def _check_limit(name: str, limit: float) -> None:
    real(f"{name} must be a number from 0 on", limit, 0)


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[np.ndarray]:
    if not (isinstance(parameters, Tensor) or np.iterable(parameters)):  # a 0-d tensor is not iterable
        raise TypeError(
            f"parameters must be a tensor or several tensors, got {type(parameters).__name__}. Of a model pass "
            "model.parameters()."
        )
    listed = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not listed and isinstance(parameters, Iterator):
        raise ValueError(
            "parameters is a generator that yields nothing, so no gradient would be clipped. Was it used up before, "
            "by the optimizer for example? Pass model.parameters() again, or a list."
        )
    for i, parameter in enumerate(listed):
        if not isinstance(parameter, Tensor):
            raise TypeError(f"parameters must be tensors, but number {i} is of type {type(parameter).__name__}.")
    return [gradient for gradient in map(own_gradient, listed) if gradient is not None]


def _norm_of(gradient: np.ndarray, p: float) -> float:
    flat = gradient.reshape(-1)
    if flat.dtype == np.float16:  # in which the cube of 0.001 is 0
        flat = flat.astype(np.float32)
    if flat.dtype == np.float32 and flat.size > 2**17:  # 3 million equal entries would be off by 3e-4
        flat = flat.astype(np.float64)
    norm = _norm(flat, p)
    if math.isinf(norm) and np.isfinite(flat).all():  # float32 squared overflows above 1.8e19
        norm = _norm(flat.astype(np.float64), p)
    return norm


def _norm(values, p: float) -> float:
    values = as_array(values)
    if not values.size:
        return 0.0
    with np.errstate(over="ignore"):
        return float(np.linalg.norm(values, p))
