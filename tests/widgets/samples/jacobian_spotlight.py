import numpy as np

from gradlib.widgets import JacobianSpotlight

W = np.random.default_rng(0).normal(size=(3, 4))


def fails(x):
    raise ValueError("no <such> thing & more")


SAMPLES = {
    JacobianSpotlight: {
        "several": lambda: JacobianSpotlight(
            {"square": np.square, "cumsum": np.cumsum, "sum": np.sum, "softmax": lambda x: np.exp(x) / np.exp(x).sum()},
            [0.5, -1.0, 2.0, 0.1],
        ),
        "a product": lambda: JacobianSpotlight(lambda x: x @ W, [1.0, 2.0, 3.0], lambda g, x: g @ W.T),
        "a wrong vjp": lambda: JacobianSpotlight(lambda x: x @ W, [1.0, 2.0, 3.0], lambda g, x: W.T @ g),
        "a vjp of another shape": lambda: JacobianSpotlight(np.cumsum, np.ones(5), lambda g, x: g[:2]),
        "a matrix as input": lambda: JacobianSpotlight(lambda x: x.sum(axis=0), np.ones((2, 3))),
        "a number": lambda: JacobianSpotlight(np.sin, 0.5),
        "nothing": lambda: JacobianSpotlight(np.cumsum, np.zeros(0)),
        "too large": lambda: JacobianSpotlight(np.cumsum, np.ones(40)),
        "undefined": lambda: JacobianSpotlight(np.log, [0.0, -1.0, 1.0]),
        "huge": lambda: JacobianSpotlight(lambda x: 1e300 * x, np.ones(4)),
        "overflow": lambda: JacobianSpotlight(np.exp, [1000.0, 1.0]),
        "a kink": lambda: JacobianSpotlight(np.abs, [0.0, -1.0, 2.0, 3.0]),
        "a function that fails": lambda: JacobianSpotlight({"<f> & g": fails}, [1.0]),
    }
}

CELLS = {
    "JacobianSpotlight": """
import numpy as np
from gradlib.widgets import JacobianSpotlight
functions = {"square": np.square, "running total": np.cumsum, "softmax": lambda x: np.exp(x) / np.exp(x).sum()}
JacobianSpotlight(functions, [0.5, -1.0, 2.0, 0.1])
"""
}
