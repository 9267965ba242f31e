"""Lesson 09: scores of a few classes, with their probabilities, the loss, and its gradient.

There are three bar charts. The bars of the scores can be dragged, or moved by the arrow keys. The slider sweeps the
score of one class, and a click chooses the class.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .base import Goal, Model, View, Words
from .svg import Axes, slider

SWEEP = tuple(i / 4 for i in range(-24, 25))  # the scores of the slider, -6 to 6
_LEAST_REACH = 8.0  # a bar can be dragged at least from -8 to 8
_ROOM = 1.4  # the axis is longer by this factor, for the number above a bar
_MOST_CLASSES = 6
_NUDGE = 0.25  # of an arrow key
_VANISHED = 0.01  # an entry of the gradient is called gone below this


class _Chart(Axes):
    """Axes so small that three charts fit side by side."""

    width, height = 296, 260


class LogitsModel(Model):
    """The state of `DraggableLogits`: the steps sweep the score of the chosen class.

    The slider begins at `rest`, the step nearest to the class's own score, and there the score is its own.
    """

    title = "Scores, probabilities, and the gradient of the loss"
    interval = 150
    length = len(SWEEP)

    def __init__(self, logits: Sequence[float], target: int = 0):
        self.own = [float(value) for value in logits]
        if not 2 <= len(self.own) <= _MOST_CLASSES or not all(map(math.isfinite, self.own)):
            raise ValueError(f"logits must be 2 to {_MOST_CLASSES} finite numbers, one per class, got {list(logits)}.")
        if not 0 <= target < len(self.own):
            raise ValueError(f"target must be a class from 0 to {len(self.own) - 1}, got {target}.")
        self.target, self.chosen = target, target
        self.reach = max([_LEAST_REACH, *map(abs, self.own)])
        self._rest_at_the_nearest()
        self._has_goal = not self._vanished()

    @property
    def logits(self) -> np.ndarray:
        values = list(self.own)
        if self.step != self.rest:
            values[self.chosen] = SWEEP[self.step]
        return np.array(values)

    def probabilities(self) -> np.ndarray:
        shifted = np.exp(self.logits - self.logits.max())
        return shifted / shifted.sum()

    def loss(self) -> float:
        """-ln of the target's probability, computed with logsumexp, so that it is finite for all scores."""
        top = self.logits.max()
        return float(top + np.log(np.exp(self.logits - top).sum()) - self.logits[self.target])

    def gradient(self) -> np.ndarray:
        return self.probabilities() - np.eye(len(self.own))[self.target]

    # The learner's actions -------------------------------------------------------------------------------

    def choose(self, data_id: str) -> None:
        """Let the slider sweep another class, starting from its score."""
        self.own = self.logits.tolist()
        self.chosen = int(data_id.removeprefix("c"))
        self._rest_at_the_nearest()

    def drag(self, data_id: str, y: float) -> None:
        """Set the score of a class from a height in the picture."""
        _, value = self._chart("score", self._range()).value_at(0.0, y)
        self._set(data_id, round(value, 1) if self.reach < 100 else round(value))

    def nudge(self, data_id: str, steps: int) -> None:
        """Raise or lower the score of a class by some steps of an arrow key."""
        self.choose(data_id)
        step = _NUDGE * self.reach / _LEAST_REACH
        self._set(data_id, self.own[self.chosen] + steps * step)

    def _set(self, data_id: str, score: float) -> None:
        self.choose(data_id)
        self.own[self.chosen] = float(min(max(score, -self.reach), self.reach))
        self._rest_at_the_nearest()

    def _rest_at_the_nearest(self) -> None:
        score = self.own[self.chosen]
        self.step = self.rest = min(range(len(SWEEP)), key=lambda i: abs(SWEEP[i] - score))

    # Pictures ---------------------------------------------------------------------------------------------

    def label(self) -> str:
        return f"class {self.chosen}: {self.logits[self.chosen]:.6g}"

    def _range(self) -> tuple[float, float]:
        return -_ROOM * self.reach, _ROOM * self.reach

    def _chart(self, name: str, y_range: tuple[float, float]) -> _Chart:
        return _Chart((-0.5, max(len(self.own), 3) - 0.5), y_range, "class", name)

    def picture(self) -> str:
        probabilities = self._bars("probability", self.probabilities(), (0.0, 1.2))
        return self._scores() + probabilities + self._bars("gradient", self.gradient(), (-1.4, 1.4))

    def _style(self, i: int) -> str:
        """The true class stands out in all three charts."""
        return "right" if i == self.target else "guide"

    def _scores(self) -> str:
        axes = self._chart("score", self._range())
        axes.line(axes.x_range, [0, 0], "curve")
        for i, value in enumerate(self.logits.tolist()):
            left, right, middle, top = *map(axes.x, (i - 0.3, i + 0.3)), axes.y(0), axes.y(value)
            style = self._style(i)
            box = f'x="{left:.0f}" width="{right - left:.0f}"'
            bar = f'{box} y="{min(middle, top):.1f}" height="{abs(top - middle):.1f}"'
            handle = f'{box} y="{top - 5:.1f}" height="10"'
            text = f'x="{(left + right) / 2:.0f}" y="{top - 9 if value >= 0 else top + 19:.1f}" text-anchor="middle"'
            axes.add(
                f'<g class="node draggable" data-id="c{i}" data-drag="y" data-link="class{i}" '
                f'{slider(f"score of class {i}", value)}><rect class="cell {style}" {bar}/><rect '
                f'class="point {style}" {handle}/><text {text}>{html.escape(f"{value:.6g}")}</text></g>'
            )
        axes.legend(f"true class {self.target}", "right")
        return axes.svg(f"Scores of {len(self.own)} classes; bars can be dragged")

    def _bars(self, name: str, values: np.ndarray, y_range: tuple[float, float]) -> str:
        axes = self._chart(name, y_range)
        axes.line(axes.x_range, [0, 0], "curve")
        for i, value in enumerate(values.tolist()):
            axes.add(f'<g data-link="class{i}">')
            axes.cell((i - 0.3, i + 0.3), (min(value, 0.0), max(value, 0.0)), self._style(i))
            axes.point(i, value, f"{self._style(i)} small")
            axes.text(i, value, f"{value:.2f}", 0, -8 if value >= 0 else 18, "middle")
            axes.add("</g>")
        return axes.svg(f"{name} of each class: {', '.join(f'{value:.2f}' for value in values)}")

    def marks(self) -> dict[str, str]:
        return {f"c{self.chosen}": "current"}

    def goal(self) -> Goal | None:
        return (
            Goal(f"Make the gradient vanish: every entry below {_VANISHED}.", self._vanished())
            if self._has_goal
            else None
        )

    def _vanished(self) -> bool:
        return bool((np.abs(self.gradient()) < _VANISHED).all())

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        rows = [
            ("scores", _numbers(self.logits, 6)), ("probabilities", _numbers(self.probabilities(), 3)),
            ("gradient p - y", _numbers(self.gradient(), 3)),
        ]  # fmt: skip
        loss = self.loss()
        shown = f"{loss:.4g}" if loss < 1000 else f"{loss:.6g}"
        return Words(f"True class {self.target}: loss {shown}", tuple(rows), self._remark())

    def _remark(self) -> str:
        p = self.probabilities()
        if np.ptp(self.logits) == 0:
            return f"All scores are equal: each class has 1/{len(p)}, and the loss is ln {len(p)}."
        top = int(p.argmax())
        if top == self.target and p[top] > 0.99:
            return "Sure and right: hardly any gradient is left."
        if top != self.target and p[top] > 0.99:
            return "Sure and wrong: the gradient is as large as it gets, +1 at the wrong class and -1 at the true one."
        return "A step against the gradient lifts the true class and lowers the others; the gradients add up to 0."


class DraggableLogits(View):
    """Scores of a few classes as bars to drag, with the probabilities and the gradient of cross-entropy.

    logits : two to six scores. target : the true class. After a click on a bar, the slider sweeps the score of that
    class.

    >>> DraggableLogits([2.0, 1.0, 0.0], target=1)
    True class 1: loss 1.408
      scores          2, 1, 0
      probabilities   0.665, 0.245, 0.09
      gradient p - y  0.665, -0.755, 0.09
    A step against the gradient lifts the true class and lowers the others; the gradients add up to 0.
    Goal: Make the gradient vanish: every entry below 0.01.
    """

    def __init__(self, logits: Sequence[float] = (2.0, 1.0, 0.0), target: int = 0):
        self.model = LogitsModel(logits, target)

    def clicked(self, data_id: str) -> None:
        self.model.choose(data_id)
        self.show()

    def dragged(self, data_id: str, x: float, y: float) -> None:
        self.model.drag(data_id, y)
        self.show()

    def nudged(self, data_id: str, across: int, up: int) -> None:
        self.model.nudge(data_id, across + up)
        self.show()

    def controls(self) -> list:
        import ipywidgets as W

        def choose(change: Any) -> None:
            self.model.target = change.new
            self.show()

        buttons = W.ToggleButtons(
            options=[(f"true class {i}", i) for i in range(len(self.model.own))],
            value=self.model.target,
            style={"button_width": "auto"},
        )
        buttons.observe(choose, "value")
        return [buttons]


def _numbers(values: np.ndarray, digits: int) -> str:
    return ", ".join(f"{value + 0.0:.{digits}g}" for value in values)
