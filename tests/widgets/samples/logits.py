from gradlib.widgets import DraggableLogits

SAMPLES = {
    DraggableLogits: {
        "three classes": lambda: DraggableLogits([2.0, 1.0, 0.0], target=1),
        "two classes": lambda: DraggableLogits([0.5, -0.5]),
        "six classes": lambda: DraggableLogits([1.0, -2.0, 3.0, 0.0, 0.5, -4.0], target=5),
        "equal": lambda: DraggableLogits([1.0, 1.0, 1.0]),
        "sure and wrong": lambda: DraggableLogits([1e4, 0.0, -1e4], target=2),
        "sure and right": lambda: DraggableLogits([20.0, 0.0], target=0),
        "huge": lambda: DraggableLogits([1e300, -1e300], target=1),
    }
}

CELLS = {
    "DraggableLogits": """
from gradlib.widgets import DraggableLogits
DraggableLogits([2.0, 1.0, 0.0], target=1)
"""
}
