"""Lesson 05: the Jacobian of a small function, and the entries that one cotangent touches.

There is a row for each output and a column for each input. To the left of each row stands the number that arrives at
that output. Below stands the sum of the rows, each times its number: the backward pass needs only this sum. An entry of
the sum lights the column that it comes from.
"""

from __future__ import annotations

import copy
import html
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .base import Goal, Model, View, Words
from .broadcast_explorer import number

MOST_OUTPUTS, MOST_INPUTS = 10, 7
_CELL, _HEAD, _TOP = (58, 24), 132, 44  # pixels
_ZERO = 1e-8  # a smaller difference quotient counts as 0


class JacobianModel(Model):
    """The state of `JacobianSpotlight`: step i lights output i, the last step all outputs."""

    title = "The Jacobian: outputs by inputs, and the entries that one cotangent picks"
    interval = 1200

    def __init__(self, functions: Mapping[str, Callable], x: Any, vjp: Callable | None = None):
        self.functions, self.x, self.vjp = dict(functions), np.asarray(x, dtype=float), vjp
        self.name = next(iter(self.functions))
        self._jacobians: dict[str, np.ndarray | str] = {}

    def choose(self, name: str) -> None:
        """Show another function."""
        self.name = name
        self.go(self.step)

    @property
    def length(self) -> int:
        """A step for each output, and one for all."""
        return 1 if isinstance(self.jacobian, str) else len(self.jacobian) + 1

    def jacobian_of(self, name: str) -> np.ndarray | str:
        """∂outputᵢ/∂inputⱼ by central differences, or a sentence that says why it cannot be drawn."""
        if name not in self._jacobians:
            self._jacobians[name] = self._measured(self.functions[name])
        return self._jacobians[name]

    def _measured(self, f: Callable) -> np.ndarray | str:
        try:
            with np.errstate(all="ignore"):
                outputs = np.size(f(self.x.copy()))
                if outputs > MOST_OUTPUTS or self.x.size > MOST_INPUTS:
                    return (
                        f"The Jacobian has {outputs} rows and {self.x.size} columns; up to {MOST_OUTPUTS} by "
                        f"{MOST_INPUTS} are drawn. Take a smaller x."
                    )
                jacobian = np.zeros((outputs, self.x.size))
                for j in range(self.x.size):
                    step = np.zeros(self.x.size)
                    step[j] = 1e-6 * max(1.0, abs(self.x.flat[j]))
                    step = step.reshape(self.x.shape)
                    rise = np.ravel(f(self.x + step)) - np.ravel(f(self.x - step))
                    jacobian[:, j] = rise / (2 * step.flat[j])
        except Exception as error:  # the learner's function
            return f"f raised {type(error).__name__}: {error}"
        return np.where(np.abs(jacobian) < _ZERO, 0.0, jacobian)

    @property
    def jacobian(self) -> np.ndarray | str:
        return self.jacobian_of(self.name)

    @property
    def cotangent(self) -> np.ndarray:
        """The cotangent: 1 at one output; at the last step a nonzero number at each output."""
        outputs = len(self.jacobian)
        if self.step < outputs:
            return np.eye(outputs)[self.step]
        return np.resize([1, -1], outputs) * np.round(np.random.default_rng(outputs).uniform(0.5, 2, size=outputs), 1)

    def label(self) -> str:
        return f"output {self.step}" if self._is_alone() else "all outputs"

    def _is_alone(self) -> bool:
        return isinstance(self.jacobian, str) or self.step < len(self.jacobian)

    def goal(self) -> Goal | None:
        """Find an output that every input moves; None where all outputs are like that, or none is."""
        if isinstance(self.jacobian, str):
            return None
        full = (self.jacobian != 0).all(axis=1)
        if not 0 < full.sum() < len(full) or full[0]:
            return None
        return Goal("Find an output that depends on every input.", self._is_alone() and bool(full[self.step]))

    # Pictures ---------------------------------------------------------------------------------------------

    def picture(self) -> str:
        jacobian = self.jacobian
        if isinstance(jacobian, str):
            return '<svg class="gradlib-axes" role="img" aria-label="nothing to draw" width="10" height="10"></svg>'
        g = self.cotangent
        product = g @ jacobian
        rows, columns = jacobian.shape
        longest = max((len(_number(value)) for value in [*jacobian.flat, *product]), default=0)
        width, height = max(_CELL[0], 8 * longest + 6), _CELL[1]
        parts = [_text(4, 16, f"Jacobian of {self.name}", "start"), _text(_HEAD - 6, 36, "g", "end")]
        parts += [_text(_HEAD + (j + 0.5) * width, 36, f"input {j}", "middle") for j in range(columns)]
        # An entry of g lights its row, one of g·J its column, one of the Jacobian the two numbers that it joins.
        entries = [[f"e{i}_{j}" for j in range(columns)] for i in range(rows)]
        for i in range(rows):
            y = _TOP + i * height
            parts.append(_text(4, y + 17, f"output {i}", "start"))
            parts.append(
                _group(f"r{i} {' '.join(entries[i])}", f"r{i}", [_text(_HEAD - 6, y + 17, number(g[i]), "end")])
            )
            for j, name in enumerate(entries[i]):
                lit = g[i] != 0 and jacobian[i, j] != 0
                cell = _cell(_HEAD + j * width, y, width, jacobian[i, j], "first" if lit else "")
                parts.append(_group(f"r{i} c{j} {name}", name, cell))
        y = _TOP + rows * height + 14
        parts.append(_text(_HEAD - 6, y + 17, "g·J", "end"))
        for j in range(columns):
            cell = _cell(_HEAD + j * width, y, width, product[j], "gradient" if product[j] else "")
            parts.append(_group(f"c{j} {' '.join(row[j] for row in entries)}", f"c{j}", cell))
        right, bottom = max(_HEAD + columns * width + 2, 240), _TOP + (self._most_rows() + 1) * height + 18
        words = html.escape(f"Jacobian of {self.name}, {rows} by {columns}; lit: {self.label()}")
        size = f'width="{right}" height="{bottom}" viewBox="0 0 {right} {bottom}"'
        return f'<svg class="gradlib-axes" role="img" aria-label="{words}" {size}>{"".join(parts)}</svg>'

    def _most_rows(self) -> int:
        """The outputs of the function that has most, so that all pictures are equally high."""
        known = map(self.jacobian_of, self.functions)
        return max(len(jacobian) for jacobian in known if not isinstance(jacobian, str))

    def possible_words(self) -> Iterator[Words]:
        for name in self.functions:
            other = copy.copy(self)
            other.choose(name)
            for step in range(other.length):
                other.step = step
                yield other.words()

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        jacobian = self.jacobian
        if isinstance(jacobian, str):
            return Words(self.name, (), jacobian)
        g, rows = self.cotangent, []
        product = g @ jacobian
        rows.append(("cotangent g", "[" + ", ".join(map(number, g)) + "]"))
        rows.append(("g times the Jacobian", "[" + ", ".join(map(number, product)) + "]"))
        if self.vjp is not None:
            rows.append(("your vjp", self._yours(g, product)))
        alone = self._is_alone()
        title = f"{self.name}: a 1 at output {self.step}" if alone else f"{self.name}: a number at every output"
        return Words(title, tuple(rows), self._remark(jacobian, alone))

    def _yours(self, g: np.ndarray, product: np.ndarray) -> str:
        """The learner's answer for the cotangent, compared with the product."""
        try:
            shape = np.shape(self.functions[self.name](self.x.copy()))
            yours = np.asarray(self.vjp(g.reshape(shape), self.x.copy()), dtype=float)
        except Exception as error:
            return f"raised {type(error).__name__}: {error}"
        if yours.shape != self.x.shape:
            return f"not the same: it has shape {yours.shape}, the input has {self.x.shape}"
        shown = "[" + ", ".join(map(number, yours.flat)) + "]"
        return f"{shown}, {'the same' if np.allclose(yours.ravel(), product, rtol=1e-4, atol=1e-5) else 'not the same'}"

    def _remark(self, jacobian: np.ndarray, alone: bool) -> str:
        filled = int(np.count_nonzero(jacobian))
        numbers = f"The Jacobian has {jacobian.size} entries, {filled} of them not 0"
        if alone:
            touched = int(np.count_nonzero(jacobian[self.step]))
            who = "no input" if not touched else "one input" if touched == 1 else f"{touched} inputs"
            return f"Output {self.step} depends on {who}: its row. {numbers}."
        return f"{numbers}. Going backward needs the sum of its rows, each times its g: {jacobian.shape[1]} numbers."


class JacobianSpotlight(View):
    """The Jacobian of a small function at a point, row by row, and g times the Jacobian below it.

    f : a function of one array, or {name: function} to choose from.
    x : the point, of any shape; its entries in order are the columns.
    vjp : your own function (g, x) -> gradient of x; its answer is compared.

    >>> view = JacobianSpotlight(lambda x: x**2, [1.0, 2.0, 3.0, 4.0])
    >>> view.go(2)
    >>> view
    f: a 1 at output 2
      cotangent g           [0, 0, 1, 0]
      g times the Jacobian  [0, 0, 6, 0]
    Output 2 depends on one input: its row. The Jacobian has 16 entries, 4 of them not 0.
    """

    def __init__(self, f: Callable | Mapping[str, Callable], x: Any, vjp: Callable | None = None):
        self.model = JacobianModel(f if isinstance(f, Mapping) else {"f": f}, x, vjp)

    def choose(self, name: str) -> None:
        """Show another function."""
        self.model.choose(name)
        self.show()

    def controls(self) -> list:
        import ipywidgets as W

        if len(self.model.functions) == 1:
            return []
        field = W.Dropdown(options=list(self.model.functions), value=self.model.name, description="function")
        field.observe(lambda change: self.choose(change.new), "value")
        return [field]


def _number(value: float) -> str:
    return number(float(f"{value:.3g}")) if math.isfinite(value) else str(value)


def _cell(x: float, y: float, width: float, value: float, style: str) -> list[str]:
    height = _CELL[1]
    place = f'x="{x:.0f}" y="{y:.0f}" width="{width}" height="{height}"'
    lit = [f'<rect class="cell {style}" {place}/>'] if style else []
    return [*lit, f'<rect class="frame" {place}/>', _text(x + width / 2, y + 17, _number(value), "middle")]


def _group(link: str, lights: str, parts: list[str]) -> str:
    return f'<g data-link="{link}" data-lights="{lights}">{"".join(parts)}</g>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{html.escape(text)}</text>'
