"""Lesson 11: a training run, one epoch per step.

On the left is the plane as the model divides it now, with the points that it learns from; on the right are the losses
by epoch. An epoch is trained when it is first shown, by the learner's own loop. Its picture is kept, so that going
back shows the model as it was then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from .base import Model, View, Words
from .svg import Axes

RESOLUTION = 44  # cells along an axis of the plane
STYLES = ("first", "second", "third", "fourth")  # of the classes, in palette.py
MOST_POINTS = 400  # points that are drawn; of more, an even selection
_SMALLEST = 1e-8  # the smallest loss that is drawn


class Epoch(NamedTuple):
    """The result of an epoch: the losses, the class of each cell of the plane, the share of correct points."""

    train_loss: float
    val_loss: float
    cells: np.ndarray
    accuracy: float


class TrainingModel(Model):
    """The state of `TrainingDashboard`: step i is the model after i epochs."""

    title = "Training: the plane as the model divides it, and the losses by epoch"
    interval = 250

    def __init__(self, train_epoch: Callable, predict: Callable, x: Any, y: Any, epochs: int):
        self.x, self.y = np.asarray(x, dtype=float), np.asarray(y).reshape(-1)
        if self.x.ndim != 2 or self.x.shape[1] != 2 or len(self.x) != len(self.y) or not len(self.x):
            raise ValueError(
                "the dashboard needs points of the plane and their classes, x of shape (n, 2) and y of shape (n,), got "
                f"{self.x.shape} and {self.y.shape}."
            )
        self.train_epoch, self.predict, self.length = train_epoch, predict, epochs + 1
        low, high = self.x.min(axis=0), self.x.max(axis=0)
        margin = 0.12 * np.maximum(high - low, 1e-6)
        self.ranges = [(float(a), float(b)) for a, b in zip(low - margin, high + margin, strict=True)]
        edges = [np.linspace(a, b, RESOLUTION + 1) for a, b in self.ranges]
        self._edges = edges
        across, up = np.meshgrid(*((edge[1:] + edge[:-1]) / 2 for edge in edges))
        self._grid = np.stack([across.ravel(), up.ravel()], axis=1)
        self.trouble: tuple[int, str] | None = None  # the epoch that could not be trained, and why
        self.epochs = [self._look(math.nan, math.nan)]

    # Training ---------------------------------------------------------------------------------------------

    def go(self, step: int) -> None:
        """Go to an epoch, training those before it if they were not trained yet."""
        super().go(step)
        while len(self.epochs) <= self.step:
            self.epochs.append(self.epochs[-1] if self.trouble else self._next_epoch())

    def _next_epoch(self) -> Epoch:
        """Train for one more epoch."""
        try:
            losses = np.ravel(self.train_epoch()).astype(float).tolist()
            if len(losses) not in (1, 2):
                raise TypeError(f"train_epoch must return one loss, or (training loss, validation loss), got {losses}")
            return self._look(*losses)
        except Exception as error:  # in the learner's code; ipywidgets would swallow it
            self.trouble = len(self.epochs), f"{type(error).__name__}: {error}"
            return self.epochs[-1]

    def _look(self, train_loss: float, val_loss: float = math.nan) -> Epoch:
        cells = self._classes(self._grid).reshape(RESOLUTION, RESOLUTION)
        return Epoch(train_loss, val_loss, cells, float((self._classes(self.x) == self.y).mean()))

    def _classes(self, points: np.ndarray) -> np.ndarray:
        """The class of each point: the index of the largest score; of a single score, 1 if it is above 0, else 0."""
        scores = np.asarray(self.predict(points.astype(np.float32)))
        if scores.size == len(points):
            return (scores.reshape(-1) > 0).astype(int)
        return scores.reshape(len(points), -1).argmax(axis=1)

    # Pictures ---------------------------------------------------------------------------------------------

    def label(self) -> str:
        return f"epoch {self.step}"

    def picture(self) -> str:
        return self._plane() + self._losses()

    def _plane(self) -> str:
        axes = Axes(*self.ranges, "x₀", "x₁")
        (columns, rows), cells = self._edges, self.epochs[self.step].cells
        for row, (below, above) in zip(cells, zip(rows, rows[1:], strict=False), strict=True):
            start = 0
            for label, run in groupby(row.tolist()):
                end = start + len(list(run))
                axes.cell((columns[start], columns[end]), (below, above), style_of(label))
                start = end
        chosen = np.linspace(0, len(self.x) - 1, min(len(self.x), MOST_POINTS)).astype(int)
        for (across, up), label in zip(self.x[chosen].tolist(), self.y[chosen].tolist(), strict=True):
            axes.point(across, up, style_of(label) + " small")
        for label in np.unique(self.y).tolist()[:4]:
            axes.legend(f"class {label:g}", style_of(label), point=True)
        return axes.svg(f"The plane after epoch {self.step}: the class of each place, and {len(chosen)} points")

    def _losses(self) -> str:
        seen = self.epochs[1 : self.step + 1]
        curves = {
            "training": [_log10(epoch.train_loss) for epoch in seen],
            "validation": [_log10(epoch.val_loss) for epoch in seen],
        }
        finite = [value for curve in curves.values() for value in curve if math.isfinite(value)] or [-1.0, 0.0]
        # Half powers of ten, so that the axis stays the same over many epochs.
        low, high = math.floor(min(finite) * 2 - 0.2) / 2, math.ceil(max(finite) * 2 + 0.2) / 2
        axes = Axes((0, max(self.length - 1, 1)), (low, high), "epoch", "loss", logarithmic_y=True)
        axes.line([self.step] * 2, (low, high), "guide")
        for (name, curve), style in zip(curves.items(), curves, strict=True):
            if seen and not any(map(math.isfinite, curve)):
                continue
            axes.line(list(range(1, len(curve) + 1)), curve, style)
            if curve:
                axes.point(len(curve), curve[-1], style)
            axes.legend(name, style, point=True)
        return axes.svg(f"Losses of the first {self.step} epochs, logarithmic")

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        epoch = self.epochs[self.step]
        rows = [("right on the points", f"{epoch.accuracy:.1%}")]
        if self.step:
            rows.insert(0, ("training loss", f"{epoch.train_loss:.4g}"))
        if math.isfinite(epoch.val_loss):
            rows.insert(1, ("validation loss", f"{epoch.val_loss:.4g}"))
        return Words(f"After {self.step} of {self.length - 1} epochs", tuple(rows), self._remark())

    def possible_words(self) -> Iterator[Words]:
        """Yield the words of this epoch alone: the others would have to be trained first."""
        yield self.words()

    def _remark(self) -> str:
        if self.trouble and self.step >= self.trouble[0]:
            return "Training stopped in epoch {}. {}".format(*self.trouble)
        if not self.step:
            return "The model as it was made. Nothing is trained yet: Next trains an epoch, Play one after another."
        seen = self.epochs[1 : self.step + 1]
        if not math.isfinite(seen[-1].train_loss):
            return "The loss is no longer finite: the training has diverged. Try a smaller learning rate."
        if not math.isfinite(seen[-1].val_loss):
            return f"The training loss was {seen[0].train_loss:.4g} after the first epoch."
        losses = [epoch.val_loss if math.isfinite(epoch.val_loss) else math.inf for epoch in seen]
        best = losses.index(min(losses)) + 1
        if best == self.step:
            return "The validation loss is the lowest so far."
        if losses[-1] <= 1.05 * losses[best - 1]:
            return f"The validation loss was lowest after epoch {best}, and is about the same now."
        return (
            f"The validation loss was lowest after epoch {best}, {losses[best - 1]:.4g}, and is higher now: since then "
            "the model has learned its own points better and others worse."
        )


class TrainingDashboard(View):
    """A training run in the plane, one epoch per step: the predicted class of each place, and the losses.

    train_epoch : function without parameters that trains for one epoch and returns the training loss, or
        (training loss, validation loss). It is your own loop.
    predict : function of points (n, 2) that returns scores: (n, classes), or (n,) or (n, 1), above 0 for class 1.
    x, y : points (n, 2) to show and their classes 0, 1, … (n,). epochs : how many steps there are.

    >>> w = np.zeros(2)
    >>> def train_epoch():
    ...     w[:] += [0.5, -0.5]
    ...     return 1 / (1 + w @ w)
    >>> view = TrainingDashboard(train_epoch, lambda x: x @ w, [[1.0, 0.0], [0.0, 1.0]], [1, 0], epochs=5)
    >>> view.go(2)
    >>> view
    After 2 of 5 epochs
      training loss        0.3333
      right on the points  100.0%
    The training loss was 0.6667 after the first epoch.
    """

    def __init__(self, train_epoch: Callable, predict: Callable, x: Any, y: Any, epochs: int = 60):
        self.model = TrainingModel(train_epoch, predict, x, y, epochs)


def style_of(label: float) -> str:
    return STYLES[int(label) % len(STYLES)] if math.isfinite(label) else "guide"


def _log10(loss: float) -> float:
    return math.log10(max(loss, _SMALLEST)) if math.isfinite(loss) else math.nan
