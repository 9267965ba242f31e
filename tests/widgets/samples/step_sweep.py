import math

import numpy as np

from gradlib.widgets import StepSweep

CUBE = np.array([1.0, -2.0])


def cubes(x):
    return (x * x * x).sum()


def slopes(x):
    return 3 * x * x


SAMPLES = {
    StepSweep: {
        "cubes": lambda: StepSweep(cubes, CUBE, slopes),
        "several bugs": lambda: StepSweep(
            lambda x: np.sin(x).sum(),
            np.array([[0.3, 1.0, -2.0], [0.1, 0.0, 2.0]]),
            np.cos,
            {"wrong sign": lambda x: -np.cos(x), "one part in a million": lambda x: np.cos(x) * (1 + 1e-6)},
            expression="Σ sin x",
        ),
        "the bug is none": lambda: StepSweep(cubes, CUBE, slopes, {"none": slopes}),
        "the gradient is wrong": lambda: StepSweep(cubes, CUBE, lambda x: x, {"right": slopes}),
        "a single number": lambda: StepSweep(math.exp, 0.5, math.exp),
        "no entries": lambda: StepSweep(lambda x: x.sum(), np.zeros((0, 3)), np.zeros((0, 3))),
        "axes of size 1": lambda: StepSweep(cubes, np.ones((1, 1, 1)), slopes),
        "a thousand entries": lambda: StepSweep(cubes, np.linspace(-1, 1, 1000), slopes),
        "large input": lambda: StepSweep(lambda x: (3 * x).sum(), np.array([1e11]), np.array([3.0])),
        "huge values": lambda: StepSweep(lambda x: 1e300 * x.sum(), np.ones(2), np.full(2, 1e300)),
        "gradient of zero": lambda: StepSweep(lambda x: 1.0, CUBE, np.zeros(2), {"not zero": np.ones(2)}),
        "not a number": lambda: StepSweep(lambda x: math.nan, CUBE, np.zeros(2), {"nan": np.full(2, math.nan)}),
        "infinite gradient": lambda: StepSweep(cubes, CUBE, np.full(2, math.inf)),
        "undefined on the left": lambda: StepSweep(lambda x: math.sqrt(x[0]), np.array([0.1]), lambda x: 0.5 / x**0.5),
        "kink": lambda: StepSweep(lambda x: abs(x).sum(), np.array([0.0, 1e-4]), np.sign),
        "tolerance of zero": lambda: StepSweep(cubes, CUBE, slopes, tolerance=0.0),
        "huge tolerance": lambda: StepSweep(cubes, CUBE, slopes, tolerance=3e20),
        "markup": lambda: StepSweep(cubes, CUBE, slopes, {'<b> & "bug"': np.zeros(2)}, expression='<b> & "f"'),
    }
}

CELLS = {
    "StepSweep": """
import numpy as np
from gradlib.widgets import StepSweep
StepSweep(lambda x: np.sin(x).sum(), np.array([1.0, 2.0]), np.cos, {'wrong sign': lambda x: -np.cos(x)})
"""
}
