import math

from gradlib.widgets import TaylorExplorer


def exp(center, order):
    return [math.exp(center) / math.factorial(k) for k in range(order + 1)]


def sin(center, order):
    return [math.sin(center + k * math.pi / 2) / math.factorial(k) for k in range(order + 1)]


def reciprocal(center, order):
    return [(-1) ** k / center ** (k + 1) for k in range(order + 1)]


SAMPLES = {
    TaylorExplorer: {
        "sin": lambda: TaylorExplorer(math.sin, sin),
        "exp, from an end": lambda: TaylorExplorer(math.exp, exp, center=-2.0, span=(-2, 4), most=20),
        "a straight line": lambda: TaylorExplorer(lambda x: 2 * x, lambda c, n: [2 * c, 2.0], most=1),
        "constant": lambda: TaylorExplorer(lambda x: 3.0, lambda c, n: [3.0] + n * [0.0]),
        "a pole": lambda: TaylorExplorer(lambda x: 1 / x, reciprocal, center=1.0),
        "at the pole": lambda: TaylorExplorer(lambda x: 1 / x, reciprocal),
        "undefined on the left": lambda: TaylorExplorer(math.sqrt, lambda c, n: [math.nan] * (n + 1), center=-1.0),
    }
}

CELLS = {
    "TaylorExplorer": """
import math
from gradlib.widgets import TaylorExplorer
TaylorExplorer(math.sin, lambda c, n: [math.sin(c + k * math.pi / 2) / math.factorial(k) for k in range(n + 1)])
"""
}
