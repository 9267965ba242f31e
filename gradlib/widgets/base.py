"""The base of all widgets: a model of steps, and a view that shows one of them.

A model is plain Python: its current step, its picture as HTML text, and the picture in words. A view adds ipywidgets
to a model: buttons, a slider, the picture. Without a kernel (an exported page, a notebook that was only opened) the
view shows the picture and the words of the model's current step.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from .svg import style

VIEW_MIME = "application/vnd.jupyter.widget-view+json"


class Words(NamedTuple):
    """A state in words: a title, rows of (name, value), and a closing remark."""

    title: str
    rows: tuple[tuple[str, str], ...] = ()
    remark: str = ""

    def text(self) -> str:
        """
        >>> print(Words("Step 1", (("local derivative", "3"), ("product", "6")), "One more.").text())
        Step 1
          local derivative  3
          product           6
        One more.
        """
        width = max((len(name) for name, _ in self.rows), default=0)
        lines = [f"  {name:<{width}}  {value}".rstrip() for name, value in self.rows]
        return "\n".join(filter(None, [self.title, *lines, self.remark]))

    def html(self) -> str:
        safe = html.escape
        rows = [f"<tr><th>{safe(name)}</th><td>{safe(value)}</td></tr>" for name, value in self.rows]
        table = f"<table>{''.join(rows)}</table>" if rows else ""
        remark = f"<p>{safe(self.remark)}</p>" if self.remark else ""
        return f"<p><strong>{safe(self.title)}</strong></p>{table}{remark}"


class Model:
    """A sequence of states, 0 to length - 1: the picture and the words of each."""

    title = ""  # the widget's name for readers who do not see it
    interval = 1000  # milliseconds per state while playing
    length = 1
    step = 0

    def go(self, step: int) -> None:
        """Go to a state. A step before the first goes to the first, one after the last to the last."""
        self.step = min(max(step, 0), self.length - 1)

    def label(self) -> str:
        """The text beside the slider, a few characters."""
        return f"{self.step} of {self.length - 1}"

    def picture(self) -> str:
        """HTML with SVG in it. Elements with a data-id can be marked; texts with a data-text can change."""
        raise NotImplementedError

    def marks(self) -> dict[str, str]:
        """{data-id: classes} of the elements that are marked now."""
        return {}

    def texts(self) -> dict[str, str]:
        """{data-text: text} of the texts that the picture shows now."""
        return {}

    def words(self) -> Words:
        """The state in words."""
        raise NotImplementedError

    def transcript(self) -> str:
        """The state in words, as plain text."""
        return self.words().text()


def filled_in(picture: str, marks: Mapping[str, str], texts: Mapping[str, str]) -> str:
    """Write marks and texts into a picture, as GraphView does in the browser, for a page without it."""

    def mark(match: re.Match) -> str:
        classes = marks.get(re.search(r'data-id="([^"]*)"', match[0])[1])
        return match[0].replace('class="', f'class="{classes} ', 1) if classes else match[0]

    def write(match: re.Match) -> str:
        return match[1] + html.escape(texts.get(match[2], "")) + "<"

    picture = re.sub(r'<g (?=[^>]*class=")[^>]*data-id="[^>]*>', mark, picture)
    return re.sub(r'(<text data-text="([^"]*)"[^>]*>)[^<]*<', write, picture)


class View:
    """A model on the screen. In a notebook it is the last expression of a cell.

    A subclass sets `model`; it may add controls of its own (`controls`) and react to a click (`clicked`).
    """

    model: Model
    _is_built = False  # are the ipywidgets made?

    def go(self, step: int) -> None:
        """Show another state."""
        self.model.go(step)
        self.show()

    def show(self) -> None:
        """Update the screen from the model."""
        if self._is_built:
            self._update()

    def controls(self) -> list:
        """Further ipywidgets, shown in a row under the buttons."""
        return []

    def clicked(self, data_id: str) -> None:
        """React to a click on a node of the picture."""

    def dragged(self, data_id: str, x: float, y: float) -> None:
        """React to a node that is dragged; x and y are in the coordinates of its SVG."""

    @cached_property
    def widget(self):
        """The ipywidget, built when it is first shown."""
        import ipywidgets as W

        from .graph_view import GraphView

        model, last, narrow = self.model, self.model.length - 1, {"width": "auto"}
        previous = W.Button(description="Previous", layout=narrow)
        following = W.Button(description="Next", layout=narrow)
        self._playing = W.ToggleButton(description="Play", tooltip="Play", layout=narrow)
        self._slider = W.IntSlider(model.step, 0, last, readout=False, layout={"flex": "1 1 140px"})
        self._label = W.Label(layout={"min_width": "5em", "margin": "2px 2px 2px 12px"})
        # W.Play counts in the browser. Its own three buttons have no text, so it is hidden.
        self._player = W.Play(model.step, 0, last, interval=model.interval, layout={"display": "none"})
        self._picture = GraphView(title=model.title)

        previous.on_click(lambda _: self.go(model.step - 1))
        following.on_click(lambda _: self.go(model.step + 1))
        W.jslink((self._player, "value"), (self._slider, "value"))
        self._slider.observe(lambda change: self._slide(change.new), "value")
        self._playing.observe(lambda change: self._play(change.new), "value")
        self._player.observe(lambda change: setattr(self._playing, "value", change.new), "playing")
        self._picture.on_msg(lambda _, message, __: self._react(message))

        buttons = [previous, self._playing, following, self._slider, self._label, self._player]
        row = {"flex_flow": "row wrap", "align_items": "center", "width": "100%"}
        rows = [W.HBox(controls, layout=row) for controls in (buttons, self.controls()) if controls]
        self._is_built = True
        self.show()
        return W.VBox([*rows, self._picture])

    def _update(self) -> None:
        """Send the picture its changes in one message, then set the slider and its label."""
        model, picture = self.model, self._picture
        with picture.hold_sync():
            picture.picture, picture.words = model.picture(), model.words().html()
            picture.marks, picture.texts = model.marks(), model.texts()
        self._slider.value = model.step
        self._label.value = model.label()

    def _slide(self, step: int) -> None:
        if step != self.model.step:  # otherwise the slider only followed the model
            self.go(step)

    def _play(self, playing: bool) -> None:
        if playing and self.model.step == self.model.length - 1:
            self.go(0)
        self._player.playing = playing
        self._playing.description = self._playing.tooltip = "Pause" if playing else "Play"

    def _react(self, message: Mapping[str, Any]) -> None:
        """React to a click, a key or a drag in the picture."""
        if "clicked" in message:
            self.clicked(message["clicked"])
        elif "dragged" in message:
            self.dragged(message["dragged"], message["x"], message["y"])
        elif message["key"] == " ":
            self._playing.value = not self._playing.value
        else:
            step, last = self.model.step, self.model.length - 1
            self.go({"ArrowLeft": step - 1, "ArrowRight": step + 1, "Home": 0, "End": last}[message["key"]])

    def to_html(self) -> str:
        """Return the state as HTML, picture and words; no kernel is needed."""
        model = self.model
        picture = filled_in(model.picture(), model.marks(), model.texts())
        # In a notebook that was not run on this machine JupyterLab drops the style and the SVG, and only loose words
        # would be left of the picture. Without the style the picture is hidden and a sentence is shown instead.
        attributes = f'role="group" aria-label="{html.escape(model.title)}" hidden="hidden"'
        return (
            f'<div class="gradlib-widget"><style>{style()}</style><div class="gradlib-picture" '
            f'{attributes}>{picture}</div><p class="gradlib-no-picture">Run the cell to see the picture.</p><div '
            f'class="gradlib-words">{model.words().html()}</div></div>'
        )

    def __repr__(self) -> str:
        return self.model.transcript()

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/plain": repr(self), "text/html": self.to_html()}
        try:
            view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        except ImportError:  # ipywidgets or anywidget is missing: the picture stays still
            return bundle
        return {VIEW_MIME: view, **bundle}
