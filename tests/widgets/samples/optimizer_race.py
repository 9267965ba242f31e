import numpy as np

from gradlib import optim
from gradlib.widgets import OptimizerRace
from gradlib.widgets.optimizer_race import Surface

FOUR = {
    "SGD": lambda params, lr: optim.SGD(params, lr),
    "momentum": lambda params, lr: optim.SGD(params, lr, momentum=0.9),
    "RMSprop": lambda params, lr: optim.RMSprop(params, lr),
    "Adam": lambda params, lr: optim.Adam(params, lr),
}


class Broken:
    """An optimizer that a learner has not finished."""

    def __init__(self, params, lr):
        self.params = params

    def step(self):
        raise AttributeError("no <velocity> & more")


SAMPLES = {
    OptimizerRace: {
        "bowl": lambda: OptimizerRace(FOUR),
        "valley": lambda: OptimizerRace(FOUR, "valley"),
        "saddle": lambda: OptimizerRace(FOUR, "saddle", lr=0.1),
        "diverging": lambda: OptimizerRace(FOUR, lr=0.3),
        "one": lambda: OptimizerRace({"SGD": FOUR["SGD"]}, steps=5),
        "a broken one": lambda: OptimizerRace({"broken": Broken, "SGD": FOUR["SGD"]}, steps=6),
        "your own surface": lambda: OptimizerRace(
            FOUR, Surface(lambda x, y: x * x + y * y, (-1.0, 1.0), (-1.0, 1.0), (0.5, 0.5)), lr=0.25, steps=10
        ),
        "flat": lambda: OptimizerRace(FOUR, Surface(lambda x, y: 0 * x * y, (0, 1), (0, 1), (0.5, 0.5)), steps=6),
        "overflowing": lambda: OptimizerRace(
            FOUR, Surface(lambda x, y: np.exp(x * x * 50) + y, (-3.0, 3.0), (0.0, 1.0), (-3.0, 0.5)), lr=0.3, steps=9
        ),
    }
}

CELLS = {
    "OptimizerRace": """
from gradlib import optim
from gradlib.widgets import OptimizerRace
OptimizerRace({
    "SGD": lambda params, lr: optim.SGD(params, lr),
    "momentum": lambda params, lr: optim.SGD(params, lr, momentum=0.9),
    "Adam": lambda params, lr: optim.Adam(params, lr),
})
"""
}
