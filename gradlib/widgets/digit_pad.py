"""The part of `DigitCanvas` that is drawn on."""

from __future__ import annotations

from importlib import resources

import anywidget
import traitlets

from .svg import style


class DigitPad(anywidget.AnyWidget):
    """A square to draw on by mouse, finger, pen or keyboard; it shows the ink at once.

    strokes : lists of places [x, y], from 0 to `side`.
    pen : half the width of the pen. cells : the places of the keyboard's cursor in a row and in a column.
    """

    _esm = resources.files(__package__).joinpath("digit_pad.js").read_text(encoding="utf-8")
    _css = style()
    title = traitlets.Unicode().tag(sync=True)
    strokes = traitlets.List().tag(sync=True)
    side = traitlets.Int().tag(sync=True)
    pen = traitlets.Int().tag(sync=True)
    cells = traitlets.Int(16).tag(sync=True)
