import numpy as np

from gradlib import data, nn
from gradlib.widgets import ProvenBox


def on_a_digit():
    x, y = data.load_digits()
    return ProvenBox(nn.MLP([64, 16, 10], rng=np.random.default_rng(0)), x[0], y[0])


def on_points(weight, label=0, **options):
    """A linear network of two inputs and two classes."""
    layer = nn.Linear(2, 2, bias=False)
    layer.weight.data[...] = weight
    return ProvenBox(layer, [0.5, 0.25], label, **options)


SAMPLES = {
    ProvenBox: {
        "a digit, untrained": on_a_digit,
        "two classes": lambda: on_points([[2.0, -1.0], [0.0, 1.0]]),
        "misread": lambda: on_points([[2.0, -1.0], [0.0, 1.0]], label=1),
        "a tie": lambda: on_points(np.ones((2, 2))),
        "a wide box": lambda: on_points([[2.0, -1.0], [0.0, 1.0]], most=1e6),
    }
}

CELLS = {
    "ProvenBox": """
import numpy as np
from gradlib import data, nn, optim
from gradlib.widgets import ProvenBox
x, y = data.load_digits()
rng = np.random.default_rng(0)
reader = nn.MLP([64, 32, 10], rng=rng)
optimizer = optim.Adam(reader.parameters(), lr=0.01)
for _ in range(200):
    rows = rng.integers(0, 1200, 64)
    optimizer.zero_grad()
    nn.functional.cross_entropy(reader(x[rows]), y[rows]).backward()
    optimizer.step()
ProvenBox(reader, x[1200], y[1200])
"""
}
