"""The only widget with its own JavaScript: the controls, the picture and the words of a model."""

from __future__ import annotations

from importlib import resources

import anywidget
import traitlets

from .svg import style


class GraphView(anywidget.AnyWidget):
    """A picture with its words, and the controls that step through its states.

    picture : HTML with SVG in it. Parts of it answer to mouse, touch and keyboard; see graph_view.js.
    marks : {data-id: classes} added to elements of the picture, without sending the picture again.
    texts : {data-text: text} written into the picture's text elements.
    words : HTML next to the picture, read aloud by screen readers when it changes.
    room : HTML as tall as all words that will be shown; it is not seen, and keeps the height the same.
    goal : {"text": a sentence, "reached": bool}, or {}.
    token : {"edge": data-id, "node": data-id of the receiver, "says": texts on the way}, or {}; it travels backward
        along the edge when the step goes up.
    step, last, label : the state that is shown, the last one, a few characters for the slider.
    asks : True while a question must be answered first. Playing stops there.
    interval : milliseconds per state while playing.

    Sends one message at a time, with a number, and the next after `answered` has become that number: {"go": step},
    {"clicked": data-id}, {"grabbed" or "dragged": data-id, "x": …, "y": …} in the coordinates of the part's SVG,
    {"nudged": data-id, "across": …, "up": …} in steps of the arrow keys.
    """

    _esm = resources.files(__package__).joinpath("graph_view.js").read_text(encoding="utf-8")
    _css = style()
    title = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)
    marks = traitlets.Dict().tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    room = traitlets.Unicode().tag(sync=True)
    goal = traitlets.Dict().tag(sync=True)
    token = traitlets.Dict().tag(sync=True)
    step = traitlets.Int().tag(sync=True)
    last = traitlets.Int().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    asks = traitlets.Bool().tag(sync=True)
    interval = traitlets.Int(1000).tag(sync=True)
    answered = traitlets.Int().tag(sync=True)
