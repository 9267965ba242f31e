import numpy as np

from gradlib.autograd import unbroadcast
from gradlib.widgets import BroadcastExplorer

SAMPLES = {
    BroadcastExplorer: {
        "column and row": lambda: BroadcastExplorer((3, 1), (4,)),
        "the same shape": lambda: BroadcastExplorer((2, 3), (2, 3)),
        "two numbers": lambda: BroadcastExplorer((), ()),
        "a number and a block": lambda: BroadcastExplorer((), (2, 3, 2)),
        "three axes": lambda: BroadcastExplorer((2, 1, 3), (4, 1)),
        "empty": lambda: BroadcastExplorer((0, 1), (3,)),
        "size 1 everywhere": lambda: BroadcastExplorer((1, 1), (1,)),
        "misfit": lambda: BroadcastExplorer((2, 3), (2,)),
        "empty against two": lambda: BroadcastExplorer((0,), (2,)),
        "too large": lambda: BroadcastExplorer((9, 1), (9,)),
        "too many axes": lambda: BroadcastExplorer((1, 1, 1, 2), (2,)),
        "arrays": lambda: BroadcastExplorer(np.array([[1e-9], [-1e30]]), np.array([np.inf, np.nan, 0.5])),
        "a right unbroadcast": lambda: BroadcastExplorer((3, 1), (4,), unbroadcast),
        "a wrong unbroadcast": lambda: BroadcastExplorer((3, 1), (4,), lambda g, shape: g.sum(axis=0)),
        "an unbroadcast that fails": lambda: BroadcastExplorer((3, 1), (4,), lambda g, shape: g.reshape(shape)),
    }
}

CELLS = {
    "BroadcastExplorer": """
from gradlib.autograd import unbroadcast
from gradlib.widgets import BroadcastExplorer
BroadcastExplorer((3, 1), (4,), unbroadcast)
"""
}
