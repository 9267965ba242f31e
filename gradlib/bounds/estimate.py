"""Bounds of a function over a box: proven by intervals, and sampled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..autograd import no_grad
from ..errors import ShapeError, takes, whole
from ..nn.module import evaluating
from ..operations import on_cpu, plain
from ..random import generator
from ..tensor import Tensor
from .interval import Interval, as_end, with_ends


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
        return with_ends(self.low, self.high)

    def contains(self, values: Any) -> bool:
        """Return True if every entry lies within the proven bounds."""
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
    """Bounds of f over the box [x - eps, x + eps]: proven by interval arithmetic, and sampled.

    f : a Module, or a function of one tensor written in gradlib's operations or NumPy's functions. A module runs in
        eval mode, with its running batch statistics and without dropout; its own mode is restored afterwards.
    x : an array, a tensor or a list of finite numbers. eps : how far each entry may differ from x, a number or an
        array that broadcasts to x; finite, not negative.
    samples : how many points are tried: the center first, then in turn corners of the box, where extremes often
        lie, and points inside. Values that are NaN at a point, such as 0/0, are skipped.

    Returns `Bounds`. .low and .high contain every value of f over the box, in real numbers and as computed in the
    dtype of x (see the module's docstring for the proof's assumptions); .sampled_low and .sampled_high lie inside.
    The true range is between the two. Raises TypeError for an operation without an interval rule and names it,
    ValueError where the box reaches beyond the domain of an operation, ShapeError where eps does not broadcast to x.

    Intervals forget that both x are the same number; the true range here is [0.1875, 0.25]:

    >>> estimate_bounds(lambda x: x * (1 - x), 0.5, 0.25, rng=np.random.default_rng(0))
    output  proven low  sampled low  sampled high  proven high
                0.0625       0.1875          0.25       0.5625
    """
    center = as_end(x)
    if not np.isfinite(center).all():
        raise ValueError(
            "x is the middle of the box, so its entries must be finite. For all numbers, compute f(Interval(-inf, "
            "inf))."
        )
    radius = on_cpu(eps)
    if radius.dtype.kind not in "fiu":
        raise TypeError(f"eps is how far an entry may differ from x, a number or an array, got {eps!r}.")
    radius = radius.astype(np.float64)
    if not ((0 <= radius) & (radius < np.inf)).all():
        raise ValueError(f"eps is how far an entry may differ from x, 0 or more and finite, got {plain(eps)}.")
    try:
        radius = np.broadcast_to(radius, center.shape)
    except ValueError:
        raise ShapeError(
            f"eps, of shape {radius.shape}, must be one number or broadcast to the shape of x, {center.shape}."
        ) from None
    whole("samples is the number of points to try, at least 1", samples, 1)
    takes(f, [center])
    with np.errstate(over="ignore"):  # an end that the dtype does not hold becomes infinite
        box = with_ends(_end_of_box(center, radius, -1), _end_of_box(center, radius, 1))
    largest = np.finfo(center.dtype).max
    low_end, high_end = (np.clip(end, -largest, largest) for end in (box.low, box.high))
    rng = generator(rng)
    with no_grad(), evaluating(f), np.errstate(all="ignore"):  # the bounds show infinite values
        f(Tensor(center))  # a mistake in f is explained by tensors
        proven = f(box)
        if not isinstance(proven, Interval):
            raise TypeError(
                f"f must return a result computed from its input; on an Interval it returned a {type(proven).__name__}."
            )
        low = high = np.full(proven.shape, np.nan)
        for i in range(samples):
            share = rng.random(center.shape) if i % 2 else rng.integers(2, size=center.shape)
            # Not low + share · (high - low): that difference may be larger than the dtype holds.
            point = ((1 - share) * low_end + share * high_end).astype(center.dtype)
            value = plain(f(Tensor(np.clip(point, box.low, box.high) if i else center)))
            low, high = np.fmin(low, value), np.fmax(high, value)
    return Bounds(proven.low, proven.high, low.astype(proven.dtype), high.astype(proven.dtype), samples)


def _end_of_box(center: np.ndarray, radius: np.ndarray, side: int) -> np.ndarray:
    """center ± radius, moved out by one number where rounding went inward.

    The error of a sum is computed from its parts (Knuth, The Art of Computer Programming, volume 2, section 4.2.2).
    """
    wide, step = center.astype(np.float64), side * radius
    total = wide + step
    added = total - wide
    error = (wide - (total - added)) + (step - added)
    end = total.astype(center.dtype)
    inward = (side * (end - total) < 0) | ((end == total) & (side * error > 0))
    return np.where(inward, np.nextafter(end, center.dtype.type(side * np.inf)), end)
