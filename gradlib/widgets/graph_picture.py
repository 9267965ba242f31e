"""The picture of a graph in which texts can change: a line in each box, a factor on each arrow."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..formulas import value_text
from ..graph import HOW_TO_GET_PICTURES, MAX_NODES, Graph, _draw, _for_a_page

_FONT = "fontname=Helvetica fontsize=11"


def graph_picture(
    graph: Graph, widest: Mapping[str, Sequence[str]], caption: str = "", scope: str = ""
) -> str:
    """A figure of a graph, with an empty text where each changing text goes.

    widest : {id of a node or an edge: the widest of each text that it will show}, so that room is left. The first text of
        node n3 has the data-text "n3.0". Gradients are not shown otherwise.
    scope : put before every data-id and data-text, where a page shows two graphs.

    A graph that is too large to draw, or that cannot be drawn here, is text.
    """
    caption = caption and f"<figcaption>{html.escape(caption)}</figcaption>"
    return f'<figure>{caption}<div class="gradlib-scroll">{_drawing(graph, widest, scope)}</div></figure>'


def _drawing(graph: Graph, widest: Mapping[str, Sequence[str]], scope: str) -> str:
    bare = copy.copy(graph)
    bare.nodes = [replace(node, gradient=None) for node in graph.nodes]
    if len(graph.nodes) > MAX_NODES:
        return f"<p>A graph of {len(graph.nodes):,} values, too large to draw. The steps are complete all the same.</p>"
    svg = _draw(_with_room(bare, widest))
    if not svg:
        return f"<pre>{html.escape(bare.to_text())}\n{HOW_TO_GET_PICTURES}</pre>"
    inputs = ", ".join(node.name for node in graph.nodes if node.kind == "input")
    svg = _for_a_page(svg, f"Graph of {graph.nodes[-1].name}, computed from {inputs or 'constants'}")
    svg = re.sub(
        r'<g data-id="([ne]\d+)".*?</g>',
        lambda match: _with_slots(match[0], match[1], widest),
        svg,
        flags=re.S,
    )
    svg = re.sub(r'data-(id|text)="', rf"\g<0>{scope}", svg)
    return _fitting(svg)


def _fitting(svg: str) -> str:
    """Shrink to the page, but not below 82 %: 11 points are then 12 pixels. What is wider still is scrolled."""
    width = float(re.search(r'width="([\d.]+)pt"', svg)[1])
    return svg.replace(
        "<svg ", f'<svg style="max-width: 100%; min-width: {0.82 * width:.0f}pt; height: auto" ', 1
    )


def _with_room(graph: Graph, widest: Mapping[str, Sequence[str]]) -> str:
    """The graph in DOT, each changing text at its widest."""
    dot = graph.to_dot()
    for edge in graph.edges:
        if edge.id in widest:
            dot = dot.replace(f"[id={edge.id}]", f"[id={edge.id} label={_quoted(*widest[edge.id])} {_FONT}]")
    labels = []  # a node that is named again takes the later label
    for node in graph.nodes:
        if node.id in widest:
            title = f"{node.name} = {node.formula}" if node.formula else node.name
            lines = [title, value_text(node.value), *widest[node.id]]
            labels.append(f"{node.id} [label={_quoted(*lines)}]\n")
    return dot.rstrip().removesuffix("}") + "".join(labels) + "}"


def _quoted(*lines: str) -> str:
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'


def _with_slots(element: str, element_id: str, widest: Mapping[str, Sequence[str]]) -> str:
    """The last texts of a node or an edge become those that change."""
    texts = re.findall(r"<text .*?</text>", element)
    count = len(widest.get(element_id, ()))
    for i, text in enumerate(texts[len(texts) - count :]):
        slot = re.sub(r">.*?<", "><", text).replace("<text", f'<text data-text="{element_id}.{i}"')
        element = element.replace(text, slot)
    return element
