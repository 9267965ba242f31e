"""Lesson 03: the order in which values hand their gradients on.

Naive recursion hands on what a value has so far, each time that something reaches it:

    def backward(value):
        for parent, local in zip(value._prev, value._local):
            parent.grad += local * value.grad
            backward(parent)

A value that is used twice is then visited twice, and so is all before it: a ladder of n diamonds takes about 2ⁿ visits. What
it handed on the first time is handed on again in the second, so its inputs get too much. In topological order every value
waits until all that use it have been visited: one visit each, with the gradient complete.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ..autograd import backward_steps, needs_gradient, topological_order, value_of
from ..formulas import gradient_text
from ..graph import Graph
from .base import Model, View, Words
from .graph_picture import graph_picture
from .svg import power_of_ten

MAX_VISITS = 200  # shown; all are counted
NAMES_SHOWN = 40  # of the order so far


class Visit(NamedTuple):
    """A value is reached; `gradients` are those of all values after it, by id; `uses` the (value, position) handed along."""

    value: Any
    gradients: dict[int, np.ndarray]
    uses: tuple[tuple[Any, int], ...]


def naive_visits(root: Any) -> Iterator[Visit]:
    """The visits of the naive recursion, without recursion."""
    gradients = {id(root): np.ones_like(value_of(root), dtype=float)}
    yield Visit(root, dict(gradients), ())
    stack = [(root, _handed_on(root, gradients[id(root)]))]
    while stack:
        value, handed = stack[-1]
        position, parent, contribution = next(handed, (None, None, None))
        if parent is None:
            stack.pop()
            continue
        gradients[id(parent)] = gradients.get(id(parent), 0) + contribution
        yield Visit(parent, dict(gradients), ((value, position),))
        stack.append((parent, _handed_on(parent, gradients[id(parent)])))


def topological_visits(root: Any) -> Iterator[Visit]:
    """The visits of `backward()`."""
    gradients = {id(root): np.ones_like(value_of(root), dtype=float)}
    for value, _, contributions in backward_steps(root):
        handed = [(i, c) for i, c in enumerate(contributions) if c is not None]
        for position, contribution in handed:
            parent = value._prev[position]
            gradients[id(parent)] = gradients.get(id(parent), 0) + contribution
        yield Visit(value, dict(gradients), tuple((value, position) for position, _ in handed))


def count_naive_visits(root: Any) -> int:
    """How many visits the naive recursion makes: the number of paths from root to every value, added up. Not enumerated.

    >>> from gradlib.scalar import Value
    >>> x = Value(1.0)
    >>> for _ in range(100):
    ...     x = x + x
    >>> count_naive_visits(x) == 2**101 - 1
    True
    """
    paths = Counter({id(root): 1})
    for value in reversed(topological_order(root)):
        for parent in value._prev:
            if needs_gradient(parent):
                paths[id(parent)] += paths[id(value)]
    return paths.total()


def _handed_on(value: Any, gradient: np.ndarray) -> Iterator[tuple[int, Any, np.ndarray]]:
    """(position, input, contribution) for each input of a value that needs a gradient."""
    _, _, contributions = next(backward_steps(value, gradient))
    return ((i, value._prev[i], c) for i, c in enumerate(contributions) if c is not None)


class Side:
    """One of the two orders: its visits, and what stands in its picture."""

    def __init__(self, name: str, scope: str, visits: Iterator[Visit], total: int):
        self.name, self.scope, self.total = name, scope, total
        self.visits = list(islice(visits, MAX_VISITS))

    def at(self, step: int) -> Visit | None:
        """The last visit made at a step; None before the first."""
        return self.visits[min(step, len(self.visits)) - 1] if step else None

    def counts(self, step: int) -> Counter:
        """How often each value has been visited, by id."""
        return Counter(id(visit.value) for visit in self.visits[:step])

    @property
    def is_complete(self) -> bool:
        return len(self.visits) == self.total


class BackwardOrderModel(Model):
    """The state of `BackwardOrder`: step k is after k visits on either side."""

    title = "Order of the backward pass: naive recursion and topological order"
    interval = 700

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None):
        self.graph = Graph(root, names)
        self.order = topological_order(root)
        self.sides = (
            Side("Naive recursion", "naive.", naive_visits(root), count_naive_visits(root)),
            Side("Topological order", "ordered.", topological_visits(root), len(self.order)),
        )
        self.length = max(len(side.visits) for side in self.sides) + 1
        self._node_of = {id(value): node for value in self.order if (node := self._find(value))}
        self._edge_of = {(edge.target, edge.position): edge.id for edge in self.graph.edges}

    def _find(self, value: Any):
        try:
            return self.graph.nodes[self.graph.index(value)]
        except KeyError:  # the picture leaves out what is far from the result
            return None

    def _name(self, value: Any) -> str:
        node = self._node_of.get(id(value))
        return node.name if node else "…"

    # Picture ----------------------------------------------------------------------------------------------

    @cached_property
    def _picture(self) -> str:
        return "".join(
            graph_picture(
                self.graph, self._widest(side), f"{side.name}: {count_text(side.total)} in all", side.scope
            )
            for side in self.sides
        )

    def picture(self) -> str:
        return self._picture

    def _widest(self, side: Side) -> dict[str, list[str]]:
        every = [self._node_texts(side, step) for step in range(len(side.visits) + 1)]
        return {
            node_id: [max((texts[node_id][line] for texts in every), key=len) for line in (0, 1)]
            for node_id in every[0]
        }

    def _node_texts(self, side: Side, step: int) -> dict[str, tuple[str, str]]:
        """{node id: (its visits so far, its gradient at this moment)}"""
        visit, counts = side.at(step), side.counts(step)
        gradients = visit.gradients if visit else {id(self.graph.root): 1.0}
        return {
            node.id: (count_text(counts[key]), f"gradient {gradient_text(gradients.get(key, 0.0))}")
            for key, node in self._node_of.items()
        }

    def texts(self) -> dict[str, str]:
        return {
            f"{side.scope}{node_id}.{line}": text
            for side in self.sides
            for node_id, texts in self._node_texts(side, self.step).items()
            for line, text in enumerate(texts)
        }

    def marks(self) -> dict[str, str]:
        marks = {}
        for side in self.sides:
            if self.step == 0:
                marks[side.scope + self.graph.nodes[-1].id] = "receiving"
            for key in side.counts(self.step):
                if key in self._node_of:
                    marks[side.scope + self._node_of[key].id] = "visited"
            visit = side.at(self.step)
            if visit and self.step <= len(side.visits):
                for value, position in visit.uses:
                    if id(value) in self._node_of:
                        target = self.graph.index(value)
                        marks[side.scope + self._edge_of[target, position]] = "active"
                if id(visit.value) in self._node_of:
                    marks[side.scope + self._node_of[id(visit.value)].id] = "current"
        return marks

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        rows = [row for side in self.sides for row in self._side_rows(side)]
        title = f"After {count_text(self.step)} of each" if self.step else "Before the first visit"
        return Words(title, tuple(rows), self._remark())

    def _side_rows(self, side: Side) -> list[tuple[str, str]]:
        done = min(self.step, len(side.visits))
        order = [self._name(visit.value) for visit in side.visits[:done]]
        skipped = len(order) - NAMES_SHOWN
        listed = (f"({skipped} more) " if skipped > 0 else "") + ", ".join(order[-NAMES_SHOWN:])
        return [
            (side.name, f"{done} of {count_text(side.total)}{self._latest(side)}"),
            ("order so far", listed or "none"),
        ]

    def _latest(self, side: Side) -> str:
        if self.step > len(side.visits):
            return ", done" if side.is_complete else f"; no more than {MAX_VISITS} are shown"
        if not self.step:
            return ""
        visit = side.at(self.step)
        gradient = gradient_text(visit.gradients[id(visit.value)])
        return f", now {self._name(visit.value)} with gradient {gradient}"

    def _remark(self) -> str:
        """At the end: which inputs the naive recursion got wrong."""
        naive, ordered = self.sides
        if self.step < self.length - 1:
            return ""
        if not naive.is_complete:
            return f"The naive recursion is cut after {MAX_VISITS} of its {count_text(naive.total)}."
        given, right = naive.visits[-1].gradients, ordered.visits[-1].gradients
        wrong = [
            value
            for value in self.order
            if not value._op and not np.allclose(given[id(value)], right[id(value)])
        ]
        if not wrong:
            return "Here the naive recursion ends with the right gradients of the inputs."
        told = "; ".join(
            f"{self._name(v)}: {gradient_text(given[id(v)])} in place of {gradient_text(right[id(v)])}"
            for v in wrong
        )
        return f"The naive recursion ends with wrong gradients. {told}."


class BackwardOrder(View):
    """Naive recursion and topological order on the same graph, visit by visit.

    root : a scalar.Value, a Tensor, or any object with `data`, `_prev` and `_op`.
    names : {name: node}, for the picture; by default the variables of the calling code.

    On the nodes: the visits so far, and the gradient at that moment. The first 200 visits are shown, all are counted.

    >>> from gradlib.scalar import Value
    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> scrubber = BackwardOrder(y + y, {"y": y})
    >>> scrubber.go(100)
    >>> scrubber
    After 7 visits of each
      Naive recursion    7 of 7 visits, now x with gradient 18
      order so far       t1, y, x, x, y, x, x
      Topological order  3 of 3 visits, done
      order so far       t1, y, x
    The naive recursion ends with wrong gradients. x: 18 in place of 12.

    Raises KeyError for an operation that is not in the table.
    """

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None):
        self.model = BackwardOrderModel(root, names)


def count_text(count: int) -> str:
    """A number of visits in words, however large.

    >>> count_text(1), count_text(1023), count_text(2**10_000)
    ('1 visit', '1,023 visits', 'about 10³⁰¹⁰ visits')
    """
    if count >= 10**9:
        return f"about {power_of_ten(round(math.log10(count)))} visits"
    return f"{count:,} visit{'' if count == 1 else 's'}"
