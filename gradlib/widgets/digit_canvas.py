"""Lessons 11 and 14: a digit drawn by hand, as the data of `load_digits` have it, and a reader's guess while it grows.

The data were scanned forms, which NIST's programs normalized: each digit stretched to a box of 20 × 32 pixels, its
lines thickened or thinned, its slant taken out, and the ink counted in blocks of 4 × 4 (NISTIR 5469; UCI, Optical
Recognition of Handwritten Digits). A drawing goes the same way. With the counting alone a network trained on the data
misreads most drawings: they are thinner than the data, and not as tall.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..autograd import no_grad
from ..nn.module import evaluating
from .base import Model, View, Words

SIDE, PEN = 128, 5  # pixels of the surface that is drawn on; half the width of its pen
BITMAP, BLOCK = 32, 4  # pixels of a side of the normalized digit, and of a block
_BOX = 20  # pixels: the width to which a digit is stretched
_THIN, _VERY_THIN, _THICK, _VERY_THICK = 256, 108, 412, 560  # pixels of ink: NIST's limits
# A plain vertical line would become a block 20 pixels wide. NIST's programs do that, but the ones of these data were
# mostly slanted, and their lines are about 10 pixels wide.
_WIDEST = 2.5  # times as much as the height, a width is stretched at most

Stroke = Sequence[tuple[float, float]]  # places (x, y) on the surface, from 0 to SIDE


class Drawing(Model):
    """The state of `DigitCanvas`: strokes on a square, the digit that they make, and a reader's guess."""

    title = "A digit drawn by hand, as 8 × 8 pixels"

    def __init__(self, predict: Callable | None = None):
        self.predict = predict
        self.strokes: list[Stroke] = []

    @property
    def strokes(self) -> list[Stroke]:
        return self._strokes

    @strokes.setter
    def strokes(self, strokes: Sequence[Stroke]) -> None:
        self._strokes = [list(stroke) for stroke in strokes]
        self.bitmap = normalized(rasterized(self._strokes))
        self.image = ink_counted(self.bitmap)
        self.x = (self.image.reshape(1, -1) / BLOCK**2).astype(np.float32)
        self.probabilities, self.trouble = self._read()

    def _read(self) -> tuple[np.ndarray | None, str]:
        """The probability of each digit, and what went wrong."""
        if self.predict is None or not self.image.any():
            return None, ""
        try:
            with no_grad(), evaluating(self.predict):
                scores = self.predict(self.x)
            scores = np.asarray(getattr(scores, "data", scores), dtype=float)
            if scores.size != 10:
                raise ValueError(f"predict must return ten scores, one for each digit, got shape {scores.shape}")
            if not np.isfinite(scores).all():
                return None, f"The reader's scores are not finite: {scores.ravel().tolist()}."
        except Exception as error:  # the learner's reader
            return None, f"The reader raised {type(error).__name__}: {error}"
        powers = np.exp(scores.ravel() - scores.max())
        return powers / powers.sum(), ""

    # Pictures ---------------------------------------------------------------------------------------------

    def picture(self) -> str:
        """The 8 × 8 image, and a bar for each digit if there is a reader."""
        return self._image() + (self._bars() if self.predict else "")

    def still(self) -> str:
        """The picture, and the drawing that it comes from."""
        return self._drawing() + self.picture()

    def _drawing(self) -> str:
        lines = []
        for stroke in self.strokes:
            points = " ".join(f"{x:.1f} {y:.1f}" for x, y in [*stroke, stroke[-1]])  # a single point is a dot
            lines.append(f'<polyline class="ink" points="{points}" stroke-width="{2 * PEN}"/>')
        return _svg("The drawing", 210, 210, _frame(SIDE) + "".join(lines), f"0 0 {SIDE} {SIDE}")

    def _image(self) -> str:
        cells, size = [], 24
        for row, column in np.ndindex(self.image.shape):
            share = self.image[row, column] / BLOCK**2
            place = f'x="{column * size}" y="{row * size}" width="{size}" height="{size}"'
            cells.append(f'<rect class="pixel" {place} fill-opacity="{share:.3g}"/>')
        rows = "; ".join(" ".join(f"{value:.0f}" for value in row) for row in self.image)
        caption = f'<text x="0" y="{8 * size + 17}">8 × 8, ink from 0 to 16</text>'
        return _svg(f"As 8 × 8 pixels: {rows}", 194, 216, _frame(8 * size) + "".join(cells) + caption)

    def _bars(self) -> str:
        shares = np.zeros(10) if self.probabilities is None else self.probabilities
        parts, step, width = [], 21, 130
        for digit, share in enumerate(shares.tolist()):
            y = digit * step
            parts.append(f'<text x="10" y="{y + 15}" text-anchor="end">{digit}</text>')
            parts.append(f'<rect class="track" x="18" y="{y + 3}" width="{width}" height="15"/>')
            parts.append(f'<rect class="point value" x="18" y="{y + 3}" width="{share * width:.1f}" height="15"/>')
            if self.probabilities is not None:
                parts.append(f'<text x="{width + 24}" y="{y + 15}">{share:.0%}</text>')
        said = ", ".join(f"{digit}: {share:.0%}" for digit, share in enumerate(shares.tolist()))
        return _svg(f"Probability of each digit. {said}", 196, 10 * step + 6, "".join(parts))

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        if not self.strokes:
            keys = "By keyboard: the arrow keys move the cursor, Space lowers and lifts the pen, Backspace takes back."
            return Words("Nothing is drawn yet", (), f"Draw a digit with the mouse, a finger or a pen. {keys}")
        count = len(self.strokes)
        ink = f"{self.bitmap.sum()} of {BITMAP**2} pixels, from {count} stroke{'s' * (count > 1)}"
        if self.probabilities is None:
            return Words("Your drawing", (("ink", ink),), self.trouble)
        order = np.argsort(-self.probabilities)[:2].tolist()
        read = [f"{digit}, with probability {self.probabilities[digit]:.2f}" for digit in order]
        return Words(f"Read as {order[0]}", (("read as", read[0]), ("or else", read[1]), ("ink", ink)))

    def possible_words(self) -> Iterator[Words]:
        yield self.words()
        yield Drawing().words()
        if self.predict:
            one = "0, with probability 0.00"
            yield Words("Read as 0", (("read as", one), ("or else", one), ("ink", "0 of 1024 pixels, from 10 strokes")))


class DigitCanvas(View):
    """A square to draw a digit on, by mouse, finger, pen or keyboard, and the digit as the data have it.

    predict : a reader, for example a model trained on `load_digits`. It is called with an array (1, 64) of float32 from
        0 to 1, a row as `load_digits` gives it, and returns ten scores; their softmax is drawn as bars while one
        draws. A model reads in eval mode, and no graph is recorded.

    `canvas.image` is the drawing as an array (8, 8) of floats from 0 to 16, the ink in each block; `canvas.x` is the
    same as a row for a model, `canvas.bitmap` the 32 × 32 pixels that were counted. `canvas.on_change(function)` calls
    function(canvas) after every change. `canvas.strokes` are lists of places (x, y) from 0 to 128; they can be set.

    >>> canvas = DigitCanvas()
    >>> canvas.strokes = [[(46, 42), (66, 20), (66, 108)]]
    >>> canvas.image[0]
    array([ 0.,  0.,  0.,  0.,  6., 14., 14.,  0.])
    >>> canvas.undo()
    >>> canvas.image.sum()
    np.float64(0.0)
    """

    def __init__(self, predict: Callable | None = None):
        self.model = Drawing(predict)
        self._listeners: list[Callable] = []

    @property
    def image(self) -> np.ndarray:
        """The ink in each of 8 × 8 blocks, from 0 to 16: an array (8, 8) of floats, of zeros where nothing is drawn."""
        return self.model.image

    @property
    def x(self) -> np.ndarray:
        """The image as a row of `load_digits`: an array (1, 64) of float32 from 0 to 1."""
        return self.model.x

    @property
    def bitmap(self) -> np.ndarray:
        """The drawing stretched and straightened, before its ink is counted: an array (32, 32) of bools."""
        return self.model.bitmap

    @property
    def strokes(self) -> list[Stroke]:
        """The lines that were drawn, each a list of places (x, y) from 0 to 128, from the upper left corner."""
        return self.model.strokes

    @strokes.setter
    def strokes(self, strokes: Sequence[Stroke]) -> None:
        self.model.strokes = strokes
        self.show()
        for function in self._listeners:
            function(self)

    def undo(self) -> None:
        """Take the last stroke back."""
        self.strokes = self.strokes[:-1]

    def clear(self) -> None:
        """Take all strokes back."""
        self.strokes = []

    def on_change(self, function: Callable[[DigitCanvas], Any]) -> None:
        """Call function(canvas) after every change of the drawing."""
        self._listeners.append(function)

    @cached_property
    def widget(self):
        """The ipywidget: the square and its buttons, beside the view of the model."""
        import ipywidgets as W

        from .digit_pad import DigitPad

        self._pad = DigitPad(title="Square to draw a digit on", side=SIDE, pen=PEN, strokes=self.strokes)
        self._pad.observe(lambda change: self._drawn(change.new), "strokes")
        buttons = []
        for name, action in (("Undo", self.undo), ("Clear", self.clear)):
            button = W.Button(description=name, layout={"width": "auto"})
            button.on_click(lambda _, action=action: action())
            buttons.append(button)
        picture = super().widget.children[-1]
        picture.layout = {"flex": "1 1 430px"}
        return W.HBox([W.VBox([self._pad, W.HBox(buttons)]), picture], layout={"flex_flow": "row wrap"})

    def _drawn(self, strokes: list[Stroke]) -> None:
        if strokes != self.strokes:  # otherwise the square only followed the drawing
            self.strokes = strokes

    def _update(self) -> None:
        self._pad.strokes = self.strokes
        super()._update()


# The way of a drawing to 8 × 8 numbers -----------------------------------------------------------------------


def rasterized(strokes: Sequence[Stroke]) -> np.ndarray:
    """Draw lines with a round pen into an array (SIDE, SIDE) of bools."""
    bitmap = np.zeros((SIDE, SIDE), dtype=bool)
    reach = np.arange(-PEN, PEN + 1)
    pen = np.argwhere(np.hypot(*np.meshgrid(reach, reach)) <= PEN + 0.2) - PEN
    for stroke in strokes:
        points = np.asarray(stroke, dtype=float)
        way = np.abs(np.diff(points, axis=0)).max(axis=1).cumsum()  # pixels from the first point to each of the others
        at = np.linspace(0, way[-1], int(way[-1]) + 2) if len(way) else [0.0]  # a place each pixel
        places = np.stack([np.interp(at, [0, *way], coordinate) for coordinate in points.T], axis=1)
        x, y = (np.round(places).astype(int)[:, None] + pen).reshape(-1, 2).T
        inside = (0 <= x) & (x < SIDE) & (0 <= y) & (y < SIDE)
        bitmap[y[inside], x[inside]] = True
    return bitmap


def normalized(bitmap: np.ndarray) -> np.ndarray:
    """Bring a digit into the form of the data: an array (32, 32) of bools.

    The ink is stretched to 32 rows and 20 columns, each way for itself, then thickened or thinned, then straightened.
    """
    result = np.zeros((BITMAP, BITMAP), dtype=bool)
    if not bitmap.any():
        return result
    rows, columns = np.flatnonzero(bitmap.any(axis=1)), np.flatnonzero(bitmap.any(axis=0))
    box = bitmap[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = box.shape
    wide = min(_BOX, max(1, round(_WIDEST * width * BITMAP / height)))
    down, across = _nearest(BITMAP, height), _nearest(wide, width)
    left = (BITMAP - wide) // 2
    result[:, left : left + wide] = box[np.ix_(down, across)]
    return straightened(evened(result))


def _nearest(count: int, size: int) -> np.ndarray:
    """The pixels of `size` that lie nearest to `count` even places."""
    return ((np.arange(count) + 0.5) * size / count).astype(int)


def evened(bitmap: np.ndarray) -> np.ndarray:
    """Thicken thin lines and thin thick ones, by a pixel on each side, at most twice."""
    ink = int(bitmap.sum())
    for _ in range((ink < _THIN) + (ink < _VERY_THIN)):
        bitmap = np.any(_crosses(bitmap), axis=0)
    for _ in range((ink > _THICK) + (ink > _VERY_THICK)):
        bitmap = np.all(_crosses(bitmap), axis=0)
    return bitmap


def _crosses(bitmap: np.ndarray) -> list[np.ndarray]:
    """Each pixel and its four neighbours; beyond an edge lies the pixel of the edge itself."""
    wide = np.pad(bitmap, 1, mode="edge")
    return [bitmap, wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]]


def straightened(bitmap: np.ndarray) -> np.ndarray:
    """Shift each row, so that the digit's left edges near its top and near its bottom stand above each other."""
    rows = np.flatnonzero(bitmap.any(axis=1))
    if len(rows) < 6:
        return bitmap
    top, bottom = rows[0] + 2, rows[-1] - 2  # the outermost rows are often noise
    if not (bitmap[top].any() and bitmap[bottom].any()):
        return bitmap
    slant = (int(bitmap[top].argmax()) - int(bitmap[bottom].argmax())) / (bottom - top)
    result = np.zeros_like(bitmap)
    y, x = np.nonzero(bitmap)
    x = x + np.floor((y - BITMAP // 2) * slant + 0.5).astype(int)
    inside = (0 <= x) & (x < BITMAP)
    result[y[inside], x[inside]] = True
    return result


def ink_counted(bitmap: np.ndarray) -> np.ndarray:
    """Count the ink in blocks of 4 × 4 pixels: an array (8, 8) of floats from 0 to 16.

    >>> ink_counted(np.tri(32, dtype=bool))[:3, :3]
    array([[10.,  0.,  0.],
           [16., 10.,  0.],
           [16., 16., 10.]])
    """
    blocks = BITMAP // BLOCK
    return bitmap.reshape(blocks, BLOCK, blocks, BLOCK).sum(axis=(1, 3)).astype(float)


# Pieces of pictures ------------------------------------------------------------------------------------------


def _frame(side: int) -> str:
    return f'<rect class="frame" x="0.5" y="0.5" width="{side - 1}" height="{side - 1}"/>'


def _svg(words: str, width: int, height: int, inside: str, view: str = "") -> str:
    size = f'width="{width}" height="{height}" viewBox="{view or f"0 0 {width} {height}"}"'
    return f'<svg class="gradlib-axes" role="img" aria-label="{html.escape(words)}" {size}>{inside}</svg>'
