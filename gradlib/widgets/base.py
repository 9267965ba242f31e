"""The base of all widgets: a model of steps, and a view that shows one of them.

A model is plain Python: its current step, its picture as HTML text, and the picture in words. A view shows a model in
the browser, with buttons and a slider for its steps. Without a kernel (an exported page, a notebook that was only
opened) the view is the picture as an image and the words of the model's current step.

A part of a picture is an SVG element or an HTML element with these attributes:

    class="node" data-id="n1"       can be clicked: `View.clicked`
    data-drag="x" beside them       can be dragged, and moved by the arrow keys: `View.dragged`, `View.nudged`; see
                                    `svg.handle`
    data-link="r0 c2"               lights up together with every part that shares one of these names
    data-lights="c2"                lights those parts instead of its own
    data-text="n1.0"                a text that `Model.texts` fills in
"""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from .stills import VIEW_MIME, stilled

_MOST_STATES = 200  # of so many states the words are made in advance, to know how tall they get


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

    @staticmethod
    def covering(states: Iterable[Words]) -> Words:
        """Return words as tall as the tallest of some states: the longest title, name and value of each row, remark.

        >>> Words.covering([Words("One", (("x", "2"),)), Words("Three", (("y", "10"), ("z", "3")), "Done.")])
        Words(title='Three', rows=(('x', '10'), ('z', '3')), remark='Done.')
        """
        title, remark, rows = "", "", []
        for words in states:
            title, remark = max(title, words.title, key=len), max(remark, words.remark, key=len)
            rows += [("", "")] * (len(words.rows) - len(rows))
            for i, row in enumerate(words.rows):
                rows[i] = tuple(max(pair, key=len) for pair in zip(rows[i], row, strict=True))
        return Words(title, tuple(rows), remark)


class Goal(NamedTuple):
    """A goal for the learner, "Make the gradient of x vanish.", and whether the state has reached it."""

    text: str
    reached: bool


class Token(NamedTuple):
    """A gradient on its way: it travels backward along an edge, says one text after another, and arrives at a node."""

    edge: str  # the data-id of the edge
    node: str  # the data-id of the node whose texts change when it arrives
    says: tuple[str, ...]


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

    def still(self) -> str:
        """The picture where nothing can be moved: in a stored output, in an exported page."""
        return self.picture()

    def marks(self) -> dict[str, str]:
        """{data-id: classes} of the elements that are marked now."""
        return {}

    def texts(self) -> dict[str, str]:
        """{data-text: text} of the texts that the picture shows now."""
        return {}

    def words(self) -> Words:
        """The state in words."""
        raise NotImplementedError

    def possible_words(self) -> Iterator[Words]:
        """Yield the words of every state, so that there is room for the tallest: override it where steps have effects.

        Of very many states some are left out.
        """
        state = copy.copy(self)
        for step in range(0, self.length, 1 + self.length // _MOST_STATES):
            state.step = step
            yield state.words()

    def goal(self) -> Goal | None:
        """The goal for the learner, if there is one. The view says when it is reached."""
        return None

    def token(self) -> Token | None:
        """The token that travels when this state is reached from the one before."""
        return None

    def asks(self) -> bool:
        """Return True if the learner must answer first. Playing stops here."""
        return False

    def transcript(self) -> str:
        """The state in words, as plain text."""
        goal = self.goal()
        text = f"Goal: {goal.text}{' Reached.' if goal.reached else ''}" if goal else ""
        return "\n".join(filter(None, [self.words().text(), text]))


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

    A subclass sets `model`; it may add controls of its own (`controls`) and react to clicks, drags and keys (`clicked`,
    `dragged`, `nudged`).
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
        """Return further ipywidgets, shown in a row above the buttons. Their `description` is their name."""
        return []

    def clicked(self, data_id: str) -> None:
        """React to a click on a node of the picture."""

    def grabbed(self, data_id: str, x: float, y: float) -> None:
        """React to a pointer that goes down on a part that can be dragged; a drag follows, or a click."""

    def dragged(self, data_id: str, x: float, y: float) -> None:
        """React to a part that is dragged; x and y are in the coordinates of its SVG."""

    def nudged(self, data_id: str, across: int, up: int) -> None:
        """React to arrow keys on a part that can be dragged: 1 right or up, -1 left or down, 10 and -10 for a page."""
        self.go(self.model.step + (across or up))

    @cached_property
    def widget(self):
        """The ipywidget, built when it is first shown: the controls of the subclass, and the view of the model."""
        import ipywidgets as W

        from .graph_view import GraphView

        self._picture = GraphView(title=self.model.title, interval=self.model.interval)
        self._picture.on_msg(lambda _, message, __: self._react(message))
        controls = self.controls()
        row = {"flex_flow": "row wrap", "align_items": "center", "width": "100%"}
        rows = [W.HBox(controls, layout=row)] if controls else []
        self._is_built = True
        self.make_room()
        self.show()
        return W.VBox([*rows, self._picture])

    def make_room(self) -> None:
        """Measure again how tall the words can get, after a change that other states share."""
        if self._is_built:
            self._picture.room = Words.covering(self.model.possible_words()).html()

    def _update(self) -> None:
        """Send the picture its changes in one message."""
        model, picture, goal, token = self.model, self._picture, self.model.goal(), self.model.token()
        with picture.hold_sync():
            picture.picture, picture.words = model.picture(), model.words().html()
            picture.marks, picture.texts = model.marks(), model.texts()
            picture.goal = goal._asdict() if goal else {}
            picture.token = token._asdict() if token else {}
            picture.step, picture.last, picture.label = model.step, model.length - 1, model.label()
            picture.asks = model.asks()

    def _react(self, message: Mapping[str, Any]) -> None:
        """React to what the learner does in the browser, and say that it is done."""
        picture = self._picture
        with picture.hold_sync():  # the changes and the answer in one message
            try:
                match message:
                    case {"go": step}:
                        self.go(step)
                    case {"clicked": data_id}:
                        self.clicked(data_id)
                    case {"grabbed": data_id, "x": x, "y": y}:
                        self.grabbed(data_id, x, y)
                    case {"dragged": data_id, "x": x, "y": y}:
                        self.dragged(data_id, x, y)
                    case {"nudged": data_id, "across": across, "up": up}:
                        self.nudged(data_id, across, up)
            finally:
                picture.answered = message.get("number", 0)

    def to_html(self) -> str:
        """Return the state as HTML, pictures as images, and words.

        No kernel, script or style is needed, so that it is whole on hosting sites, in exported pages, and in a notebook
        that was not run on this machine.
        """
        model, goal = self.model, self.model.goal()
        picture = stilled(filled_in(model.still(), model.marks(), model.texts()))
        said = f'<p class="gradlib-goal">Goal: {html.escape(goal.text)}</p>' if goal else ""
        return (
            '<div class="gradlib-widget"><div class="gradlib-picture" role="group" '
            f'aria-label="{html.escape(model.title)}">{picture}</div>'
            f'<p class="gradlib-still-note">Run the cell to move it.</p>{said}'
            f'<div class="gradlib-words">{model.words().html()}</div></div>'
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
