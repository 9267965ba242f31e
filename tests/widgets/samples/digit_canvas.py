import math

import numpy as np

from gradlib import nn
from gradlib.widgets import DigitCanvas


def arc(x, y, rx, ry, start, stop):
    """Points of an ellipse, from one angle to another in degrees, clockwise from the right."""
    angles = [math.radians(start + (stop - start) * i / 24) for i in range(25)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


# Digits as one draws them, each a list of strokes.
DIGITS = {
    0: [arc(64, 64, 26, 40, -90, 270)],
    1: [[(74, 20), (56, 108)]],
    2: [arc(62, 44, 24, 22, 190, 380) + [(40, 106), (92, 106)]],
    3: [arc(60, 44, 24, 20, 200, 440) + arc(60, 84, 26, 22, -80, 150)],
    4: [[(70, 20), (36, 76), (94, 76)], [(76, 50), (76, 110)]],
    5: [[(88, 22), (46, 22), (42, 58)] + arc(60, 80, 26, 26, -120, 140)],
    6: [[(78, 18), (50, 50), (40, 80)] + arc(62, 84, 22, 22, 180, 540)],
    7: [[(36, 24), (92, 24), (60, 108)], [(50, 66), (88, 66)]],
    8: [[(64 + 24 * math.sin(2 * t), 64 - 42 * math.cos(t)) for t in np.linspace(0, 2 * math.pi, 40).tolist()]],
    9: [arc(60, 40, 22, 18, -20, -380) + [(82, 40), (80, 110)]],
}


def drawn(strokes, predict=None):
    canvas = DigitCanvas(predict)
    canvas.strokes = strokes
    return canvas


def fails(x):
    raise ValueError("no <such> model & more")


SAMPLES = {
    DigitCanvas: {
        "nothing": DigitCanvas,
        "a three": lambda: drawn(DIGITS[3]),
        "a four, read": lambda: drawn(DIGITS[4], nn.MLP([64, 16, 10], rng=np.random.default_rng(0))),
        "a dot in a corner": lambda: drawn([[(0, 0)]], lambda x: np.arange(10.0)),
        "all ink": lambda: drawn([[(0, y), (128, y)] for y in range(0, 129, 8)], lambda x: np.zeros((1, 10))),
        "a reader that fails": lambda: drawn(DIGITS[7], fails),
        "sure": lambda: drawn(DIGITS[7], lambda x: 1e4 * np.eye(10)[7]),
        "not a number": lambda: drawn(DIGITS[7], lambda x: np.full(10, np.nan)),
    }
}

CELLS = {
    "DigitCanvas": """
import numpy as np
from gradlib import nn
from gradlib.widgets import DigitCanvas
canvas = DigitCanvas(nn.MLP([64, 16, 10], rng=np.random.default_rng(0)))
canvas
"""
}
