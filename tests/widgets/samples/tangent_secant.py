import math

import numpy as np

from gradlib.widgets import TangentSecant

SAMPLES = {
    TangentSecant: {
        "sin": lambda: TangentSecant(np.sin, 1.0, derivative=np.cos, expression="sin(x)"),
        "math.exp, slope estimated": lambda: TangentSecant(math.exp, 0.0),
        "constant": lambda: TangentSecant(lambda x: 2.0, 0.0, derivative=0),
        "whole numbers": lambda: TangentSecant(lambda x: x * x, 3, derivative=6),
        "kink": lambda: TangentSecant(abs, 0.0),
        "pole in the window": lambda: TangentSecant(lambda x: 1 / x, 0.5, derivative=-4.0),
        "at the pole": lambda: TangentSecant(lambda x: 1 / x, 0.0),
        "undefined on the left": lambda: TangentSecant(math.log, 0.1, derivative=10.0, expression="ln(x)"),
        "undefined everywhere": lambda: TangentSecant(lambda x: math.sqrt(-1 - x * x), 1.0),
        "huge values": lambda: TangentSecant(lambda x: 1e300 * x, 1.0),
        "overflow": lambda: TangentSecant(math.exp, 709.5),
        "tiny values": lambda: TangentSecant(lambda x: 1e-300 * x, 1.0),
        "large x": lambda: TangentSecant(np.sin, 1e8, derivative=np.cos),
        "markup": lambda: TangentSecant(np.sin, 1.0, expression='<b> & "f"'),
    }
}

CELLS = {
    "TangentSecant": """
import numpy as np
from gradlib.widgets import TangentSecant
TangentSecant(np.sin, 1.0, derivative=np.cos, expression='sin(x)')
"""
}
