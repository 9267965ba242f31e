"""The page of the table of derivatives: every operation with its formulas, its rule as source, and an example.

`make site` writes it. The formulas come from the entries, the source from their files; an example is run when the page
is made, so its numbers are what the library answers.
"""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from importlib import import_module

import numpy as np

import gradlib
from gradlib import nn, primitives
from pages import FAMILIES, forward, rules

INTRODUCTION = """# Table of derivatives

Every operation of the library: its value $z$, the gradient that it passes on to each input, the rule as it stands in
the library, and an example. $g = \\partial L/\\partial z$ is the gradient that arrives, and
$\\bar x = \\partial L/\\partial x$ is what $x$ gets. What the other signs mean is on the
[formula sheet](lessons/formulas.ipynb).

An example gives each entry of the result a gradient of its own, 1, 2, 3 and so on. With a gradient of ones, many wrong
rules would look right.
"""

# {entry: (its call, its inputs by name)}. `P` is gradlib.primitives, for entries that no method is a plain call of.
NUMBERS = {"x": [0.5, 2.0]}
SIGNED = {"x": [-1.5, 2.0]}
PAIR = {"x": [1.0, 2.0], "y": [4.0, -3.0]}
SQUARE = {"x": [[2.0, 1.0], [1.0, 3.0]]}
ROWS = {"x": [[1.0, 2.0], [3.0, 5.0]]}

EXAMPLES: dict[str, tuple[str, dict[str, list]]] = {
    "add": ("x + y", PAIR),
    "sub": ("x - y", PAIR),
    "mul": ("x * y", PAIR),
    "div": ("x / y", PAIR),
    "pow": ("x**y", PAIR),
    "neg": ("-x", NUMBERS),
    "remainder": ("x % y", {"x": [7.5, -2.0], "y": [2.0, 3.0]}),
    "reciprocal": ("x.reciprocal()", NUMBERS),
    "square": ("x.square()", NUMBERS),
    "sqrt": ("x.sqrt()", {"x": [4.0, 9.0]}),
    "abs": ("abs(x)", SIGNED),
    "sign": ("x.sign()", SIGNED),
    "floor": ("x.floor()", SIGNED),
    "ceil": ("x.ceil()", SIGNED),
    "round": ("x.round()", {"x": [-1.4, 2.6]}),
    "floor_divide": ("x // y", {"x": [7.5, -2.0], "y": [2.0, 3.0]}),
    "astype": ('x.astype("float64")', NUMBERS),
    "to": ('P.to(x, device="cpu")', NUMBERS),
    "exp": ("x.exp()", NUMBERS),
    "expm1": ("x.expm1()", NUMBERS),
    "log": ("x.log()", NUMBERS),
    "log1p": ("x.log1p()", NUMBERS),
    "log2": ("x.log2()", NUMBERS),
    "log10": ("x.log10()", NUMBERS),
    "exp2": ("x.exp2()", NUMBERS),
    "logaddexp": ("P.logaddexp(x, y)", {"x": [0.0, 1.0], "y": [0.0, 3.0]}),
    "sin": ("x.sin()", NUMBERS),
    "cos": ("x.cos()", NUMBERS),
    "tan": ("x.tan()", NUMBERS),
    "arcsin": ("x.arcsin()", {"x": [0.0, 0.5]}),
    "arccos": ("x.arccos()", {"x": [0.0, 0.5]}),
    "arctan": ("x.arctan()", NUMBERS),
    "arcsinh": ("x.arcsinh()", NUMBERS),
    "arccosh": ("x.arccosh()", {"x": [1.5, 2.0]}),
    "arctanh": ("x.arctanh()", {"x": [0.0, 0.5]}),
    "atan2": ("P.atan2(x, y)", PAIR),
    "sinh": ("x.sinh()", NUMBERS),
    "cosh": ("x.cosh()", NUMBERS),
    "tanh": ("x.tanh()", NUMBERS),
    "sigmoid": ("x.sigmoid()", NUMBERS),
    "relu": ("x.relu()", SIGNED),
    "leaky_relu": ("P.leaky_relu(x, negative_slope=0.1)", SIGNED),
    "erf": ("P.erf(x)", NUMBERS),
    "gelu": ("P.gelu(x)", SIGNED),
    "silu": ("P.silu(x)", SIGNED),
    "where": ("gradlib.where(x > y, x, y)", PAIR),
    "maximum": ("P.maximum(x, y)", PAIR),
    "minimum": ("P.minimum(x, y)", PAIR),
    "clip": ("x.clip(-1.0, 1.0)", {"x": [-1.5, 0.5]}),
    "sum": ("x.sum(axis=1)", ROWS),
    "mean": ("x.mean(axis=1)", ROWS),
    "center": ("P.center(x, axis=1)", ROWS),
    "norm": ("x.norm()", {"x": [3.0, -4.0]}),
    "max": ("x.max(axis=1)", ROWS),
    "min": ("x.min(axis=1)", ROWS),
    "logsumexp": ("x.logsumexp(axis=1)", ROWS),
    "softmax": ("P.softmax(x, axis=1)", ROWS),
    "log_softmax": ("P.log_softmax(x, axis=1)", ROWS),
    "cross_entropy": ("nn.functional.cross_entropy(x, [1, 0])", ROWS),
    "normalize": ("P.normalize(x, axis=1, eps=1e-5)", ROWS),
    "cumsum": ("x.cumsum(axis=1)", ROWS),
    "prod": ("x.prod(axis=1)", ROWS),
    "cumprod": ("x.cumprod(axis=1)", ROWS),
    "reshape": ("x.reshape(4)", ROWS),
    "transpose": ("x.T", ROWS),
    "broadcast_to": ("x.broadcast_to((3, 2))", NUMBERS),
    "concatenate": ("gradlib.concatenate([x, y])", PAIR),
    "pad": ("x.pad((1, 2))", NUMBERS),
    "getitem": ("x[[1, 1, 0]]", NUMBERS),
    "scatter": ("P.scatter(x, index=[0, 2], shape=(4,))", NUMBERS),
    "setitem": ("P.setitem(x, y, index=slice(1, 3))", {"x": [1.0, 2.0, 3.0], "y": [8.0, 9.0]}),
    "matmul": ("x @ y", {"x": [[1.0, 2.0]], "y": [[3.0, 0.0], [1.0, -1.0]]}),
    "linear": (
        "P.linear(x, y, w)", {"x": [[1.0, 2.0]], "y": [[3.0, 0.0], [1.0, -1.0]], "w": [10.0, 20.0]},
    ),
    "einsum": ('gradlib.einsum("i,j->ij", x, y)', PAIR),
    "inv": ("gradlib.linalg.inv(x)", SQUARE),
    "solve": ("P.solve(x, y)", SQUARE | {"y": [3.0, 4.0]}),
    "det": ("P.det(x)", SQUARE),
    "unfold": (
        "P.unfold(x, kernel=(2,), stride=(1,), padding=((0, 0),), dilation=(1,))", {"x": [[[1.0, 2.0, 4.0]]]},
    ),
    "fold": (
        "P.fold(x, shape=(1, 1, 3), kernel=(2,), stride=(1,), padding=((0, 0),), dilation=(1,))", ROWS,
    ),
    "rnn": ("P.rnn(x, y, w)", {"x": [[[0.5]], [[1.0]]], "y": [[2.0]], "w": [[0.1]]}),
    "lstm": (
        "P.lstm(x, y, w, c)[0]",
        {"x": [[[0.5, 1.0, -1.0, 2.0]]], "y": [[1.0, 0.0, 2.0, 1.0]], "w": [[0.1]], "c": [[0.5]]},
    ),
    "gru": (
        "P.gru(x, y, w, h)",
        {"x": [[[0.5, 1.0, -1.0]]], "y": [[1.0, 0.0, 2.0]], "w": [0.0, 0.0, 0.1], "h": [[0.5]]},
    ),
}  # fmt: skip


def page() -> str:
    """The page in Markdown."""
    parts = [INTRODUCTION]
    for family, title in FAMILIES.items():
        own = vars(import_module(f"gradlib.primitives.{family}"))
        parts.append(f"## {title}")
        for name, entry in primitives.TABLE.items():
            given = next((variable for variable, thing in own.items() if thing is entry), None)
            if given and definitions(family).get(given):
                parts.append(section(name, entry, definitions(family)[given]))
    return "\n\n".join(parts) + "\n"


def section(name: str, entry: primitives.Primitive, source: str) -> str:
    gradients = "$, $".join(rules(entry))
    passed = f"gradients ${gradients}$" if gradients else "no gradient"
    return (
        f"### {name}\n\n$z = {forward(entry)}$, {passed}\n\n```python\n{source}\n```\n\n```pycon\n{example(name)}\n```"
    )


@cache
def definitions(family: str) -> dict[str, str]:
    """{variable: its assignment as it stands in the file, after the functions of its own that it names}."""
    source = inspect.getsource(import_module(f"gradlib.primitives.{family}"))
    functions, found = {}, {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            functions[node.name] = "\n".join(source.splitlines()[first - 1 : node.end_lineno])
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named = dict.fromkeys(part.id for part in ast.walk(node) if isinstance(part, ast.Name))
            used = [functions[name] for name in named if name in functions]
            found[node.targets[0].id] = "\n\n".join([*used, ast.get_source_segment(source, node)])
    return found


def example(name: str) -> str:
    """A session that computes the operation and its gradients, with what Python answers.

    >>> example("mul").splitlines()[-2:]
    ['>>> y.grad', 'array([1., 4.], dtype=float32)']
    """
    call, inputs = EXAMPLES[name]
    names = {"Tensor": gradlib.Tensor, "gradlib": gradlib, "nn": nn, "P": primitives}
    lines = []

    def run(code: str, shows: bool = False) -> None:
        lines.append(f">>> {code}")
        if shows:
            lines.append(re.sub(r"\n\s*\n", "\n", repr(eval(code, names))))
        else:
            exec(code, names)

    for variable, value in inputs.items():
        run(f"{variable} = Tensor({value}, requires_grad=True)")
    run(f"z = {call}")
    run("z.data", shows=True)
    z = names["z"]
    run(f"z.backward({np.arange(1.0, z.data.size + 1).reshape(z.shape).tolist() if z.ndim else ''})")
    for variable in inputs:
        run(f"{variable}.grad", shows=True)
    return "\n".join(lines)
