"""Lesson 07: how the verdict of a gradient check depends on its step, its tolerance and its precision.

On the left is the error of a central difference against h in both precisions, with the distance of a wrong gradient
from it. On the right is a map over step and tolerance: where the check judges both gradients correctly, where it raises
a false alarm, and where it misses the bug. The borders of the map are the curves of the left picture. The dot in the
map is dragged, or moved by the arrow keys.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from .base import Goal, Model, View, Words
from .svg import Axes, power_of_ten, text_width

PER_DECADE = 4
STEP_SIZES = tuple(10.0 ** (-i / PER_DECADE) for i in range(12 * PER_DECADE + 1))  # 1 down to 10⁻¹²
PRECISIONS = {"float64": np.float64, "float32": np.float32}
STYLES = {"float64": "first", "float32": "second"}  # of lines and points, in palette.py
TOLERANCES = tuple(10.0 ** (-i / PER_DECADE) for i in range(PER_DECADE, 11 * PER_DECADE + 1))  # 0.1 down to 10⁻¹¹
VERDICTS = {  # (right one accepted, wrong one accepted): name, style
    (True, False): ("right", "right"),
    (False, False): ("false alarm", "third"),
    (True, True): ("bug missed", "wrong"),
    (False, True): ("both wrong", "fourth"),
}
_MANY = 16  # entries that are checked
_LOWEST, _HIGHEST = 1e-17, 1e12  # errors are drawn between these


class StepSweepModel(Model):
    """The state of `StepSweep`: step i stands for h = 10^(-i/4)."""

    title = "The error of a difference against its step, and the verdicts of a gradient check"
    interval = 400
    length = len(STEP_SIZES)

    def __init__(
        self,
        function: Callable,
        x,
        gradient: Callable | np.ndarray,
        bugs: Mapping[str, Callable | np.ndarray] | None = None,
        tolerance: float = 1e-5,
        expression: str = "f",
    ):
        self.function, self.x = function, np.array(x, dtype=np.float64)
        self.right = self._gradient(gradient)
        bugs = {"1 % too large": 1.01 * self.right} if bugs is None else bugs
        self.wrong = {str(name): self._gradient(wrong) for name, wrong in bugs.items()}
        if not self.wrong:
            raise ValueError("a map of verdicts needs a wrong gradient: leave bugs out, or pass {name: gradient}.")
        self.tolerance, self.expression = float(tolerance), expression
        self.precision, self.bug = "float64", next(iter(self.wrong))
        every = list(np.ndindex(self.x.shape))
        self.entries = every[:: math.ceil(len(every) / _MANY) or 1]
        self._differences: dict[str, np.ndarray] = {}
        self._errors: dict[tuple[str, str | None], list[float]] = {}

    def _gradient(self, gradient) -> np.ndarray:
        """A claimed gradient as an array of the shape of x."""
        gradient = np.asarray(gradient(self.x.copy()) if callable(gradient) else gradient, dtype=np.float64)
        if gradient.shape != self.x.shape:
            raise ValueError(f"a gradient must have the shape of x, {self.x.shape}, got {gradient.shape}.")
        return gradient

    @property
    def h(self) -> float:
        return STEP_SIZES[self.step]

    def label(self) -> str:
        return f"h = {self.h:.2g}"

    # Numbers --------------------------------------------------------------------------------------------

    def _value(self, x: np.ndarray, kind: type):
        """function(x), rounded to one precision; nan where the function refuses x."""
        try:
            return kind(float(self.function(x)))
        except (ValueError, ZeroDivisionError, OverflowError):  # errors of the functions of `math`
            return kind(math.nan)

    def differences(self, precision: str) -> np.ndarray:
        """(steps, entries): central differences with the step h · max(1, |xᵢ|), wholly in one precision."""
        if precision not in self._differences:
            kind = PRECISIONS[precision]
            found = np.empty((self.length, len(self.entries)))
            with np.errstate(all="ignore"):
                moved = self.x.astype(kind)
                for column, index in enumerate(self.entries):
                    center = moved[index]
                    for row, h in enumerate(STEP_SIZES):
                        step = kind(h) * max(kind(1), abs(center))
                        moved[index] = center + step
                        above = self._value(moved.copy(), kind)
                        moved[index] = center - step
                        below = self._value(moved.copy(), kind)
                        found[row, column] = (above - below) / (kind(2) * step)
                    moved[index] = center
            self._differences[precision] = found
        return self._differences[precision]

    def errors(self, precision: str, bug: str | None = None) -> list[float]:
        """For every h the largest |gradient - difference| / max(1, |gradient|), of the right or of a wrong gradient.

        It is infinite where there is no finite difference.
        """
        if (precision, bug) not in self._errors:
            self._errors[precision, bug] = self._measured(precision, bug)
        return self._errors[precision, bug]

    def _measured(self, precision: str, bug: str | None) -> list[float]:
        chosen = [np.array([array[index] for index in self.entries]) for array in (self.right, self._claimed(bug))]
        with np.errstate(all="ignore"):
            off = np.abs(chosen[1] - self.differences(precision)) / np.maximum(1.0, np.abs(chosen[0]))
        off = np.where(np.isfinite(off), off, np.inf)
        return off.max(axis=1, initial=0.0).tolist()

    def _claimed(self, bug: str | None) -> np.ndarray:
        return self.right if bug is None else self.wrong[bug]

    def verdict(self, step: int) -> tuple[bool, bool]:
        """(the right gradient is accepted, the wrong one is accepted) by a check with this step."""
        errors = self.errors(self.precision), self.errors(self.precision, self.bug)
        return tuple(each[step] <= self.tolerance for each in errors)

    # The learner's actions ------------------------------------------------------------------------------

    def drag(self, x: float, y: float) -> None:
        """Move the dot of the map to the nearest of the steps and of the tolerances, from a place in the picture."""
        h, tolerance = self._map_axes().value_at(x, y)
        self.go(round(-h * PER_DECADE))
        self.tolerance = _nearest_tolerance(10.0**tolerance)

    def nudge(self, across: int, up: int) -> None:
        """Move the dot of the map by some steps to the right, and some tolerances up."""
        self.go(self.step - across)
        if up:
            place = TOLERANCES.index(_nearest_tolerance(self.tolerance)) - up
            self.tolerance = TOLERANCES[min(max(place, 0), len(TOLERANCES) - 1)]

    def goal(self) -> Goal | None:
        """Find the smallest tolerance of float32 that works, where there is one."""
        least = self._least_tolerance("float32")
        if least is None:
            return None
        reached = self.precision == "float32" and self.tolerance <= least and self.verdict(self.step) == (True, False)
        return Goal("In float32, find the smallest tolerance at which both verdicts are right.", reached)

    def _least_tolerance(self, precision: str) -> float | None:
        pairs = list(zip(self.errors(precision), self.errors(precision, self.bug), strict=True))
        good = [t for t in TOLERANCES if any(right <= t < wrong for right, wrong in pairs)]
        return min(good, default=None)

    # Pictures -------------------------------------------------------------------------------------------

    def picture(self) -> str:
        return self._error_picture() + self._map()

    def _error_picture(self) -> str:
        hs = [math.log10(h) for h in STEP_SIZES]
        logs = {precision: _logs(self.errors(precision)) for precision in PRECISIONS}
        wrong = _logs(self.errors(self.precision, self.bug))
        tolerance = _log(self.tolerance)
        drawn = [y for y in [*logs["float64"], *logs["float32"], *wrong] if math.isfinite(y)]
        y_range = min([*drawn, tolerance]) - 0.7, max([*drawn, tolerance]) + 0.7
        axes = Axes((-12.3, 0.3), y_range, "h", "distance from the difference", logarithmic=True)
        axes.line([hs[self.step]] * 2, y_range, "guide")
        axes.line(axes.x_range, [tolerance] * 2, "guide")
        axes.line(hs, wrong, "wrong")
        axes.point(hs[self.step], wrong[self.step], "wrong")
        for precision, style in STYLES.items():
            axes.line(hs, logs[precision], style)
            axes.point(hs[self.step], logs[precision][self.step], style)
            axes.legend(precision, style, point=True)
        axes.legend("wrong", "wrong", point=True)
        axes.legend("tolerance", "guide")
        return axes.svg(
            f"{self.expression}: distance of the right gradient from the difference in float64 and in float32, and of "
            f"the wrong one in {self.precision}, against h; both axes logarithmic; h = {self.h:.2g}"
        )

    def _map(self) -> str:
        hs = [math.log10(h) for h in STEP_SIZES]
        right, wrong = _logs(self.errors(self.precision)), _logs(self.errors(self.precision, self.bug))
        axes = self._map_axes()
        edges = [axes.x_range[1], *(h - 0.5 / PER_DECADE for h in hs[:-1]), axes.x_range[0]]
        for key, (name, style) in VERDICTS.items():
            spans = [_span(key, *pair, axes.y_range) for pair in zip(right, wrong, strict=True)]
            for right_edge, left_edge, span in zip(edges, edges[1:], spans, strict=False):
                if span:
                    axes.cell((left_edge, right_edge), span, style)
            axes.swatch(name, style)
            axes.name_region(name, hs, [self._beside_the_point(i, span) for i, span in enumerate(spans)])
        meaning = _MEANING[self.verdict(self.step)]
        where = f"h = {self.h:.2g}, tolerance {self.tolerance:.2g}: {meaning}"
        axes.handle(hs[self.step], _log(self.tolerance), "current", "dot", "step and tolerance", self.h, where)
        return axes.svg(
            f"Map of verdicts over h and tolerance in {self.precision}, wrong gradient: {self.bug}; a point at h = "
            f"{self.h:.2g}, tolerance {self.tolerance:.2g}: {VERDICTS[self.verdict(self.step)][0]}"
        )

    def _map_axes(self) -> MapAxes:
        return MapAxes((-12.3, 0.3), (-11.5, 0.5), "h", "tolerance", logarithmic=True)

    def _beside_the_point(self, i: int, span: tuple[float, float] | None) -> tuple[float, float] | None:
        """The larger part of a span above or below the point, so that words do not cover it."""
        if span is None or abs(i - self.step) > 1:
            return span
        middle, room = _log(self.tolerance), 0.6
        parts = [(span[0], min(span[1], middle - room)), (max(span[0], middle + room), span[1])]
        return max(parts, key=lambda part: part[1] - part[0])

    # Words ----------------------------------------------------------------------------------------------

    def words(self) -> Words:
        right, wrong = self.errors(self.precision)[self.step], self.errors(self.precision, self.bug)[self.step]
        rows = (
            ("right gradient", self._judged(right)),
            ("wrong gradient", f"{self._judged(wrong)} ({self.bug})"),
            ("entries looked at", f"{len(self.entries)} of {self.x.size}"),
        )
        title = f"h = {self.h:.2g} · max(1, |x|), {self.precision}, tolerance {self.tolerance:.0e}"
        return Words(f"{title}: {_MEANING[self.verdict(self.step)]}", rows, self._remark())

    def possible_words(self) -> Iterator[Words]:
        """Yield the longest words, whatever precision, bug and tolerance are chosen."""
        judged = self._judged(math.inf)
        rows = (
            ("right gradient", judged),
            ("wrong gradient", f"{judged} ({max(self.wrong, key=len)})"),
            ("entries looked at", f"{len(self.entries)} of {self.x.size}"),
        )
        title = f"h = 0.00056 · max(1, |x|), float64, tolerance 1e-05: {max(_MEANING.values(), key=len)}"
        reason = "This h is too large: the bend of the function puts the difference off by more than the tolerance."
        where = "With this tolerance both verdicts are right for every h from 0.0001 to 0.0006 in float64."
        yield Words(title, rows, f"{reason} {where}")

    def _judged(self, error: float) -> str:
        distance = f"{error:.2g} from the difference" if math.isfinite(error) else "there is no finite difference"
        return f"{distance}: {'accepted' if error <= self.tolerance else 'rejected'}"

    def _remark(self) -> str:
        return f"{self._reason()} {self._where_it_works()}".strip()

    def _reason(self) -> str:
        errors = self.errors(self.precision)
        accepted, missed = self.verdict(self.step)
        if not accepted and math.isfinite(errors[self.step]):
            best = errors.index(min(errors))
            size = "large: the bend of the function" if self.step < best else "small: rounding"
            if self.step != best:
                return f"This h is too {size} puts the difference off by more than the tolerance."
            return "Even the best step is off by more than the tolerance."
        if missed:
            return "The tolerance is wider than the bug."
        return ""

    def _where_it_works(self) -> str:
        """A sentence on the row of the map at this tolerance."""
        good = [i for i in range(self.length) if self.verdict(i) == (True, False)]
        if not good:
            where = "no h"
        elif len(good) == 1:
            where = f"h = {STEP_SIZES[good[0]]:.1g} alone"
        else:
            gaps = good[-1] - good[0] + 1 > len(good)
            where = f"{'some' if gaps else 'every'} h from {STEP_SIZES[good[-1]]:.1g} to {STEP_SIZES[good[0]]:.1g}"
        return f"With this tolerance both verdicts are right for {where} in {self.precision}."


_MEANING = {
    (True, False): "both verdicts are right",
    (False, False): "a false alarm",
    (True, True): "a missed bug",
    (False, True): "both verdicts are wrong",
}


class MapAxes(Axes):
    """Axes with regions in the legend and in the frame."""

    def swatch(self, name: str, style: str) -> None:
        """Add the region's tint and name to the legend above the frame."""
        if not self._legend:
            self._legend_end = 22.0  # further left than lines: the four names need the room
        x, y = self._legend_end, self.top - 18
        self._legend.append(f'<rect class="cell {style}" x="{x:.1f}" y="{y - 7}" width="14" height="14"/>')
        self._legend.append(f'<text x="{x + 19:.1f}" y="{y + 4}">{html.escape(name)}</text>')
        self._legend_end = x + 19 + text_width(name) + 8

    def name_region(self, name: str, xs: list[float], spans: list[tuple[float, float] | None]) -> None:
        """Write the name in the tallest part of the region that is wide enough, if there is one."""
        column = abs(self.x(xs[1]) - self.x(xs[0]))
        count = math.ceil((text_width(name) + 6) / column)
        best, place = 18.0, None  # pixels, the height that the words need
        for start in range(len(xs) - count + 1):
            window = spans[start : start + count]
            if None in window:
                continue
            low, high = max(low for low, _ in window), min(high for _, high in window)
            if (height := self.y(low) - self.y(high)) > best:
                best, place = height, ((xs[start] + xs[start + count - 1]) / 2, (low + high) / 2)
        if place:
            self.text(*place, name, 0, 4, "middle")


def _span(key: tuple[bool, bool], right: float, wrong: float, shown: tuple[float, float]) -> tuple[float, float] | None:
    """The tolerances of one column that give this verdict, or None.

    A tolerance of at least `right` accepts the right gradient, one of at least `wrong` accepts the wrong one.
    """
    low = max([shown[0], *(error for error, accepted in zip((right, wrong), key, strict=True) if accepted)])
    high = min([shown[1], *(error for error, accepted in zip((right, wrong), key, strict=True) if not accepted)])
    return (low, high) if low < high else None


def _log(error: float) -> float:
    """log10 of an error, limited to the range that is drawn; inf stays inf."""
    return math.log10(min(max(error, _LOWEST), _HIGHEST)) if math.isfinite(error) else math.inf


def _logs(errors: list[float]) -> list[float]:
    return [_log(error) for error in errors]


class StepSweep(View):
    """The verdict of a gradient check with step h on a right gradient and on a wrong one, as h shrinks.

    function : takes an array and returns one number. It is called with float64 and with float32.
    x : the array at which the gradient is checked. The step at entry i is h · max(1, |xᵢ|). At most 16 entries are
        checked.
    gradient : the right gradient at x, an array of the shape of x or a function of x that returns one.
    bugs : name -> a wrong gradient, in the same form; by default one that is 1 % too large.
    tolerance : a gradient is accepted if its distance from the difference, relative to max(1, |gradient|), is at most
        this at every entry.
    expression : the function as it is written, for readers who do not see the picture.

    >>> StepSweep(lambda x: (x * x * x).sum(), np.array([1.0, -2.0]), lambda x: 3 * x * x)
    h = 1 · max(1, |x|), float64, tolerance 1e-05: a false alarm
      right gradient     0.33 from the difference: rejected
      wrong gradient     0.32 from the difference: rejected (1 % too large)
      entries looked at  2 of 2
    This h is too large: the bend of the function puts the difference off by more than the tolerance. With this
    tolerance both verdicts are right for every h from 1e-11 to 0.003 in float64.
    Goal: In float32, find the smallest tolerance at which both verdicts are right.
    """

    def __init__(
        self,
        function: Callable,
        x,
        gradient: Callable | np.ndarray,
        bugs: Mapping[str, Callable | np.ndarray] | None = None,
        tolerance: float = 1e-5,
        expression: str = "f",
    ):
        self.model = StepSweepModel(function, x, gradient, bugs, tolerance, expression)

    def dragged(self, data_id: str, x: float, y: float) -> None:
        self.model.drag(x, y)
        self.show()

    def nudged(self, data_id: str, across: int, up: int) -> None:
        self.model.nudge(across, up)
        self.show()

    def controls(self) -> list:
        import ipywidgets as W

        model = self.model
        precision = W.ToggleButtons(options=list(PRECISIONS), style={"button_width": "auto"})
        bug = W.Dropdown(options=list(model.wrong), value=model.bug, description="bug", layout={"width": "auto"})
        powers = [(_written(t), t) for t in sorted({*TOLERANCES, model.tolerance})]
        self._tolerance = W.SelectionSlider(options=powers, value=model.tolerance, description="tolerance")
        for control, name in ((precision, "precision"), (bug, "bug"), (self._tolerance, "tolerance")):
            control.observe(self._setter(name), "value")
        return [precision, bug, self._tolerance]

    def _setter(self, name: str) -> Callable:
        def choose(change) -> None:
            if getattr(self.model, name) != change.new:  # otherwise the control only followed the model
                setattr(self.model, name, change.new)
                self.show()

        return choose

    def _update(self) -> None:
        super()._update()
        self._tolerance.value = self.model.tolerance


def _nearest_tolerance(tolerance: float) -> float:
    return min(TOLERANCES, key=lambda other: abs(math.log10(other) - _log(tolerance)))


def _written(tolerance: float) -> str:
    exponent = math.log10(tolerance) if tolerance > 0 else 0.5
    return power_of_ten(round(exponent)) if abs(exponent - round(exponent)) < 1e-9 else f"{tolerance:.1e}"
