from gradlib.widgets import DepthAndGain

SAMPLES = {
    DepthAndGain: {
        f"{activation}, width {width}": lambda activation=activation, width=width: DepthAndGain(activation, width)
        for activation in ("relu", "tanh", "sigmoid", "identity")
        for width in (16, 256)
    }
}

CELLS = {
    "DepthAndGain": """
from gradlib.widgets import DepthAndGain
DepthAndGain("relu")
"""
}
