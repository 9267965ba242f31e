"""Lesson 10: several optimizers on the same surface, from the same start, step by step.

On the left are the contour lines with each optimizer's path, on the right is the height against the step. The contour
lines are drawn to scale: only then is a step of plain descent at right angles to them. The start is dragged, or moved
by the arrow keys.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..tensor import Tensor
from .base import Goal, Model, View, Words
from .svg import Axes, round_steps

STYLES = ("first", "second", "third", "fourth")  # of the racers
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
_GRID, _LEVELS = 60, 9
_LOWEST, _FAR = 1e-9, 1e6  # the smallest height that is drawn; a path farther away has diverged
_DECADES = 8  # powers of ten on the axis of heights
_PLACES = 90  # about so many places along an axis, on which a dragged start snaps
_GOAL_STEPS, _GOAL_SHARE = 20, 0.001


class Surface(NamedTuple):
    """A function of x and y (numbers, arrays or tensors), the ranges that are drawn, and the start of the race."""

    f: Callable
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    start: tuple[float, float]


SURFACES = {
    "bowl": Surface(lambda x, y: 0.5 * (x * x + 15 * y * y), (-4.5, 4.5), (-2.2, 2.2), (-4.0, 1.5)),
    "valley": Surface(
        lambda x, y: 0.05 * ((1 - x) * (1 - x) + 20 * (y - x * x) * (y - x * x)), (-2.0, 2.0), (-1.0, 3.0), (-1.5, 2.0)
    ),
    "saddle": Surface(
        lambda x, y: 0.25 * (x * x - y * y) + 0.05 * y * y * y * y + 0.3125, (-3.0, 3.0), (-3.0, 3.0), (-2.5, 0.01)
    ),
}


class Run:
    """The path of one optimizer, (x, y) after each step, and the height there, as far as they were asked for."""

    def __init__(self, make: Callable, surface: Surface, start: tuple[float, float], lr: float):
        self.path: list[tuple[float, float]] = []
        self.heights: list[float] = []
        self.trouble = ""  # a sentence with the error that the optimizer raised
        self._walk = self._steps(make, surface, start, lr)

    def reach(self, step: int) -> Run:
        """Take the steps that are missing up to this one."""
        try:
            with np.errstate(all="ignore"):
                while not self.trouble and len(self.path) <= step:
                    next(self._walk)
        except Exception as error:  # the learner's optimizer
            self.trouble = f"raised {type(error).__name__}: {error}"
        return self

    def _steps(self, make: Callable, surface: Surface, start: tuple[float, float], lr: float) -> Iterator[None]:
        place = Tensor(np.array(start, dtype=float), requires_grad=True)
        optimizer = make([place], lr)
        while True:
            place.grad = None
            height = surface.f(place[0], place[1])
            self.path.append(tuple(place.data.tolist()))
            self.heights.append(height.item())
            yield
            height.backward()
            if np.isfinite(place.data).all() and np.abs(place.data).max() < _FAR:
                optimizer.step()


class RaceModel(Model):
    """The state of `OptimizerRace` after i steps of every optimizer."""

    title = "Optimizers on a surface, step by step"
    interval = 120

    def __init__(self, optimizers: Mapping[str, Callable], surface: Any = "bowl", lr: float = 0.03, steps: int = 80):
        if not 1 <= len(optimizers) <= len(STYLES):
            raise ValueError(f"a race needs one to {len(STYLES)} optimizers, got {len(optimizers)}.")
        if isinstance(surface, str) and surface not in SURFACES:
            raise ValueError(f"surface must be one of {', '.join(SURFACES)}, or a Surface, got {surface!r}.")
        self.optimizers, self.lr, self.length = dict(optimizers), lr, steps + 1
        self.surfaces = dict(SURFACES) if isinstance(surface, str) else {"your own": surface}
        self.name = surface if isinstance(surface, str) else "your own"
        self.starts = {name: surface.start for name, surface in self.surfaces.items()}
        self._grounds = {name: _Ground(surface) for name, surface in self.surfaces.items()}
        self._key: tuple | None = None  # of the runs that are kept
        self._runs: dict[str, Run] = {}

    @property
    def surface(self) -> Surface:
        return self.surfaces[self.name]

    @property
    def start(self) -> tuple[float, float]:
        return self.starts[self.name]

    def runs(self, step: int | None = None) -> dict[str, Run]:
        """Every optimizer's run, up to a step; by default up to the one that is shown."""
        key = self.name, self.lr, self.start
        if self._key != key:
            self._key = key
            self._runs = {name: Run(make, self.surface, self.start, self.lr) for name, make in self.optimizers.items()}
        return {name: run.reach(self.step if step is None else step) for name, run in self._runs.items()}

    # The learner's actions --------------------------------------------------------------------------------

    def drag(self, x: float, y: float) -> None:
        """Move the start to the nearest place of a fine grid, from a place in the picture."""
        self.place(*self._ground.axes().value_at(x, y))

    def nudge(self, across: int, up: int) -> None:
        """Move the start by some places to the right and up."""
        moved = []
        for value, steps, (low, high) in zip(self.start, (across, up), self._spans(), strict=True):
            places = round_steps(low, high, _PLACES)
            nearest = min(range(len(places)), key=lambda i, v=value, p=places: abs(p[i] - v))
            moved.append(places[min(max(nearest + steps, 0), len(places) - 1)] if steps else value)
        self.starts[self.name] = tuple(moved)

    def place(self, x: float, y: float) -> None:
        """Start elsewhere, at the nearest place that is drawn."""
        spans = zip((x, y), self._spans(), strict=True)
        self.starts[self.name] = tuple(
            min(round_steps(low, high, _PLACES), key=lambda place, v=value: abs(place - v))
            for value, (low, high) in spans
        )

    def _spans(self) -> tuple[tuple[float, float], tuple[float, float]]:
        return self.surface.x_range, self.surface.y_range

    @property
    def _ground(self) -> _Ground:
        return self._grounds[self.name]

    def goal(self) -> Goal | None:
        if self.name not in SURFACES:
            return None
        f, start = self.surface.f, self.surface.start
        high = float(f(*start))
        low = _GOAL_SHARE * high
        reached = [run for run in self.runs().values() if not run.trouble and run.heights[0] >= high * (1 - 1e-9)]
        least = min((min(run.heights[: min(self.step, _GOAL_STEPS) + 1]) for run in reached), default=math.inf)
        text = f"From a height of {high:.3g} or more, get below {low:.2g} within {_GOAL_STEPS} steps."
        return Goal(text, least < low)

    # Pictures ---------------------------------------------------------------------------------------------

    def label(self) -> str:
        return f"step {self.step}"

    def picture(self) -> str:
        return self._map() + self._curves()

    def _map(self) -> str:
        ground = self._ground
        axes = ground.axes()
        axes.add(ground.contours)
        for (name, run), style in zip(self.runs().items(), STYLES, strict=False):
            axes.legend(name, style, point=True)
            if not run.trouble:
                path = ground.until_it_leaves(run.path[: self.step + 1])
                axes.line(*map(list, zip(*path, strict=True)), style)
                if ground.is_inside(path[-1]):
                    axes.point(*path[-1], style)
        x, y = self.start
        axes.handle(x, y, "start", "start", "start of the race", x, f"x = {x:.3g}, y = {y:.3g}")
        return axes.svg(f"The paths over the {self.name} after {self.step} steps, with its contour lines")

    def _curves(self) -> str:
        high = self._ground.highest
        low = high - _DECADES
        axes = Axes((0, self.length - 1), (low, high), "step", "height", logarithmic_y=True)
        axes.line([self.step] * 2, [low, high], "guide")
        for run, style in zip(self.runs().values(), STYLES, strict=False):
            if not run.trouble:
                logs = [_log10(height) for height in run.heights[: self.step + 1]]
                axes.line(list(range(self.step + 1)), logs, style)
                axes.point(self.step, min(max(logs[-1], low), high), style)
        return axes.svg(f"The height of each against the step, logarithmic, up to step {self.step}")

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        rows, heights = [], {}
        for name, run in self.runs().items():
            if run.trouble:
                rows.append((name, run.trouble))
                continue
            (x, y), height = run.path[self.step], run.heights[self.step]
            heights[name] = height
            rows.append((name, f"height {height:.3g} at ({x:.3g}, {y:.3g})"))
        return Words(
            f"After {self.step} step{'s' * (self.step != 1)} on the {self.name}, learning rate {self.lr:g}",
            tuple(rows),
            self._remark(heights),
        )

    def possible_words(self) -> Iterator[Words]:
        """Yield the words now, and some that are as long as any: the steps are not taken before they are asked for."""
        yield self.words()
        last = f"After {self.length - 1} steps on the {max(self.surfaces, key=len)}, learning rate {self.lr:g}"
        rows = tuple((name, "height -1.23e+100 at (-1.23e+100, -1.23e+100)") for name in self.optimizers)
        yield Words(last, rows, self._diverged(list(self.optimizers)))

    def _diverged(self, names: list[str]) -> str:
        return f"Diverged: {', '.join(names)}. The step is too long for the steepest direction."

    def _remark(self, heights: Mapping[str, float]) -> str:
        runs = self.runs()
        gone = [name for name in heights if not heights[name] < 100 * max(1.0, runs[name].heights[0])]
        if gone:
            return self._diverged(gone)
        if not self.step or not heights:
            return "All start at the same place, which can be dragged. Next takes a step with each."
        best = min(heights, key=heights.get)
        return f"Lowest is {best}."


class _Ground:
    """The contour lines of a surface and the axes for them, which are the same for every run."""

    def __init__(self, surface: Surface):
        self.surface = surface

    def axes(self) -> Axes:
        """Axes that show the ranges of the surface, and more of one of them: a unit is equally long both ways."""
        axes = Axes(self.surface.x_range, self.surface.y_range, "x", "y")
        sizes = axes.width - axes.left - axes.right, axes.height - axes.top - axes.bottom
        spans = axes.x_range, axes.y_range
        unit = max((high - low) / size for (low, high), size in zip(spans, sizes, strict=True))
        middles = [(low + high) / 2 for low, high in spans]
        axes.x_range, axes.y_range = (
            (middle - unit * size / 2, middle + unit * size / 2) for middle, size in zip(middles, sizes, strict=True)
        )
        return axes

    @cached_property
    def _shown(self) -> tuple[tuple[float, float], tuple[float, float]]:
        axes = self.axes()
        return axes.x_range, axes.y_range

    def is_inside(self, place: tuple[float, float]) -> bool:
        return all(low <= value <= high for value, (low, high) in zip(place, self._shown, strict=True))

    def until_it_leaves(self, path: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """Cut a path after its first place outside the picture, which a diverging path would cover with its zigzag."""
        outside = [i for i, place in enumerate(path) if not self.is_inside(place)]
        return path[: outside[0] + 1] if outside else path

    def _heights(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> tuple[np.ndarray, ...]:
        xs, ys = (np.linspace(*span, _GRID) for span in (x_range, y_range))
        with np.errstate(all="ignore"):
            return xs, ys, np.asarray(self.surface.f(*np.meshgrid(xs, ys)), dtype=float)

    @cached_property
    def _bounds(self) -> tuple[float, float]:
        """The smallest and the largest height over the surface's own ranges."""
        *_, heights = self._heights(self.surface.x_range, self.surface.y_range)
        finite = heights[np.isfinite(heights)]
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)

    @property
    def highest(self) -> int:
        """The power of ten at the top of the axis of heights."""
        return min(math.ceil(math.log10(max(self._bounds[1], 1e-3)) + 0.1), 3)

    @cached_property
    def contours(self) -> str:
        """The contour lines, at heights spaced like the squares of integers."""
        from contourpy import contour_generator

        axes, (low, high) = self.axes(), self._bounds
        generator = contour_generator(*self._heights(*self._shown))
        for i in range(1, _LEVELS + 1):
            for line in generator.lines(low + (high - low) * (i / (_LEVELS + 1)) ** 2):
                axes.line(line[:, 0].tolist(), line[:, 1].tolist(), "contour")
        return axes.inside()


class OptimizerRace(View):
    """Optimizers on a surface of two parameters, from the same start with the same learning rate.

    optimizers : {name: function}, one to four. Each function takes a list of parameters and a learning rate and returns
        an object with step(), your own or gradlib's.
    surface : "bowl", "valley", "saddle", or a Surface(f, x_range, y_range, start).

    >>> from gradlib import optim
    >>> race = OptimizerRace({"SGD": lambda params, lr: optim.SGD(params, lr)}, lr=0.1)
    >>> race.go(1)
    >>> race
    After 1 step on the bowl, learning rate 0.1
      SGD  height 10.7 at (-3.6, -0.75)
    Lowest is SGD.
    Goal: From a height of 24.9 or more, get below 0.025 within 20 steps.
    """

    def __init__(self, optimizers: Mapping[str, Callable], surface: Any = "bowl", lr: float = 0.03, steps: int = 80):
        self.model = RaceModel(optimizers, surface, lr, steps)

    def dragged(self, data_id: str, x: float, y: float) -> None:
        self.model.drag(x, y)
        self.show()

    def nudged(self, data_id: str, across: int, up: int) -> None:
        self.model.nudge(across, up)
        self.show()

    def controls(self) -> list:
        import ipywidgets as W

        rates = sorted({*RATES, self.model.lr})
        surface = W.Dropdown(options=list(self.model.surfaces), value=self.model.name, description="surface")
        rate = W.Dropdown(options=[(f"{lr:g}", lr) for lr in rates], value=self.model.lr, description="learning rate")
        rate.style.description_width = "initial"  # otherwise the words are cut
        surface.observe(lambda change: self._set("name", change.new), "value")
        rate.observe(lambda change: self._set("lr", change.new), "value")
        return [surface, rate]

    def _set(self, attribute: str, value: Any) -> None:
        setattr(self.model, attribute, value)
        self.show()


def _log10(height: float) -> float:
    return math.log10(max(height, _LOWEST)) if math.isfinite(height) else math.nan
