import numpy as np

from gradlib.widgets import AttentionMap

EVEN = np.tril(np.ones((5, 5))) / np.arange(1, 6)[:, None]
LAST = np.eye(5)

SAMPLES = {
    AttentionMap: {
        "two heads": lambda: AttentionMap("12+3=", [EVEN, LAST], goal=(3, 3)),
        "one head, no goal": lambda: AttentionMap(["<a>", "& b"], [[[1.0, 0.0], [0.25, 0.75]]]),
        "no mask": lambda: AttentionMap("abc", np.full((2, 3, 3), 1 / 3)),
        "one token": lambda: AttentionMap("a", [[[1.0]]]),
        "the longest": lambda: AttentionMap("0123456789abcdef", np.full((8, 16, 16), 1 / 16), goal=(15, 1)),
    }
}

CELLS = {
    "AttentionMap": """
import numpy as np
from gradlib.widgets import AttentionMap
even = np.tril(np.ones((5, 5))) / np.arange(1, 6)[:, None]
AttentionMap("12+3=", [even, np.eye(5)], goal=(3, 3))
"""
}
