"""Find a learning rate by trying many."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..autograd import no_grad, own_gradient
from ..errors import real, whole
from .optimizer import Optimizer


class RateCurve(NamedTuple):
    """Losses and their rates, both in the order of the trial, and the rate that the curve suggests."""

    rates: list[float]
    losses: list[float]
    suggestion: float


def find_learning_rate(
    step: Callable[[], float],
    optimizer: Optimizer,
    min_lr: float = 1e-7,
    max_lr: float = 10.0,
    steps: int = 100,
    smoothing: float = 0.9,
    diverged: float = 4.0,
) -> RateCurve:
    """Train for a few steps while the rate rises from min_lr to max_lr, and watch where the loss falls fastest.

        lrᵢ = min_lr · (max_lr / min_lr)^(i / (steps - 1))

    step : makes one training step (loss, `backward()`, `optimizer.step()`) and returns the loss, a number or a
        tensor of one element. It should take a new batch each time.
    optimizer : all its groups get the rate of the moment.
    smoothing : share of the earlier losses in the average that the suggestion is read from, 0.9.
    diverged : stop when that average is this many times its minimum, or the loss is no longer finite.

    Returns the rates, the losses without smoothing, and a suggestion: the rate at which the averaged loss falls most
    steeply over log lr. Parameters, their gradients and the optimizer are restored at the end; random numbers and
    counts of your own in `step` are not.

    Raises ValueError if the loss is not finite from the start, or never below its first.

    Smith, "Cyclical learning rates for training neural networks" (2017), section 3.3.

    >>> from gradlib import Tensor, optim
    >>> x = Tensor([3.0], requires_grad=True)
    >>> optimizer = optim.SGD([x], lr=0.1)
    >>> def step():
    ...     optimizer.zero_grad()
    ...     loss = (x**2).sum()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> curve = optim.find_learning_rate(step, optimizer, min_lr=1e-3)
    >>> 0.01 < curve.suggestion < 1  # above 1 each step overshoots by more than it came from
    True
    >>> x
    Tensor([3.], requires_grad=True)
    """
    rise = "the rates must rise: 0 < min_lr < max_lr in at least 2 steps"
    real(f"{rise}; max_lr is a number above min_lr", max_lr, above=real(f"{rise}; min_lr is a number", min_lr, above=0))
    whole(f"{rise}; steps is an integer", steps, 2)
    real("smoothing is the share of the earlier losses, from 0 to below 1", smoothing, 0, math.nextafter(1, 0))
    real("diverged is a number above 1", diverged, above=1)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"find_learning_rate takes step and then its optimizer, got {type(optimizer).__name__}.")
    saved = optimizer.state_dict()
    params = [param for group in optimizer.param_groups for param in group["params"]]
    before = [(param.data.copy(), own_gradient(param), copy.copy(param.grad)) for param in params]
    rates, losses, averages = [], [], []
    try:
        for i in range(steps):
            rate = min_lr * (max_lr / min_lr) ** (i / (steps - 1))
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss = step()
            if loss is None:
                raise TypeError("step must return the loss of its training step, a number or a tensor; got None.")
            loss = float(loss)
            if not math.isfinite(loss):
                break
            rates.append(rate)
            losses.append(loss)
            averages.append(_average(losses, smoothing))
            if averages[-1] > diverged * min(averages) > 0:
                break
    finally:
        for param, (data, grad, numbers) in zip(params, before, strict=True):
            with no_grad():
                param.copy_(data)  # in place: a parameter may share its memory with another
            param.grad = grad
            if grad is not None:
                grad[...] = numbers
        optimizer.load_state_dict(saved)
    if len(rates) < 2:
        raise ValueError(
            f"the loss was no longer finite after {len(rates)} steps at a rate of {min_lr}: lower min_lr, or look for "
            "NaN in the data."
        )
    if min(losses) >= losses[0]:
        raise ValueError(
            f"the loss was never below its first at a rate from {rates[0]:g} to {rates[-1]:g}. Does step() call "
            "backward() and optimizer.step(), with the optimizer that is given here? If so, try rates further apart."
        )
    steepest = int(np.argmin(np.gradient(averages, np.log(rates))))
    return RateCurve(rates, losses, rates[steepest])


def _average(losses: list[float], smoothing: float) -> float:
    """The mean of all losses so far; a loss k steps ago has the weight smoothingᵏ."""
    weights = smoothing ** np.arange(len(losses))[::-1]
    return float(np.average(losses, weights=weights))
