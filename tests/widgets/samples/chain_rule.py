from gradlib.widgets import ChainRuleWalkthrough
from tests.widgets.samples.graphs import GRAPHS, chain

SAMPLES = {
    ChainRuleWalkthrough: {
        name: lambda make=make: ChainRuleWalkthrough(make(), {})
        for name, make in {**GRAPHS, "300 operations": lambda: chain(300)}.items()
    }
    | {"a formula": lambda: ChainRuleWalkthrough("t = sin(x * y); t * t + t")}
}

CELLS = {
    "ChainRuleWalkthrough": """
from gradlib.scalar import Value
from gradlib.widgets import ChainRuleWalkthrough
x, y, w = Value(2.0), Value(3.0), Value(-5.5)
u = x * y
v = (u + w).tanh()
ChainRuleWalkthrough(v * u + x**2)
""",
    "predict": """
from gradlib.scalar import Value
from gradlib.widgets import ChainRuleWalkthrough
x, y = Value(2.0), Value(3.0)
ChainRuleWalkthrough(x * y + x**2)
""",
    "formula": """
from gradlib.widgets import ChainRuleWalkthrough
ChainRuleWalkthrough("sin(x * y) + x**2")
""",
}
