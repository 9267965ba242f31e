"""Lesson 15: the gradient that reaches each step of a recurrent network, for a recurrent weight that can be dragged.

On the left is the size of the gradient by step, on the right the size at the first step against the weight. Both are on
a logarithmic scale, so a factor per step is a straight line. A step of the slider is a weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .base import Goal, Model, View, Words
from .svg import Axes

_LOWEST, _HIGHEST = -16, 16  # powers of ten at which the axes end at most


class ThroughTimeModel(Model):
    """The state of `ThroughTime`: step i is the i-th weight of its grid."""

    title = "The gradient by step, and at the first step for every recurrent weight"
    interval = 300

    def __init__(
        self, by_step: Callable, weight: float = 0.5, span: tuple[float, float] = (0.0, 2.0), within: float = 10.0
    ):
        low, high = map(float, span)
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"span must be two numbers, the lower one first, got {span!r}.")
        if not low <= weight <= high:
            raise ValueError(f"weight must lie within span, from {low:g} to {high:g}, got {weight!r}.")
        if not within > 1:
            raise ValueError(f"within must be a factor above 1, got {within!r}.")
        self.span, self.within = (low, high), float(within)
        self.weights = [float(f"{each:.12g}") for each in np.linspace(low, high, 41)]
        self.length = len(self.weights)
        sizes = [abs(np.asarray(by_step(each), dtype=float)) for each in self.weights]
        if sizes[0].ndim != 1 or len(sizes[0]) < 2 or any(size.shape != sizes[0].shape for size in sizes):
            raise ValueError(
                "by_step(weight) must give one number a step, at least two and always as many, got shapes "
                f"{sorted({size.shape for size in sizes})}."
            )
        self.sizes = np.array(sizes)  # (weights, steps)
        with np.errstate(divide="ignore"):
            self.logs = np.log10(self.sizes)
        finite = self.logs[np.isfinite(self.logs)]
        if not finite.size:
            raise ValueError("by_step gives no gradient that is finite and not 0.")
        least, most = max(math.floor(finite.min()), _LOWEST), min(math.ceil(finite.max()), _HIGHEST)
        self.range = (min(least, most - 1) - 0.5, max(most, least + 1) + 0.5)
        self.go(self.nearest(weight))
        kept = [self.keeps(i) for i in range(self.length)]
        self._has_goal = any(kept) and not kept[self.step]  # it can be reached, and is not from the start

    @property
    def weight(self) -> float:
        return self.weights[self.step]

    def nearest(self, weight: float) -> int:
        """The step of the weight of the grid that is nearest."""
        return int(np.argmin(abs(np.array(self.weights) - weight)))

    def powers(self, i: int) -> float:
        """The powers of ten by which the gradient grows from the last step to the first, for the i-th weight.

        It is -inf if nothing arrives, nan if the gradient is not finite or is 0 at the last step.
        """
        first, last = self.logs[i, 0], self.logs[i, -1]
        return float(first - last) if first < math.inf and math.isfinite(last) else math.nan

    def keeps(self, i: int) -> bool:
        """Return True if the first step gets about as large a gradient as the last."""
        return abs(self.powers(i)) <= math.log10(self.within) + 1e-9

    def label(self) -> str:
        return f"weight {self.weight:.3g}"

    # Pictures ---------------------------------------------------------------------------------------------

    def picture(self) -> str:
        return self._steps() + self._weight_axes().svg(f"The gradient at the first step by weight, at {self.label()}")

    def _steps(self) -> str:
        count = self.sizes.shape[1]
        axes = Axes((0.5, count + 0.5), self.range, "step", "gradient", logarithmic_y=True)
        logs = self.logs[self.step].tolist()
        axes.line([0.5, count + 0.5], [logs[-1]] * 2, "guide")
        axes.line(list(range(1, count + 1)), logs, "gradient")
        for step, (size, value) in enumerate(zip(self.sizes[self.step], logs, strict=True), 1):
            left, right, top = axes.x(step - 0.5), axes.x(step + 0.5), axes.y(self.range[1])
            place = (
                f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{axes.y(self.range[0]) - top:.1f}"'
            )
            said = f'role="img" aria-label="step {step}: gradient {size:.2g}"'
            axes.add(f'<g data-link="step{step}" {said}><rect class="band" fill="none" {place}/>')
            axes.point(step, value, "gradient small")
            axes.add("</g>")
        axes.legend("gradient", "gradient")
        axes.legend("as large as at the last step", "guide")
        return axes.svg(f"The size of the gradient by step, on a logarithmic scale, {self.label()}")

    def _weight_axes(self) -> Axes:
        axes = Axes(self.span, self.range, "recurrent weight", "gradient at step 1", logarithmic_y=True)
        axes.line(self.weights, self.logs[:, -1].tolist(), "guide")
        axes.line(self.weights, self.logs[:, 0].tolist(), "first")
        value = float(self.logs[self.step, 0])
        axes.handle(self.weight, value, "first", "weight", "recurrent weight", self.weight, self.label())
        axes.legend("at step 1", "first", point=True)
        axes.legend("at the last step", "guide")
        return axes

    def drag(self, across: float) -> None:
        """Follow the weight that is dragged to a place in its picture, in pixels."""
        self.go(self.nearest(self._weight_axes().value_at(across, 0.0)[0]))

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        steps = self.sizes.shape[1]
        first, last = self.sizes[self.step, 0], self.sizes[self.step, -1]
        with np.errstate(over="ignore"):
            factor = np.power(10.0, self.powers(self.step) / (steps - 1))
        rows = (
            ("last step", f"{last:.2g}"),
            ("first step", f"{first:.2g}"),
            ("factor a step", f"{factor:.3g}"),
        )
        return Words(f"Recurrent weight {self.weight:.3g}, {steps} steps", rows, self._remark())

    def _remark(self) -> str:
        powers = self.powers(self.step)
        if math.isnan(powers):
            return "The gradient is not finite, or 0 at the last step."
        if powers == -math.inf:
            return "Nothing arrives at the first step."
        if self.keeps(self.step):
            return "The first step hears of the loss about as loudly as the last."
        if powers < 0:
            return "The gradient vanishes: each step back makes it smaller."
        return "The gradient explodes: each step back makes it larger."

    def goal(self) -> Goal | None:
        if not self._has_goal:
            return None
        text = f"Let the first step get a gradient within a factor of {self.within:g} of the last one's."
        return Goal(text, self.keeps(self.step))


class ThroughTime(View):
    """The gradient by step of a recurrent network, for a recurrent weight on a slider, which can also be dragged.

    by_step : by_step(weight) gives the size of the gradient at each step, the first step first. weight : where to
    start. span : the weights to choose from, a grid of 41. within : the factor of the goal.

    >>> ThroughTime(lambda weight: [weight ** (10 - t) for t in range(1, 11)])
    Recurrent weight 0.5, 10 steps
      last step      1
      first step     0.002
      factor a step  0.5
    The gradient vanishes: each step back makes it smaller.
    Goal: Let the first step get a gradient within a factor of 10 of the last one's.

    Raises ValueError for a span that is empty, a weight outside it, a factor of at most 1, and for a by_step that gives
    another number of steps from weight to weight, or no gradient at all.
    """

    def __init__(
        self, by_step: Callable, weight: float = 0.5, span: tuple[float, float] = (0.0, 2.0), within: float = 10.0
    ):
        self.model = ThroughTimeModel(by_step, weight, span, within)

    def dragged(self, data_id: str, x: float, y: float) -> None:
        self.model.drag(x)
        self.show()

    def nudged(self, data_id: str, across: int, up: int) -> None:
        self.go(self.model.step + across + up)
