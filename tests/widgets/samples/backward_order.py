from gradlib.widgets import BackwardOrder
from tests.widgets.samples.graphs import GRAPHS, chain, ladder

SAMPLES = {
    BackwardOrder: {
        name: lambda make=make: BackwardOrder(make(), {})
        for name, make in {
            **GRAPHS,
            "40 diamonds": lambda: ladder(40),
            "300 operations": lambda: chain(300),
        }.items()
    }
}

CELLS = {
    "BackwardOrder": """
from gradlib.scalar import Value
from gradlib.widgets import BackwardOrder
x, y, w = Value(2.0), Value(3.0), Value(-5.5)
u = x * y
v = (u + w).tanh()
BackwardOrder(v * u + x**2)
""",
    "ladder": """
from gradlib.scalar import Value
from gradlib.widgets import BackwardOrder
z = Value(1.0)
for _ in range(8):
    z = z.sin() * z.cos()
BackwardOrder(z)
""",
}
