"""Lesson 10: several optimizers on the same surface, from the same start, step by step.

On the left are the contour lines with each optimizer's path, on the right is the height against the step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..tensor import Tensor
from .base import Model, View, Words
from .svg import Axes

STYLES = ("first", "second", "third", "fourth")  # of the racers
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
_GRID, _LEVELS = 60, 9
_LOWEST, _FAR = 1e-9, 1e6  # the smallest height that is drawn; a path farther away has diverged


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


class Run(NamedTuple):
    """The path of one optimizer, (steps + 1, 2), and the height at each place."""

    path: np.ndarray
    heights: np.ndarray


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
        self._runs: dict[tuple[str, float], dict[str, Run | str]] = {}
        self._contours: dict[str, list] = {}

    @property
    def surface(self) -> Surface:
        return self.surfaces[self.name]

    def runs(self) -> dict[str, Run | str]:
        """Every optimizer's run, or a sentence with the error that it raised."""
        key = self.name, self.lr
        if key not in self._runs:
            self._runs[key] = {name: self._run(make) for name, make in self.optimizers.items()}
        return self._runs[key]

    def _run(self, make: Callable) -> Run | str:
        place = Tensor(np.array(self.surface.start, dtype=float), requires_grad=True)
        path, heights = [], []
        try:
            optimizer = make([place], self.lr)
            with np.errstate(all="ignore"):
                for _ in range(self.length):
                    place.grad = None
                    height = self.surface.f(place[0], place[1])
                    path.append(place.data.copy())
                    heights.append(height.item())
                    height.backward()
                    if np.isfinite(place.data).all() and np.abs(place.data).max() < _FAR:
                        optimizer.step()
        except Exception as error:  # the learner's optimizer
            return f"raised {type(error).__name__}: {error}"
        return Run(np.array(path), np.array(heights))

    # Pictures ---------------------------------------------------------------------------------------------

    def label(self) -> str:
        return f"step {self.step}"

    def picture(self) -> str:
        return self._map() + self._curves()

    def _map(self) -> str:
        surface = self.surface
        axes = Axes(surface.x_range, surface.y_range, "x", "y")
        for xs, ys in self._lines():
            axes.line(xs, ys, "contour")
        for (name, run), style in zip(self.runs().items(), STYLES, strict=False):
            axes.legend(name, style, point=True)
            if not isinstance(run, str):
                path = self._until_it_leaves(run.path[: self.step + 1])
                axes.line(path[:, 0].tolist(), path[:, 1].tolist(), style)
                if self._is_inside(path[-1]):
                    axes.point(*path[-1].tolist(), style)
        return axes.svg(f"The paths over the {self.name} after {self.step} steps, with its contour lines")

    def _is_inside(self, place: np.ndarray) -> bool:
        spans = (self.surface.x_range, self.surface.y_range)
        return all(low <= value <= high for value, (low, high) in zip(place.tolist(), spans, strict=True))

    def _until_it_leaves(self, path: np.ndarray) -> np.ndarray:
        """Cut a path after its first place outside the picture, which a diverging path would cover with its zigzag."""
        outside = [i for i, place in enumerate(path) if not self._is_inside(place)]
        return path[: outside[0] + 1] if outside else path

    def _lines(self) -> list[tuple[list[float], list[float]]]:
        """The contour lines, at heights spaced like the squares of integers."""
        if self.name not in self._contours:
            from contourpy import contour_generator

            xs, ys = (np.linspace(*span, _GRID) for span in (self.surface.x_range, self.surface.y_range))
            across, up = np.meshgrid(xs, ys)
            heights = np.asarray(self.surface.f(across, up), dtype=float)
            low, high = float(np.nanmin(heights)), float(np.nanmax(heights))
            generator = contour_generator(xs, ys, heights)
            lines = []
            for i in range(1, _LEVELS + 1):
                for line in generator.lines(low + (high - low) * (i / (_LEVELS + 1)) ** 2):
                    lines.append((line[:, 0].tolist(), line[:, 1].tolist()))
            self._contours[self.name] = lines
        return self._contours[self.name]

    def _curves(self) -> str:
        known = {name: run.heights for name, run in self.runs().items() if not isinstance(run, str)}
        logs = {name: [_log10(height) for height in heights] for name, heights in known.items()}
        finite = [value for curve in logs.values() for value in curve if math.isfinite(value)] or [0.0]
        low, high = math.floor(min(finite) - 0.1), min(math.ceil(max(finite) + 0.1), 3)
        axes = Axes((0, self.length - 1), (min(low, high - 1), high), "step", "height", logarithmic_y=True)
        axes.line([self.step] * 2, [low, high], "guide")
        for name, style in zip(self.optimizers, STYLES, strict=False):
            if name in logs:
                axes.line(list(range(self.step + 1)), logs[name][: self.step + 1], style)
                axes.point(self.step, min(logs[name][self.step], high), style)
        return axes.svg(f"The height of each against the step, logarithmic, up to step {self.step}")

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        rows, heights = [], {}
        for name, run in self.runs().items():
            if isinstance(run, str):
                rows.append((name, run))
                continue
            (x, y), height = run.path[self.step], float(run.heights[self.step])
            heights[name] = height
            rows.append((name, f"height {height:.3g} at ({x:.3g}, {y:.3g})"))
        return Words(
            f"After {self.step} step{'s' * (self.step != 1)} on the {self.name}, learning rate {self.lr:g}",
            tuple(rows),
            self._remark(heights),
        )

    def _remark(self, heights: Mapping[str, float]) -> str:
        runs = self.runs()
        gone = [name for name in heights if not heights[name] < 100 * max(1.0, runs[name].heights[0])]
        if gone:
            return f"Diverged: {', '.join(gone)}. The step is too long for the steepest direction."
        if not self.step or not heights:
            return "All start at the same place. Next takes a step with each."
        best = min(heights, key=heights.get)
        return f"Lowest is {best}."


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
    """

    def __init__(self, optimizers: Mapping[str, Callable], surface: Any = "bowl", lr: float = 0.03, steps: int = 80):
        self.model = RaceModel(optimizers, surface, lr, steps)

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
