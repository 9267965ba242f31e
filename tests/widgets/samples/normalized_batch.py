import numpy as np

from gradlib.widgets import NormalizedBatch


def only_centred(x):
    return x - x.mean(axis=0)


SAMPLES = {
    NormalizedBatch: {
        "five entries": lambda: NormalizedBatch([1.0, 4.0, 2.0, 6.0, 3.0]),
        "three entries": lambda: NormalizedBatch([-10.0, 0.5, 10.0]),
        "six entries": lambda: NormalizedBatch([0.25, -3.0, 7.5, 1.0, 1.0, -9.9]),
        "all equal": lambda: NormalizedBatch([2.0, 2.0, 2.0]),
        "an outlier": lambda: NormalizedBatch([10.0, 0.0, 0.0, 0.0]),
        "a normalize of one's own": lambda: NormalizedBatch([1.0, 1.0, 3.0, 3.0], only_centred),
        "an array": lambda: NormalizedBatch(np.float32([1, 2, 4])),
    }
}

CELLS = {
    "NormalizedBatch": """
from gradlib.widgets import NormalizedBatch
def normalize(x, eps=1e-5):
    return (x - x.mean(axis=0)) / (x.var(axis=0) + eps) ** 0.5
NormalizedBatch([1.0, 4.0, 2.0, 6.0, 3.0], normalize)
"""
}
