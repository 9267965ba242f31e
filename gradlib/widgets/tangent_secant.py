"""Lesson 01: the slope of a curve, from two points that come closer and closer.

Left the curve with its tangent and the secant; right the error of the secant's slope against h. From the right the error falls
with h (forward difference) or h² (central difference): truncation. Then it rises again as 1/h: round-off.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property

import numpy as np

from .base import Model, View, Words
from .svg import Axes

# h from 1 down to 10⁻¹⁶, four to a decade.
STEP_SIZES = tuple(10.0 ** (-i / 4) for i in range(65))
METHODS = ("forward", "central")
PRECISIONS = ("float64", "float32")
_STENCIL = (
    4 / 5,
    -1 / 5,
    4 / 105,
    -1 / 280,
)  # central difference of eighth order: weights of f(x + ih) - f(x - ih)


class TangentSecantModel(Model):
    """The state of `TangentSecant`. Step i stands for h = 10^(-i/4)."""

    title = "Tangent and secant, and the error of the secant's slope against h"
    interval = 350
    length = len(STEP_SIZES)

    def __init__(
        self,
        f: Callable,
        x: float = 1.0,
        derivative: Callable | float | None = None,
        expression: str = "f",
        window: float = 1.6,
    ):
        self.f, self.x_value, self.expression, self.window = f, float(x), expression, window
        self.method, self.precision = METHODS[0], PRECISIONS[0]
        self.is_estimate = derivative is None
        slope = (
            self._estimate()
            if derivative is None
            else derivative(self.x_value)
            if callable(derivative)
            else derivative
        )
        self.true_slope = float(slope)
        self._errors: dict[tuple[str, str], list[float]] = {}

    @property
    def h(self) -> float:
        return STEP_SIZES[self.step]

    def label(self) -> str:
        return f"h = {self.h:.2g}"

    # Numbers --------------------------------------------------------------------------------------------

    def _f(self, x, kind: type = np.float64):
        """f(x), rounded to one precision; nan where f refuses x."""
        try:
            with np.errstate(all="ignore"):
                return kind(self.f(x))
        except (ValueError, ZeroDivisionError, OverflowError):  # what the functions of `math` raise
            return kind(math.nan)

    def _estimate(self) -> float:
        """The slope by a difference of eighth order, with the largest h at which f is defined all around."""
        x = self.x_value
        for h in (1e-2, 1e-3, 1e-4, 1e-5):
            h *= max(1.0, abs(x))
            slope = (
                sum(w * (self._f(x + i * h) - self._f(x - i * h)) for i, w in enumerate(_STENCIL, start=1))
                / h
            )
            if math.isfinite(slope):
                return slope
        return math.nan

    def ends(self, h: float) -> tuple[float, float]:
        """The two points that the slope is taken between, as the chosen precision rounds them."""
        kind = np.dtype(self.precision).type
        x, h = kind(self.x_value), kind(h)
        return (x if self.method == "forward" else x - h), x + h

    def slope(self, h: float) -> float:
        """The slope of the secant, computed wholly in the chosen precision."""
        kind = np.dtype(self.precision).type
        left, right = self.ends(h)
        run = kind(h) if self.method == "forward" else kind(2) * kind(h)
        with np.errstate(all="ignore"):
            return float((self._f(right, kind) - self._f(left, kind)) / run)

    def errors(self, method: str) -> list[float]:
        """|slope of the secant - true slope| for every h, in the chosen precision."""
        key = method, self.precision
        if key not in self._errors:
            chosen, self.method = self.method, method
            self._errors[key] = [abs(self.slope(h) - self.true_slope) for h in STEP_SIZES]
            self.method = chosen
        return self._errors[key]

    def best(self, method: str) -> int:
        """The step at which the error is smallest."""
        return min(
            range(self.length),
            key=lambda i: (e if math.isfinite(e := self.errors(method)[i]) else math.inf, i),
        )

    # Pictures -------------------------------------------------------------------------------------------

    @cached_property
    def _curve(self) -> tuple[list[float], list[float]]:
        xs = np.linspace(self.x_value - self.window, self.x_value + self.window, 241)
        return xs.tolist(), [float(self._f(x)) for x in xs]

    def picture(self) -> str:
        return self._curve_picture() + self._error_picture()

    def _curve_picture(self) -> str:
        xs, ys = self._curve
        x, y = self.x_value, float(self._f(self.x_value))
        left, right = map(float, self.ends(self.h))
        axes = Axes((xs[0], xs[-1]), _range(ys, y), "x", "f(x)")
        style = "first" if self.method == "forward" else "second"
        axes.line(xs, ys, "curve")
        axes.line(*_straight(left, float(self._f(left)), self.slope(self.h), xs), style)
        axes.line(*_straight(x, y, self.true_slope, xs), "third")  # dotted: the secant shows through
        for end in (left, right):
            axes.point(end, float(self._f(end)), style)
        axes.legend(self.expression, "curve")
        axes.legend("tangent", "third")
        axes.legend("secant", style, point=True)
        return axes.svg(
            f"{self.expression} with its tangent at x = {x:g} and the secant from {left:g} to {right:g}"
        )

    def _error_picture(self) -> str:
        logs = {method: [_log10(e) for e in self.errors(method)] for method in METHODS}
        finite = [e for errors in logs.values() for e in errors if math.isfinite(e)] or [0.0, -16.0]
        axes = Axes(
            (-16.3, 0.3), (min(finite) - 0.7, max(finite) + 0.7), "h", "error of the slope", logarithmic=True
        )
        hs = [math.log10(h) for h in STEP_SIZES]
        axes.line([hs[self.step]] * 2, list(axes.y_range), "guide")
        for style, method in zip(("first", "second"), METHODS, strict=True):
            axes.line(hs, logs[method], style)
            axes.legend(f"{method} difference", style, point=True)
        self._power_laws(axes, hs)
        for style, method in zip(("first", "second"), METHODS, strict=True):
            axes.point(hs[self.step], logs[method][self.step], style)
        return axes.svg(
            f"Error of the slope against h, both logarithmic, in {self.precision}; now h = {self.h:.2g}"
        )

    def _power_laws(self, axes: Axes, hs: list[float]) -> None:
        """A dashed piece of a line beside each branch of the error curves, with the power of h that it follows."""
        forward, central = (self.best(method) for method in METHODS)
        branches = (
            ("∝ h", 1, forward // 2, METHODS[0], 1.2, (-8, -4, "end")),
            ("∝ h²", 2, central // 2, METHODS[1], -1.2, (8, 14, "start")),
            ("∝ 1/h", -1, (forward + self.length) // 2, METHODS[0], 1.8, (8, -4, "start")),
        )
        for name, power, step, method, shift, (dx, dy, anchor) in branches:
            error = _log10(self.errors(method)[step]) + shift
            if math.isfinite(error):
                axes.line([hs[step] - 1, hs[step] + 1], [error - power, error + power], "guide")
                axes.text(hs[step], error, name, dx, dy, anchor)

    # Words ----------------------------------------------------------------------------------------------

    def words(self) -> Words:
        h, slope = self.h, self.slope(self.h)
        rows = (
            ("slope of the secant", f"{self._formula()} = {slope:.10g}"),
            (
                "true slope",
                f"{self.true_slope:.10g}"
                + (" (itself an estimate, of order h⁸)" if self.is_estimate else ""),
            ),
            ("error", f"{abs(slope - self.true_slope):.2g}"),
        )
        return Words(f"h = {h:.3g}, {self.method} difference, {self.precision}", rows, self._remark())

    def _formula(self) -> str:
        return "(f(x + h) − f(x)) / h" if self.method == "forward" else "(f(x + h) − f(x − h)) / 2h"

    def _remark(self) -> str:
        left, right = self.ends(self.h)
        if left == right:
            return f"h is too small for {self.precision}: x + h rounds to x, and the secant has lost its second point."
        if not math.isfinite(self.slope(self.h)):
            return "f has no finite value at one of the two points, so there is no slope between them."
        best = self.best(self.method)
        least = f"The {self.method} difference errs least at h = {STEP_SIZES[best]:.2g}, by {self.errors(self.method)[best]:.2g}"
        if self.step == best:
            return f"{least}: this one."
        if self.step < best:
            return f"{least}. This h is larger: truncation, the bend of the curve, makes most of the error."
        return f"{least}. This h is smaller: round-off, divided by h, makes most of the error."


class TangentSecant(View):
    """The secant through two points of a curve, its slope, and the error of that slope, as h shrinks.

    f : a function of one number. It is called with np.float64 or np.float32, so that both precisions can be compared.
    x : where the slope is taken.
    derivative : the true slope, as a function or a number. Without it, it is estimated by a difference of eighth order, and
        the words say so.
    expression : f as it is written, for the legend.
    window : how far the curve is drawn to either side of x.

    >>> TangentSecant(lambda x: x * x, 3.0, derivative=6.0, expression="x²")
    h = 1, forward difference, float64
      slope of the secant  (f(x + h) − f(x)) / h = 7
      true slope           6
      error                1
    The forward difference errs least at h = 3.2e-08, by 1.7e-08. This h is larger: truncation, the bend of the
    curve, makes most of the error.
    """

    def __init__(
        self,
        f: Callable,
        x: float = 1.0,
        derivative: Callable | float | None = None,
        expression: str = "f",
        window: float = 1.6,
    ):
        self.model = TangentSecantModel(f, x, derivative, expression, window)

    def controls(self) -> list:
        import ipywidgets as W

        method = W.ToggleButtons(options=METHODS, value=self.model.method, style={"button_width": "auto"})
        precision = W.ToggleButtons(
            options=PRECISIONS, value=self.model.precision, style={"button_width": "auto"}
        )
        method.observe(lambda change: self._choose("method", change.new), "value")
        precision.observe(lambda change: self._choose("precision", change.new), "value")
        return [method, precision]

    def _choose(self, option: str, value: str) -> None:
        setattr(self.model, option, value)
        self.show()


def _log10(error: float) -> float:
    """log10, with an error of 0 drawn where float64 ends."""
    return math.log10(max(error, 1e-17)) if math.isfinite(error) else math.nan


def _straight(x: float, y: float, slope: float, xs: list[float]) -> tuple[list[float], list[float]]:
    """The line through (x, y), from end to end of the picture."""
    return [xs[0], xs[-1]], [y + slope * (xs[0] - x), y + slope * (xs[-1] - x)]


def _range(ys: list[float], y: float) -> tuple[float, float]:
    """What of a curve is shown: all of it but its steepest twentieth at either end (poles), and always the point."""
    drawable = [v for v in [*ys, y] if abs(v) < 1e300] or [0.0]  # no nan either; beyond, a margin overflows
    low, high = np.percentile(drawable, [5, 95])
    if abs(y) < 1e300:
        low, high = min(low, y), max(high, y)
    margin = 0.25 * (high - low) or max(1.0, abs(low))
    return float(low - margin), float(high + margin)
