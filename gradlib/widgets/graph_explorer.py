"""Lesson 06: a graph of arrays, node by node: value, gradient, shape, and the rule for each input."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from .. import primitives
from ..autograd import needs_gradient
from ..formulas import fill, gradient_text, number, plain
from ..graph import Graph
from .base import Model, View, Words
from .graph_picture import graph_picture, is_drawable

_MOST = 12  # entries; a larger array is summarised


class ExplorerModel(Model):
    """The state of `GraphExplorer`: step i is a node, from the result back, in the order of the backward sweep."""

    title = "Graph explorer: the value, the gradient and the shape of every node"
    interval = 1500

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None, gradient: Any = None):
        self.graph = Graph(root, names, gradient)
        self.nodes = self.graph.nodes
        self.length = len(self.nodes)
        self.seeded = gradient is not None

    @property
    def current(self) -> int:
        """The index of the node that is shown."""
        return self.length - 1 - self.step

    def select(self, data_id: str) -> None:
        """Go to a node of the picture."""
        self.go(self.length - 1 - int(data_id.removeprefix("n")))

    def uses(self, index: int) -> list[int]:
        """The nodes that use a value, each as often as it uses it."""
        return [edge.target for edge in self.graph.edges if edge.source == index]

    # Picture ----------------------------------------------------------------------------------------------

    @cached_property
    def _picture(self) -> str:
        widest = {node.id: [self._line(i)] for i, node in enumerate(self.nodes) if node.gradient is not None}
        return graph_picture(self.graph, widest)

    def picture(self) -> str:
        return self._picture

    def marks(self) -> dict[str, str]:
        inputs = {self.nodes[i].id: "receiving" for i in self.graph.sources[self.current]}
        edges = {edge.id: "active" for edge in self.graph.edges if edge.target == self.current}
        return inputs | edges | {self.nodes[self.current].id: "current"}

    def texts(self) -> dict[str, str]:
        """The complete gradients, which are those of the nodes visited so far."""
        if not is_drawable(self.graph):
            return {}
        known = [i for i, node in enumerate(self.nodes) if node.gradient is not None]
        return {f"{self.nodes[i].id}.0": self._line(i) if i >= self.current else "gradient ?" for i in known}

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

    @staticmethod
    def _kind(node) -> str:
        return {"cut": "part of the graph that is not shown"}.get(node.kind, f"a {node.kind}".replace("a i", "an i"))

    def _rules(self) -> list[tuple[str, str]]:
        """The rule for each input that gets a gradient, with the names of the graph."""
        node, sources = self.nodes[self.current], self.graph.sources[self.current]
        if not node.op or node.gradient is None:
            return []
        try:
            entry = primitives.find(node.op)
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
            seed = "the gradient that was given" if self.seeded else "1 for each of its entries"
            return f"The result. The sweep begins here, with {seed}."
        names = ", ".join(dict.fromkeys(users))
        used = f"used by {names}" if len(users) == 1 else f"used {len(users)} times, by {names}"
        if node.gradient is None:
            return f"{used[0].upper()}{used[1:]}. No gradient flows to it."
        summed = "" if len(users) == 1 else ": its gradient is the sum over these uses"
        keeps = "" if node.op else " A leaf: its gradient is kept in .grad."
        return f"{used[0].upper()}{used[1:]}{summed}.{keeps}"


class GraphExplorer(View):
    """The graph of a result, node by node: values, gradients, shapes, rules. A click on a node goes to it.

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
