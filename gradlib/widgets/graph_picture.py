"""The picture of a graph whose texts can change: lines in the boxes, factors on the arrows."""

from __future__ import annotations

import copy
import html
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..formulas import value_text
from ..graph import HOW_TO_GET_PICTURES, MAX_NODES, Graph, GraphNode, draw, for_a_page
from .svg import slider


def is_drawable(graph: Graph) -> bool:
    """Return True if a graph is small enough to be drawn and read."""
    return len(graph.nodes) <= MAX_NODES


Widest = Mapping[str, Sequence[str]]  # {id of a node or an edge: the widest form of each of its texts}


def graph_picture(
    graph: Graph,
    widest: Widest,
    caption: str = "",
    scope: str = "",
    movable: Mapping[str, tuple[str, float]] | None = None,
    lights: Mapping[str, Iterable[str]] | None = None,
) -> str:
    """A figure of a graph, with an empty text wherever a text can change. The graph's own gradients are left out.

    widest : the texts to leave room for. The first text of node n3 has the data-text "n3.0".
    scope : a prefix of every data-id and data-text, where a page shows two graphs.
    movable : {id of a node whose value can be dragged: (name, value) of its slider}. If it is given, even empty, the
        value is the first of the texts that change.
    lights : {id of a node: ids of the nodes and edges that light up with it}.

    A graph that is too large, or that cannot be drawn here, is shown as text.
    """
    caption = caption and f"<figcaption>{html.escape(caption)}</figcaption>"
    drawing = _drawing(graph, widest, scope, movable, lights or {})
    return f'<figure>{caption}<div class="gradlib-scroll">{drawing}</div></figure>'


class GrowingPicture:
    """A graph's picture with room for its texts: it is laid out again only when a text has outgrown its room."""

    def __init__(self):
        self._room: dict[str, list[str]] = {}
        self._html = ""

    def draw(self, graph: Graph, texts: Widest, **options) -> str:
        """Return the picture with room for these texts, and for all that came before; see `graph_picture`."""
        has_grown = False
        for part, lines in texts.items():
            room = self._room.setdefault(part, [""] * len(lines))
            for i, line in enumerate(lines):
                if len(line) > len(room[i]):
                    room[i], has_grown = line, True
        if has_grown or not self._html:
            self._html = graph_picture(graph, self._room, **options)
        return self._html


def has_value_line(node: GraphNode) -> bool:
    """Return False for a node that is only a name: a plain number, or one that stands for what is not shown."""
    return node.kind != "cut" and not (node.kind == "constant" and node.name == value_text(node.value))


def _drawing(graph: Graph, widest: Widest, scope: str, movable, lights) -> str:
    if not is_drawable(graph):
        return f"<p>A graph of {len(graph.nodes):,} values is too large to draw.</p>"
    bare = copy.copy(graph)
    bare.nodes = [replace(node, gradient=None) for node in graph.nodes]
    svg = draw(_with_room(bare, widest, movable is not None))
    if not svg:
        return f"<pre>{html.escape(bare.to_text())}\n{HOW_TO_GET_PICTURES}</pre>"
    svg = for_a_page(svg, graph.description())
    svg = re.sub(r'<g data-id="([ne]\d+)".*?</g>', lambda m: _with_slots(m[0], m[1], widest), svg, flags=re.S)
    svg = re.sub(r'<g data-id="(e\d+)".*?</g>', lambda m: _with_arrow_back(m[0]), svg, flags=re.S)
    for node, (name, value) in (movable or {}).items():
        grip = f'<g data-id="{node}" data-drag="x" {slider(name, value)} class="draggable '
        svg = svg.replace(f'<g data-id="{node}" class="', grip)
    for part, lit in lights.items():
        svg = svg.replace(
            f'<g data-id="{part}"', f'<g data-link="{part}" data-lights="{" ".join(lit)}" data-id="{part}"'
        )
    return re.sub(r'data-(id|text)="', rf"\g<0>{scope}", svg)


def _with_arrow_back(edge: str) -> str:
    """Add a second arrowhead to an edge, at the input's end: gradients travel that way. The style shows one of both."""
    places = re.findall(r"-?[\d.]+", re.search(r' d="([^"]*)"', edge)[1])
    x, y, towards_x, towards_y = map(float, places[:4])
    length = math.hypot(towards_x - x, towards_y - y) or 1.0
    across, down = (towards_x - x) / length, (towards_y - y) / length
    corners = [(0, 0), (8, -3), (8, 3)]  # along the edge and beside it
    points = " ".join(f"{x + a * across - b * down:.2f},{y + a * down + b * across:.2f}" for a, b in corners)
    return edge.replace("</g>", f'<polygon class="back" points="{points}"/></g>')


def _with_room(graph: Graph, widest: Widest, values_change: bool) -> str:
    """The graph in DOT, with the widest form of each text that changes."""
    dot = graph.to_dot()
    for edge in graph.edges:
        if edge.id in widest:
            label = f"label={_quoted(widest[edge.id])} fontname=Helvetica fontsize=11"
            dot = dot.replace(f"[id={edge.id}]", f"[id={edge.id} {label}]")
    labels = []
    for node in graph.nodes:
        if node.id in widest:
            title = f"{node.name} = {node.formula}" if node.formula else node.name
            fixed = [title] if values_change else [title, value_text(node.value)]
            labels.append(f"{node.id} [label={_quoted([*fixed, *widest[node.id]])}]\n")
    return dot.rstrip().removesuffix("}") + "".join(labels) + "}"  # Graphviz takes the later of two labels


def _quoted(lines: Sequence[str]) -> str:
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'


def _with_slots(element: str, element_id: str, widest: Widest) -> str:
    """Empty the last texts of a node or an edge and give them a data-text: these change."""
    count = len(widest.get(element_id, ()))
    texts = re.findall(r"<text .*?</text>", element)
    for i, text in enumerate(texts[len(texts) - count :]):
        slot = re.sub(r">.*?<", "><", text).replace("<text", f'<text data-text="{element_id}.{i}"')
        element = element.replace(text, slot)
    return element
