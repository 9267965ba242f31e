import numpy as np

from gradlib.widgets import ThroughTime


def powers(weight):
    return [weight ** (12 - t) for t in range(1, 13)]


SAMPLES = {
    ThroughTime: {
        "powers": lambda: ThroughTime(powers),
        "from the upper end": lambda: ThroughTime(powers, weight=2.0, within=2.0),
        "negative weights": lambda: ThroughTime(powers, weight=-1.0, span=(-1.5, 0.5)),
        "two steps": lambda: ThroughTime(lambda weight: [weight, 1.0]),
        "always the same": lambda: ThroughTime(lambda weight: [3.0] * 5),
        "overflow": lambda: ThroughTime(lambda weight: [np.inf if weight > 1 else 1e300 * weight, 1e-300]),
        "not a number at the end": lambda: ThroughTime(lambda weight: [weight, 0.0]),
        "not a number": lambda: ThroughTime(lambda weight: [np.nan if weight > 1 else 1.0, 1.0]),
    }
}

CELLS = {
    "ThroughTime": """
from gradlib.widgets import ThroughTime
ThroughTime(lambda weight: [weight ** (12 - t) for t in range(1, 13)])
"""
}
