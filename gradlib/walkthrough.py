"""The chain rule step by step, and the paths whose products sum to a gradient.

Both use `backward_steps`, the generator that `backward()` itself runs on, so they show exactly what it computes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from . import primitives
from .autograd import backward_steps, contributions, needs_gradient, value_of
from .errors import GraphError, whole
from .formulas import fill, gradient_text, latex_name, number, plain, value_text
from .graph import Graph

MAX_PATHS = 100  # a ladder of n diamonds has 2ⁿ paths


@dataclass(frozen=True)
class Contribution:
    """The part of one step that goes to one input: local derivative · arriving gradient."""

    source: int  # the input's index in graph.nodes
    edge: int  # the use's index in graph.edges
    formula: str  # the local derivative as text, "y"; it contains g where there is no single factor
    latex: str
    local: float | None  # the local derivative as a number; None for arrays
    value: np.ndarray  # the contribution
    total: np.ndarray  # the sum of the contributions to this input so far
    use: int  # this is contribution number `use` of `uses`
    uses: int


@dataclass(frozen=True)
class Step:
    """One operation, on the way back: the gradient that arrives, and the contributions to the inputs."""

    number: int
    node: int  # the operation's index in graph.nodes
    arriving: np.ndarray
    contributions: tuple[Contribution, ...]


class Walkthrough:
    """The chain rule on the graph of a result: `steps`, from the result back to the inputs. See `explain`."""

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None, gradient: Any = None):
        if not needs_gradient(root):
            raise GraphError(
                "there is nothing to explain: this result was not computed from a value that needs a gradient. Set "
                "requires_grad=True on an input."
            )
        self.graph = Graph(root, names, gradient, max_nodes=10**9)
        self.result = self.graph.nodes[-1].name
        self.steps = tuple(self._steps(gradient))

    def _steps(self, gradient: Any) -> Iterator[Step]:
        graph = self.graph
        index = {id(thing): i for i, thing in enumerate(graph.things)}
        edges = {(edge.target, edge.position): i for i, edge in enumerate(graph.edges)}
        seed = None if gradient is None else np.asarray(gradient, dtype=float)
        walked = [
            (node, value_of(arrived), [None if value is None else value_of(value) for value in given])
            for node, arrived, given in backward_steps(graph.root, seed)
            if given
        ]
        uses = Counter(
            id(parent)
            for node, _, given in walked
            for parent, contribution in zip(node._prev, given, strict=True)
            if contribution is not None
        )
        so_far: dict[int, tuple[int, Any]] = {}  # the number of contributions to an input so far, and their sum
        for count, (node, arriving, given) in enumerate(walked, start=1):
            target = index[id(node)]
            passed, factors = [], _factors(node)
            for position, value in enumerate(given):
                if value is None:
                    continue
                edge = edges[target, position]
                source = graph.edges[edge].source
                use, total = so_far.get(source, (0, 0.0))
                so_far[source] = use + 1, total + value
                formula, latex = self._formula(node, target, position)
                passed.append(
                    Contribution(
                        source, edge, formula, latex, factors[position], value,
                        np.asarray(total + value), use + 1, uses[id(node._prev[position])],
                    )
                )  # fmt: skip
            yield Step(count, target, arriving, tuple(passed))

    def _formula(self, node: Any, target: int, position: int) -> tuple[str, str]:
        """The local derivative with respect to one input, as text and as LaTeX, in the names of the graph."""
        nodes = self.graph.nodes
        names, output = [nodes[source].name for source in self.graph.sources[target]], nodes[target].name
        latex = primitives.find(node._op).vjp(position).latex
        text = plain(fill(latex, names, output, "g"))
        return text, fill(latex, [latex_name(name) for name in names], latex_name(output), "g")

    def inputs(self) -> list[int]:
        """The indices in graph.nodes of the inputs that need a gradient."""
        return [i for i, node in enumerate(self.graph.nodes) if node.kind == "input" and node.gradient is not None]

    def step_text(self, step: Step) -> str:
        """One step in words and numbers."""
        nodes, result = self.graph.nodes, self.result
        node = nodes[step.node]
        known = ", ".join(f"{n.name} = {value_text(n.value)}" for n in self._operands(step.node))
        title = f"Step {step.number} of {len(self.steps)}: {node.name} = {node.formula}"
        lines = [f"{title:<44}  ({known})" if known else title]
        lines.append(f"  arriving gradient  ∂{result}/∂{node.name} = {gradient_text(step.arriving)}")
        rows = [(f"  to {nodes[c.source].name}", *self.contribution_text(step, c)) for c in step.contributions]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for name, local, product, use in rows:
            lines.append(f"{name:<{widths[0]}}   {local:<{widths[1]}}   {product:<{widths[2]}}   {use}".rstrip())
        return "\n".join(lines)

    def _operands(self, target: int) -> list:
        """The distinct named inputs of an operation."""
        nodes = (self.graph.nodes[source] for source in dict.fromkeys(self.graph.sources[target]))
        return [node for node in nodes if node.name != value_text(node.value)]

    def contribution_text(self, step: Step, c: Contribution) -> tuple[str, str, str]:
        """The local derivative, the product, and the sum so far."""
        source, node = self.graph.nodes[c.source].name, self.graph.nodes[step.node].name
        if c.local is not None:
            value = number(c.local)
            # A formula in g is that of the product, not of the local derivative.
            known = c.formula == value or not self._is_factor(step)
            local = f"∂{node}/∂{source} = " + (value if known else f"{c.formula} = {value}")
            product = f"{number(step.arriving.item())} × {_in_brackets(c.local)} = {number(c.value.item())}"
        else:
            local = c.formula
            if self._is_factor(step):
                local = f"g · {local}" if local.isalnum() else f"g · ({local})"
            product = f"shape {c.value.shape}, {gradient_text(c.value)}"
        return local, product, self._use_text(source, c)

    def _is_factor(self, step: Step) -> bool:
        """Return True if the table's formula is a local derivative, False if it is a product with the gradient g."""
        return primitives.find(self.graph.things[step.node]._op).elementwise

    def _use_text(self, source: str, c: Contribution) -> str:
        if c.uses == 1:
            return ""
        times = "twice" if c.uses == 2 else f"{c.uses} times"
        left = c.uses - c.use
        if not left:
            return f"{source} is used {times}: in all {gradient_text(c.total)}"
        to_come = "one more to come" if left == 1 else f"{left} more to come"
        return f"{source} is used {times}: so far {gradient_text(c.total)}, {to_come}"

    def to_text(self, max_steps: int = 50) -> str:
        """The first `max_steps` steps in words, then the gradients of the inputs."""
        parts = [self.step_text(step) for step in self.steps[:max_steps]]
        if len(self.steps) > max_steps:
            parts.append(f"({len(self.steps) - max_steps:,} more steps are not shown; see to_text(max_steps=...))")
        gradients = (self.graph.nodes[i] for i in self.inputs())
        parts.append("\n".join(f"∂{self.result}/∂{node.name} = {gradient_text(node.gradient)}" for node in gradients))
        return "\n\n".join(parts)

    def to_latex(self) -> str:
        """The walkthrough as an `aligned` block: a line for each contribution."""
        lines = [self._contribution_latex(step, c) for step in self.steps for c in step.contributions]
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def _contribution_latex(self, step: Step, c: Contribution) -> str:
        result, node, source = (
            latex_name(name)
            for name in (self.result, self.graph.nodes[step.node].name, self.graph.nodes[c.source].name)
        )
        relation = "=" if c.uses == 1 else r"\mathrel{+}="
        left = rf"\frac{{\partial {result}}}{{\partial {source}}} &{relation}"
        arriving = rf"\frac{{\partial {result}}}{{\partial {node}}}"
        if c.local is None:
            return rf"{left} {c.latex}, \quad g = {arriving}"
        numbers = rf"{number(step.arriving.item())} \cdot {_in_brackets(c.local)} = {number(c.value.item())}"
        local = rf"\frac{{\partial {node}}}{{\partial {source}}}"
        filled = rf" = {arriving} \cdot ({c.latex})" if self._is_factor(step) else ""
        return rf"{left} {arriving} \cdot {local}{filled} = {numbers}"

    def __repr__(self) -> str:
        return self.to_text()


def explain(root: Any, names: Mapping[str, Any] | None = None, gradient: Any = None) -> Walkthrough:
    """Explain the gradient of a result: the chain rule, step by step, on its graph.

    root : a Tensor, a scalar.Value, or any object with `data`, `_prev` and `_op`.
    names : {name: node}; by default the variables of the calling code.
    gradient : ∂L/∂root, by default ones.

    Arrays are shown by shapes and norms, with g for the gradient that arrives. The parts are in `.steps`;
    `.to_text()` returns the text that it shows, `.to_latex()` its formulas.

    >>> from gradlib import Tensor
    >>> x, y = Tensor([2.0], requires_grad=True), Tensor([3.0], requires_grad=True)
    >>> explain(x * y + x**2, {"x": x, "y": y})
    Step 1 of 3: t3 = t1 + t2                     (t1 = 6, t2 = 4)
      arriving gradient  ∂t3/∂t3 = 1
      to t1   ∂t3/∂t1 = 1   1 × 1 = 1
      to t2   ∂t3/∂t2 = 1   1 × 1 = 1
    <BLANKLINE>
    Step 2 of 3: t2 = x²                          (x = 2)
      arriving gradient  ∂t3/∂t2 = 1
      to x   ∂t2/∂x = 2 · x = 4   1 × 4 = 4   x is used twice: so far 4, one more to come
    <BLANKLINE>
    Step 3 of 3: t1 = x · y                       (x = 2, y = 3)
      arriving gradient  ∂t3/∂t1 = 1
      to x   ∂t1/∂x = y = 3   1 × 3 = 3   x is used twice: in all 7
      to y   ∂t1/∂y = x = 2   1 × 2 = 2
    <BLANKLINE>
    ∂t3/∂x = 7
    ∂t3/∂y = 2

    Raises GraphError if nothing in the graph needs a gradient; KeyError for an operation that is not in the
    table.
    """
    return Walkthrough(root, names, gradient)


# Paths ------------------------------------------------------------


@dataclass(frozen=True)
class Path:
    """One way from the result to the input."""

    nodes: tuple[int, ...]  # indices in graph.nodes, the result first
    edges: tuple[int, ...]
    factors: tuple[float | None, ...]  # the local derivative along each edge; None for arrays
    product: np.ndarray  # the product of the factors: the contribution of this path to the gradient


class Paths:
    """Every path from a result to an input. The products of the paths sum to the gradient; see `gradient_paths`."""

    def __init__(
        self,
        root: Any,
        target: Any,
        names: Mapping[str, Any] | None = None,
        gradient: Any = None,
        max_paths: int = MAX_PATHS,
    ):
        self.graph = Graph(root, names, gradient, max_nodes=10**9)
        try:
            self.target = self.graph.index(target)
        except KeyError:
            raise GraphError("no path leads there: the result was not computed from this value.") from None
        self.gradient = self.graph.nodes[self.target].gradient
        if self.gradient is None:
            raise GraphError("no gradient flows there: this value does not need one (requires_grad is False).")
        ones = np.ones_like(self.graph.nodes[-1].value, dtype=float)
        found = self._walk(target, ones if gradient is None else np.asarray(gradient, dtype=float))
        self.paths = tuple(islice(found, whole("max_paths must be an integer of at least 0", max_paths, 0)))
        self.complete = next(found, None) is None

    def _walk(self, target: Any, seed: np.ndarray) -> Iterator[Path]:
        """Walk depth first, with a stack: a gradient is passed on along one path as if there were no other."""
        graph = self.graph
        edges = {(edge.target, edge.position): i for i, edge in enumerate(graph.edges)}
        leads_there = _ancestors(graph, self.target)
        last = len(graph.nodes) - 1
        stack = [(graph.root, last, seed, (last,), (), ())]
        while stack:
            node, index, arriving, nodes, taken, factors = stack.pop()
            if node is target:
                yield Path(nodes, taken, factors, value_of(arriving))
                continue
            local = _factors(node)
            for position, contribution in reversed(list(enumerate(contributions(node, arriving)))):
                source = graph.sources[index][position]
                if contribution is not None and source in leads_there:
                    way = (
                        (*nodes, source),
                        (*taken, edges[index, position]),
                        (*factors, local[position]),
                    )
                    stack.append((node._prev[position], source, contribution, *way))

    def to_text(self) -> str:
        """A line for each path, with its values, its factors and their product; then the sum."""
        nodes = self.graph.nodes
        head = f"∂{nodes[-1].name}/∂{nodes[self.target].name}"
        rows = []
        for path in self.paths:
            way = " → ".join(nodes[i].name for i in path.nodes)
            scalar = path.factors and all(factor is not None for factor in path.factors)
            factors = " × ".join(map(_in_brackets, path.factors)) + " = " if scalar else ""
            rows.append((way, factors + gradient_text(path.product)))
        width = max((len(way) for way, _ in rows), default=0)
        lines = [f"  {way:<{width}}   {product}" for way, product in rows]
        count = f"{len(rows)} path{'s' if len(rows) != 1 else ''}" + ("" if self.complete else " shown, there are more")
        lines.append(f"  {'sum over all paths':<{width}}   {gradient_text(self.gradient)}")
        return "\n".join([f"{head}: {count}", *lines])

    def __repr__(self) -> str:
        return self.to_text()


def gradient_paths(
    root: Any,
    target: Any,
    names: Mapping[str, Any] | None = None,
    gradient: Any = None,
    max_paths: int = MAX_PATHS,
) -> Paths:
    """Every path from a result to a chosen input, with its factors and their product. The products sum to the gradient.

    >>> from gradlib import Tensor
    >>> x, y = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    >>> gradient_paths(x * y + x.sin() * 2, x, {"x": x, "y": y})
    ∂t4/∂x: 2 paths
      t4 → t1 → x          1 × 3 = 3
      t4 → t3 → t2 → x     1 × 2 × (-0.4161) = -0.8323
      sum over all paths   2.168

    At most `max_paths` are listed, and the text says so if there are more; the sum is always over all. Raises
    GraphError if no gradient flows from root to target.
    """
    return Paths(root, target, names, gradient, max_paths)


def _ancestors(graph: Graph, target: int) -> set[int]:
    """The indices of the nodes that were computed from nodes[target], including target itself."""
    found = {target}
    for edge in graph.edges:  # inputs come before outputs, so one pass is enough
        if edge.source in found:
            found.add(edge.target)
    return found


def _factors(node: Any) -> list[float | None]:
    """The local derivative for each input as a number; None where output or input is not a single number."""
    ones = np.ones_like(value_of(node), dtype=float)
    if ones.size != 1:
        return [None] * len(node._prev)
    return [
        None if local is None or np.size(local) != 1 else float(np.ravel(local)[0])
        for local in contributions(node, ones)
    ]


def _in_brackets(value: float) -> str:
    """A factor in a product, in brackets if it is negative: (-2)."""
    return f"({number(value)})" if value < 0 else number(value)
