"""Lesson 17: a curve and its Taylor polynomial, of any order, around a point that can be dragged.

On the left are the curve and the polynomial, which knows the curve at its centre only. On the right is the error of the
polynomial, on a logarithmic scale. A step is an order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .base import Goal, Model, View, Words
from .svg import Axes

_POINTS = 201
_SMALLEST = 1e-17  # errors below this are drawn at the lower edge


class _Chart(Axes):
    width, height = 440, 320


class TaylorExplorerModel(Model):
    """The state of `TaylorExplorer`: step n is the polynomial of order n."""

    title = "A curve, its Taylor polynomial, and the polynomial's error"
    interval = 700

    def __init__(
        self,
        f: Callable,
        coefficients: Callable,
        center: float = 0.0,
        span: tuple[float, float] = (-3.0, 3.0),
        most: int = 12,
        within: float = 0.1,
    ):
        low, high = map(float, span)
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"span must be two numbers, the lower one first, got {span!r}.")
        if not low <= center <= high:
            raise ValueError(f"center must lie within span, from {low:g} to {high:g}, got {center!r}.")
        if most < 1:
            raise ValueError(f"most must be at least 1, the highest order, got {most!r}.")
        self.f, self.coefficients, self.within = f, coefficients, within
        self.length, self.span, self.start = most + 1, (low, high), float(center)
        self.xs = np.linspace(low, high, _POINTS)
        self.curve = np.array([float(_tried(f, x)) for x in self.xs])
        if not np.isfinite(self.curve).any():
            raise ValueError(f"f has no finite value between {low:g} and {high:g}.")
        self.move(float(center))
        worst = [self.worst(order)[0] for order in range(self.length)]
        self._has_goal = min(worst) <= within < worst[0]  # it can be reached, and is not from the start

    def move(self, center: float) -> None:
        """Move the centre, within the curve that is drawn."""
        low, high = self.span
        self.center = min(max(center, low), high)
        found = np.asarray(_tried(self.coefficients, self.center, self.length - 1), dtype=float)
        if found.ndim == 0 and np.isnan(found):  # there is no series here, at a pole for example
            found = np.full(self.length, np.nan)
        if found.shape != (self.length,):
            raise ValueError(
                f"coefficients(center, order) must give {self.length} numbers for order {self.length - 1}, got an "
                f"array of shape {found.shape}."
            )
        self.c = found

    def drag(self, across: float) -> None:
        """Follow the centre that is dragged to a place in the picture of the curve, in pixels."""
        place, _ = self._curve_axes().value_at(across, 0.0)
        grid = (self.span[1] - self.span[0]) / 120
        self.move(self.span[0] + round((place - self.span[0]) / grid) * grid)

    # Numbers ----------------------------------------------------------------------------------------------

    def polynomial(self, order: int) -> np.ndarray:
        """The values of the polynomial where the curve is drawn."""
        with np.errstate(all="ignore"):
            return np.polyval(self.c[order::-1], self.xs - self.center)

    def errors(self, order: int) -> np.ndarray:
        with np.errstate(all="ignore"):
            return abs(self.polynomial(order) - self.curve)

    def worst(self, order: int) -> tuple[float, float]:
        """The largest error of an order, and where it is."""
        errors = np.where(np.isfinite(self.curve), self.errors(order), -1.0)
        errors[np.isnan(errors)] = np.inf
        return float(errors.max()), float(self.xs[errors.argmax()])

    # Pictures ---------------------------------------------------------------------------------------------

    def label(self) -> str:
        return f"order {self.step}"

    def _curve_axes(self) -> _Chart:
        finite = self.curve[np.isfinite(self.curve)]
        room = 0.4 * (finite.max() - finite.min()) or 1.0
        return _Chart(self.span, (finite.min() - room, finite.max() + room), "x", "f(x)")

    def picture(self) -> str:
        return self._curve_picture() + self._error_picture()

    def _curve_picture(self) -> str:
        axes = self._curve_axes()
        axes.line([self.center] * 2, axes.y_range, "guide")
        axes.line(self.xs.tolist(), self.curve.tolist(), "curve")
        axes.line(self.xs.tolist(), self.polynomial(self.step).tolist(), "first")
        axes.handle(
            self.center, float(self.c[0]), "first", "center", "centre", self.center, f"centre {self.center:.3g}"
        )
        axes.legend("f", "curve")
        axes.legend(f"polynomial of order {self.step}", "first", point=True)
        return axes.svg(f"A curve and its polynomial of order {self.step} around {self.center:.3g}")

    def _error_picture(self) -> str:
        errors = np.log10(np.clip(self.errors(self.step), _SMALLEST, 1e6))
        axes = _Chart(self.span, (-16.0, 4.0), "x", "error", logarithmic_y=True)
        axes.line([self.center] * 2, axes.y_range, "guide")
        axes.line(self.span, [math.log10(self.within)] * 2, "third")
        axes.line(self.xs.tolist(), errors.tolist(), "first")
        axes.legend("error", "first")
        axes.legend(f"{self.within:g}", "third")
        return axes.svg(f"The error of the polynomial of order {self.step}, on a logarithmic scale")

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        worst, place = self.worst(self.step)
        first = ", ".join(f"{c:.4g}" for c in self.c[: min(self.step + 1, 4)])
        rows = (
            ("coefficients", first + (", …" if self.step > 3 else "")),
            ("largest error", f"{worst:.2g}, at x = {place:.2f}"),
        )
        return Words(f"Order {self.step}, around x = {self.center:.3g}", rows, self._remark())

    def _remark(self) -> str:
        if not np.isfinite(self.c[: self.step + 1]).all():
            return "The series has a coefficient that is not finite here."
        if self.step == 0:
            return "One coefficient: the value at the centre."
        if self.worst(self.step)[0] > self.worst(self.step - 1)[0]:
            return "This order is further off at its worst than the one before: the last term grows fastest."
        return "Each coefficient makes one derivative more agree at the centre."

    def possible_words(self) -> Iterator[Words]:
        """Yield also the longest words that another centre could need."""
        yield from super().possible_words()
        place = max((f"{end:.2f}" for end in self.span), key=len)
        rows = (("coefficients", ", ".join(4 * ["-1.234e-05"]) + ", …"), ("largest error", f"1.2e+10, at x = {place}"))
        yield Words(f"Order {self.length - 1}, around x = {place}", rows)

    def goal(self) -> Goal | None:
        if not self._has_goal:
            return None
        text = f"Come within {self.within:g} of the curve everywhere."
        return Goal(text, self.worst(self.step)[0] <= self.within)


class TaylorExplorer(View):
    """The Taylor polynomial of a curve, by order, around a centre that can be dragged.

    f : a function of one number. coefficients : coefficients(center, order) gives order + 1 numbers, the k-th
    derivative of f at the centre divided by k!. center : where to start. span : the interval that is drawn. most : the
    highest order. within : the error to come below.

    >>> import math
    >>> TaylorExplorer(math.exp, lambda c, n: [math.exp(c) / math.factorial(k) for k in range(n + 1)], span=(-1, 1))
    Order 0, around x = 0
      coefficients   1
      largest error  1.7, at x = 1.00
    One coefficient: the value at the centre.
    Goal: Come within 0.1 of the curve everywhere.

    Raises ValueError for a span that is empty, a centre outside it, an order below 1, a curve without a finite value,
    and another number of coefficients.
    """

    def __init__(
        self,
        f: Callable,
        coefficients: Callable,
        center: float = 0.0,
        span: tuple[float, float] = (-3.0, 3.0),
        most: int = 12,
        within: float = 0.1,
    ):
        self.model = TaylorExplorerModel(f, coefficients, center, span, most, within)

    def dragged(self, data_id: str, x: float, y: float) -> None:
        self.model.drag(x)
        self.show()

    def nudged(self, data_id: str, across: int, up: int) -> None:
        low, high = self.model.span
        self.model.move(self.model.center + across * (high - low) / 60)
        self.go(self.model.step + up)


def _tried(function: Callable, *arguments: Any) -> Any:
    """function(*arguments), or nan where it has no value: errors of the functions of `math`, and a division by 0."""
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan
