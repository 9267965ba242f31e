"""Lesson 13: one column of a batch before and after batch norm, entry by entry.

There are three charts: the entries of x, the entries of z, and how fast each entry of z moves when the chosen entry of
x is nudged. The entries of x can be dragged, or moved by the arrow keys. The slider sweeps one of them, and a click
chooses it. A small point in the second chart shows where an entry of z was at the start.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .base import Goal, Model, View, Words
from .svg import Axes, slider

SWEEP = tuple(i / 4 for i in range(-40, 41))  # the values of the slider, -10 to 10
REACH = SWEEP[-1]
EPS = 1e-5
_LEAST, _MOST = 3, 6  # entries; of two, z is -1 and 1 whatever they are
_HIGHEST, _STEEPEST = 3.2, 1.2  # the longest bars of z and of its slopes; the numbers at them may be larger
_NUDGE = 1e-5
_MODES = ("training", "eval")


def batch_norm(x: np.ndarray) -> np.ndarray:
    """The columns of x with mean 0 and variance 1."""
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + EPS)


class _Chart(Axes):
    """Axes so small that three charts fit side by side."""

    width, height = 296, 260


class NormalizedBatchModel(Model):
    """The state of `NormalizedBatch`: the steps sweep the chosen entry.

    The slider begins at `rest`, the step nearest to the entry's own value, and there the entry has its own value.
    """

    title = "One column of a batch, before and after batch norm"
    interval = 150
    length = len(SWEEP)

    def __init__(self, x: Sequence[float], normalize: Callable | None):
        self.own = [float(value) for value in x]
        if not _LEAST <= len(self.own) <= _MOST or not all(abs(value) <= REACH for value in self.own):
            raise ValueError(f"x must be {_LEAST} to {_MOST} numbers from -{REACH:g} to {REACH:g}, got {list(x)}.")
        self.normalize = batch_norm if normalize is None else normalize
        self.mode, self.chosen = "training", 0
        self.running_mean, self.running_var = float(np.mean(self.own)), float(np.var(self.own))
        self.start = self._z_of(np.array(self.own))
        if self.start.shape != (len(self.own),):
            raise ValueError(f"normalize must return an array of shape ({len(self.own)}, 1), like the one it is given.")
        self._rest_at_the_nearest()
        self.wanted = math.floor(9 * math.sqrt(len(self.own) - 1)) / 10  # nine tenths of the most that z can be
        self._has_goal = not self._reached()

    def _z_of(self, x: np.ndarray) -> np.ndarray:
        if self.mode == "eval":
            return (x - self.running_mean) / np.sqrt(self.running_var + EPS)
        return np.asarray(self.normalize(x[:, None].copy())).reshape(-1)

    @property
    def x(self) -> np.ndarray:
        values = list(self.own)
        if self.step != self.rest:
            values[self.chosen] = SWEEP[self.step]
        return np.array(values)

    def z(self) -> np.ndarray:
        return self._z_of(self.x)

    def slopes(self) -> np.ndarray:
        """∂zₙ/∂xₖ for the chosen entry k, by central differences."""
        nudge = _NUDGE * np.eye(len(self.own))[self.chosen]
        return (self._z_of(self.x + nudge) - self._z_of(self.x - nudge)) / (2 * _NUDGE)

    # The learner's actions -------------------------------------------------------------------------------

    def choose(self, data_id: str) -> None:
        """Let the slider sweep another entry, starting from its value."""
        self.own = self.x.tolist()
        self.chosen = int(data_id.removeprefix("x"))
        self._rest_at_the_nearest()

    def drag(self, data_id: str, y: float) -> None:
        """Set an entry from a height in the picture."""
        self._set(data_id, round(self._chart("x", self._range).value_at(0.0, y)[1], 1))

    def nudge(self, data_id: str, steps: int) -> None:
        """Raise or lower an entry by some steps of an arrow key."""
        self.choose(data_id)
        self._set(data_id, self.own[self.chosen] + steps * (SWEEP[1] - SWEEP[0]))

    def _set(self, data_id: str, value: float) -> None:
        self.choose(data_id)
        self.own[self.chosen] = float(min(max(value, -REACH), REACH))
        self._rest_at_the_nearest()

    def _rest_at_the_nearest(self) -> None:
        value = self.own[self.chosen]
        self.step = self.rest = min(range(len(SWEEP)), key=lambda i: abs(SWEEP[i] - value))

    # Pictures ---------------------------------------------------------------------------------------------

    _range = (-1.4 * REACH, 1.4 * REACH)

    def label(self) -> str:
        return f"entry {self.chosen}: {self.x[self.chosen]:.6g}"

    def _chart(self, name: str, y_range: tuple[float, float]) -> _Chart:
        return _Chart((-0.5, len(self.own) - 0.5), y_range, "entry", name)

    def picture(self) -> str:
        return self._before() + self._after() + self._speeds()

    def _style(self, i: int) -> str:
        """The chosen entry stands out in all three charts."""
        return "value" if i == self.chosen else "guide"

    def _before(self) -> str:
        axes = self._chart("x", self._range)
        axes.line(axes.x_range, [0, 0], "curve")
        for i, value in enumerate(self.x.tolist()):
            left, right, middle, top = *map(axes.x, (i - 0.3, i + 0.3)), axes.y(0), axes.y(value)
            style = self._style(i)
            box = f'x="{left:.0f}" width="{right - left:.0f}"'
            bar = f'{box} y="{min(middle, top):.1f}" height="{abs(top - middle):.1f}"'
            handle = f'{box} y="{top - 5:.1f}" height="10"'
            text = f'x="{(left + right) / 2:.0f}" y="{top - 9 if value >= 0 else top + 19:.1f}" text-anchor="middle"'
            axes.add(
                f'<g class="node draggable" data-id="x{i}" data-drag="y" data-link="entry{i}" '
                f'{slider(f"entry {i} of x", value)}><rect class="cell {style}" {bar}/>'
                f'<rect class="point {style}" {handle}/><text {text}>{value:.4g}</text></g>'
            )
        axes.legend("chosen", "value")
        return axes.svg(f"The {len(self.own)} entries of x before; they can be dragged")

    def _after(self) -> str:
        axes = self._chart("z", (-1.4 * _HIGHEST, 1.4 * _HIGHEST))
        for i, value in enumerate(self.z().tolist()):
            self._bar(axes, i, value, _HIGHEST)
            axes.point(i + 0.4, float(self.start[i]), "gradient small")
        axes.line(axes.x_range, [0, 0], "curve")
        axes.legend("at the start", "gradient", point=True)
        return axes.svg(f"The entries of z after: {_numbers(self.z())}")

    def _speeds(self) -> str:
        axes = self._chart("slope of z", (-1.4 * _STEEPEST, 1.4 * _STEEPEST))
        for i, value in enumerate(self.slopes().tolist()):
            self._bar(axes, i, value, _STEEPEST)
        axes.line(axes.x_range, [0, 0], "curve")
        axes.legend(f"when x of entry {self.chosen} moves", "value")
        return axes.svg(f"How fast each z moves when x of entry {self.chosen} moves: {_numbers(self.slopes())}")

    def _bar(self, axes: Axes, i: int, value: float, longest: float) -> None:
        height = min(max(value, -longest), longest)
        axes.add(f'<g data-link="entry{i}">')
        axes.cell((i - 0.3, i + 0.3), (min(height, 0.0), max(height, 0.0)), self._style(i))
        axes.text(i, height, _short(value), 0, -8 if value >= 0 else 18, "middle")
        axes.add("</g>")

    def marks(self) -> dict[str, str]:
        return {f"x{self.chosen}": "current"}

    def goal(self) -> Goal | None:
        return Goal(f"In training mode, bring one z above {self.wanted}.", self._reached()) if self._has_goal else None

    def _reached(self) -> bool:
        return self.mode == "training" and float(self.z().max()) > self.wanted

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        x, slopes = self.x, self.slopes()
        mean, deviation = (x.mean(), x.std()) if self.mode == "training" else (self.running_mean, self.running_var**0.5)
        whose = "the batch's" if self.mode == "training" else "kept from the start"
        rows = (
            ("x", ", ".join(f"{value:.4g}" for value in x)),
            ("μ and s", f"{mean:.2f} and {deviation:.2f}, {whose}"),
            ("z", _numbers(self.z())),
            ("slopes", f"{_numbers(slopes)}, sum {_short(slopes.sum())}"),
        )
        return Words(f"Entry {self.chosen} of {len(x)}, {self.mode} mode", rows, self._remark())

    def possible_words(self) -> Iterator[Words]:
        """Yield the words for every entry and mode at some steps, then the longest remark and the longest numbers."""
        for mode in _MODES:
            for chosen in range(len(self.own)):
                state = copy.copy(self)
                state.mode = mode
                state.choose(f"x{chosen}")
                for step in range(0, self.length, 8):
                    state.step = step
                    yield state.words()
        state = copy.copy(self)
        state.own = [0.0] * len(self.own)
        yield state.words()
        widest = ", ".join(["-3162.28"] * len(self.own))  # 10/√ε, where the deviation is 0
        yield Words("", (("x", widest), ("", ""), ("z", widest), ("slopes", f"{widest}, sum -3162.28")))

    def _remark(self) -> str:
        if self.mode == "eval":
            return "μ and s are fixed. Only the z of the entry that you move can move."
        if np.ptp(self.x) == 0:
            return "All entries are equal, so the deviation is 0. Only ε keeps the division from failing."
        top = float(np.abs(self.z()).max())
        if top > 0.95 * math.sqrt(len(self.own) - 1):
            return (
                f"One entry makes nearly all of the deviation. However far it goes, its z stays below √(N - 1) = "
                f"{math.sqrt(len(self.own) - 1):.2f}."
            )
        return "Every z moves, since every z contains μ and s. The slopes add up to 0."


class NormalizedBatch(View):
    """One column of a batch before and after batch norm: move an entry of x, and see every entry of z move.

    x : three to six numbers from -10 to 10. normalize : normalize(x) -> z for an array (N, 1), the library's formula if
    none is given. In eval mode μ and s stay what they were for the x at the start, so only one z moves.

    >>> view = NormalizedBatch([1.0, 1.0, 3.0, 3.0])
    >>> view
    Entry 0 of 4, training mode
      x        1, 1, 3, 3
      μ and s  2.00 and 1.00, the batch's
      z        -1.00, -1.00, 1.00, 1.00
      slopes   0.50, -0.50, 0.00, 0.00, sum 0.00
    Every z moves, since every z contains μ and s. The slopes add up to 0.
    Goal: In training mode, bring one z above 1.5.

    Raises ValueError for another number of entries, and for one that is out of range.
    """

    def __init__(self, x: Sequence[float] = (1.0, 4.0, 2.0, 6.0, 3.0), normalize: Callable | None = None):
        self.model = NormalizedBatchModel(x, normalize)

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
            self.model.mode = change.new
            self.show()

        buttons = W.ToggleButtons(options=_MODES, value=self.model.mode, style={"button_width": "auto"})
        buttons.observe(choose, "value")
        return [buttons]


def _short(value: float) -> str:
    return f"{round(float(value), 2) + 0.0:.2f}"


def _numbers(values: np.ndarray) -> str:
    return ", ".join(map(_short, values))
