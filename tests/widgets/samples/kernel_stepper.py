import numpy as np

from gradlib.widgets import KernelStepper

IMAGE = np.array([[1, 2, 0, 1], [0, 3, 1, 2], [2, 1, 1, 0], [1, 0, 2, 3]])
CROSS = np.array([[0, 1, 0], [1, -2, 1], [0, 1, 0]])


def placed(stride, padding):
    view = KernelStepper(IMAGE, CROSS)
    view.place(stride, padding)
    return view


SAMPLES = {
    KernelStepper: {
        "4 × 4, 3 × 3": lambda: KernelStepper(IMAGE, CROSS),
        "padded": lambda: placed(1, 1),
        "in steps of two": lambda: placed(2, 1),
        "a kernel as large as the image": lambda: KernelStepper([[1.0, 2.0]], [[3.0, -4.0]]),
        "not square": lambda: KernelStepper(np.arange(12).reshape(3, 4) / 7, [[1.0, 0.5]], g=np.ones((3, 3))),
        "a function that raises": lambda: KernelStepper(IMAGE, CROSS, input_gradient=lambda g, kernel, shape: 1 / 0),
    }
}

CELLS = {
    "KernelStepper": """
from gradlib.widgets import KernelStepper
KernelStepper([[1, 2, 0, 1], [0, 3, 1, 2], [2, 1, 1, 0], [1, 0, 2, 3]], [[0, 1, 0], [1, -2, 1], [0, 1, 0]])
"""
}
