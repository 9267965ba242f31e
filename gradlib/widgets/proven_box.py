"""Lesson 18: the scores of a network when every input may be off by eps, proven and sampled.

A row for each class: a wide bar from the least to the greatest score that is proven, inside it a narrow one for the
scores of the inputs that were tried, and a mark for the score of the input itself. The slider widens the box around the
input; so does a drag at the lower end of the right class's bar.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..autograd import no_grad
from ..bounds import Interval
from ..functional import grad
from ..tensor import Tensor
from .base import Goal, Model, View, Words
from .svg import Axes

TRIED = 200  # random inputs of each box
_MOST_CLASSES = 12


class Found(NamedTuple):
    """One box: the proven and the sampled ends of each score, how many tries were misread, and as what."""

    low: np.ndarray
    high: np.ndarray
    sampled_low: np.ndarray
    sampled_high: np.ndarray
    misread: int
    read_as: int  # the answer to the step along the gradient


def interval_bounds(network: Callable, low: Tensor, high: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The proven ends of a network's outputs, by the library's interval arithmetic."""
    scores = network(Interval(low.data, high.data))
    return scores.low, scores.high


class _Scores(Axes):
    width, height = 460, 330

    def _ticks(self, span: tuple[float, float], logarithmic: bool = False) -> list[tuple[float, str]]:
        if span != self.y_range:
            return super()._ticks(span, logarithmic)
        return [(k, str(k)) for k in range(math.ceil(span[1]))]  # every class


class _Picture(Axes):
    width, height, top, bottom = 190, 202, 26, 14

    def __init__(self, side: int):
        super().__init__((0, side), (0, side), "", "")
        self.left = self.right  # square pixels

    def _ticks(self, span: tuple[float, float], logarithmic: bool = False) -> list:
        return []  # pixels have no scale


class ProvenBoxModel(Model):
    """The state of `ProvenBox`: step i is a box of half width i/24 of `most`."""

    title = "Scores of a network over a box of inputs, proven and sampled"
    interval = 300
    length = 25

    def __init__(self, network: Callable, x: Any, label: int, bounds: Callable, most: float):
        self.x, self.label_, self.most = np.asarray(x, dtype=np.float32), int(label), float(most)
        if self.x.ndim != 1 or not np.isfinite(self.x).all():
            raise ValueError(f"x must be one input, finite numbers of shape (n,), got shape {self.x.shape}.")
        if not most > 0:
            raise ValueError(f"most must be above 0, the half width of the largest box, got {most!r}.")
        self.network, self.bounds = network, bounds
        self.own = self._scores(self.x[None])[0]
        classes = len(self.own)
        if not 2 <= classes <= _MOST_CLASSES:
            raise ValueError(f"the network must have 2 to {_MOST_CLASSES} outputs, scores of classes, got {classes}.")
        if not 0 <= self.label_ < classes:
            raise ValueError(f"label must be a class from 0 to {classes - 1}, got {label}.")

    def eps(self, step: int | None = None) -> float:
        return self.most * (self.step if step is None else step) / (self.length - 1)

    # What is known of each box ----------------------------------------------------------------------------

    @cached_property
    def boxes(self) -> list[Found]:
        """One entry for each step, from the input alone to the largest box."""
        directions = np.random.default_rng(0).uniform(-1, 1, size=(TRIED, len(self.x)))
        return [self._look(self.eps(step), np.vstack([directions, self._worst])) for step in range(self.length)]

    @cached_property
    def _worst(self) -> np.ndarray:
        """The step along the gradient: for each input the direction in which the lead over the runner-up shrinks."""
        others = np.where(np.arange(len(self.own)) == self.label_, -np.inf, self.own)
        x = Tensor(self.x[None], requires_grad=True)
        scores = self.network(x)
        return np.sign(grad(scores[0, int(others.argmax())] - scores[0, self.label_], x)[0].data)

    def _look(self, eps: float, directions: np.ndarray) -> Found:
        tried = self._scores((self.x + eps * directions).astype(np.float32))
        box = (Tensor(self.x[None] + np.float32(change)) for change in (-eps, eps))
        with no_grad():
            ends = self.bounds(self.network, *box)
        low, high = (np.asarray(getattr(end, "data", end), dtype=float).reshape(-1) for end in ends)
        answers = tried.argmax(axis=1)
        misread = int((answers != self.label_).sum())
        return Found(low, high, tried.min(axis=0), tried.max(axis=0), misread, int(answers[-1]))

    def _scores(self, inputs: np.ndarray) -> np.ndarray:
        with no_grad():
            return np.asarray(getattr(scores := self.network(inputs), "data", scores))

    def verdict(self, step: int | None = None) -> str:
        """Return "proven", "refuted" or "undecided"."""
        found = self.boxes[self.step if step is None else step]
        if found.misread:
            return "refuted"
        return "proven" if found.low[self.label_] > np.delete(found.high, self.label_).max() else "undecided"

    def drag(self, x: float) -> None:
        """Choose the box whose proven end of the right class lies nearest to a place in the picture."""
        score, _ = self._axes().value_at(x, 0.0)
        ends = [abs(found.low[self.label_] - score) for found in self.boxes]
        self.go(int(np.argmin(ends)))

    # Pictures ---------------------------------------------------------------------------------------------

    def label(self) -> str:
        return f"± {self.eps():.3f}"

    def _axes(self) -> Axes:
        """The same scores for all boxes, as far as a few boxes beyond the first that is not proven."""
        shown = next((i for i in range(self.length) if self.verdict(i) != "proven"), self.length - 1)
        found = self.boxes[min(shown + 6, self.length - 1)]
        low, high = float(found.low.min()), float(found.high.max())
        room = 0.04 * (high - low) or 1.0
        return _Scores((low - room, high + room), (-0.6, len(self.own) - 0.4), "score", "class")

    def picture(self) -> str:
        return self._image() + self._bars()

    def _bars(self) -> str:
        axes, found = self._axes(), self.boxes[self.step]
        for k in range(len(self.own)):
            style = "right" if k == self.label_ else "wrong"
            axes.add(f'<g data-link="class{k}">')
            axes.cell((found.low[k], found.high[k]), (k - 0.36, k + 0.36), style)
            axes.cell((found.sampled_low[k], found.sampled_high[k]), (k - 0.16, k + 0.16), style)
            axes.point(float(self.own[k]), k, f"{style} small")
            axes.add("</g>")
        end = float(found.low[self.label_])
        axes.line([end, end], axes.y_range, "guide")
        said = f"the lowest proven score of class {self.label_}"
        axes.handle(end, self.label_, "right", "end", said, end, f"{end:.2f}, pixels off by up to {self.eps():.3f}")
        axes.legend(f"right class {self.label_}", "right")
        axes.legend("others", "wrong")
        return axes.svg(f"Scores of {len(self.own)} classes, {self.label()}: {self.verdict()}")

    def _image(self) -> str:
        side = math.isqrt(len(self.x))
        if side * side != len(self.x):
            return ""
        step = self.x + self.eps() * self._worst[0]
        shades = 1 - (step - min(0.0, step.min())) / max(1.0, step.max() - min(0.0, step.min()))
        axes = _Picture(side)
        for i, shade in enumerate(shades.tolist()):
            left, top = axes.x(i % side), axes.y(side - i // side)
            size = f'width="{axes.x(1) - axes.x(0) + 0.3:.1f}" height="{axes.y(0) - axes.y(1) + 0.3:.1f}"'
            grey = ", ".join(3 * [str(round(255 * shade))])
            axes.add(f'<rect x="{left:.1f}" y="{top:.1f}" {size} fill="rgb({grey})"/>')
        answer = self.boxes[self.step].read_as
        svg = axes.svg(f"An image of the box, read as {answer}")
        return f"<figure><figcaption>read as {answer}</figcaption>{svg}</figure>"

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        found, k = self.boxes[self.step], self.label_
        others = float(np.delete(found.high, k).max())
        tried = f"{TRIED} at random and 1 along the gradient"
        rows = (
            ("proven", f"class {k} at least {found.low[k]:.2f}, every other at most {others:.2f}"),
            ("tried", f"{tried}: {found.misread} misread"),
        )
        return Words(f"{self.label()}: {self.verdict()}", rows, self._remark())

    def _remark(self) -> str:
        match self.verdict():
            case "proven":
                return "No input of this box gets another answer, whoever looks for it."
            case "refuted":
                return "An input of this box is misread. No bound can prove what is false."
        return "Nobody has found another answer, and the bounds are too wide to exclude one."

    def goal(self) -> Goal | None:
        last = max((i for i in range(self.length) if self.verdict(i) == "proven"), default=0)
        return Goal("Find the largest box in which the answer is proven.", self.step == last) if last else None


class ProvenBox(View):
    """The scores of a network over a box around one input: what is proven, and what was tried.

    network : takes inputs (N, n) and gives scores (N, classes). x : one input, (n,); where n is a square it is shown as
    an image. label : its class. bounds : bounds(network, low, high) -> (low, high), the proven ends of the scores for
    two tensors (1, n); the library's interval arithmetic if none is given. most : the half width of the largest box.

    The image is that of the step along the gradient: every pixel moves by eps in the direction that helps another
    class.

    >>> import numpy as np
    >>> from gradlib import nn
    >>> network = nn.MLP([4, 8, 3], rng=np.random.default_rng(0))
    >>> view = ProvenBox(network, np.full(4, 0.5), label=int(network(np.full((1, 4), 0.5)).data.argmax()))
    >>> print(view.model.words().title)
    ± 0.000: proven

    Raises ValueError for an input that is not of shape (n,), a label outside the classes, a `most` that is not above 0.
    """

    def __init__(self, network: Callable, x: Any, label: int, bounds: Callable = interval_bounds, most: float = 0.12):
        self.model = ProvenBoxModel(network, x, label, bounds, most)

    def dragged(self, data_id: str, x: float, y: float) -> None:
        self.model.drag(x)
        self.show()

    def nudged(self, data_id: str, across: int, up: int) -> None:
        self.go(self.model.step - across + up)  # the lower end moves left as the box grows
