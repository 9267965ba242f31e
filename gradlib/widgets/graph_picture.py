"""The picture of a graph whose texts can change: lines in the boxes, factors on the arrows."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..formulas import value_text
from ..graph import HOW_TO_GET_PICTURES, MAX_NODES, Graph, draw, for_a_page


def is_drawable(graph: Graph) -> bool:
    """Return True if a graph is small enough to be drawn and read."""
    return len(graph.nodes) <= MAX_NODES


Widest = Mapping[str, Sequence[str]]  # {id of a node or an edge: the widest form of each of its texts}


def graph_picture(graph: Graph, widest: Widest, caption: str = "", scope: str = "") -> str:
    """A figure of a graph, with an empty text wherever a text can change. The graph's own gradients are left out.

    widest : the texts to leave room for. The first text of node n3 has the data-text "n3.0".
    scope : a prefix of every data-id and data-text, where a page shows two graphs.

    A graph that is too large, or that cannot be drawn here, is shown as text.
    """
    caption = caption and f"<figcaption>{html.escape(caption)}</figcaption>"
    return f'<figure>{caption}<div class="gradlib-scroll">{_drawing(graph, widest, scope)}</div></figure>'


def _drawing(graph: Graph, widest: Widest, scope: str) -> str:
    if not is_drawable(graph):
        return f"<p>A graph of {len(graph.nodes):,} values is too large to draw.</p>"
    bare = copy.copy(graph)
    bare.nodes = [replace(node, gradient=None) for node in graph.nodes]
    svg = draw(_with_room(bare, widest))
    if not svg:
        return f"<pre>{html.escape(bare.to_text())}\n{HOW_TO_GET_PICTURES}</pre>"
    svg = for_a_page(svg, graph.description())
    svg = re.sub(r'<g data-id="([ne]\d+)".*?</g>', lambda m: _with_slots(m[0], m[1], widest), svg, flags=re.S)
    return re.sub(r'data-(id|text)="', rf"\g<0>{scope}", svg)


def _with_room(graph: Graph, widest: Widest) -> str:
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
            labels.append(f"{node.id} [label={_quoted([title, value_text(node.value), *widest[node.id]])}]\n")
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
