"""The colours of all pictures, by what they mean. Widgets, graphs and plots take them from here.

A meaning is never a colour alone: it has dashes and a marker of its own, too.

*On light and on dark.* Every colour has a contrast of at least 3 to white and to JupyterLab's dark #111 and #212121, as
the Web Content Accessibility Guidelines 2.1 (1.4.11) ask for lines and marks.

*Text.* They ask for 4.5 for text, and no single colour has that on white and on #111: the highest contrast on both is
√(1.05 / 0.0556) = 4.35. So where text cannot follow the theme of the page (a stored image), it is dark and has a light
edge around its letters, invisible on white.

*Colour blindness.* What stands side by side differs by at least 20 in CIE L*a*b* (the smallest difference that the eye
sees is about 2.3) for normal sight and for protanopia, deuteranopia and tritanopia, as Machado, Oliveira and Fernandes
simulate them (A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009).
"""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """A colour, the dashes of a line (strokes and gaps, in widths of the line; none is solid), a Matplotlib marker."""

    color: str
    dashes: tuple[float, ...]
    marker: str


VALUE = Look("#0072B2", (), "o")  # what the forward pass computes
GRADIENT = Look("#D55E00", (4, 2), "s")  # what the backward pass computes
TRAINING = Look("#8A63C9", (), "o")
VALIDATION = Look("#9A7B00", (4, 2), "s")
RIGHT = Look("#189024", (), "o")
WRONG = Look("#E03C6C", (4, 2), "X")
GUIDE = Look("#767676", (4, 3), "")  # where something is, or how far it may go: no data

# Classes, and curves that mean none of the above. The first four differ as said above; from the fifth on, colours come
# close to others (by 12), and dashes and markers tell them apart.
CATEGORIES = (
    Look("#308478", (), "o"),
    Look("#D860CC", (4, 2), "s"),
    Look("#849C00", (1, 1.6), "^"),
    Look("#906C3C", (6, 1.5, 1.5, 1.5), "D"),
    Look("#606C9C", (5, 1, 1, 1, 1, 1), "v"),
    Look("#6C9C78", (8, 2), "P"),
    Look("#9C6018", (2, 1), "X"),
    Look("#6084FC", (3, 3), "*"),
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")

LOOKS: dict[str, Look] = {
    "value": VALUE, "gradient": GRADIENT, "training": TRAINING, "validation": VALIDATION, "right": RIGHT,
    "wrong": WRONG, "guide": GUIDE, **dict(zip(_ORDINALS, CATEGORIES, strict=True)),
}  # fmt: skip

INK = "#767676"  # lines, frames and ticks that cannot follow the theme of the page
TEXT, HALO, HALO_OPACITY = "#222222", "#FFFFFF", 0.9  # text that cannot: dark letters with a light edge


def css() -> str:
    """The looks as variables, `--gradlib-value`, and as rules for the lines, points and cells of a drawing.

    >>> print(css().splitlines()[1])
    .gradlib-axes .line.value { stroke: #0072B2; stroke-width: 2.5; }
    """
    variables = " ".join(f"--gradlib-{name}: {look.color};" for name, look in LOOKS.items())
    rules = [f":root {{ {variables} }}"]
    for name, look in LOOKS.items():
        width = 1 if name == "guide" else 2.5
        dashes = " ".join(f"{width * length:g}" for length in look.dashes)
        stroke = f"stroke: {look.color}; stroke-width: {width};" + (f" stroke-dasharray: {dashes};" if dashes else "")
        rules.append(f".gradlib-axes .line.{name} {{ {stroke} }}")
        rules.append(f".gradlib-axes .point.{name}, .gradlib-axes .cell.{name} {{ fill: {look.color}; }}")
    return "\n".join(rules) + "\n"
