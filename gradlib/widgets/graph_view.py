"""The only widget with its own JavaScript: a picture whose parts can be marked and clicked."""

from __future__ import annotations

from importlib import resources

import anywidget
import traitlets

from .svg import style


class GraphView(anywidget.AnyWidget):
    """A picture with its words.

    picture : HTML with SVG in it. Its `g` elements of class "node" can be clicked and reached by the Tab key.
    marks : {data-id: classes} added to elements of the picture, without sending the picture again.
    texts : {data-text: text} written into the picture's text elements.
    words : HTML under the picture, read aloud by screen readers when it changes.

    Sends {"clicked": data-id} for a click, Enter or Space on a node; {"key": name} for the arrow keys, Home and End,
    and for Space elsewhere in the picture; and {"dragged": data-id, "x": …, "y": …} while a node with a data-drag is
    dragged, where x and y are the pointer's place in the coordinates of the node's SVG.
    """

    _esm = resources.files(__package__).joinpath("graph_view.js").read_text(encoding="utf-8")
    _css = style()
    title = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)
    marks = traitlets.Dict().tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
