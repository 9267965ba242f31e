"""Lesson 04: two arrays of different shapes are added, and each gets its gradient back.

Forward: the shapes are aligned from the right, axes of size 1 are stretched, entries are added. Backward: the gradient
has the shape of the result. It is summed over the stretched axes, until each operand has a gradient of its own shape.
A thick frame follows the first entry of an operand: the places where it is read, and the entries that it collects.
Under the pointer or the focus every entry lights up with its own places.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .base import Goal, Model, View, Words

STEPS = (
    "Two operands",
    "Aligned from the right",
    "Stretched",
    "Added",
    "A gradient arrives",
    "Back to a: axes that a lacks",
    "Back to a: axes of size 1",
    "Back to b: axes that b lacks",
    "Back to b: axes of size 1",
)
_CELL, _LINE, _GAP = (38, 24), 20, 12  # pixels
_LARGEST = 60  # entries; a larger array is not drawn
_MOST_AXES = 3
_BETWEEN = 20  # pixels between grids, as in style.css
_GOAL = (2, 3)  # the shape that the learner is asked for


class Panel(NamedTuple):
    """A grid of numbers. `framed` are the cells with a thick frame.

    `links` are the names that a cell shares with the cells that light up with it: "a0" for entry 0 of a, "r5" for entry
    5 of the result. `lights` are those that light up when this one is pointed at.
    """

    caption: str
    array: np.ndarray
    style: str
    framed: np.ndarray
    links: np.ndarray
    lights: np.ndarray


class BroadcastModel(Model):
    """The state of `BroadcastExplorer`, one of STEPS."""

    title = "Broadcasting: which axes are stretched, and which are summed back"
    interval = 1500

    def __init__(self, a: Any, b: Any, unbroadcast: Callable | None = None):
        self.unbroadcast = unbroadcast
        self.take(a, b)
        self._has_goal = not self._goal_reached()

    def take(self, a: Any, b: Any) -> None:
        """Set the operands: arrays, or shapes, which are filled with numbers."""
        self.a, self.b = operand(a, 1), operand(b, 10)
        self.trouble = self._trouble()
        if not self.trouble:
            self.shape = np.broadcast_shapes(self.a.shape, self.b.shape)
            self.g = np.random.default_rng(4).integers(-2, 4, size=self.shape).astype(float)
        steps = [self._panels(step) for step in range(self.length)]
        self._tallest = max((grid_size(panel)[1] for panels in steps for panel in panels), default=0)
        self._widest = max(sum(grid_size(panel)[0] + _BETWEEN for panel in panels) for panels in steps)
        self.go(self.step)

    @property
    def length(self) -> int:
        """Operands that do not fit have only the first step."""
        return 1 if self.trouble else len(STEPS)

    def _trouble(self) -> str:
        if max(self.a.ndim, self.b.ndim) > _MOST_AXES:
            return f"Shapes of up to {_MOST_AXES} axes are drawn, got {self.a.shape} and {self.b.shape}."
        sizes = list(zip(*(aligned(x.shape, self._ndim()) for x in (self.a, self.b)), strict=True))
        for axis, (m, n) in enumerate(sizes):
            if m != n and 1 not in (m, n):
                return (
                    f"They do not fit: counted from the right, axis {axis - len(sizes)} has size {m} in a, {n} in b. "
                    "Two sizes fit if they are equal or one of them is 1."
                )
        if math.prod(max(pair) if 0 not in pair else 0 for pair in sizes) > _LARGEST:
            return f"The result has more than {_LARGEST} entries, too many to draw. Take smaller sizes."
        return ""

    def _stretched(self, operand: np.ndarray) -> tuple[int, ...]:
        """The axes of the result along which entries of an operand are repeated."""
        new, ones = summed_axes(operand.shape, self.shape)
        sizes = [axis for axis in new if self.shape[axis] != 1] + [len(new) + axis for axis in ones]
        return tuple(sizes)

    def _ndim(self) -> int:
        return max(self.a.ndim, self.b.ndim)

    # Pictures ---------------------------------------------------------------------------------------------

    def _panels(self, step: int) -> list[Panel]:
        """The grids of a step."""
        a, b = self.a, self.b
        if step == 0 or self.trouble:
            drawable = a.size <= _LARGEST >= b.size and max(a.ndim, b.ndim) <= _MOST_AXES
            return [self._operand("a", a.shape), self._operand("b", b.shape)] * drawable
        if step in (1, 2):
            shapes = [aligned(x.shape, self._ndim()) if step == 1 else self.shape for x in (a, b)]
            return [self._operand(name, shape, f" as {shape}") for name, shape in zip("ab", shapes, strict=True)]
        if step == 3:
            total = self._result(f"a + b {self.shape}", a + b, "value")
            return [self._operand("a", a.shape), self._operand("b", b.shape), total]
        if step == 4:
            return [self._result(f"g {self.shape}", self.g, "gradient")]
        name, operand = ("a", a) if step < 7 else ("b", b)
        new, ones = summed_axes(operand.shape, self.shape)
        shorter = self.g.sum(axis=new)
        entry = stretched_entries(operand.shape, shorter.shape, name)
        part = entries(shorter.shape, "p")
        framed = first_of(operand.shape, shorter.shape)
        if step in (5, 7):
            # An entry of the sum lights those that are added to it.
            arriving = joined(stretched_entries(operand.shape, self.shape, name), np.broadcast_to(part, self.shape))
            style = "first" if name == "a" else "second"
            g = self.g, "gradient", first_of(operand.shape, self.shape)
            return [
                Panel(f"g {self.shape}", *g, arriving, np.broadcast_to(part, self.shape)),
                Panel(f"summed over {axes_text(new)}", shorter, style, framed, joined(entry, part), part),
            ]
        own = shorter.sum(axis=ones, keepdims=True)
        mine = entries(own.shape, name)
        style = "first" if name == "a" else "second"
        panels = [
            Panel(f"gradient so far {shorter.shape}", shorter, "gradient", framed, entry, entry),
            Panel(f"gradient of {name} {own.shape}", own, style, first_of(own.shape), mine, mine),
        ]
        if self.unbroadcast is not None:
            _, yours = self._yours(operand)
            if isinstance(yours, np.ndarray) and yours.size <= _LARGEST and yours.ndim <= _MOST_AXES:
                same = mine if yours.shape == own.shape else np.full(yours.shape, "")
                unframed = np.zeros(yours.shape, dtype=bool)
                panels.append(Panel(f"your unbroadcast {yours.shape}", yours, "fourth", unframed, same, same))
        return panels

    def _operand(self, name: str, shape: tuple[int, ...], as_shape: str = "") -> Panel:
        """An operand, stretched to a shape. Each entry lights its copies, and the results that read it."""
        operand, style = (self.a, "first") if name == "a" else (self.b, "second")
        caption = f"{name}{as_shape or f' {operand.shape}'}"
        copies = stretched_entries(operand.shape, shape, name)
        framed = first_of(operand.shape, shape)
        links = copies if self.trouble else joined(copies, self._readers(name, shape))
        return Panel(caption, np.broadcast_to(operand, shape), style, framed, links, copies)

    def _readers(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """For each entry of an operand in this shape, the names of the results that read it."""
        places = np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), self.shape)
        results = entries(self.shape, "r")
        return np.array([" ".join(results[places == i]) for i in range(math.prod(shape))], dtype=object).reshape(shape)

    def _result(self, caption: str, array: np.ndarray, style: str) -> Panel:
        """An array of the result's shape. Each entry lights the two that it is made of."""
        results = entries(self.shape, "r")
        framed = np.zeros(self.shape, dtype=bool)
        read = [stretched_entries(x.shape, self.shape, name) for name, x in (("a", self.a), ("b", self.b))]
        return Panel(caption, array, style, framed, joined(*read, results), results)

    def _yours(self, operand: np.ndarray) -> tuple[str, Any]:
        """A sentence on the learner's unbroadcast, and its result."""
        try:
            yours = np.asarray(self.unbroadcast(self.g.copy(), operand.shape), dtype=float)
        except Exception as error:  # the learner's code
            return f"Your unbroadcast raised {type(error).__name__}: {error}", None
        new, ones = summed_axes(operand.shape, self.shape)
        right = self.g.sum(axis=new).sum(axis=ones, keepdims=True)
        if yours.shape != right.shape:
            return f"Your unbroadcast gave shape {yours.shape} instead of {right.shape}.", yours
        return ("Your unbroadcast gives the same." if np.allclose(yours, right) else "Your numbers differ."), yours

    def picture(self) -> str:
        panels = "".join(grid(panel, self._tallest) for panel in self._panels(self.step))
        nothing = '<svg class="gradlib-axes" role="img" aria-label="nothing to draw" width="10" height="10"></svg>'
        return f'<div class="gradlib-panels" style="width: {self._widest}px">{panels or nothing}</div>'

    def goal(self) -> Goal | None:
        what = f"Type two shapes that are both stretched, and whose sum has shape {_GOAL}."
        return Goal(what, self._goal_reached()) if self._has_goal else None

    def _goal_reached(self) -> bool:
        return not self.trouble and self.shape == _GOAL and all(map(self._stretched, (self.a, self.b)))

    def words(self) -> Words:
        a, b = self.a.shape, self.b.shape
        result = "none" if self.trouble else "?" if self.step < 2 else str(self.shape)  # the question of step 0
        rows = (("shape of a", str(a)), ("shape of b", str(b)), ("result", result))
        return Words(f"{self.step}. {STEPS[self.step]}", rows, self.trouble or self._remark())

    def _remark(self) -> str:
        step = self.step
        if step == 0:
            differ = "Their shapes differ." if self.a.shape != self.b.shape else "They have the same shape."
            return f"{differ} What does a + b mean, and which shape has it?"
        if step == 1:
            short = [name for name, x in (("a", self.a), ("b", self.b)) if x.ndim < self._ndim()]
            return f"The shape of {short[0]} is shorter: axes of size 1 are put in front." if short else (
                "Both have equally many axes: there is nothing to put in front."
            )  # fmt: skip
        if step == 2:
            along = {name: self._stretched(x) for name, x in (("a", self.a), ("b", self.b))}
            said = [f"{name} along {axes_text(axes)}" for name, axes in along.items() if axes]
            if not said:
                return "No axis is stretched: both have this shape already."
            return f"Stretched: {', '.join(said)}. Entries are read again, not copied. Thick: where the first stands."
        if step == 3:
            uses = [math.prod(self.shape[axis] for axis in self._stretched(x)) for x in (self.a, self.b)]
            each = [f"{n} result{'s' * (n != 1)}" for n in uses]
            return f"Entry by entry. Each entry of a goes into {each[0]}, each of b into {each[1]}."
        if step == 4:
            return "One number for each result: how fast the loss moves with it. Here some numbers that are not alike."
        operand, name = (self.a, "a") if step < 7 else (self.b, "b")
        new, ones = summed_axes(operand.shape, self.shape)
        if step in (5, 7):
            them = "it" if len(new) == 1 else "them"
            what = f"the sum over {axes_text(new)} takes {them} away" if new else "there is nothing to sum"
            return f"{name} has {operand.ndim} of the {len(self.shape)} axes: {what}. Thick: what its first entry gets."
        what = (
            f"the sum over {axes_text(ones)} keeps size 1 there" if ones else "nothing was stretched along its own axes"
        )
        yours = f" {self._yours(operand)[0]}" if self.unbroadcast is not None else ""
        return f"{what[0].upper()}{what[1:]}. The gradient of {name} has the shape of {name}.{yours}"


class BroadcastExplorer(View):
    """Two shapes broadcast in a sum, and the gradient summed back to each.

    a, b : arrays, or shapes as tuples.
    unbroadcast : your own function (g, shape) -> gradient; its result is shown, too.

    >>> view = BroadcastExplorer((3, 1), (4,))
    >>> view.go(6)
    >>> view
    6. Back to a: axes of size 1
      shape of a  (3, 1)
      shape of b  (4,)
      result      (3, 4)
    The sum over axis 1 keeps size 1 there. The gradient of a has the shape of a.
    Goal: Type two shapes that are both stretched, and whose sum has shape (2, 3).
    """

    def __init__(self, a: Any = (3, 1), b: Any = (4,), unbroadcast: Callable | None = None):
        self.model = BroadcastModel(a, b, unbroadcast)

    def take(self, a: Any, b: Any) -> None:
        """Show other operands."""
        self.model.take(a, b)
        self.show()

    def controls(self) -> list:
        import ipywidgets as W

        fields = [
            W.Text(value=shape_text(x.shape), description=f"shape of {name}", continuous_update=False)
            for name, x in (("a", self.model.a), ("b", self.model.b))
        ]
        for field in fields:
            field.observe(lambda _: self._typed(*(each.value for each in fields)), "value")
        return fields

    def _typed(self, a: str, b: str) -> None:
        self.model.go(0)  # where the question is asked
        shapes = [parsed(text) for text in (a, b)]
        wrong = [shape for shape in shapes if isinstance(shape, str)]
        if not wrong:
            self.take(*shapes)
        else:
            self.model.trouble = " ".join(wrong)
            self.show()


def operand(x: Any, start: int) -> np.ndarray:
    """Return an array unchanged, a shape as an array of multiples of `start`."""
    if isinstance(x, tuple):
        return (np.arange(math.prod(x)) + 1.0).reshape(x) * start
    return np.asarray(x, dtype=float)


def parsed(text: str) -> tuple[int, ...] | str:
    """Read a shape as one types it, "3, 1" or "(3, 1)"; return a sentence if it cannot be read or drawn.

    >>> parsed("3, 1"), parsed("(4,)"), parsed("")
    ((3, 1), (4,), ())
    >>> parsed("3, x")
    '"3, x" is not a shape: type integers separated by commas, as in 3, 1.'
    """
    parts = [part.strip() for part in text.strip().strip("()").split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        return f'"{text}" is not a shape: type integers separated by commas, as in 3, 1.'
    shape = tuple(map(int, parts))
    if len(shape) > _MOST_AXES or math.prod(shape) > _LARGEST:
        return f'"{text}" is too large: shapes of up to {_MOST_AXES} axes and {_LARGEST} entries are drawn.'
    return shape


def shape_text(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))


def aligned(shape: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """The shape with axes of size 1 added in front."""
    return (1,) * (ndim - len(shape)) + shape


def summed_axes(own: tuple[int, ...], result: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes that the operand lacks, as axes of the result; then those of its own axes that were stretched."""
    new = len(result) - len(own)
    return tuple(range(new)), tuple(i for i, size in enumerate(own) if size == 1 and result[new + i] != 1)


def first_of(own: tuple[int, ...], shape: tuple[int, ...] | None = None) -> np.ndarray:
    """A mask of the places that read the first entry of an operand stretched to a shape.

    >>> first_of((2, 1), (2, 3))
    array([[ True,  True,  True],
           [False, False, False]])
    """
    mask = np.zeros(own, dtype=bool)
    mask.ravel()[:1] = True
    return mask if shape is None else np.broadcast_to(mask, shape)


def axes_text(axes: tuple[int, ...]) -> str:
    if not axes:
        return "no axis"
    return f"axis {axes[0]}" if len(axes) == 1 else "axes " + " and ".join(map(str, axes))


def entries(shape: tuple[int, ...], name: str) -> np.ndarray:
    """The names of the entries of an array.

    >>> entries((2, 2), "r")
    array([['r0', 'r1'],
           ['r2', 'r3']], dtype=object)
    """
    return np.array([f"{name}{i}" for i in range(math.prod(shape))], dtype=object).reshape(shape)


def stretched_entries(own: tuple[int, ...], shape: tuple[int, ...], name: str) -> np.ndarray:
    """For each place of a shape the name of the entry that is read there."""
    return np.broadcast_to(entries(own, name), shape)


def joined(*names: np.ndarray) -> np.ndarray:
    """Several names for each place, separated by spaces."""
    result = np.empty(names[0].shape, dtype=object)
    for index in np.ndindex(result.shape):
        result[index] = " ".join(each[index] for each in names)
    return result


def grid_size(panel: Panel) -> tuple[int, int]:
    """The width and the height of a grid in pixels."""
    blocks, rows, columns = _as_blocks(panel.array).shape
    wide = max(columns * _cell_width(panel.array), 9 * len(panel.caption), 60) + 2
    return wide, _LINE + blocks * (rows * _CELL[1] + _GAP)


def _cell_width(array: np.ndarray) -> int:
    return max([_CELL[0], *(8 * len(number(float(value))) + 6 for value in array.ravel())])


def _as_blocks(array: np.ndarray) -> np.ndarray:
    return array.reshape((1,) * (3 - array.ndim) + array.shape)


def grid(panel: Panel, tall: int) -> str:
    """An array drawn as a grid of numbers, the blocks of a third axis below each other, in a picture of this height."""
    array, style = panel.array, panel.style
    blocks, thick, links, lights = map(_as_blocks, (array, panel.framed, panel.links, panel.lights))
    rows, columns = blocks.shape[1:]
    texts = [number(float(value)) for value in array.ravel()]
    (width, height), (wide, _) = (_cell_width(array), _CELL[1]), grid_size(panel)
    parts = [f'<text x="2" y="14">{html.escape(panel.caption)}</text>']
    for place in np.ndindex(blocks.shape):
        i, row, column = place
        x, y = 1 + column * width, _LINE + i * (rows * height + _GAP) + row * height
        box = f'x="{x}" y="{y}" width="{width}" height="{height}"'
        frame = "" if thick[place] else f'<rect class="frame" {box}/>'
        text = html.escape(number(float(blocks[place])))
        parts.append(
            f'<g data-link="{links[place]}" data-lights="{lights[place]}"><rect class="cell {style}" {box}/>{frame}'
            f'<text x="{x + width / 2:.0f}" y="{y + 17}" text-anchor="middle">{text}</text></g>'
        )
    for i, row, column in np.argwhere(thick):  # last, so that no other frame covers them
        x, y = 1 + column * width, _LINE + i * (rows * height + _GAP) + row * height
        inside = f'x="{x + 1}" y="{y + 1}" width="{width - 2}" height="{height - 2}"'
        parts.append(f'<rect class="frame thick" {inside}/>')
    lines = "; ".join(", ".join(texts[start : start + columns]) for start in range(0, len(texts), max(columns, 1)))
    words = html.escape(f"{panel.caption}: {lines or 'empty'}")
    size = f'width="{wide}" height="{tall}" viewBox="0 0 {wide} {tall}"'
    return f'<svg class="gradlib-axes" role="img" aria-label="{words}" {size}>{"".join(parts)}</svg>'


def number(value: float) -> str:
    """Three digits, and a short power of ten.

    >>> number(2.0), number(1e-9), number(-1e30)
    ('2', '1e-9', '-1e30')
    """
    return re.sub(r"e([+-])0?", lambda sign: "e-" if sign[1] == "-" else "e", f"{value:.3g}")
