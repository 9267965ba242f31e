"""Lesson 06: a graph of arrays, node by node: value, gradient, shape, and the rule for each input.

Beside the graph stand its operations as lines of code, and the inputs entry by entry. A node lights up with everything
between it and the result, and with the lines that compute it. An entry can be dragged, and all gradients follow.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from .. import primitives
from ..autograd import needs_gradient
from ..formulas import fill, gradient_text, number, plain, value_text
from ..graph import Graph
from .base import Goal, Model, View, Words
from .graph_picture import GrowingPicture, has_value_line, is_drawable
from .replay import InputHandles, Inputs
from .svg import slider

_MOST = 12  # entries; a larger array is summarised
_MOST_LINES = 20  # lines of code; of a longer computation they are not shown
_CELL = (62, 40)  # pixels of an entry of an input


class ExplorerModel(Model):
    """The state of `GraphExplorer`: step i is a node, from the result back, in the order of the backward sweep."""

    title = "Graph explorer: the value, the gradient and the shape of every node"
    interval = 1500

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None, gradient: Any = None):
        self.seed = gradient
        self._take(Graph(root, names, gradient))
        self.inputs = Inputs(self.graph)
        self.start = self.nodes[-1].value
        self.length = len(self.nodes)
        self._figure = GrowingPicture()

    def _take(self, graph: Graph) -> None:
        self.graph, self.nodes = graph, graph.nodes

    def move(self, data_id: str, value: float) -> None:
        """Give an input, or an entry of one, another value; all values and gradients follow."""
        index, place = self.inputs.find(data_id)
        root, names = self.inputs.move(index, value, place)
        with np.errstate(all="ignore"):
            self._take(Graph(root, names, self.seed))

    @property
    def current(self) -> int:
        """The index of the node that is shown."""
        return self.length - 1 - self.step

    def select(self, data_id: str) -> None:
        """Go to a node of the picture."""
        self.go(self.length - 1 - self.inputs.find(data_id)[0])

    def uses(self, index: int) -> list[int]:
        """The nodes that use a value, each as often as it uses it."""
        return [edge.target for edge in self.graph.edges if edge.source == index]

    # Picture ----------------------------------------------------------------------------------------------

    def picture(self) -> str:
        if not is_drawable(self.graph):
            return self._figure.draw(self.graph, {})
        numbers = {self.nodes[i].id: self.inputs.describe(i) for i in self.inputs.movable if not self.nodes[i].shape}
        figure = self._figure.draw(self.graph, self._longest(), movable=numbers, lights=self._lights)
        return figure + self._entries + self._code

    def _longest(self) -> dict[str, list[str]]:
        """{data-id: its texts at their longest}: the value and, where there is one, the gradient."""
        spare = "-12.34" if self.inputs.movable else ""
        longest = {}
        for i, node in enumerate(self.nodes):
            if has_value_line(node):
                longest[node.id] = [max(value_text(node.value), spare, key=len)]
                if node.gradient is not None:
                    longest[node.id].append(max(self._line(i), f"gradient {spare}", key=len))
        return longest

    @cached_property
    def _lights(self) -> dict[str, list[str]]:
        """{data-id of a node: those of the nodes and edges on its paths to the result, its own included}"""
        users: dict[int, list] = {i: [] for i in range(self.length)}
        for edge in self.graph.edges:
            users[edge.source].append(edge)
        lights: dict[int, dict[str, None]] = {}
        for i in reversed(range(self.length)):  # users come after what they use
            lights[i] = {self.nodes[i].id: None}
            for edge in users[i]:
                lights[i] |= {edge.id: None} | lights[edge.target]
        edges = {edge.id: [edge.id] for edge in self.graph.edges}
        return {self.nodes[i].id: list(lit) for i, lit in lights.items()} | edges

    @cached_property
    def _code(self) -> str:
        """The operations as lines of code, in the order in which they are computed."""
        lines = [(node.id, f"{node.name} = {node.formula}") for node in self.nodes if node.op]
        if not lines or len(lines) > _MOST_LINES:
            return ""
        spans = [
            f'<span class="gradlib-line" data-link="{name}" data-lights="{" ".join(self._lights[name])}">'
            f"{html.escape(line)}</span>"
            for name, line in lines
        ]
        code = "\n".join(spans)  # also without the style, a line below the other
        return f'<pre class="gradlib-code" role="group" aria-label="Operations">{code}</pre>'

    @cached_property
    def _entries(self) -> str:
        """The inputs entry by entry, value and gradient; each entry can be dragged."""
        shown = [self.nodes[i] for i in self.inputs.movable if 0 < self.nodes[i].value.ndim < 3]
        return "".join(self._grid(node) for node in shown if node.value.size <= _MOST)

    def _grid(self, node) -> str:
        width, height = _CELL
        cells = []
        columns = node.shape[-1]
        for entry, place in enumerate(np.ndindex(node.shape)):
            x, y = 2 + entry % columns * width, 22 + entry // columns * height
            name = f"{node.name}[{', '.join(map(str, place))}]"
            middle = f'x="{x + width / 2:g}" text-anchor="middle"'
            lights = " ".join(self._lights[node.id])
            cells.append(
                f'<g class="node draggable" data-id="{node.id}.{entry}" data-drag="x" data-link="{node.id}" '
                f'data-lights="{lights}" {slider(html.escape(name), float(node.value[place]))}>'
                f'<rect class="frame" x="{x}" y="{y}" width="{width}" height="{height}"/>'
                f'<text data-text="{node.id}.{entry}.value" {middle} y="{y + 16}"></text>'
                f'<text data-text="{node.id}.{entry}.gradient" {middle} y="{y + 33}"></text></g>'
            )
        rows = node.value.size // columns
        size = max(columns * width, 8 * len(node.name) + 90) + 4, rows * height + 26
        box = f'width="{size[0]}" height="{size[1]}" viewBox="0 0 {size[0]} {size[1]}"'
        title = f'<text x="2" y="15">{html.escape(node.name)}, gradient below</text>'
        label = f'aria-label="Entries of {html.escape(node.name)}, each with its gradient"'
        return f'<svg class="gradlib-axes" role="group" {label} {box}>{title}{"".join(cells)}</svg>'

    def marks(self) -> dict[str, str]:
        inputs = {self.nodes[i].id: "receiving" for i in self.graph.sources[self.current]}
        edges = {edge.id: "active" for edge in self.graph.edges if edge.target == self.current}
        return inputs | edges | {self.nodes[self.current].id: "current"}

    def texts(self) -> dict[str, str]:
        """The values, and the complete gradients, which are those of the nodes visited so far."""
        if not is_drawable(self.graph):
            return {}
        texts = {}
        for i, node in enumerate(self.nodes):
            if not has_value_line(node):
                continue
            is_known = i >= self.current
            texts[f"{node.id}.0"] = value_text(node.value)
            if node.gradient is not None:
                texts[f"{node.id}.1"] = self._line(i) if is_known else "gradient ?"
            if f'data-id="{node.id}.0"' in self._entries:
                for entry, (value, gradient) in enumerate(zip(node.value.flat, node.gradient.flat, strict=True)):
                    texts[f"{node.id}.{entry}.value"] = _short(value)
                    texts[f"{node.id}.{entry}.gradient"] = _short(gradient) if is_known else "?"
        return texts

    def goal(self) -> Goal | None:
        """To lower the result, where small steps of the inputs can do it."""
        if not self._can_be_halved:
            return None
        start = self.start.item()
        text = (
            f"Drag the inputs until {self.nodes[-1].name} is at most half of {number(start)}. Gradients say which way."
        )
        return Goal(text, self.nodes[-1].value.item() <= start / 2)

    @cached_property
    def _can_be_halved(self) -> bool:
        is_number = self.start.size == 1 and 0 < self.start.item() < np.inf and self.seed is None
        small = len(self.nodes) <= _MOST_LINES and all(self.nodes[i].value.size <= _MOST for i in self.inputs.movable)
        return bool(is_number and small and self.inputs.movable) and self.inputs.lowest() <= self.start.item() / 2

    def _line(self, index: int) -> str:
        return f"gradient {gradient_text(self.nodes[index].gradient)}"

    # Words ------------------------------------------------------------------------------------------------

    def label(self) -> str:
        return self.nodes[self.current].name

    def words(self) -> Words:
        node = self.nodes[self.current]
        rows = [("shape", str(node.shape)), ("value", array_text(node.value))]
        if node.gradient is not None:
            rows.append(("gradient", array_text(node.gradient)))
        rows += self._rules()
        title = f"{node.name} = {node.formula}" if node.formula else f"{node.name}, {self._kind(node)}"
        return Words(title, tuple(rows), self._remark(node))

    def possible_words(self) -> Iterator[Words]:
        """Yield the words of every node, and arrays as long as they get when an input is moved."""
        yield from super().possible_words()
        arrays = [array_text(np.full(node.shape, -0.00012345)) for node in self.nodes if node.shape]
        longest = max(arrays, key=len, default="")
        yield Words("", (("shape", ""), ("value", longest), ("gradient", longest)))

    @staticmethod
    def _kind(node) -> str:
        return {"cut": "part of the graph that is not shown"}.get(node.kind, f"a {node.kind}".replace("a i", "an i"))

    def _rules(self) -> list[tuple[str, str]]:
        """The rule for each input that gets a gradient, with the names of the graph."""
        node, sources = self.nodes[self.current], self.graph.sources[self.current]
        if not node.op or node.gradient is None:
            return []
        try:
            entry = primitives.find(self.graph.things[self.current]._op)  # also one that is not in the table
        except KeyError:
            return []
        names, rows = [self.nodes[source].name for source in sources], []
        for position, source in enumerate(sources):
            vjp = entry.vjp(position)
            if vjp is None or not needs_gradient(self.graph.things[source]):
                continue
            rule = plain(fill(vjp.latex, names, node.name, "g"))
            rule = f"g · {_bracketed(rule)}" if entry.elementwise else rule
            shape = self.nodes[source].shape
            if entry.elementwise and shape != node.shape:
                rule += f", summed to shape {shape}: it was stretched"
            rows.append((f"to {names[position]}", rule))
        return rows

    def _remark(self, node) -> str:
        users = [self.nodes[i].name for i in self.uses(self.current)]
        if node.kind == "constant":
            return "A constant: it gets no gradient."
        if not users:
            seed = "the gradient that was given" if self.seed is not None else "1 for each of its entries"
            return f"The result. The sweep begins here, with {seed}."
        names = ", ".join(dict.fromkeys(users))
        used = f"used by {names}" if len(users) == 1 else f"used {len(users)} times, by {names}"
        if node.gradient is None:
            return f"{used[0].upper()}{used[1:]}. No gradient flows to it."
        summed = "" if len(users) == 1 else ": its gradient is the sum over these uses"
        keeps = "" if node.op else " A leaf: its gradient is kept in .grad."
        return f"{used[0].upper()}{used[1:]}{summed}.{keeps}"


class GraphExplorer(InputHandles, View):
    """The graph of a result, node by node: values, gradients, shapes, rules. A click on a node goes to it.

    The inputs that get a gradient can be dragged to other values, entry by entry, with mouse, finger or arrow keys.

    root : a Tensor, a scalar.Value, or any object with `data`, `_prev` and `_op`.
    names : {name: node}, for the picture; by default the variables of the calling code.
    gradient : the gradient that arrives at the result, by default ones.

    >>> from gradlib import Tensor
    >>> x, w = Tensor([[1.0, 2.0]], requires_grad=True), Tensor([[3.0], [4.0]], requires_grad=True)
    >>> GraphExplorer((x @ w).tanh(), {"x": x, "w": w})
    t2 = tanh t1
      shape     (1, 1)
      value     [[1]]
      gradient  [[1]]
      to t1     g · (1 - t2²)
    The result. The sweep begins here, with 1 for each of its entries.
    """

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None, gradient: Any = None):
        self.model = ExplorerModel(root, names, gradient)

    def clicked(self, data_id: str) -> None:
        self.model.select(data_id)
        self.show()


def _short(value: float) -> str:
    """Three digits, for the narrow cell of an entry."""
    return f"{float(value) + 0.0:.3g}"


def array_text(array: np.ndarray) -> str:
    """A small array entry by entry, a larger one by its range and its mean.

    >>> array_text(np.array([[1.0, 0.25]])), array_text(np.arange(100.0))
    ('[[1, 0.25]]', '100 entries from 0 to 99, mean 49.5')
    """
    if array.size == 0:
        return "no entries"
    if array.size <= _MOST:
        return _entries(array)
    low, high, mean = (f"{float(value):.4g}" for value in (array.min(), array.max(), array.mean()))
    return f"{array.size:,} entries from {low} to {high}, mean {mean}"


def _entries(array: np.ndarray) -> str:
    return f"[{', '.join(map(_entries, array))}]" if array.ndim else number(array.item())


def _bracketed(rule: str) -> str:
    return f"({rule})" if " + " in rule or " - " in rule or rule.startswith("-") else rule
