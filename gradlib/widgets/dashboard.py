"""Lesson 11: a training run, one epoch per step.

On the left is the plane as the model divides it now, with the points that it learns from; on the right are the losses
by epoch. An epoch is trained when it is first shown, by the learner's own loop. Its picture is kept, so that going
back shows the model as it was then. While it trains, points can be added by clicks, and the learning rate and the width
of the network can be changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from ..autograd import no_grad
from ..nn.module import evaluating
from .base import Goal, Model, View, Words
from .svg import Axes, slider

RESOLUTION = 44  # cells along an axis of the plane
STYLES = ("first", "second", "third", "fourth")  # of the classes, in palette.py
MOST_POINTS = 400  # points that are drawn; of more, an even selection
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
WIDTHS = (2, 4, 8, 16, 32)
_SMALLEST = 1e-8  # the smallest loss that is drawn
_NUDGES = 40  # arrow keys from one edge of the plane to the other


class Epoch(NamedTuple):
    """The result of an epoch: the losses, the class of each cell of the plane, the correct points, and all points."""

    train_loss: float
    val_loss: float
    cells: np.ndarray
    accuracy: float
    points: int  # how many there were
    change: str = ""  # what the learner changed before this epoch


class TrainingModel(Model):
    """The state of `TrainingDashboard`: step i is the model after i epochs.

    make : takes a width, returns (train_epoch, predict); train_epoch takes the points, their classes and a learning
        rate. It makes the model, again after `restart`.
    """

    title = "Training: the plane as the model divides it, and the losses by epoch"
    interval = 250

    def __init__(self, make: Callable, x: Any, y: Any, epochs: int, lr: float = 0.03, width: int = 16):
        self.x, self.y = np.asarray(x, dtype=float), np.asarray(y).reshape(-1)
        if self.x.ndim != 2 or self.x.shape[1] != 2 or len(self.x) != len(self.y) or not len(self.x):
            raise ValueError(
                "the dashboard needs points of the plane and their classes, x of shape (n, 2) and y of shape (n,), got "
                f"{self.x.shape} and {self.y.shape}."
            )
        self.make, self.lr, self.width, self.length = make, lr, width, epochs + 1
        low, high = self.x.min(axis=0), self.x.max(axis=0)
        margin = 0.12 * np.maximum(high - low, 1e-6)
        self.ranges = [(float(a), float(b)) for a, b in zip(low - margin, high + margin, strict=True)]
        edges = [np.linspace(a, b, RESOLUTION + 1) for a, b in self.ranges]
        self._edges = edges
        across, up = np.meshgrid(*((edge[1:] + edge[:-1]) / 2 for edge in edges))
        self._grid = np.stack([across.ravel(), up.ravel()], axis=1)
        self.cursor = tuple((low + high) / 2 for low, high in self.ranges)  # where a point is added
        self.adds = self.y[0]  # the class of a new point
        self.can_change = False
        self.restart()
        self._has_goal = self.epochs[0].accuracy < 1

    # Training ---------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Make the model again, and train it on all points from the beginning."""
        self.train_epoch, self.predict = self.make(self.width)
        self.trouble: tuple[int, str] | None = None  # the epoch that could not be trained, and why
        self._change = ""
        self.epochs = [self._look(math.nan, math.nan)]
        super().go(0)

    def go(self, step: int) -> None:
        """Go to an epoch, training those before it if they were not trained yet."""
        super().go(step)
        while len(self.epochs) <= self.step:
            self.epochs.append(self.epochs[-1] if self.trouble else self._next_epoch())

    def _next_epoch(self) -> Epoch:
        """Train for one more epoch."""
        try:
            losses = np.ravel(self.train_epoch(self.x, self.y, self.lr)).astype(float).tolist()
            if len(losses) not in (1, 2):
                raise TypeError(f"train_epoch must return one loss, or (training loss, validation loss), got {losses}")
            return self._look(*losses)
        except Exception as error:  # in the learner's code; ipywidgets would swallow it
            self.trouble = len(self.epochs), f"{type(error).__name__}: {error}"
            return self.epochs[-1]

    def _look(self, train_loss: float, val_loss: float = math.nan) -> Epoch:
        cells = self._classes(self._grid).reshape(RESOLUTION, RESOLUTION)
        accuracy = float((self._classes(self.x) == self.y).mean())
        change, self._change = self._change, ""
        return Epoch(train_loss, val_loss, cells, accuracy, len(self.x), change)

    def _classes(self, points: np.ndarray) -> np.ndarray:
        """The class of each point: the index of the largest score; of a single score, 1 if it is above 0, else 0."""
        with no_grad(), evaluating(self.predict):
            scores = self.predict(points.astype(np.float32))
        scores = np.asarray(getattr(scores, "data", scores))
        if scores.size == len(points):
            return (scores.reshape(-1) > 0).astype(int)
        return scores.reshape(len(points), -1).argmax(axis=1)

    # The learner's actions --------------------------------------------------------------------------------

    def point(self, x: float, y: float) -> None:
        """Move the cursor to a place of the picture."""
        self._place(self._axes().value_at(x, y))

    def nudge(self, across: int, up: int) -> None:
        """Move the cursor by some arrow keys."""
        steps = [(high - low) / _NUDGES for low, high in self.ranges]
        self._place([value + n * step for value, n, step in zip(self.cursor, (across, up), steps, strict=True)])

    def _place(self, place: Any) -> None:
        self.cursor = tuple(min(max(v, low), high) for v, (low, high) in zip(place, self.ranges, strict=True))

    def add_point(self) -> None:
        """Add a point of the chosen class at the cursor. It is learned from the next epoch on."""
        self.x, self.y = np.vstack([self.x, self.cursor]), np.append(self.y, self.adds)
        self._changed(f"{len(self.x) - self.epochs[-1].points} new points" if self._change else "a new point")
        self.epochs[-1] = self.epochs[-1]._replace(
            points=len(self.x), accuracy=float((self._classes(self.x) == self.y).mean())
        )

    def change_rate(self, lr: float) -> None:
        """Take another learning rate from the next epoch on."""
        self.lr = lr
        self._changed(f"learning rate {lr:g}")

    def change_width(self, width: int) -> None:
        """Begin again with a network of another width."""
        self.width = width
        self.restart()

    def _changed(self, change: str) -> None:
        """Note a change, and go to where the training is: only there does it go on."""
        self._change = change
        super().go(len(self.epochs) - 1)

    # Pictures ---------------------------------------------------------------------------------------------

    def label(self) -> str:
        return f"epoch {self.step}"

    def picture(self) -> str:
        return self._plane() + self._losses()

    def _axes(self) -> Axes:
        return Axes(*self.ranges, "x₀", "x₁")

    def _plane(self) -> str:
        axes = self._axes()
        if self.can_change:  # everything inside belongs to the part that is clicked
            x, y = self.cursor
            said = slider("new point", x, f"x₀ = {x:.2g}, x₁ = {y:.2g}, class {self.adds}")
            axes.add(f'<g class="node draggable plane" data-id="plane" data-drag="xy" {said}>')
        (columns, rows), cells = self._edges, self.epochs[self.step].cells
        for row, (below, above) in zip(cells, zip(rows, rows[1:], strict=False), strict=True):
            start = 0
            for label, run in groupby(row.tolist()):
                end = start + len(list(run))
                axes.cell((columns[start], columns[end]), (below, above), style_of(label))
                start = end
        points = self.epochs[self.step].points
        chosen = np.linspace(0, points - 1, min(points, MOST_POINTS)).astype(int)
        for (across, up), label in zip(self.x[chosen].tolist(), self.y[chosen].tolist(), strict=True):
            axes.point(across, up, style_of(label) + " small")
        if self.can_change:
            x, y = axes.x(self.cursor[0]), axes.y(self.cursor[1])
            axes.add(f'<path class="crosshair" d="M{x - 9:.1f} {y:.1f}h18M{x:.1f} {y - 9:.1f}v18"/></g>')
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
        for i, epoch in enumerate(self.epochs[: self.step + 1]):
            if epoch.change:
                axes.line([i - 0.5] * 2, (low, high), "tick")
        for (name, curve), style in zip(curves.items(), curves, strict=True):
            if seen and not any(map(math.isfinite, curve)):
                continue
            axes.line(list(range(1, len(curve) + 1)), curve, style)
            if curve:
                axes.point(len(curve), curve[-1], style)
            axes.legend(name, style, point=True)
        return axes.svg(f"Losses of the first {self.step} epochs, logarithmic")

    # Words ------------------------------------------------------------------------------------------------

    def goal(self) -> Goal | None:
        return Goal("Get every point right.", self.epochs[self.step].accuracy == 1) if self._has_goal else None

    def words(self) -> Words:
        epoch = self.epochs[self.step]
        rows = [("training loss", _written(epoch.train_loss))]
        if any(math.isfinite(each.val_loss) for each in self.epochs[: self.step + 1]):
            rows.append(("validation loss", _written(epoch.val_loss)))
        rows.append(("right on the points", f"{epoch.accuracy:.1%} of {epoch.points}"))
        return Words(f"After {self.step} of {self.length - 1} epochs", tuple(rows), self._remark())

    def possible_words(self) -> Iterator[Words]:
        """Yield the words now, and some that are as long as any: the other epochs would have to be trained first."""
        yield self.words()
        rows = (
            ("training loss", "1.234e+10"),
            ("validation loss", "1.234e+10"),
            ("right on the points", "99.9% of 9999"),
        )
        yield Words(f"After {self.length - 1} of {self.length - 1} epochs", rows, self._overfitting(self.length, 1e10))

    @staticmethod
    def _overfitting(best: int, loss: float) -> str:
        return (
            f"The validation loss was lowest after epoch {best}, {loss:.4g}, and is higher now: since then the model "
            "has learned its own points better and others worse."
        )

    def _remark(self) -> str:
        if self.trouble and self.step >= self.trouble[0]:
            return "Training stopped in epoch {}. {}".format(*self.trouble)
        if not self.step:
            add = " A click in the plane adds a point." if self.can_change else ""
            return (
                f"The model as it was made. Nothing is trained yet: Next trains an epoch, Play one after another.{add}"
            )
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
        return self._overfitting(best, losses[best - 1])


class TrainingDashboard(View):
    """A training run in the plane, one epoch per step: the predicted class of each place, and the losses.

    train_epoch : function without parameters that trains for one epoch and returns the training loss, or
        (training loss, validation loss). It is your own loop.
    predict : function of points (n, 2) that returns scores: (n, classes), or (n,) or (n, 1), above 0 for class 1. A
        model predicts in eval mode, and no graph is recorded.
    x, y : points (n, 2) to show and their classes 0, 1, … (n,). epochs : how many steps there are.

    `TrainingDashboard.with_controls` lets one add points and change the learning rate and the width on the way.

    >>> w = np.zeros(2)
    >>> def train_epoch():
    ...     w[:] += [0.5, -0.5]
    ...     return 1 / (1 + w @ w)
    >>> view = TrainingDashboard(train_epoch, lambda x: x @ w, [[1.0, 0.0], [0.0, 1.0]], [1, 0], epochs=5)
    >>> view.go(2)
    >>> view
    After 2 of 5 epochs
      training loss        0.3333
      right on the points  100.0% of 2
    The training loss was 0.6667 after the first epoch.
    Goal: Get every point right. Reached.
    """

    def __init__(self, train_epoch: Callable, predict: Callable, x: Any, y: Any, epochs: int = 60):
        self.model = TrainingModel(lambda width: (lambda x, y, lr: train_epoch(), predict), x, y, epochs)

    @classmethod
    def with_controls(
        cls, make: Callable, x: Any, y: Any, epochs: int = 60, lr: float = 0.03, width: int = 16
    ) -> TrainingDashboard:
        """A dashboard on which points are added, and the learning rate and the width are changed, while it trains.

        make : function of a width that makes a model and returns (train_epoch, predict). Here train_epoch takes the
            points (n, 2), their classes (n,) and the learning rate, trains for one epoch, and returns its losses.
        lr, width : those at the beginning. Another width begins again with a new model.

        >>> def make(width):
        ...     w = np.zeros(2)
        ...     def train_epoch(x, y, lr):
        ...         w[:] += lr * (y - 1 / (1 + np.exp(-x @ w))) @ x
        ...         return np.logaddexp(0, -(2 * y - 1) * (x @ w)).mean()
        ...     return train_epoch, lambda x: x @ w
        >>> view = TrainingDashboard.with_controls(make, [[1.0, 0.0], [0.0, 1.0]], [1, 0], lr=0.5)
        >>> view.go(1)
        >>> view.model.change_rate(5.0)
        >>> view.go(2)
        >>> [round(epoch.train_loss, 4) for epoch in view.model.epochs[1:]]
        [0.5759, 0.0836]
        """
        view = cls.__new__(cls)
        view.model = TrainingModel(make, x, y, epochs, lr, width)
        view.model.can_change = True
        return view

    def grabbed(self, data_id: str, x: float, y: float) -> None:
        self.model.point(x, y)

    def dragged(self, data_id: str, x: float, y: float) -> None:
        self.model.point(x, y)
        self.show()

    def nudged(self, data_id: str, across: int, up: int) -> None:
        self.model.nudge(across, up)
        self.show()

    def clicked(self, data_id: str) -> None:
        self.model.add_point()
        self.show()

    def controls(self) -> list:
        import ipywidgets as W

        model = self.model
        if not model.can_change:
            return []

        def choice(name: str, options: list, value: Any, react: Callable) -> Any:
            control = W.Dropdown(options=options, value=value, description=name, layout={"width": "auto"})
            control.style.description_width = "initial"  # otherwise the words are cut
            control.observe(lambda change: (react(change.new), self.show()), "value")
            return control

        classes = np.unique(model.y).tolist()[: len(STYLES)]
        again = W.Button(description="Start again", layout={"width": "auto"})
        again.on_click(lambda _: (model.restart(), self.show()))
        rates = [(f"{lr:g}", lr) for lr in sorted({*RATES, model.lr})]
        return [
            choice("click adds class", classes, model.adds, lambda label: setattr(model, "adds", label)),
            choice("learning rate", rates, model.lr, model.change_rate),
            choice("width", sorted({*WIDTHS, model.width}), model.width, model.change_width),
            again,
        ]


def style_of(label: float) -> str:
    return STYLES[int(label) % len(STYLES)] if math.isfinite(label) else "guide"


def _log10(loss: float) -> float:
    return math.log10(max(loss, _SMALLEST)) if math.isfinite(loss) else math.nan


def _written(loss: float) -> str:
    return "–" if math.isnan(loss) else f"{loss:.4g}"
