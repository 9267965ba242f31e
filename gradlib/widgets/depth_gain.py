"""Lesson 08: the size of activations and gradients from layer to layer, for a gain of the weights.

The network has equal layers with random weights of variance gain²/width. On the left is the size of the activations
against depth, on the right the size of the gradients on their way back. Both axes are logarithmic, so a factor per
layer is a straight line. A size is the root of the mean square, since squares add up in the next layer.
Under the pointer or the focus a layer lights up in both pictures.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

from .base import Goal, Model, View, Words
from .svg import Axes

DEPTH, BATCH = 20, 32
GAINS = tuple(float(f"{0.25 * 2 ** (i / 6):.3g}") for i in range(25))  # 0.25 to 4, six per doubling
WIDTHS = (16, 64, 256)
_RANGE = (-16.0, 13.0)  # of the axes, the same for all gains, so that slopes can be compared


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


# The function f, its derivative as a function of z = f(a) and a, and the gain that keeps the size, if there is one.
ACTIVATIONS: dict[str, tuple[Callable, Callable, float | None]] = {
    "relu": (lambda a: np.maximum(a, 0), lambda z, a: (a > 0) * 1.0, math.sqrt(2)),
    "tanh": (np.tanh, lambda z, a: 1 - z**2, None),
    "sigmoid": (_sigmoid, lambda z, a: z * (1 - z), None),
    "identity": (lambda a: a, lambda z, a: np.ones_like(a), 1.0),
}


class DepthGainModel(Model):
    """The state of `DepthAndGain`: step i is the i-th of GAINS."""

    title = "The size of activations and gradients by depth, for a gain of the weights"
    interval = 400
    length = len(GAINS)

    def __init__(self, activation: str = "relu", width: int = 64):
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, got {activation!r}.")
        if width not in WIDTHS:
            raise ValueError(f"width must be one of {', '.join(map(str, WIDTHS))}, got {width!r}.")
        self.activation, self.width = activation, width

    @property
    def gain(self) -> float:
        return GAINS[self.step]

    def label(self) -> str:
        return f"gain {self.gain:.3g}"

    def sizes(self) -> tuple[list[float], list[float]]:
        """The size of the activations after each layer, and of the gradient before each; inputs first."""
        return measured(self.activation, self.width, self.gain)

    # Pictures ---------------------------------------------------------------------------------------------

    def picture(self) -> str:
        forward, backward = self.sizes()
        left = self._axes(forward, "size of activations", "value", "at the inputs")
        return left + self._axes(backward, "size of gradients", "gradient", "at the result")

    def _axes(self, sizes: list[float], name: str, style: str, start: str) -> str:
        axes = Axes((0, DEPTH), _RANGE, "layer", name, logarithmic_y=True)
        axes.line([0, DEPTH], [0, 0], "guide")
        logs = [math.log10(size) if size > 0 else math.nan for size in sizes]
        axes.line(list(range(len(logs))), logs, style)
        for layer, (size, value) in enumerate(zip(sizes, logs, strict=True)):
            said = f'role="img" aria-label="layer {layer}: {name} {size:.2g}"'
            left, right, top = axes.x(layer - 0.5), axes.x(layer + 0.5), axes.y(_RANGE[1])
            place = f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{axes.y(_RANGE[0]) - top:.1f}"'
            axes.add(f'<g data-link="layer{layer}" {said}><rect class="band" fill="none" {place}/>')
            axes.point(layer, value, style + " small")
            axes.add("</g>")
        axes.legend("measured", style)
        axes.legend(f"as large as {start}", "guide")
        return axes.svg(f"{name} against the layer, logarithmic, for {self.activation}, {self.label()}")

    def goal(self) -> Goal | None:
        if self.activation == "sigmoid":  # no gain of the slider does it
            return None
        reached = _way(self.sizes()[1]) == "stay"
        return Goal("Find a gain at which the gradients reach the inputs about as large as they started.", reached)

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        forward, backward = self.sizes()
        rows = (
            ("activations", f"{forward[0]:.2g} at the inputs, {forward[-1]:.2g} after {DEPTH} layers"),
            ("gradients", f"{backward[-1]:.2g} at the result, {backward[0]:.2g} at the inputs"),
            ("factor a layer", f"{_factor(forward):.2f} forward, {_factor(backward[::-1]):.2f} backward"),
        )
        return Words(f"{self.activation}, gain {self.gain:.3g}, width {self.width}", rows, self._remark())

    def possible_words(self) -> Iterator[Words]:
        """Yield the words for every activation, at some gains: all would take long in a wide network."""
        for activation in ACTIVATIONS:
            state = copy.copy(self)
            state.activation = activation
            for step in range(0, self.length, 6):
                state.step = step
                yield state.words()

    def _remark(self) -> str:
        if self.activation == "sigmoid":
            return (
                "The slope of a sigmoid is 1/4 at most: gradients fade at every gain of this slider. Its values lie "
                "between 0 and 1 and keep their size by themselves."
            )
        if self.activation == "tanh":
            return self._remark_on_tanh()
        right, found = ACTIVATIONS[self.activation][2], _way(self.sizes()[1])
        side, way = ("Below", "fade") if self.gain < right else ("Above", "grow")
        if abs(math.log(self.gain / right)) < 0.1:
            side, way = "This is about", "stay"
        place = f"{side} the gain for {self.activation}, {right:.3g}"
        if found == way:
            return f"{place}: sizes " + ("stay what they are." if way == "stay" else f"{way}, layer by layer.")
        return f"{place}: on average sizes {way}. With only {self.width} units a layer, this draw lets them {found}."

    def _remark_on_tanh(self) -> str:
        if self.gain < 1:
            return "Below 1: even where tanh is steepest, with slope 1 at 0, a layer shrinks what passes. Both fade."
        way = {"fade": "still fade", "stay": "about stay what they are", "grow": "grow"}[_way(self.sizes()[1])]
        return f"tanh holds its values below 1, so the activations settle, whatever the gain. The gradients {way}."


class DepthAndGain(View):
    """Activations and gradients by depth in a random network, for a gain of its weights.

    activation : "relu", "tanh", "sigmoid" or "identity". width : 16, 64 or 256 units a layer.

    >>> view = DepthAndGain("identity")
    >>> view.go(0)
    >>> view
    identity, gain 0.25, width 64
      activations     1 at the inputs, 1e-12 after 20 layers
      gradients       1 at the result, 9e-13 at the inputs
      factor a layer  0.25 forward, 0.25 backward
    Below the gain for identity, 1: sizes fade, layer by layer.
    Goal: Find a gain at which the gradients reach the inputs about as large as they started.
    """

    def __init__(self, activation: str = "relu", width: int = 64):
        self.model = DepthGainModel(activation, width)

    def controls(self) -> list:
        widths = [(f"{width} units", width) for width in WIDTHS]
        return [self._choice("activation", list(ACTIVATIONS)), self._choice("width", widths)]

    def _choice(self, name: str, options: list):
        """Toggle buttons for an attribute of the model. options : its values, or pairs (label, value)."""
        import ipywidgets as W

        def choose(change) -> None:
            setattr(self.model, name, change.new)
            self.show()

        buttons = W.ToggleButtons(options=options, value=getattr(self.model, name), style={"button_width": "auto"})
        buttons.observe(choose, "value")
        return buttons


@cache
def _weights(width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard normal weights (DEPTH, width, width), inputs and gradients of the result (BATCH, width)."""
    rng = np.random.default_rng(width)
    shapes = [(DEPTH, width, width), (BATCH, width), (BATCH, width)]
    return tuple(rng.normal(size=shape) for shape in shapes)


@cache
def measured(activation: str, width: int, gain: float) -> tuple[list[float], list[float]]:
    """The sizes after each layer in a forward and a backward pass, inputs first."""
    f, slope, _ = ACTIVATIONS[activation]
    weights, h, g = _weights(width)
    h, g = h / _size(h), g / _size(g)
    scale = gain / math.sqrt(width)
    forward, passed = [1.0], []
    for weight in weights:
        a = h @ weight * scale
        h = f(a)
        forward.append(_size(h))
        passed.append(slope(h, a))
    backward = [1.0]
    for weight, slopes in zip(weights[::-1], passed[::-1], strict=True):
        g = g * slopes @ weight.T * scale
        backward.append(_size(g))
    return forward, backward[::-1]


def _size(values: np.ndarray) -> float:
    """The root of the mean square."""
    return float(np.sqrt((values**2).mean()))


def _way(gradients: list[float]) -> str:
    """Return "fade" if gradients are much smaller at the inputs than at the result, "grow" if larger, else "stay"."""
    ratio = gradients[0] / gradients[-1]
    return "fade" if ratio < 1 / 3 else "grow" if ratio > 3 else "stay"


def _factor(sizes: list[float]) -> float:
    """The mean factor from one size to the next."""
    return (sizes[-1] / sizes[0]) ** (1 / (len(sizes) - 1)) if sizes[-1] > 0 else 0.0
