"""Lesson 09: scores of a few classes, and what becomes of them: probabilities, the loss, its gradient.

Three bar charts. The bars of the scores can be dragged; the slider sweeps that of one class, which a click chooses.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .base import Model, View, Words
from .svg import Axes

SWEEP = tuple(i / 4 for i in range(-24, 25))  # the scores that the slider goes through, -6 to 6
_MOST_CLASSES = 6


class _Chart(Axes):
    """Three of them stand side by side."""

    width, height = 296, 260


class LogitsModel(Model):
    """The state of `DraggableLogits`: step 0 is the scores as they are, the others sweep that of the chosen class."""

    title = "Scores, probabilities, and the gradient of the loss"
    interval = 150
    length = len(SWEEP) + 1

    def __init__(self, logits: Sequence[float], target: int = 0):
        self.own = [float(value) for value in logits]
        if not 2 <= len(self.own) <= _MOST_CLASSES or not all(map(math.isfinite, self.own)):
            raise ValueError(f"logits are 2 to {_MOST_CLASSES} finite numbers, one for each class, got {list(logits)}.")
        if not 0 <= target < len(self.own):
            raise ValueError(f"target is a class from 0 to {len(self.own) - 1}, got {target}.")
        self.target, self.chosen = target, target

    @property
    def logits(self) -> np.ndarray:
        values = list(self.own)
        if self.step:
            values[self.chosen] = SWEEP[self.step - 1]
        return np.array(values)

    def probabilities(self) -> np.ndarray:
        shifted = np.exp(self.logits - self.logits.max())
        return shifted / shifted.sum()

    def loss(self) -> float:
        """-ln of the target's probability, by way of logsumexp: finite for every score."""
        top = self.logits.max()
        return float(top + np.log(np.exp(self.logits - top).sum()) - self.logits[self.target])

    def gradient(self) -> np.ndarray:
        return self.probabilities() - np.eye(len(self.own))[self.target]

    # What the learner does --------------------------------------------------------------------------------

    def choose(self, data_id: str) -> None:
        """Let the slider sweep another class."""
        self.settle()
        self.chosen = int(data_id.removeprefix("c"))

    def drag(self, data_id: str, y: float) -> None:
        """Give a class the score at a height of the picture."""
        self.choose(data_id)
        low, high = self._range()
        axes = self._chart("score", (low, high))
        share = (axes.height - axes.bottom - y) / (axes.height - axes.top - axes.bottom)
        value = min(max(low + share * (high - low), low), high)
        self.own[self.chosen] = round(value, 1) if high < 100 else round(value)

    def settle(self) -> None:
        """Make the scores of the moment the own ones."""
        self.own, self.step = self.logits.tolist(), 0

    # Pictures ---------------------------------------------------------------------------------------------

    def label(self) -> str:
        return f"class {self.chosen}: {self.logits[self.chosen]:.4g}"

    def _range(self) -> tuple[float, float]:
        most = max(8.0, 1.25 * max(abs(value) for value in self.own))
        return -most, most

    def _chart(self, name: str, y_range: tuple[float, float]) -> _Chart:
        return _Chart((-0.5, max(len(self.own), 3) - 0.5), y_range, "class", name)

    def picture(self) -> str:
        return self._scores() + self._bars("probability", self.probabilities(), (0.0, 1.05), "third") + self._bars(
            "gradient", self.gradient(), (-1.05, 1.05), "first"
        )  # fmt: skip

    def _scores(self) -> str:
        axes = self._chart("score", self._range())
        axes.line(axes.x_range, [0, 0], "curve")
        for i, value in enumerate(self.logits.tolist()):
            left, right, middle, top = *map(axes.x, (i - 0.3, i + 0.3)), axes.y(0), axes.y(value)
            style = "second" if i == self.target else "first"
            box = f'x="{left:.0f}" width="{right - left:.0f}"'
            bar = f'{box} y="{min(middle, top):.1f}" height="{abs(top - middle):.1f}"'
            handle = f'{box} y="{top - 5:.1f}" height="10"'
            text = f'x="{(left + right) / 2:.0f}" y="{top - 9 if value >= 0 else top + 19:.1f}" text-anchor="middle"'
            axes.add(
                f'<g class="node draggable" data-id="c{i}" data-drag="y"><rect class="cell {style}" {bar}/>'
                f'<rect class="point {style}" {handle}/><text {text}>{html.escape(f"{value:.4g}")}</text></g>'
            )
        axes.legend(f"true class, {self.target}", "second")
        return axes.svg(f"Scores of {len(self.own)} classes; bars can be dragged")

    def _bars(self, name: str, values: np.ndarray, y_range: tuple[float, float], style: str) -> str:
        axes = self._chart(name, y_range)
        axes.line(axes.x_range, [0, 0], "curve")
        for i, value in enumerate(values.tolist()):
            axes.cell((i - 0.3, i + 0.3), (min(value, 0.0), max(value, 0.0)), style)
            axes.point(i, value, f"{style} small")
            axes.text(
                i, max(value, 0.0) if value < 0.85 else value, f"{value:.2f}", 0, -8 if value < 0.85 else 16, "middle"
            )
        return axes.svg(f"{name} of each class: {', '.join(f'{value:.2f}' for value in values)}")

    def marks(self) -> dict[str, str]:
        return {f"c{self.chosen}": "current"}

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        rows = [
            ("scores", _numbers(self.logits)), ("probabilities", _numbers(self.probabilities())),
            ("gradient p - y", _numbers(self.gradient())),
        ]  # fmt: skip
        return Words(f"True class {self.target}: loss {self.loss():.4g}", tuple(rows), self._remark())

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
    """Scores of a few classes as bars to drag, beside the probabilities and the gradient of cross-entropy.

    logits : the scores, two to six. target : the true class. A click on a bar lets the slider and the arrow keys sweep
    that class.

    >>> DraggableLogits([2.0, 1.0, 0.0], target=1)
    True class 1: loss 1.408
      scores          2, 1, 0
      probabilities   0.665, 0.245, 0.09
      gradient p - y  0.665, -0.755, 0.09
    A step against the gradient lifts the true class and lowers the others; the gradients add up to 0.
    """

    def __init__(self, logits: Sequence[float] = (2.0, 1.0, 0.0), target: int = 0):
        self.model = LogitsModel(logits, target)

    def clicked(self, data_id: str) -> None:
        self.model.choose(data_id)
        self.show()

    def dragged(self, data_id: str, x: float, y: float) -> None:
        self.model.drag(data_id, y)
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


def _numbers(values: np.ndarray) -> str:
    return ", ".join(f"{value + 0.0:.3g}" for value in values)
