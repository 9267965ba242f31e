"""Graphs whose inputs can be moved: the graph is computed again, and its gradients with it.

The library's own table computes the values, so that a learner's class of lesson 02, which keeps only `data`, `_prev`
and `_op`, can be moved as well.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import primitives
from ..autograd import backward_steps, needs_gradient, value_of
from ..graph import Graph
from ..tensor import Tensor

PIXELS = 3  # of a drag for a step of the value
_LEAST = -1  # a value moves in steps of at least 10⁻¹
_MOST_NODES = 30  # in a larger graph no goal is looked for


def computed_again(graph: Graph, values: Mapping[int, Any]) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the result of a graph with other values for some of its inputs, and all its nodes by name.

    values : {index of an input: its value}.

    >>> x = Tensor(2.0, requires_grad=True)
    >>> graph = Graph(x * x + 1, {"x": x})
    >>> computed_again(graph, {graph.index(x): np.asarray(3.0)})[0].item()
    10.0
    """
    made: list[Tensor] = []
    with np.errstate(all="ignore"):
        for i, (thing, sources) in enumerate(zip(graph.things, graph.sources, strict=True)):
            if sources:
                entry = primitives.find(thing._op)
                made.append(entry(*(made[source] for source in sources), **getattr(thing, "_kwargs", {})))
            else:
                made.append(Tensor(values.get(i, value_of(thing)), requires_grad=needs_gradient(thing)))
    return made[-1], {node.name: tensor for node, tensor in zip(graph.nodes, made, strict=True)}


class Inputs:
    """The inputs of a graph that the learner can move: those that get a gradient.

    `movable` holds their indices in `graph.nodes`. It is empty where the graph cannot be computed again, because a
    part of it is not shown or an operation does not need a gradient.
    """

    def __init__(self, graph: Graph):
        self.graph = graph
        self.values: dict[int, np.ndarray] = {}
        inputs = [i for i, node in enumerate(graph.nodes) if node.kind == "input" and node.gradient is not None]
        finite = [i for i in inputs if self._value(i).size and np.isfinite(self._value(i)).all()]
        self.movable = finite if self._is_whole() else []

    def _is_whole(self) -> bool:
        nodes, things = self.graph.nodes, self.graph.things
        return not any(
            node.kind == "cut" or node.op and not needs_gradient(thing)
            for node, thing in zip(nodes, things, strict=True)
        )

    def _value(self, index: int) -> np.ndarray:
        return self.values.get(index, self.graph.nodes[index].value)

    def find(self, data_id: str) -> tuple[int, tuple[int, ...]]:
        """Return the input and the place in it that a part of the picture stands for: "n2", or "n2.5" for an entry."""
        node, _, entry = data_id.removeprefix("n").partition(".")
        shape = self.graph.nodes[int(node)].shape
        return int(node), tuple(map(int, np.unravel_index(int(entry or 0), shape))) if shape else ()

    def entry(self, index: int, place: tuple[int, ...] = ()) -> float:
        """Return a number of an input."""
        return float(self._value(index)[place].item())

    def move(self, index: int, to: float, place: tuple[int, ...] = ()) -> tuple[Tensor, dict[str, Tensor]]:
        """Set a number of an input to the nearest step, and compute the graph again; see `computed_again`."""
        step = self.step(index, place)
        value = self._value(index).copy()
        value[place] = float(f"{round(to / step) * step:.12g}") if math.isfinite(to) else 0.0
        self.values[index] = value
        return computed_again(self.graph, self.values)

    def step(self, index: int, place: tuple[int, ...] = ()) -> float:
        """Return by how much a number moves at a time: a tenth of its power of ten at the start, and at least 0.1."""
        start = abs(float(self.graph.nodes[index].value[place].item()))
        return 10.0 ** max(math.floor(math.log10(start)) - 1 if 0 < start < math.inf else _LEAST, _LEAST)

    def lowest(self) -> float:
        """Return the lowest result that 30 steps of gradient descent find from here, all numbers on their steps."""
        place = {i: self._value(i).astype(float) for i in self.movable}
        root, names = computed_again(self.graph, place)
        best, rate = float(root.item()), 1.0
        for _ in range(30):
            arrived = gradients(root)
            tried = {i: value - rate * arrived[id(names[self._name(i)])] for i, value in place.items()}
            new_root, new_names = computed_again(self.graph, tried)
            if new_root.item() < best:
                best, place, root, names = float(new_root.item()), tried, new_root, new_names
            else:
                rate /= 4
        rounded = {i: np.round(value, 1) for i, value in place.items()}
        return float(computed_again(self.graph, rounded)[0].item())

    def vanishing(self) -> int | None:
        """Return an input, a single number, whose gradient is 0 after one of the inputs was moved by up to 40 steps.

        Of several the one that is used most; None if there is none, or if the graph is large.
        """
        nodes = self.graph.nodes
        if len(nodes) > _MOST_NODES or any(self._value(i).size > 1 for i in self.movable):
            return None
        found = set()
        for moved in self.movable:
            start, step = nodes[moved].value, self.step(moved)
            for steps in range(-40, 41):
                value = np.full(start.shape, float(f"{(round(start.item() / step) + steps) * step:.12g}"))
                root, names = computed_again(self.graph, {moved: value})
                arrived = gradients(root)
                found |= {i for i in self.movable if arrived.get(id(names[self._name(i)])) == 0}
        uses = Counter(edge.source for edge in self.graph.edges)
        return max((i for i in self.movable if i in found and nodes[i].gradient.item()), key=uses.get, default=None)

    def _name(self, index: int) -> str:
        return self.graph.nodes[index].name

    def describe(self, index: int) -> tuple[str, float]:
        """Return the name and the number of an input, for the attributes of a slider."""
        return f"value of {self._name(index)}", self.entry(index)


class InputHandles:
    """The part of a view that moves inputs by drags and arrow keys.

    Its model has `inputs`, and `move(data_id, value)`.
    """

    def grabbed(self, data_id: str, x: float, y: float) -> None:
        self._start = x, self.model.inputs.entry(*self.model.inputs.find(data_id))

    def dragged(self, data_id: str, x: float, y: float) -> None:
        from_x, value = self._start
        self._move(data_id, value, round((x - from_x) / PIXELS))

    def nudged(self, data_id: str, across: int, up: int) -> None:
        self._move(data_id, self.model.inputs.entry(*self.model.inputs.find(data_id)), across + up)

    def _move(self, data_id: str, value: float, steps: int) -> None:
        self.model.move(data_id, value + steps * self.model.inputs.step(*self.model.inputs.find(data_id)))
        self.show()


def gradients(root: Tensor) -> dict[int, Any]:
    """Return {id(node): ∂root/∂node}, and write to no `.grad`."""
    with np.errstate(all="ignore"):
        return {id(node): arrived for node, arrived, _ in backward_steps(root)}
