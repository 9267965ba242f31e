"""Lesson 00: a point that is dragged along a straight line. It shows how a picture is moved, and asks little else."""

from __future__ import annotations

from .base import Goal, Model, View, Words
from .svg import Axes

PLACES = tuple(i / 10 for i in range(-30, 31))  # of the point: x from -3 to 3


class PointOnLineModel(Model):
    """The state of `PointOnLine`: step i stands for x = -3 + i / 10."""

    title = "A point on a line"
    interval = 100
    length = len(PLACES)

    def __init__(self, slope: float, intercept: float):
        self.slope, self.intercept = slope, intercept
        self.move(2.0)

    @property
    def x(self) -> float:
        return PLACES[self.step]

    def y(self, x: float) -> float:
        """The height of the line at x."""
        return self.slope * x + self.intercept

    def move(self, x: float) -> None:
        """Move the point to the nearest of its places."""
        self.go(round(10 * (min(max(x, PLACES[0]), PLACES[-1]) - PLACES[0])))

    def label(self) -> str:
        return f"x = {self.x:g}"

    def axes(self) -> Axes:
        low, high = sorted([self.y(PLACES[0]), self.y(PLACES[-1])])
        room = 0.1 * (high - low) or 1.0
        return Axes((PLACES[0] - 0.3, PLACES[-1] + 0.3), (low - room, high + room), "x", "y")

    def picture(self) -> str:
        axes, x, y = self.axes(), self.x, self.y(self.x)
        axes.line([axes.x_range[0], x, x], [y, y, axes.y_range[0]], "guide")  # to the numbers on both axes
        axes.line([PLACES[0], PLACES[-1]], [self.y(PLACES[0]), self.y(PLACES[-1])], "first")
        axes.handle(x, y, "second", "point", "point", x, f"x = {x:g}, y = {y:.4g}")
        axes.legend(self._formula("x"), "first")
        return axes.svg(f"The line y = {self._formula('x')} with a point at x = {x:g}, y = {y:.4g}")

    def _formula(self, x: str) -> str:
        return f"{self.slope:g} · {x} {'-' if self.intercept < 0 else '+'} {abs(self.intercept):g}"

    def words(self) -> Words:
        x = f"{self.x:g}" if self.x >= 0 else f"({self.x:g})"
        return Words(f"The point is at x = {self.x:g}.", (("y", f"{self._formula(x)} = {self.y(self.x):.4g}"),))

    def goal(self) -> Goal | None:
        """Bring the point to y = 0, if the line passes through it at one of the places."""
        if [place for place in PLACES if self.y(place) == 0] in ([], [2.0]) or self.slope == 0:
            return None
        return Goal("Bring the point to where y is 0.", self.y(self.x) == 0)


class PointOnLine(View):
    """A point that can be dragged along the line y = slope · x + intercept, with mouse, finger or arrow keys.

    >>> PointOnLine(slope=2, intercept=-1)
    The point is at x = 2.
      y  2 · 2 - 1 = 3
    Goal: Bring the point to where y is 0.
    """

    def __init__(self, slope: float = 2, intercept: float = -1):
        self.model = PointOnLineModel(float(slope), float(intercept))

    def dragged(self, data_id: str, x: float, y: float) -> None:
        place, _ = self.model.axes().value_at(x, y)
        self.model.move(place)
        self.show()
