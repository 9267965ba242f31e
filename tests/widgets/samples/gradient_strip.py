import math

import numpy as np

from gradlib import diagnostics, nn, optim
from gradlib.widgets import GradientFlowStrip


def recorded(gain, steps=6):
    """A deep network with weights of a certain size, and what the trackers of gradlib.diagnostics saw of it."""
    rng = np.random.default_rng(0)
    model = nn.MLP([4, *[8] * 5, 2], activation="relu", rng=rng)
    for parameter in model.parameters():
        parameter.data *= gain
    x, y = rng.normal(size=(20, 4)).astype(np.float32), rng.integers(0, 2, 20)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    gradients = diagnostics.GradientTracker(model)
    with diagnostics.ActivationTracker(model) as activations:
        for _ in range(steps):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            gradients.record()
            optimizer.step()
    return gradients, {name: figures["dead"] for name, figures in activations.history.items() if int(name) % 2}


def before_and_after():
    (before, dead_before), (after, dead_after) = recorded(0.1), recorded(1.0)
    return GradientFlowStrip({"before": before, "after": after}, {"before": dead_before, "after": dead_after})


SAMPLES = {
    GradientFlowStrip: {
        "before and after": before_and_after,
        "one run": lambda: GradientFlowStrip({"run": recorded(1.0)[0]}),
        "one layer": lambda: GradientFlowStrip({"run": {"weight": [1.0, 0.5, 0.25, 0.1, 0.01]}}),
        "extremes": lambda: GradientFlowStrip(
            {"run": {"a": [0.0, 1e-300, 1e300, math.inf, math.nan], "b": [None, 1.0, -0.0, 1e5, 1e-7]}},
            {"run": {"a": [0.0, 1.0, 0.5, math.nan, None], "b": [0.1, 0.2, 0.3, 0.4, 0.5]}},
        ),
        "runs of unequal length": lambda: GradientFlowStrip({"long": {"a": [1.0] * 9}, "short": {"a": [2.0, 3.0]}}),
        "forty layers": lambda: GradientFlowStrip({"deep": {f"{i}.weight": [10.0**-i] * 5 for i in range(40)}}),
        "markup": lambda: GradientFlowStrip({'<b> & "x"': {"<w>": [1.0, 2.0, 3.0, 4.0, 5.0]}}),
        "one record": lambda: GradientFlowStrip({"run": {"a": [1.0]}}),
    }
}

CELLS = {
    "GradientFlowStrip": """
from gradlib.widgets import GradientFlowStrip
layers = range(6)
before = {f"{2 * i}.weight": [10.0 ** (i - 9) * (1 + step / 10) for step in range(12)] for i in layers}
after = {f"{2 * i}.weight": [10.0 ** (i / 5 - 1) / (1 + step / 4) for step in range(12)] for i in layers}
dead = {
    "before": {f"{2 * i + 1}": [0.9 - i / 10] * 12 for i in range(5)},
    "after": {f"{2 * i + 1}": [0.05] * 12 for i in range(5)},
}
GradientFlowStrip({"before": before, "after": after}, dead)
"""
}
