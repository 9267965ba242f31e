import numpy as np

from gradlib import Tensor
from gradlib.widgets import GraphExplorer
from tests.widgets.samples.graphs import GRAPHS, chain


def layer():
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=(3, 2)))
    weight, bias = (Tensor(rng.normal(size=shape), requires_grad=True) for shape in [(2, 4), (4,)])
    return ((x @ weight + bias).tanh() ** 2).mean()


def nothing_needs_a_gradient():
    return Tensor([1.0, 2.0]) * Tensor([3.0, 4.0])


SAMPLES = {
    GraphExplorer: {
        "layer": lambda: GraphExplorer(layer(), {}),
        **{
            name: lambda make=make: GraphExplorer(make(), {})
            for name, make in {**GRAPHS, "300 operations": lambda: chain(300)}.items()
        },
        "a gradient handed in": lambda: GraphExplorer(
            Tensor([[1.0, 2.0]], requires_grad=True) * 3.0, {}, gradient=[[10.0, -1.0]]
        ),
        "no gradient": lambda: GraphExplorer(nothing_needs_a_gradient(), {}),
        "empty": lambda: GraphExplorer(Tensor(np.zeros((0, 2)), requires_grad=True).sum(), {}),
    }
}

CELLS = {
    "GraphExplorer": """
import numpy as np
from gradlib import Tensor
from gradlib.widgets import GraphExplorer
rng = np.random.default_rng(0)
x = Tensor(rng.normal(size=(3, 2)))
weight, bias = (Tensor(rng.normal(size=shape), requires_grad=True) for shape in [(2, 4), (4,)])
GraphExplorer(((x @ weight + bias).tanh() ** 2).mean())
"""
}
