"""Lesson 03: the order in which values pass their gradients on.

Naive recursion passes on the gradient that a value has so far, each time that a contribution reaches it:

    def backward(value):
        for parent, local in zip(value._prev, value._local):
            parent.grad += local * value.grad
            backward(parent)

A value that is used twice is then visited twice, and so are all values before it: a ladder of n diamonds takes
about 2ⁿ visits. The second visit passes the first contribution on again, so the inputs get too much. In topological
order a value waits until all values that use it have been visited. Each is visited once, with its gradient complete.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ..autograd import backward_steps, contributions, needs_gradient, topological_order, value_of
from ..formulas import gradient_text
from ..graph import Graph
from .base import Goal, Model, View, Words
from .graph_picture import graph_picture, is_drawable
from .svg import power_of_ten

MAX_VISITS = 200  # visits that are shown; all are counted
NAMES_SHOWN = 40  # names shown of the order so far


class Visit(NamedTuple):
    """One visit of a value."""

    value: Any
    gradients: dict[int, np.ndarray]  # of all values, by id, after this visit
    uses: tuple[tuple[Any, int], ...]  # (value, position of its input) of each contribution


def naive_visits(root: Any) -> Iterator[Visit]:
    """Yield the visits of the naive recursion, without recursion."""
    gradients = {id(root): np.ones_like(value_of(root), dtype=float)}
    yield Visit(root, dict(gradients), ())
    stack = [(root, _contributions(root, gradients[id(root)]))]
    while stack:
        value, remaining = stack[-1]
        position, parent, contribution = next(remaining, (None, None, None))
        if parent is None:
            stack.pop()
            continue
        gradients[id(parent)] = gradients.get(id(parent), 0.0) + contribution
        yield Visit(parent, dict(gradients), ((value, position),))
        stack.append((parent, _contributions(parent, gradients[id(parent)])))


def _contributions(value: Any, gradient: np.ndarray) -> Iterator[tuple[int, Any, np.ndarray]]:
    """(position, input, contribution) for each input of a value that needs a gradient."""
    given = contributions(value, gradient) if value._prev else []
    return ((i, value._prev[i], c) for i, c in enumerate(given) if c is not None)


def topological_visits(root: Any) -> Iterator[Visit]:
    """Yield the visits of `backward()`."""
    gradients = {id(root): np.ones_like(value_of(root), dtype=float)}
    for value, _, given in backward_steps(root):
        passed = [(i, c) for i, c in enumerate(given) if c is not None]
        for position, contribution in passed:
            key = id(value._prev[position])
            gradients[key] = gradients.get(key, 0.0) + contribution
        yield Visit(value, dict(gradients), tuple((value, position) for position, _ in passed))


def count_naive_visits(root: Any) -> int:
    """Count the visits of the naive recursion without making them: the paths from root to every value.

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


def count_text(count: int) -> str:
    """A number of visits in words, however large.

    >>> count_text(1), count_text(1023), count_text(2**10_000)
    ('1 visit', '1,023 visits', 'about 10³⁰¹⁰ visits')
    """
    if count >= 10**9:
        return f"about {power_of_ten(round(math.log10(count)))} visits"
    return f"{count:,} visit{'' if count == 1 else 's'}"


class Side:
    """One of the two orders: its first visits, and their total number."""

    def __init__(self, name: str, scope: str, visits: Iterator[Visit], total: int):
        self.name, self.scope, self.total = name, scope, total
        self.visits = list(islice(visits, MAX_VISITS))

    def latest(self, step: int) -> Visit | None:
        """The last visit up to a step; None before the first."""
        return self.visits[min(step, len(self.visits)) - 1] if step else None

    def counts(self, step: int) -> Counter:
        """{id of a value: number of its visits}"""
        return Counter(id(visit.value) for visit in self.visits[:step])

    @property
    def is_complete(self) -> bool:
        return len(self.visits) == self.total


class BackwardOrderModel(Model):
    """The state of `BackwardOrder`: step k is after k visits on either side."""

    title = "Order of the backward pass: naive recursion and topological order"
    interval = 700

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None):
        self.graph = Graph(root, names, max_nodes=10**9)
        self.order = topological_order(root)
        self.sides = (
            Side("Naive recursion", "naive.", naive_visits(root), count_naive_visits(root)),
            Side("Topological order", "ordered.", topological_visits(root), len(self.order)),
        )
        self.length = max(len(side.visits) for side in self.sides) + 1
        self._index = {id(thing): i for i, thing in enumerate(self.graph.things)}

    def _node(self, value: Any):
        return self.graph.nodes[self._index[id(value)]]

    def select(self, data_id: str) -> None:
        """Go to the next visit of a node; after the last, to its first."""
        scope, _, node = data_id.rpartition(".")
        side = next(side for side in self.sides if side.scope == scope + ".")
        visits = [k for k, visit in enumerate(side.visits, start=1) if self._node(visit.value).id == node]
        if visits:
            self.go(next((k for k in visits if k > self.step), visits[0]))

    # Picture ----------------------------------------------------------------------------------------------

    @cached_property
    def _picture(self) -> str:
        captions = [f"{side.name}: {count_text(side.total)} in all" for side in self.sides]
        return "".join(
            graph_picture(self.graph, self._widest(side), caption, side.scope, lights=self._lights)
            for side, caption in zip(self.sides, captions, strict=True)
        )

    def picture(self) -> str:
        return self._picture

    @cached_property
    def _lights(self) -> dict[str, list[str]]:
        """{data-id of a node: its own and those of its uses}, which light up on both sides."""
        lights = {node.id: [node.id] for node in self.graph.nodes}
        for edge in self.graph.edges:
            lights[self.graph.nodes[edge.source].id].append(edge.id)
        return lights | {edge.id: [edge.id] for edge in self.graph.edges}

    def goal(self) -> Goal | None:
        """To find the visit at which the naive recursion goes wrong, if it does."""
        if self._first_fault is None:
            return None
        text = "Stop where the naive recursion passes on a contribution for the second time."
        return Goal(text, self.step == self._first_fault)

    @cached_property
    def _first_fault(self) -> int | None:
        seen = set()
        for count, visit in enumerate(self.sides[0].visits, start=1):
            if id(visit.value) in seen and any(map(needs_gradient, visit.value._prev)):
                return count
            seen.add(id(visit.value))
        return None

    def _widest(self, side: Side) -> dict[str, list[str]]:
        """The widest texts that each node will show."""
        widest: dict[str, list[str]] = {}
        for step in range(len(side.visits) + 1):
            for node, lines in self._node_texts(side, step).items():
                earlier = widest.get(node, ["", ""])
                widest[node] = [max(pair, key=len) for pair in zip(earlier, lines, strict=True)]
        return widest

    def _node_texts(self, side: Side, step: int) -> dict[str, tuple[str, str]]:
        """{id of a node: (its visits so far, its gradient now)}"""
        visit, counts = side.latest(step), side.counts(step)
        gradients = visit.gradients if visit else {id(self.graph.root): 1.0}
        return {
            self._node(value).id: (
                count_text(counts[id(value)]),
                f"gradient {gradient_text(gradients.get(id(value), 0.0))}",
            )
            for value in (self.order if is_drawable(self.graph) else ())
        }

    def texts(self) -> dict[str, str]:
        return {
            f"{side.scope}{node}.{i}": line
            for side in self.sides
            for node, lines in self._node_texts(side, self.step).items()
            for i, line in enumerate(lines)
        }

    def marks(self) -> dict[str, str]:
        if self.step == 0:
            return {side.scope + self.graph.nodes[-1].id: "receiving" for side in self.sides}
        marks = {}
        for side in self.sides:
            visits = side.visits[: self.step]
            marks |= {side.scope + self._node(visit.value).id: "visited" for visit in visits}
            if self.step <= len(side.visits):
                marks |= {side.scope + self._edge(*use): "active" for use in visits[-1].uses}
                marks[side.scope + self._node(visits[-1].value).id] = "current"
        return marks

    def _edge(self, value: Any, position: int) -> str:
        target = self._index[id(value)]
        return next(e.id for e in self.graph.edges if (e.target, e.position) == (target, position))

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        title = f"After {count_text(self.step)} of each" if self.step else "Before the first visit"
        return Words(title, sum(map(self._rows, self.sides), ()), self._remark())

    def _rows(self, side: Side) -> tuple[tuple[str, str], ...]:
        visits = side.visits[: self.step]
        names = [self._node(visit.value).name for visit in visits]
        skipped = max(0, len(names) - NAMES_SHOWN)
        order = (f"({skipped} more) " if skipped else "") + ", ".join(names[skipped:])
        progress = f"{len(visits)} of {count_text(side.total)}{self._news(side)}"
        return (side.name, progress), ("order so far", order or "none")

    def _news(self, side: Side) -> str:
        """The value and the gradient of the latest visit; "" before the first."""
        if self.step == 0:
            return ""
        if self.step > len(side.visits):
            return ", done" if side.is_complete else f"; no more than {MAX_VISITS} are shown"
        visit = side.latest(self.step)
        gradient = gradient_text(visit.gradients[id(visit.value)])
        return f", now {self._node(visit.value).name} with gradient {gradient}"

    def _remark(self) -> str:
        """At the end, the inputs whose gradients the naive recursion got wrong."""
        naive, ordered = self.sides
        if self.step < self.length - 1:
            return ""
        if not naive.is_complete:
            return f"The naive recursion is cut after {MAX_VISITS} of its {count_text(naive.total)}."
        given, right = naive.visits[-1].gradients, ordered.visits[-1].gradients
        inputs = [(self._node(v).name, given[id(v)], right[id(v)]) for v in self.order if not v._op]
        wrong = [
            f"{name}: {gradient_text(gradient)} instead of {gradient_text(expected)}"
            for name, gradient, expected in inputs
            if not np.allclose(gradient, expected, equal_nan=True)
        ]
        if wrong:
            return f"The naive recursion ends with wrong gradients. {'; '.join(wrong)}."
        return "Here the naive recursion ends with the right gradients of the inputs."


class BackwardOrder(View):
    """Naive recursion and topological order on the same graph, visit by visit.

    root : a scalar.Value, a Tensor, or any object with `data`, `_prev` and `_op`.
    names : {name: node}, for the picture; by default the variables of the calling code.

    Nodes show their visits so far and their gradient now. Of more than 200 visits the first 200
    are shown; all are counted. A click on a node goes to its next visit.

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
    The naive recursion ends with wrong gradients. x: 18 instead of 12.
    Goal: Stop where the naive recursion passes on a contribution for the second time.

    Raises KeyError for an operation that is not in the table.
    """

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None):
        self.model = BackwardOrderModel(root, names)

    def clicked(self, data_id: str) -> None:
        self.model.select(data_id)
        self.show()
