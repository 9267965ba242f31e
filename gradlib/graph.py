"""A computation as a picture: every value, the values it was computed from, gradients and shapes.

A Graph is a snapshot: later changes to the tensors do not change it, and it does not write to any `.grad`.
Graphviz draws it; without Graphviz it is shown as text.
"""

from __future__ import annotations

import contextlib
import html
import itertools
import os
import re
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec
from typing import Any

import numpy as np

from .autograd import backward_steps, is_node, needs_gradient, topological_order, value_of
from .errors import ShapeError, shown, whole
from .formulas import gradient_text, operation_text, value_text
from .palette import VALUE

MAX_NODES = 200  # more cannot be read, and Graphviz needs over a second for them

IN_BROWSER = sys.platform == "emscripten"
HOW_TO_GET_PICTURES = (
    "(for a picture instead of this text: run the cell again, now that Graphviz has started)"
    if IN_BROWSER
    else "(for a picture instead of this text: pip install pygraphviz, or install Graphviz's dot)"
)


@dataclass(frozen=True)
class GraphNode:
    """One value of the graph."""

    id: str  # "n3": the data-id of its element in the SVG
    name: str  # the user's name for it; t1, t2, … for results without a name; a constant's own digits
    op: str  # the operation's symbol; "" for an input or a constant
    formula: str  # "x · y", in the names of its inputs; "" for an input or a constant
    value: np.ndarray
    gradient: np.ndarray | None  # ∂root/∂node; None where no gradient flows
    kind: str  # "input", "constant", "operation", "output"; "cut" where the rest of the graph is not shown

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape


@dataclass(frozen=True)
class GraphEdge:
    """One use of a value: nodes[source] is input number `position` of nodes[target]."""

    id: str
    source: int
    target: int
    position: int


class Graph:
    """A snapshot of the graph of a result.

    root : a Tensor, a scalar.Value, or any object with `data`, `_prev` and `_op`.
    names : {name: node}; by default the variables of the calling code, and the parameters of its modules,
        "model.0.weight".
    gradient : ∂L/∂root, by default ones: the gradients shown are then those of root, or of the sum of its entries.
    max_nodes : how many nodes are shown, those nearest to root; the picture says how many are not shown.
    gradients : False leaves them out, for a picture of the forward pass alone.

    `nodes` lists inputs before outputs, root last; `edges` lists every use of a value by another;
    `sources[i]` are the indices of the inputs of nodes[i].

    >>> from gradlib import Tensor
    >>> x, y = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    >>> print(Graph(x * y + 1, {"x": x, "y": y}).to_text())
    x            = 2    gradient 3
    y            = 3    gradient 2
    t1 = x · y   = 6    gradient 1
    t2 = t1 + 1  = 7    gradient 1
    """

    def __init__(
        self,
        root: Any,
        names: Mapping[str, Any] | None = None,
        gradient: Any = None,
        max_nodes: int = MAX_NODES,
        gradients: bool = True,
    ):
        if not is_node(root):
            raise TypeError(
                "a graph starts from a result: a Tensor, a Value, or an object with data, _prev and _op. Got "
                f"{type(root).__name__}."
            )
        self.root = root
        self.nodes: list[GraphNode] = []
        self.edges: list[GraphEdge] = []
        self.sources: list[list[int]] = []  # for each node the indices of its inputs, in order
        self.things: list[Any] = []  # the tensor, value or number behind each node
        if names is not None and not isinstance(names, Mapping):
            raise TypeError(f"names is a dict from a name to a tensor or value, got {shown(names)}.")
        if names is not None and not all(isinstance(name, str) for name in names):
            raise TypeError(f"names must be texts, got {shown(next(n for n in names if not isinstance(n, str)))}.")
        max_nodes = whole("max_nodes is the number of nodes to show, at least 1", max_nodes, 1)
        order = topological_order(root, is_node)
        near = _nearest(root, max_nodes) if len(order) > max_nodes else {id(thing) for thing in order}
        self._names = caller_names() if names is None else {id(node): name for name, node in names.items()}
        self._fresh_names = _fresh_names(self._names.values())
        self._gradients = _gradients(root, gradient) if gradients else {}
        index_of: dict[int, int] = {}
        for thing in order:
            if id(thing) not in near:
                continue
            sources = []
            for parent in thing._prev:
                if id(parent) not in index_of or not is_node(parent):  # a plain number, or a node that is not shown
                    index_of[id(parent)] = self._place(parent)
                sources.append(index_of[id(parent)])
            index_of[id(thing)] = target = self._place(thing, sources)
            self.edges += [
                GraphEdge(f"e{len(self.edges) + position}", source, target, position)
                for position, source in enumerate(sources)
            ]

        placed = {id(thing) for thing, node in zip(self.things, self.nodes, strict=True) if node.kind != "cut"}
        self.left_out = sum(id(thing) not in placed for thing in order)

    def _place(self, thing: Any, sources: list[int] | None = None) -> int:
        """Add a node. Without `sources` it is a number, or stands for the part of the graph that is not shown."""
        value, op, formula = value_of(thing), "", ""
        name = getattr(thing, "name", "") or self._names.get(id(thing), "")
        if not is_node(thing) or not thing._op and not needs_gradient(thing):
            kind, name = "constant", name or value_text(value)
        elif sources is None:
            kind, name = "cut", name or "…"
        elif not thing._op:
            kind, name = "input", name or next(self._fresh_names["in"])
        else:
            kind, name = "output" if thing is self.root else "operation", name or next(self._fresh_names["t"])
            op = getattr(thing._op, "symbol", thing._op)
            formula = operation_text(thing._op, [self.nodes[source].name for source in sources])
        gradient = self._gradients.get(id(thing)) if kind != "cut" else None
        self.nodes.append(GraphNode(f"n{len(self.nodes)}", name, op, formula, value.copy(), gradient, kind))
        self.sources.append(sources or [])
        self.things.append(thing)
        return len(self.nodes) - 1

    def index(self, thing: Any) -> int:
        """The position in `nodes` of a tensor or value. Raises KeyError if the graph does not hold it."""
        for i, other in enumerate(self.things):
            if other is thing and self.nodes[i].kind != "cut":
                return i
        raise KeyError(
            "this value is not in the graph: the result was not computed from it, or its part of the graph is not shown"
        )

    @property
    def note(self) -> str:
        """A sentence that says how many values are not shown; empty if all are."""
        shown = sum(node.kind != "cut" for node in self.nodes)
        return f"{shown:,} values nearest to the result are shown, {self.left_out:,} are not" if self.left_out else ""

    def to_text(self) -> str:
        """A line for each value, inputs first: its formula, its value, its gradient."""
        rows = []
        for node in self.nodes:
            if node.kind == "cut" or node.kind == "constant" and node.name == value_text(node.value):
                continue  # plain numbers stand in the formulas that use them
            left = f"{node.name} = {node.formula}" if node.formula else node.name
            gradient = "" if node.gradient is None else f"gradient {gradient_text(node.gradient)}"
            rows.append((left, value_text(node.value), gradient))
        widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
        lines = [f"{a:<{widths[0]}}  = {b:<{widths[1]}}    {c}".rstrip() for a, b, c in rows]
        return "\n".join(lines + ([f"({self.note})"] if self.note else []))

    def to_dot(self) -> str:
        """The graph in Graphviz's language: a box for each value, an arrow for each use."""
        from graphviz import Digraph

        font = {"fontname": "Helvetica", "fontsize": "11"}
        dot = Digraph(graph_attr={"rankdir": "LR", "nodesep": "0.22", "ranksep": "0.38", **font})
        dot.attr("node", shape="box", style="rounded", height="0.3", **font)
        dot.attr("edge", arrowsize="0.7")
        if self.note:
            dot.attr(label=self.note, labelloc="t")
        if len(self.nodes) > 100:  # 200 values with 360 uses: 0.1 s; with curves and full layout 1.1 s
            dot.attr(splines="line", nslimit="1", mclimit="0.5")
        for node in self.nodes:
            dot.node(
                node.id,
                _dot_label(node),
                margin=f"{_margin(node):.3f},0.07",
                **{"id": node.id, "class": node.kind},
                **_DOT_STYLES.get(node.kind, {}),
            )
        for edge in self.edges:
            dot.edge(self.nodes[edge.source].id, self.nodes[edge.target].id, id=edge.id)
        return dot.source

    def to_svg(self) -> str:
        """The picture as SVG, in colors that follow the page's theme; empty where Graphviz is missing.

        A node is a `<g class="node ..." data-id="n3">`, an edge a `<g class="edge" data-id="e5">`.
        """
        if find_spec("graphviz") is None:
            return ""
        svg = draw(self.to_dot())
        return for_a_page(svg, self.description()) if svg else ""

    def description(self) -> str:
        inputs = ", ".join(node.name for node in self.nodes if node.kind == "input")
        result = self.nodes[-1]
        made_of = f"{result.name} = {value_text(result.value)}, computed from {inputs or 'constants'}"
        return f"Graph of {len(self.nodes)} values: {made_of}."

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        svg = self.to_svg()
        if not svg:
            return {"text/plain": f"{self.to_text()}\n{HOW_TO_GET_PICTURES}"}
        return {"text/plain": self.to_text(), "text/html": f'<div style="overflow-x: auto">{svg}</div>'}


def show_graph(
    root: Any,
    names: Mapping[str, Any] | None = None,
    gradient: Any = None,
    max_nodes: int = MAX_NODES,
    gradients: bool = True,
) -> Graph:
    """Show the graph of a result. As the last line of a cell it is drawn; see `Graph`."""
    return Graph(root, names, gradient, max_nodes, gradients)


# Names and gradients ------------------------------------------------------------


def caller_names() -> dict[int, str]:
    """{id(node): name} for the variables that hold a node, in the nearest code outside this library.

    A parameter is named by its module's variable and its path, "model.0.weight", unless a variable holds it itself.
    """
    package = __name__.partition(".")[0]
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame = frame.f_back
    module_type = getattr(sys.modules.get(f"{package}.nn.module"), "Module", ())
    names: dict[int, str] = {}
    parameters: dict[int, str] = {}
    for scope in (frame.f_locals, frame.f_globals):
        for name, thing in scope.items():
            if not name.isidentifier() or name.startswith("_") or isinstance(thing, type):
                continue
            if isinstance(thing, module_type):
                for path, parameter in thing.named_parameters():
                    parameters.setdefault(id(parameter), f"{name}.{path}")
            elif is_node(thing):
                names.setdefault(id(thing), name)
    return parameters | names


def _fresh_names(taken) -> dict[str, Iterator[str]]:
    """The names t1, t2, … for each kind of node, without those that the user has taken."""
    taken = set(taken)

    def count(letter: str) -> Iterator[str]:
        return (name for i in itertools.count(1) if (name := f"{letter}{i}") not in taken)

    return {letter: count(letter) for letter in ("t", "in")}


def _gradients(root: Any, gradient: Any) -> dict[int, np.ndarray]:
    """{id(node): ∂L/∂node}; empty if no gradient flows, or if an operation is not in the table."""
    if not needs_gradient(root):
        return {}
    try:
        seed = None if gradient is None else np.asarray(gradient, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"gradient is ∂L/∂root, a number or an array, got {shown(gradient)}.") from None
    if seed is not None and seed.size != 1 and seed.shape != np.shape(root.data):
        raise ShapeError(f"gradient must have the result's shape {np.shape(root.data)}, got {seed.shape}.")
    try:
        return {id(node): np.array(value_of(arrived)) for node, arrived, _ in backward_steps(root, seed)}
    except KeyError:
        return {}


def _nearest(root: Any, count: int) -> set[int]:
    """The ids of the `count` nodes nearest to root, counted in steps."""
    near, queue = {id(root)}, deque([root])
    while queue:
        for parent in queue.popleft()._prev:
            if is_node(parent) and id(parent) not in near and len(near) < count:
                near.add(id(parent))
                queue.append(parent)
    return near


# Drawing ------------------------------------------------------------

_DOT_STYLES = {
    "input": {"penwidth": "1.8"},
    "output": {"penwidth": "2.4"},
    "constant": {"style": "rounded,dashed"},
    "cut": {"shape": "plaintext"},
}

# Kinds differ by line width and dashes, too. Text takes the color of the page, in JupyterLab's themes and
# in exported pages.
_STYLE = f"""
.gradlib-graph {{ font-family: Helvetica, Arial, "Liberation Sans", sans-serif; }}
.gradlib-graph text {{ fill: var(--jp-ui-font-color1, #222); }}
.gradlib-graph .node text:first-of-type {{ font-weight: bold; }}
.gradlib-graph .node path, .gradlib-graph .edge path {{ stroke: var(--jp-ui-font-color2, #555); }}
.gradlib-graph .edge polygon {{ stroke: var(--jp-ui-font-color2, #555); fill: var(--jp-ui-font-color2, #555); }}
.gradlib-graph .input path {{ stroke: {VALUE.color}; }}
.gradlib-graph .output path {{ stroke: var(--jp-ui-font-color1, #222); }}
"""


def _dot_label(node: GraphNode) -> str:
    """Lines for the name and formula, the value (for an array its shape) and the gradient."""
    if node.kind == "cut":
        return node.name
    title = f"{node.name} = {node.formula}" if node.formula else node.name
    if node.kind == "constant" and node.name == value_text(node.value):
        return title.replace("\\", "\\\\")
    lines = [title, value_text(node.value)]
    if node.gradient is not None:
        lines.append(f"gradient {gradient_text(node.gradient)}")
    return "\\n".join(line.replace("\\", "\\\\") for line in lines)


def _margin(node: GraphNode) -> float:
    """Inches left and right of the text. Graphviz does not know that the first line is bold, 7 % wider."""
    title = f"{node.name} = {node.formula}" if node.formula else node.name
    return 0.15 + 0.0035 * max(0, len(title) - 12)


def draw(dot: str) -> str:
    """The SVG of a DOT text, by pygraphviz in this process, else by a `dot` on the PATH, else empty.

    In the browser it is drawn by Graphviz in WebAssembly.
    """
    if IN_BROWSER:
        return _draw_in_browser(dot)
    try:
        import pygraphviz
    except ImportError:
        import graphviz

        try:
            return graphviz.Source(dot).pipe(format="svg", encoding="utf-8")
        except (graphviz.ExecutableNotFound, OSError):  # OSError: a file of that name that is not a program
            return ""
    with _silent_stderr():
        return pygraphviz.AGraph(string=dot).draw(format="svg", prog="dot").decode()


_viz: list[Any] = []  # Graphviz in WebAssembly, once it has started
_starting: Any = None  # a promise of JavaScript's; None where the page has not brought Graphviz along


def _start_graphviz() -> None:
    """Start Graphviz in WebAssembly, which the site of the course brings as npm's @viz-js/viz.

    It starts while the cells go on, since a browser may not be able to wait for it within a cell.
    """
    global _starting
    from pyodide.code import run_js

    with contextlib.suppress(ModuleNotFoundError):
        source = resources.files("viz_js").joinpath("viz-global.js").read_text(encoding="utf-8")
        run_js(f"{source};0")
        _starting = run_js("Viz.instance()").then(_viz.append)


def _draw_in_browser(dot: str) -> str:
    from pyodide.ffi import can_run_sync, run_sync

    if not _viz and _starting is not None and can_run_sync():
        run_sync(_starting)
    return _viz[0].renderString(dot, format="svg", engine="dot") if _viz else ""


if IN_BROWSER:
    _start_graphviz()


@contextlib.contextmanager
def _silent_stderr():
    """Silence C's stderr: on Debian fontconfig warns there, and a notebook would show it under the picture."""
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def style() -> str:
    """The CSS of all graphs."""
    return _STYLE


def for_a_page(svg: str, description: str) -> str:
    """Adapt Graphviz's SVG to a page: without ids, which could clash, without tooltips, in the page's colors."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\n?|<title>.*?</title>\n?", "", svg, flags=re.S)
    svg = re.sub(r'<polygon fill="white"[^>]*/>\n?', "", svg)  # the white background
    svg = re.sub(r' id="', ' data-id="', svg)
    svg = re.sub(r' font-family="[^"]*"', "", svg)
    svg = svg.replace('"black"', '"currentColor"')  # a page without the style shows the color of its text
    # Shrink to the page, but not below 82 %, where 11 points are 12 pixels. A wider picture is scrolled.
    least = 0.82 * float(re.search(r'width="([\d.]+)pt"', svg)[1])
    fit = f'style="max-width: 100%; min-width: {least:.0f}pt; height: auto"'
    text = 'fill="currentColor" font-family="Helvetica, Arial, sans-serif"'
    head = f'<svg class="gradlib-graph" {fit} {text} role="img" aria-label="{html.escape(description)}"'
    return svg.replace("<svg", head, 1).replace(">", f"><style>{style()}</style>", 1).strip()
