"""Lesson 01: the slope of a curve, from two points that move closer and closer together.

On the left is the curve with its tangent and the secant, whose points x and x + h can be dragged. In the middle is a
lens, which shows 2h on either side of x: first the bend of the curve, then a straight line, and in the end the steps in
which a computer counts. On the right is the error of the secant's slope against h. From large h to small, the error
first falls like h (forward difference) or h² (central difference): truncation. Then it rises again like 1/h: round-off.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property

import numpy as np

from .base import Goal, Model, View, Words
from .svg import Axes

PER_DECADE = 4
STEP_SIZES = tuple(10.0 ** (-i / PER_DECADE) for i in range(16 * PER_DECADE + 1))  # 1 down to 10⁻¹⁶
STYLES = {"forward": "first", "central": "second"}  # of lines and points, in palette.py
PRECISIONS = {"float64": np.float64, "float32": np.float32}
# Central difference of eighth order: the weights of f(x + h) - f(x - h), f(x + 2h) - f(x - 2h), …
_EIGHTH_ORDER = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
_LENS = 161  # places at which the lens looks
_LARGEST = 1e300  # larger values are not drawn: their differences overflow


class Chart(Axes):
    """Axes so small that three charts fit side by side."""

    width, height = 356, 300
    right = 24  # room for half of a label such as 2e-15


class TangentSecantModel(Model):
    """The state of `TangentSecant`: step i stands for h = 10^(-i/4), or for an h near to it, after a drag."""

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
        self.f, self.center, self.expression, self.window = f, float(x), expression, window
        self.derivative = derivative
        self.method, self.precision = "forward", "float64"
        self._dragged_h: float | None = None
        self.move_x(self.center)

    @property
    def h(self) -> float:
        return self._dragged_h or STEP_SIZES[self.step]

    def go(self, step: int) -> None:
        super().go(step)
        self._dragged_h = None

    # The learner's actions ------------------------------------------------------------------------------

    def move_x(self, x: float) -> None:
        """Move the point of the tangent, within the curve that is drawn."""
        self.x = min(max(x, self.center - self.window), self.center + self.window)
        is_known = callable(self.derivative) or self.derivative is not None and self.x == self.center
        slope = self.derivative(self.x) if callable(self.derivative) else self.derivative
        self.is_estimate = not is_known
        self.true_slope = float(slope if is_known else self._estimate())
        self._errors: dict[tuple[str, str], list[float]] = {}

    def move_h(self, h: float) -> None:
        """Move the other end of the secant; the slider goes to the nearest of its steps."""
        h = min(max(h, 0.005 * self.window), 1.0)
        self.step = min(range(self.length), key=lambda i: abs(math.log(STEP_SIZES[i] / h)))
        self._dragged_h = h

    def drag(self, data_id: str, across: float) -> None:
        """Follow a point that is dragged to a place in the picture of the curve, in pixels."""
        place, _ = self._curve_axes().value_at(across, 0.0)
        grid = self.window / 160
        place = self.center + round((place - self.center) / grid) * grid
        if data_id == "x":
            self.move_x(place)
        else:
            self.move_h(abs(place - self.x))

    def nudge(self, data_id: str, steps: int) -> None:
        """Follow the arrow keys: x moves along the curve, and h by steps of the slider."""
        if data_id == "x":
            self.move_x(self.x + steps * self.window / 32)
        else:
            self.go(self.step - steps)

    def goal(self) -> Goal | None:
        """To find the best h, where there is one to be found."""
        errors, best = self.errors(self.method), self.best(self.method)
        if not math.isfinite(errors[0]) or errors[0] <= 2 * errors[best]:
            return None
        text = f"Make the error of the {self.method} difference as small as it gets, within a factor of 2."
        return Goal(text, self._error() <= 2 * errors[best])

    def label(self) -> str:
        return f"h = {self.h:.2g}"

    # Numbers --------------------------------------------------------------------------------------------

    def _f(self, x, kind: type = np.float64):
        """f(x), rounded to one precision; nan where f refuses x."""
        try:
            with np.errstate(all="ignore"):
                return kind(self.f(x))
        except (ValueError, ZeroDivisionError, OverflowError):  # errors of the functions of `math`
            return kind(math.nan)

    def _estimate(self) -> float:
        """The slope by a difference of eighth order, with the largest h for which f is defined at all points."""
        for h in (1e-2, 1e-3, 1e-4, 1e-5):
            h *= max(1.0, abs(self.x))
            rises = [self._f(self.x + i * h) - self._f(self.x - i * h) for i in (1, 2, 3, 4)]
            slope = sum(weight * rise for weight, rise in zip(_EIGHTH_ORDER, rises, strict=True)) / h
            if math.isfinite(slope):
                return slope
        return math.nan

    def ends(self, method: str, h: float) -> tuple[float, float]:
        """The two points of the secant, rounded to the chosen precision."""
        kind = PRECISIONS[self.precision]
        x, h = kind(self.x), kind(h)
        return (x if method == "forward" else x - h), x + h

    def slope(self, method: str, h: float) -> float:
        """The slope of the secant, computed wholly in the chosen precision."""
        kind = PRECISIONS[self.precision]
        left, right = self.ends(method, h)
        run = kind(h) if method == "forward" else kind(2) * kind(h)
        with np.errstate(all="ignore"):
            return float((self._f(right, kind) - self._f(left, kind)) / run)

    def errors(self, method: str) -> list[float]:
        """|slope of the secant - true slope| for every h, in the chosen precision."""
        key = method, self.precision
        if key not in self._errors:
            self._errors[key] = [abs(self.slope(method, h) - self.true_slope) for h in STEP_SIZES]
        return self._errors[key]

    def _error(self) -> float:
        return abs(self.slope(self.method, self.h) - self.true_slope)

    def best(self, method: str) -> int:
        """The step at which the error is smallest."""
        errors = [error if math.isfinite(error) else math.inf for error in self.errors(method)]
        return errors.index(min(errors))

    # Pictures -------------------------------------------------------------------------------------------

    @cached_property
    def _curve(self) -> tuple[list[float], list[float]]:
        xs = np.linspace(self.center - self.window, self.center + self.window, 241)
        return xs.tolist(), [float(self._f(x)) for x in xs]

    def picture(self) -> str:
        return self._curve_picture() + self._lens_picture() + self._error_picture()

    def _curve_axes(self) -> Chart:
        xs, ys = self._curve
        return Chart((xs[0], xs[-1]), _shown_range(ys, float(self._f(self.center))), "x", "f(x)")

    def _curve_picture(self) -> str:
        xs, ys = self._curve
        y, style = float(self._f(self.x)), STYLES[self.method]
        left, right = map(float, self.ends(self.method, self.h))
        axes = self._curve_axes()
        axes.line(xs, _without_jumps(ys, axes.y_range), "curve")
        axes.line(*_straight(left, float(self._f(left)), self.slope(self.method, self.h), xs), style)
        axes.line(*_straight(self.x, y, self.true_slope, xs), "third")  # dotted, so that the secant shows through
        axes.handle(self.x, y, style, "x", "x", self.x, f"x = {self.x:.4g}")
        if left < self.x:
            axes.point(left, float(self._f(left)), style)
        # On top, so that h can be drawn out again when the points are one.
        axes.handle(right, float(self._f(right)), style, "h", "x + h", self.h, f"h = {self.h:.3g}")
        axes.legend(self.expression, "curve")
        axes.legend("tangent", "third")
        axes.legend("secant", style, point=True)
        lines = f"its tangent at x = {self.x:g}, its secant from {left:g} to {right:g}"
        return axes.svg(f"{self.expression}, {lines}")

    def rises(self, ts: list[float]) -> list[float]:
        """f(x + t) − f(x) for each t, wholly in the chosen precision."""
        kind = PRECISIONS[self.precision]
        x = kind(self.x)
        with np.errstate(all="ignore"):
            return [float(self._f(x + kind(t), kind) - self._f(x, kind)) for t in ts]

    def _lens_picture(self) -> str:
        """The differences f(x + t) − f(x) as they are computed, for t from -2h to 2h."""
        h, style = self.h, STYLES[self.method]
        ts = np.linspace(-2 * h, 2 * h, _LENS).tolist()
        rises = self.rises(ts)
        ends = [-h if self.method == "central" else 0.0, h]
        ends = list(zip(ends, self.rises(ends), strict=True))
        drawable = [rise for rise in rises if abs(rise) < _LARGEST] or [0.0]
        spread = max(map(abs, drawable)) or abs(self.true_slope) * 2 * h
        reach = 1.15 * spread if math.isfinite(spread) and spread > 0 else 1.0
        axes = Chart((ts[0], ts[-1]), (-reach, reach), "t, from -2h to 2h", "f(x + t) − f(x)")
        slope = self.slope(self.method, h)
        axes.line(ts[:: _LENS - 1], [self.true_slope * t for t in ts[:: _LENS - 1]], "third")
        axes.line(ts[:: _LENS - 1], [ends[0][1] + slope * (t - ends[0][0]) for t in ts[:: _LENS - 1]], style)
        axes.line(ts, rises, "curve")  # last, so that its steps are not covered
        for t, rise in ends:
            axes.point(t, rise, style)
        axes.legend(f"lens, {4 * h:.1g} wide", "curve")
        return axes.svg(f"{self.expression} near x = {self.x:g}, for x + t with t from {-2 * h:.2g} to {2 * h:.2g}")

    def _error_picture(self) -> str:
        logs = {method: [_log10(error) for error in self.errors(method)] for method in STYLES}
        finite = list(filter(math.isfinite, logs["forward"] + logs["central"])) or [-16.0, 0.0]
        y_range = min(finite) - 0.7, max(finite) + 0.7
        axes = Chart((-16.3, 0.3), y_range, "h", "error of the slope", logarithmic=True)
        hs = [math.log10(h) for h in STEP_SIZES]
        axes.line([math.log10(self.h)] * 2, y_range, "guide")
        for method, style in STYLES.items():
            axes.line(hs, logs[method], style)
            axes.legend(method, style, point=True)
        forward, central = self.best("forward"), self.best("central")
        _power_law(axes, hs, logs["forward"], forward // 2, 1, "∝ h", shift=1.2, beside=(-8, -4, "end"))
        _power_law(axes, hs, logs["central"], central // 2, 2, "∝ h²", shift=-1.2, beside=(8, 14, "start"))
        middle = (forward + self.length) // 2
        _power_law(axes, hs, logs["forward"], middle, -1, "∝ 1/h", shift=1.8, beside=(8, -4, "start"))
        for method, style in STYLES.items():
            error = abs(self.slope(method, self.h) - self.true_slope)
            axes.point(math.log10(self.h), _log10(error), style)
        scales = f"both logarithmic; h = {self.h:.2g}"
        return axes.svg(f"Error of the slope against h in {self.precision}, {scales}")

    # Words ----------------------------------------------------------------------------------------------

    def words(self) -> Words:
        slope = self.slope(self.method, self.h)
        quotient = "(f(x + h) − f(x)) / h" if self.method == "forward" else "(f(x + h) − f(x − h)) / 2h"
        source = " (an estimate, whose own error falls as h⁸)" if self.is_estimate else ""
        rows = (
            ("slope of the secant", f"{quotient} = {slope:.10g}"),
            ("true slope", f"{self.true_slope:.10g}{source}"),
            ("error", f"{self._error():.2g}"),
        )
        return Words(f"h = {self.h:.3g}, {self.method} difference, {self.precision}", rows, self._remark())

    def _remark(self) -> str:
        left, right = self.ends(self.method, self.h)
        if left == right:
            return f"h is too small for {self.precision}: x + h rounds to x, and the two points are one."
        errors, best = self.errors(self.method), self.best(self.method)
        if not math.isfinite(self._error()):
            return "f has no finite value at one of the two points, or no slope at x."
        if self._error() <= 2 * errors[best]:
            at = f"{errors[best]:.2g}, at h = {STEP_SIZES[best]:.2g}"
            return f"The least error of the {self.method} difference is {at}. This h does as well."
        if self.h > STEP_SIZES[best]:
            return "This h is too large: most of its error is truncation, the bend of the curve."
        return "This h is too small: most of its error is round-off, divided by h."


class TangentSecant(View):
    """The secant through two points of a curve, its slope, and the error of that slope, as h shrinks.

    f : a function of one number. It is called with np.float64 or np.float32, to compare the precisions.
    x : the point of the tangent.
    derivative : the true slope, as a function or a number. Without it, it is estimated by a difference of
        eighth order, and the words say so.
    expression : the formula of f, for the legend.
    window : the length drawn on either side of x.

    The two points of the secant can be dragged, with mouse, finger or arrow keys. After x has moved, a derivative that
    is a number no longer holds, and the slope is estimated.

    >>> TangentSecant(lambda x: x * x, 3.0, derivative=6.0, expression="x²")
    h = 1, forward difference, float64
      slope of the secant  (f(x + h) − f(x)) / h = 7
      true slope           6
      error                1
    This h is too large: most of its error is truncation, the bend of the curve.
    Goal: Make the error of the forward difference as small as it gets, within a factor of 2.
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
        return [self._choice("method", STYLES), self._choice("precision", PRECISIONS)]

    def dragged(self, data_id: str, x: float, y: float) -> None:
        self.model.drag(data_id, x)
        self.show()

    def nudged(self, data_id: str, across: int, up: int) -> None:
        self.model.nudge(data_id, across + up)
        self.show()

    def _choice(self, name: str, options):
        """Toggle buttons for an attribute of the model."""
        import ipywidgets as W

        def choose(change) -> None:
            setattr(self.model, name, change.new)
            self.show()

        buttons = W.ToggleButtons(options=list(options), style={"button_width": "auto"})
        buttons.observe(choose, "value")
        return buttons


def _log10(error: float) -> float:
    """log10 of an error; an error of 0 is drawn at 1e-17."""
    return math.log10(max(error, 1e-17)) if math.isfinite(error) else math.nan


def _power_law(axes: Axes, hs, logs, middle: int, power: int, name: str, shift: float, beside) -> None:
    """Draw a dashed line next to a branch of an error curve, if the branch follows that power of h."""
    ends = middle - PER_DECADE, middle + PER_DECADE
    if ends[0] < 0 or ends[1] >= len(hs):
        return
    measured = (logs[ends[0]] - logs[ends[1]]) / (hs[ends[0]] - hs[ends[1]])
    if abs(measured - power) < 0.6:  # round-off is noisy
        x, y = hs[middle], logs[middle] + shift
        axes.line([x - 1, x + 1], [y - power, y + power], "guide")
        axes.text(x, y, name, *beside)


def _straight(x: float, y: float, slope: float, xs: list[float]) -> tuple[list[float], list[float]]:
    """The straight line through (x, y) across the whole picture."""
    return [xs[0], xs[-1]], [y + slope * (xs[0] - x), y + slope * (xs[-1] - x)]


def _without_jumps(ys: list[float], shown: tuple[float, float]) -> list[float]:
    """The values, with nan at a pole, where the curve leaves the picture at the top and returns at the bottom."""
    low, high = shown
    sides = [(y > high) - (y < low) for y in ys]  # 1 above, -1 below
    jumps = [before * after == -1 for before, after in zip([0, *sides], sides, strict=False)]
    return [math.nan if jump else y for y, jump in zip(ys, jumps, strict=True)]


def _shown_range(ys: list[float], y: float) -> tuple[float, float]:
    """The y range: all values except the lowest and highest 5 % (poles), the point itself, and a margin."""
    drawable = [value for value in [*ys, y] if abs(value) < _LARGEST] or [0.0]
    low, high = np.percentile(drawable, [5, 95])
    if abs(y) < _LARGEST:
        low, high = min(low, y), max(high, y)
    margin = 0.25 * (high - low) or max(1.0, abs(low))
    return float(low - margin), float(high + margin)
