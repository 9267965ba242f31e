import numpy as np

from gradlib import Tensor, nn
from gradlib.widgets import MemoryTimeline


def chain(count, segments=1):
    return MemoryTimeline([np.tanh] * count, np.zeros(1000), segments)


def narrowing():
    """A network whose results get smaller and smaller."""
    layers = [
        nn.Conv2d(1, 8, 3),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32, 3),
    ]
    return MemoryTimeline(nn.Sequential(*layers), Tensor(np.zeros((4, 1, 8, 8), dtype=np.float32)))


SAMPLES = {
    MemoryTimeline: {
        "16 equal layers": lambda: chain(16),
        "in four segments": lambda: chain(16, 4),
        "two layers": lambda: chain(2),
        "32 layers, 8 segments": lambda: chain(32, 8),
        "convolutions": narrowing,
    }
}

CELLS = {
    "MemoryTimeline": """
import numpy as np
from gradlib.widgets import MemoryTimeline
MemoryTimeline([np.tanh] * 16, np.zeros(1000), segments=2)
"""
}
