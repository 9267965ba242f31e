"""Small pictures as SVG text: axes with ticks, lines, points, a legend.

Text and frames take the colour of the page, so that a picture is legible in light and dark themes. Lines and points
have classes, which style.css colours. No element has an id, so that one page can show several pictures.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources

from ..palette import LOOKS, css

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Pixels per letter at 13 px in DejaVu Sans, the widest of the common sans-serif fonts.
_LETTER_WIDTHS = {
    **dict.fromkeys("fijlrt.,:;'|! ⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃", 5.5),
    **dict.fromkeys("CDGHNOQRU=+−", 10.5),
    **dict.fromkeys("mwMW", 13.0),
}


@cache
def style() -> str:
    """The CSS of all widgets: the looks of the palette, then style.css."""
    return css() + resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")


def round_steps(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` round numbers from low to high, 1, 2 or 5 times a power of ten apart.

    >>> round_steps(-1.6, 2.2), round_steps(0.0, 0.05)
    ([-1.0, 0.0, 1.0, 2.0], [0.0, 0.01, 0.02, 0.03, 0.04, 0.05])
    """
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(m for m in (1, 2, 5, 10) if rough <= m * power * 1.001)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def text_width(text: str) -> float:
    """Estimate the width in pixels of a text of 13 px, rather too large than too small.

    >>> text_width("momentum"), text_width("tilt")
    (78.5, 22.0)
    """
    return sum(_LETTER_WIDTHS.get(letter, 8.5) for letter in text)


def power_of_ten(exponent: int) -> str:
    """A power of ten with superscript digits.

    >>> power_of_ten(-12), power_of_ten(0)
    ('10⁻¹²', '1')
    """
    return "10" + str(exponent).translate(_SUPERSCRIPTS) if exponent else "1"


class Axes:
    """A frame with ticks, into which lines and points are drawn; `svg()` is the picture.

    x_range, y_range : (low, high). With `logarithmic` both axes are logarithmic, with `logarithmic_y` only y. Values on
    a logarithmic axis are given as their log10.
    """

    width, height = 440, 320
    right, top, bottom = 14, 44, 46  # room for the frame, the legend, the axis label

    def __init__(
        self,
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        x_label: str,
        y_label: str,
        logarithmic: bool = False,
        logarithmic_y: bool = False,
    ):
        self.x_range, self.y_range = x_range, y_range
        self.x_label, self.y_label = x_label, y_label
        self.logarithmic, self.logarithmic_y = logarithmic, logarithmic or logarithmic_y
        widest = max((text_width(label) for _, label in self._ticks(y_range, self.logarithmic_y)), default=0)
        self.left = max(62, round(28 + widest))
        self._inside: list[str] = []  # clipped to the frame
        self._legend: list[str] = []
        self._legend_end = float(self.left)

    def x(self, value: float) -> float:
        """Pixels from the left edge."""
        low, high = self.x_range
        return self.left + (value - low) / (high - low) * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """Pixels from the top edge, limited far outside the frame: browsers drop lines beyond 10⁷ pixels."""
        low, high = self.y_range
        share = min(max((value - low) / (high - low), -9.0), 9.0)
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)

    def line(self, xs: Sequence[float], ys: Sequence[float], style: str) -> None:
        """Draw a line through the points, broken where a point is not finite."""
        pieces, pen = [], "M"
        for x, y in zip(xs, ys, strict=True):
            if math.isfinite(x) and math.isfinite(y):
                pieces.append(f"{pen}{self.x(x):.1f} {self.y(y):.1f}")
                pen = "L"
            else:
                pen = "M"
        self._inside.append(f'<path class="line {style}" d="{"".join(pieces)}"/>')

    def point(self, x: float, y: float, style: str) -> None:
        """Draw a point in the shape of its look (gradlib/palette.py). "small" after the style makes it smaller.

        A point that is not finite is left out.
        """
        if math.isfinite(x) and math.isfinite(y):
            self._inside.append(_symbol(self.x(x), self.y(y), style))

    def cell(self, x_range: tuple[float, float], y_range: tuple[float, float], style: str) -> None:
        """Draw a rectangle filled with a pale tint."""
        # Whole pixels: edges inside a pixel would leave a pale line.
        left, right, bottom, top = map(round, [*map(self.x, x_range), *map(self.y, y_range)])
        place = f'x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"'
        self._inside.append(f'<rect class="cell {style}" {place}/>')

    def add(self, element: str) -> None:
        """Add any other SVG, in pixels."""
        self._inside.append(element)

    def handle(self, x: float, y: float, style: str, data_id: str, name: str, value: float, text: str = "") -> None:
        """Draw a point that can be dragged; `View.dragged` and `View.nudged` react to it.

        name : its name for screen readers; value : the number that it stands for; text : that number in words. A height
        that is not finite is drawn at the lower edge, so that the point can be dragged away from there.
        """
        y = y if math.isfinite(y) else self.y_range[0]
        place = f'cx="{self.x(x):.1f}" cy="{self.y(y):.1f}"'
        symbol = _symbol(self.x(x), self.y(y), style)
        self._inside.append(
            f'<g class="node draggable" data-id="{data_id}" data-drag="xy" {slider(name, value, text)}>'
            f'<circle class="grip" {place} r="16"/>{symbol}</g>'
        )

    def inside(self) -> str:
        """Return what is drawn inside the frame, to be added to other axes of the same ranges."""
        return "".join(self._inside)

    def text(self, x: float, y: float, text: str, dx: float, dy: float, anchor: str) -> None:
        """Write a text dx, dy pixels from a point; `anchor` is the end of the text that stands there."""
        self._inside.append(_text(self.x(x) + dx, self.y(y) + dy, text, anchor))

    def legend(self, name: str, style: str, point: bool = False) -> None:
        """Add an entry to the legend above the frame: a piece of the line, its point if it has one, its name."""
        x, y = self._legend_end, self.top - 18
        self._legend.append(f'<path class="line {style}" d="M{x:.1f} {y}h26"/>')
        if point:
            self._legend.append(_symbol(x + 13, y, style))
        self._legend.append(_text(x + 31, y + 4, name, "start"))
        self._legend_end = x + 31 + text_width(name) + 12

    def value_at(self, x: float, y: float) -> tuple[float, float]:
        """Return the values at a place in pixels, the inverse of `x` and `y`.

        >>> axes = Axes((0, 1), (0, 10), "x", "y")
        >>> axes.value_at(axes.x(0.25), axes.y(7.5))
        (0.25, 7.5)
        """
        across = (x - self.left) / (self.width - self.left - self.right)
        up = (self.height - self.bottom - y) / (self.height - self.top - self.bottom)
        values = zip((across, up), (self.x_range, self.y_range), strict=True)
        return tuple(low + share * (high - low) for share, (low, high) in values)

    def svg(self, description: str) -> str:
        """Return the picture; `description` is for readers who do not see it."""
        left, top = self.left, self.top
        width, height = self.width - left - self.right, self.height - top - self.bottom
        size = f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
        frame = f'x="{left}" y="{top}" width="{width}" height="{height}"'
        return "".join(
            [
                f'<svg class="gradlib-axes" role="img" aria-label="{html.escape(description)}" {size}>',
                *self._grid(),
                f'<rect class="frame" {frame}/>',
                _text(left + width / 2, self.height - 8, self.x_label, "middle"),
                f'<g transform="translate(14 {top + height / 2}) rotate(-90)">',
                _text(0, 0, self.y_label, "middle"),
                "</g>",
                *self._legend,
                # A nested svg clips to its box; a clipPath would need an id.
                f'<svg {frame} viewBox="{left} {top} {width} {height}">',
                *self._inside,
                "</svg></svg>",
            ]
        )

    def _grid(self) -> Iterator[str]:
        bottom = self.height - self.bottom
        for value, label in self._ticks(self.x_range, self.logarithmic):
            x = self.x(value)
            yield f'<path class="tick" d="M{x:.1f} {self.top}V{bottom}"/>'
            yield _text(x, bottom + 17, label, "middle")
        for value, label in self._ticks(self.y_range, self.logarithmic_y):
            y = self.y(value)
            yield f'<path class="tick" d="M{self.left} {y:.1f}H{self.width - self.right}"/>'
            yield _text(self.left - 6, y + 4, label, "end")

    def _ticks(self, span: tuple[float, float], logarithmic: bool = False) -> list[tuple[float, str]]:
        """(value, label) of each tick."""
        if not logarithmic:
            return [(value, f"{value:.10g}".replace("-", "−")) for value in round_steps(*span)]
        if span[1] - span[0] < 2:  # less than two powers of ten: 1, 2 and 5 times each
            parts = [(e, m) for e in range(math.floor(span[0]), math.ceil(span[1]) + 1) for m in (1, 2, 5)]
            values = [(e + math.log10(m), f"{m * 10.0**e:.10g}") for e, m in parts]
            return [(value, label) for value, label in values if span[0] <= value <= span[1]]
        every = math.ceil((span[1] - span[0]) / 6)
        exponents = range(math.ceil(span[0]), math.floor(span[1]) + 1)
        return [(float(e), power_of_ten(e)) for e in exponents if e % every == 0]


def slider(name: str, value: float, text: str = "") -> str:
    """Return the attributes of a part that can be dragged: for screen readers it is a slider.

    >>> slider("h", 0.5, "h = 0.5")
    'role="slider" aria-label="h" aria-valuenow="0.5" aria-valuetext="h = 0.5"'
    """
    said = html.escape(text or f"{value:.4g}")
    number = f"{value:.6g}" if math.isfinite(value) else "0"
    return f'role="slider" aria-label="{html.escape(name)}" aria-valuenow="{number}" aria-valuetext="{said}"'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'


# The outlines of Matplotlib's markers in a square from -1 to 1, as large to the eye as a disc of radius 1.
_OUTLINES = {
    "^": "0,-1.1 1.1,.9 -1.1,.9",
    "v": "0,1.1 1.1,-.9 -1.1,-.9",
    "D": "0,-1.2 1.2,0 0,1.2 -1.2,0",
    "P": "-.4,-1.1 .4,-1.1 .4,-.4 1.1,-.4 1.1,.4 .4,.4 .4,1.1 -.4,1.1 -.4,.4 -1.1,.4 -1.1,-.4 -.4,-.4",
    "X": "-.6,-1.1 0,-.5 .6,-1.1 1.1,-.6 .5,0 1.1,.6 .6,1.1 0,.5 -.6,1.1 -1.1,.6 -.5,0 -1.1,-.6",
    "*": "0,-1.3 .3,-.4 1.2,-.4 .5,.2 .8,1.1 0,.55 -.8,1.1 -.5,.2 -1.2,-.4 -.3,-.4",
}


def _symbol(x: float, y: float, style: str) -> str:
    name, r = style.partition(" ")[0], 3.5 if style.endswith(" small") else 5.5
    marker = LOOKS[name].marker if name in LOOKS else "o"
    if marker == "s":
        side = 2 * r - 1
        corner = f'x="{x - side / 2:.1f}" y="{y - side / 2:.1f}"'
        return f'<rect class="point {style}" {corner} width="{side:g}" height="{side:g}"/>'
    if marker not in _OUTLINES:
        return f'<circle class="point {style}" cx="{x:.1f}" cy="{y:.1f}" r="{r:g}"/>'
    corners = (map(float, corner.split(",")) for corner in _OUTLINES[marker].split())
    points = " ".join(f"{x + r * across:.1f},{y + r * down:.1f}" for across, down in corners)
    return f'<polygon class="point {style}" points="{points}"/>'
