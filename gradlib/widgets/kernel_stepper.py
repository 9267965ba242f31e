"""Lesson 14: a kernel goes over an image, and the gradients of its outputs are added back.

Forward: one output after the other is the sum of a window times the kernel. Backward: each output adds its gradient
times the kernel to its window (windows overlap, so an input collects from several), and its gradient times the window
to the gradient of the kernel. Under the pointer or the focus an output lights up with its window, an input with all
outputs that used it, and an entry of the kernel with the inputs that it met.
"""

from __future__ import annotations

import copy
import html
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..errors import ShapeError, whole
from .base import Goal, Model, View, Words
from .broadcast_explorer import number

_CELL, _LINE = (32, 24), 20  # pixels
_LARGEST = 6  # rows and columns of an image; a larger one is not drawn
MOST_STRIDE, MOST_PADDING = 3, 2
_BETWEEN = 20  # pixels between grids, as in style.css


class Grid(NamedTuple):
    """A grid of numbers. A cell that is not `known` is empty, a `thick` one has a thick frame, a `pale` one no colour.

    `links` are the names that a cell shares with the cells that light up with it, `lights` those that it lights.
    `cell` is the width of a cell in pixels, the same in all states.
    """

    caption: str
    array: np.ndarray
    cell: int
    style: str
    links: list[str]
    lights: list[str]
    known: np.ndarray
    thick: np.ndarray
    pale: np.ndarray


class KernelStepperModel(Model):
    """The state of `KernelStepper`: step k up to n has computed k outputs; from n + 1 on, their gradients go back."""

    title = "A kernel on its way over an image, and the gradients on their way back"
    interval = 700

    def __init__(self, image: Any, kernel: Any, g: Any = None, input_gradient: Callable | None = None):
        self.image, self.kernel = _matrix("image", image), _matrix("kernel", kernel)
        if max(self.image.shape) > _LARGEST:
            raise ShapeError(f"image may have up to {_LARGEST} rows and columns to be drawn, got {self.image.shape}.")
        if any(k > size for k, size in zip(self.kernel.shape, self.image.shape, strict=True)):
            raise ShapeError(f"kernel must fit into image {self.image.shape}, got shape {self.kernel.shape}.")
        self._given, self.input_gradient = g, input_gradient
        self.place(1, 0)
        self._room = self._largest()
        if g is not None and np.shape(g) != self.shape:
            raise ShapeError(f"g must have the shape of the output, {self.shape}, got {np.shape(g)}.")
        self._has_goal = not self._evenly_used()

    def place(self, stride: int, padding: int) -> None:
        """Set the stride and the padding, and start again."""
        self.stride = min(whole("stride must be an integer of at least 1", stride, 1), MOST_STRIDE)
        self.padding = min(whole("padding must be an integer of at least 0", padding, 0), MOST_PADDING)
        self.padded = np.pad(self.image, self.padding)
        kernels = zip(self.padded.shape, self.kernel.shape, strict=True)
        self.shape = tuple((size - k) // self.stride + 1 for size, k in kernels)
        self.count = math.prod(self.shape)
        self.output = np.array([(self.padded[self.window(j)] * self.kernel).sum() for j in range(self.count)])
        if self._given is not None and np.shape(self._given) == self.shape:
            self.g = np.asarray(self._given, dtype=float).ravel()
        else:
            self.g = np.random.default_rng(4).integers(-2, 4, size=self.count).astype(float)
        self.length = 2 * self.count + 1
        self.uses = sum(self._spread(j, np.ones(self.kernel.shape)) for j in range(self.count))
        self.uses = self._inner(self.uses)
        # The gradients after each output has passed back its own.
        self._to_input = np.cumsum([self._spread(j, self.g[j] * self.kernel) for j in range(self.count)], axis=0)
        self._to_kernel = np.cumsum([self.g[j] * self.padded[self.window(j)] for j in range(self.count)], axis=0)
        self._link()
        self.go(0)

    def window(self, j: int) -> tuple[slice, slice]:
        """The part of the padded image that output j is made of."""
        row, column = (self.stride * place for place in np.unravel_index(j, self.shape))
        return slice(row, row + self.kernel.shape[0]), slice(column, column + self.kernel.shape[1])

    def _spread(self, j: int, block: np.ndarray) -> np.ndarray:
        """A padded image of zeros with a block in the window of output j."""
        spread = np.zeros(self.padded.shape)
        spread[self.window(j)] = block
        return spread

    def _inner(self, padded: np.ndarray) -> np.ndarray:
        """The image within its padded form."""
        rows, columns = self.image.shape
        return padded[self.padding : self.padding + rows, self.padding : self.padding + columns]

    def _link(self) -> None:
        """Name what belongs together: "i3" input 3 of the padded image, "o1" output 1, "k0" entry 0 of the kernel."""
        entries = np.arange(self.padded.size).reshape(self.padded.shape)
        windows = [entries[self.window(j)].ravel().tolist() for j in range(self.count)]
        inputs = [{f"i{i}"} for i in range(self.padded.size)]
        for j, window in enumerate(windows):
            for k, i in enumerate(window):
                inputs[i] |= {f"o{j}", f"k{k}"}
        self._inputs = [" ".join(sorted(names)) for names in inputs]
        self._outputs = [" ".join([f"o{j}", *(f"i{i}" for i in window)]) for j, window in enumerate(windows)]

    # What a step shows -----------------------------------------------------------------------------------

    @property
    def is_backward(self) -> bool:
        return self.step > self.count

    @property
    def current(self) -> int | None:
        """The output that this step computes, or whose gradient goes back; None at the start."""
        return (self.step - 1) % self.count if self.step else None

    def input_so_far(self) -> np.ndarray:
        """The gradient of the padded image after this step."""
        return self._to_input[self.current] if self.is_backward else np.zeros(self.padded.shape)

    def kernel_so_far(self) -> np.ndarray:
        """The gradient of the kernel after this step."""
        return self._to_kernel[self.current] if self.is_backward else np.zeros(self.kernel.shape)

    def _grids(self) -> list[Grid]:
        inputs = [f"i{i}" for i in range(self.padded.size)], self._inputs
        outputs = [f"o{j}" for j in range(self.count)], self._outputs
        kernel = [[f"k{k}" for k in range(self.kernel.size)]] * 2
        at = np.zeros(self.shape, dtype=bool)
        if self.current is not None:
            at.ravel()[self.current] = True
        window = np.zeros(self.padded.shape, dtype=bool) if self.current is None else self._spread(self.current, 1) > 0
        edge = np.pad(np.zeros(self.image.shape, dtype=bool), self.padding, constant_values=True)
        plain = np.zeros(self.kernel.shape, dtype=bool)

        def grid(caption, array, style, names, thick, pale=None, known=None, states=None):
            array = np.reshape(array, thick.shape)
            cell = _width(array if states is None else states)
            known = np.ones(thick.shape, dtype=bool) if known is None else known
            pale = np.zeros(thick.shape, dtype=bool) if pale is None else pale
            return Grid(f"{caption} {array.shape}", array, cell, style, names[1], names[0], known, thick, pale)

        image = "image" if not self.padding else "padded image"
        if not self.is_backward:
            done = np.arange(self.count).reshape(self.shape) < self.step
            return [
                grid(image, self.padded, "value", inputs, window, edge),
                grid("kernel", self.kernel, "first", kernel, plain),
                grid("output", self.output, "value", outputs, at, known=done),
            ]
        grids = [
            grid("g", self.g, "gradient", outputs, at),
            grid(
                f"gradient of the {image}", self.input_so_far(), "gradient", inputs, window, edge, None, self._to_input
            ),
            grid("gradient of the kernel", self.kernel_so_far(), "first", kernel, plain, states=self._to_kernel),
        ]
        yours = self._yours()[1] if self.step == self.length - 1 else None
        if yours is not None:
            own = np.arange(self.padded.size).reshape(self.padded.shape)
            inner = self._inner(own).ravel().tolist()
            names = [f"i{i}" for i in inner], [self._inputs[i] for i in inner]
            grids.append(grid("your gradient", yours, "fourth", names, np.zeros(self.image.shape, dtype=bool)))
        return grids

    def _yours(self) -> tuple[str, np.ndarray | None]:
        """A sentence on the learner's gradient of the image, and that gradient if it can be drawn."""
        if self.input_gradient is None:
            return "", None
        if (self.stride, self.padding) != (1, 0):
            return "Your input_gradient is tried where the stride is 1 and the padding 0.", None
        try:
            given = self.g.reshape(self.shape).copy(), self.kernel.copy(), self.image.shape
            yours = np.asarray(self.input_gradient(*given), dtype=float)
        except Exception as error:  # the learner's code
            return f"Your input_gradient raised {type(error).__name__}: {error}", None
        if yours.shape != self.image.shape:
            return f"Your input_gradient gave shape {yours.shape} instead of {self.image.shape}.", None
        same = np.allclose(yours, self._to_input[-1])
        return "Your input_gradient gives the same." if same else "Your numbers differ.", yours

    # Pictures ---------------------------------------------------------------------------------------------

    def label(self) -> str:
        if not self.step:
            return f"0 of {self.count}"
        return f"{'back' if self.is_backward else 'output'} {self.current + 1} of {self.count}"

    def picture(self) -> str:
        wide, tall = self._room  # nothing moves when another stride or padding is chosen
        return self._panels(f"width: {wide}px; min-height: {tall}px; align-items: flex-start")

    def still(self) -> str:
        return self._panels(f"width: {self._space()[0]}px")

    def _panels(self, style: str) -> str:
        grids = self._grids()
        tall = max(_size(each)[1] for each in grids)
        drawn = "".join(_drawn(each, tall) for each in grids)
        return f'<div class="gradlib-panels" style="{style}">{drawn}</div>'

    def _space(self) -> tuple[int, int]:
        """The width and the height of the grids in pixels."""
        widths, heights = zip(*map(_size, self._grids()), strict=True)
        return sum(widths) + _BETWEEN * len(widths), max(heights)

    def _largest(self) -> tuple[int, int]:
        """The width and the height that suffice for every stride, padding and step."""
        spaces = []
        for other in self._others():
            for step in (0, other.length - 1):  # the last one may show one grid more
                other.step = step
                spaces.append(other._space())
        return tuple(map(max, zip(*spaces, strict=True)))

    def _others(self) -> Iterator[KernelStepperModel]:
        """Yield the model with every stride and padding that can be chosen."""
        for stride in range(1, MOST_STRIDE + 1):
            for padding in range(MOST_PADDING + 1):
                other = copy.copy(self)
                other.place(stride, padding)
                yield other

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        sizes = f"stride {self.stride}, padding {self.padding}: output {self.shape}"
        uses = f"{self.uses.min():g} to {self.uses.max():g}" if np.ptp(self.uses) else f"{self.uses.max():g}"
        rows = [("sizes", sizes), ("uses of an input", uses)]
        if self.current is None:
            return Words("Before the first output", tuple(rows), "Point at an input: the outputs that use it light up.")
        place = tuple(map(int, np.unravel_index(self.current, self.shape)))
        if not self.is_backward:
            window = self.padded[self.window(self.current)]
            terms = [f"{_factor(w)}·{_factor(x)}" for w, x in zip(self.kernel.flat, window.flat, strict=True) if w]
            said = " + ".join(terms[:4] + ["…"] * (len(terms) > 4)) or "0"
            rows.append((f"output {place}", f"{said} = {number(self.output[self.current])}"))
            return Words(
                f"Output {self.current + 1} of {self.count}", tuple(rows), "A window times the kernel, summed."
            )
        rows.append((f"g at {place}", number(self.g[self.current])))
        said = "g times the kernel is added to the window, g times the window to the gradient of the kernel."
        if self.step == self.length - 1:
            said = f"{said} {self._yours()[0]}".strip()
        return Words(f"Back from output {self.current + 1} of {self.count}", tuple(rows), said)

    def possible_words(self) -> Iterator[Words]:
        """Yield the words of every state, with every stride and padding."""
        for other in self._others():
            yield from super(KernelStepperModel, other).possible_words()

    def goal(self) -> Goal | None:
        if not self._has_goal:
            return None
        text = "Choose a stride and a padding with which every entry of the image is used by equally many outputs."
        return Goal(text, self._evenly_used())

    def _evenly_used(self) -> bool:
        return bool(self.uses.min() == self.uses.max() > 0)


class KernelStepper(View):
    """A kernel that goes over an image, output by output, and the gradients that are added back.

    image : an array (rows, columns), up to 6 × 6. kernel : an array that fits into it. g : the gradients that arrive at
    the outputs for stride 1 and no padding, by default small integers. input_gradient : your own function
    input_gradient(g, kernel, shape), which returns the gradient of the image; its result is shown in the last step.

    >>> KernelStepper([[1, 2, 3], [4, 5, 6]], [[1, 0], [0, 2]])
    Before the first output
      sizes             stride 1, padding 0: output (1, 2)
      uses of an input  1 to 2
    Point at an input: the outputs that use it light up.
    Goal: Choose a stride and a padding with which every entry of the image is used by equally many outputs.

    Raises ShapeError for arrays that are not matrices, are too large to draw, or do not fit each other.
    """

    def __init__(self, image: Any, kernel: Any, g: Any = None, input_gradient: Callable | None = None):
        self.model = KernelStepperModel(image, kernel, g, input_gradient)

    def place(self, stride: int = 1, padding: int = 0) -> None:
        """Set the stride, 1 to 3, and the padding, 0 to 2, and start again."""
        self.model.place(stride, padding)
        self.show()

    def controls(self) -> list:
        import ipywidgets as W

        fields = [
            W.Dropdown(options=list(range(low, high + 1)), value=value, description=name, layout={"width": "160px"})
            for name, low, high, value in (
                ("stride", 1, MOST_STRIDE, self.model.stride),
                ("padding", 0, MOST_PADDING, self.model.padding),
            )
        ]
        for field in fields:
            field.observe(lambda _: self.place(*(each.value for each in fields)), "value")
        return fields


def _matrix(name: str, value: Any) -> np.ndarray:
    array = np.array(getattr(value, "data", value) if hasattr(value, "requires_grad") else value, dtype=float)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise ShapeError(f"{name} must be a matrix of finite numbers, got an array of shape {array.shape}.")
    return array


def _factor(value: float) -> str:
    """A number in a product: a negative one in brackets."""
    return number(float(value)) if value >= 0 else f"({number(float(value))})"


def _width(array: np.ndarray) -> int:
    """The width of a cell that any of these numbers fits into."""
    return max([_CELL[0], *(8 * len(number(float(value))) + 6 for value in array.flat)])


def _size(grid: Grid) -> tuple[int, int]:
    """The width and the height of a grid in pixels."""
    rows, columns = grid.array.shape
    return max(columns * grid.cell, 7 * len(grid.caption), 60) + 3, _LINE + rows * _CELL[1] + 3


def _drawn(grid: Grid, tall: int) -> str:
    """A grid as SVG, in a picture of this height."""
    (wide, _), width, height = _size(grid), grid.cell, _CELL[1]
    texts = np.array([number(float(value)) for value in grid.array.flat], dtype=object).reshape(grid.array.shape)
    texts[~grid.known] = ""
    parts, frames = [f'<text x="2" y="14">{html.escape(grid.caption)}</text>'], []
    for i, (row, column) in enumerate(np.ndindex(grid.array.shape)):
        x, y = 1 + column * width, _LINE + row * height
        style = "" if grid.pale[row, column] or not grid.known[row, column] else f" {grid.style}"
        box = f'x="{x}" y="{y}" width="{width}" height="{height}"'
        if grid.thick[row, column]:  # last, so that no other frame covers it
            inside = f'x="{x + 1}" y="{y + 1}" width="{width - 2}" height="{height - 2}"'
            frames.append(f'<rect class="frame thick" {inside}/>')
        parts.append(
            f'<g data-link="{grid.links[i]}" data-lights="{grid.lights[i]}"><rect class="cell{style}" {box}/>'
            f'<rect class="frame" {box}/>'
            f'<text x="{x + width / 2:.0f}" y="{y + 17}" text-anchor="middle">{texts[row, column]}</text></g>'
        )
    lines = "; ".join(", ".join(text or "empty" for text in line) for line in texts)
    size = f'width="{wide}" height="{tall}" viewBox="0 0 {wide} {tall}"'
    label = html.escape(f"{grid.caption}: {lines}")
    return f'<svg class="gradlib-axes" role="img" aria-label="{label}" {size}>{"".join(parts + frames)}</svg>'
