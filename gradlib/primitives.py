r"""The table of derivatives: one entry an operation, on arrays.

An entry holds the forward function and, for each input, a *vector-Jacobian product*: the rule that turns the
gradient of the output into the gradient of that input. A rule is called as

    rule(g, z, x, y, ..., **keywords)

with g the gradient that arrives at the output z, then the inputs. For an elementwise operation it returns g
times the local derivative, ∂L/∂x = g · ∂z/∂x, and the formula beside it is that derivative. Where the
operation mixes entries (a sum, a matrix product) there is no single factor: the formula is the whole product,
and {g} stands in it.

Rules use operators, methods and NumPy functions only and never write in place, so that the same line runs on
arrays (the fast path), on tensors (gradients of gradients), and on the arrays of a GPU. Two matters they
leave to the engine: a gradient is summed over the axes that broadcasting stretched, and an input that needs
no gradient is not asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Vjp(NamedTuple):
    """The rule for one input and its formula in LaTeX, where {x}, {y}, {w} are the inputs in order."""

    rule: Callable
    latex: str


class Primitive:
    r"""One operation: its symbol, its forward function, one Vjp for each input (None: never differentiable).

    `latex` is the operation itself as a formula; by default `{x} symbol {y}` for a sign, `symbol({x})` for a
    word.

    >>> cube = Primitive("cube", lambda x: x**3, Vjp(lambda g, z, x: g * 3 * x**2, r"3\,{x}^2"))
    >>> z = cube.forward(2.0)
    >>> z, cube.rules[0](1.0, z, 2.0)
    (8.0, 12.0)
    """

    __slots__ = ("symbol", "forward", "vjps", "rules", "latex")

    def __init__(self, symbol: str, forward: Callable, *vjps: Vjp | None, latex: str = ""):
        inputs = ["{x}", "{y}", "{w}"][: len(vjps)]
        word = r"\operatorname{" + symbol.replace("_", r"\_") + "}(" + ", ".join(inputs) + ")"
        self.symbol = symbol
        self.forward = forward
        self.vjps = vjps
        self.rules = tuple(vjp and vjp.rule for vjp in vjps)  # what the engine loops over
        self.latex = latex or (word if symbol[0].isalpha() else f" {symbol} ".join(inputs))

    @property
    def elementwise(self) -> bool:
        """Whether every gradient is g times a local derivative: then no formula mentions g."""
        return not any("{g}" in vjp.latex for vjp in self.vjps if vjp)

    def __repr__(self) -> str:
        return f"Primitive({self.symbol!r})"


# Arithmetic ------------------------------------------------------------

add = Primitive("+", np.add, Vjp(lambda g, z, x, y: g, "1"), Vjp(lambda g, z, x, y: g, "1"))

sub = Primitive("-", np.subtract, Vjp(lambda g, z, x, y: g, "1"), Vjp(lambda g, z, x, y: -g, "-1"))

mul = Primitive(
    "·", np.multiply,
    Vjp(lambda g, z, x, y: g * y, "{y}"),
    Vjp(lambda g, z, x, y: g * x, "{x}"),
    latex=r"{x} \cdot {y}",
)  # fmt: skip

div = Primitive(
    "/", np.true_divide,
    Vjp(lambda g, z, x, y: g / y, "1/{y}"),
    Vjp(lambda g, z, x, y: -g * z / y, "-{x}/{y}^2"),
    latex="{x} / {y}",
)  # fmt: skip

# At x = 0 the naive rules give 0 · ∞: for 0⁰ the lowered exponent is replaced by 1, for x = 0 the argument
# of the logarithm. Both products are then 0, as PyTorch has it.
pow = Primitive(
    "**", np.power,
    Vjp(lambda g, z, x, y: g * y * x ** np.where((x == 0) & (y == 0), 1, y - 1), r"{y} \cdot {x}^{{y}-1}"),
    Vjp(lambda g, z, x, y: g * z * np.log(np.where(x == 0, 1, x)), r"{z} \cdot \ln {x}"),
    latex="{x}^{{y}}",
)  # fmt: skip

neg = Primitive("neg", np.negative, Vjp(lambda g, z, x: -g, "-1"), latex="-{x}")

# Elementary functions ------------------------------------------------------------

exp = Primitive("exp", np.exp, Vjp(lambda g, z, x: g * z, "{z}"), latex="e^{{x}}")

log = Primitive("log", np.log, Vjp(lambda g, z, x: g / x, "1/{x}"), latex=r"\ln {x}")

sqrt = Primitive("sqrt", np.sqrt, Vjp(lambda g, z, x: g * 0.5 / z, r"1/(2 \cdot {z})"), latex=r"\sqrt{{x}}")

sin = Primitive("sin", np.sin, Vjp(lambda g, z, x: g * np.cos(x), r"\cos {x}"), latex=r"\sin {x}")

cos = Primitive("cos", np.cos, Vjp(lambda g, z, x: -g * np.sin(x), r"-\sin {x}"), latex=r"\cos {x}")

tanh = Primitive("tanh", np.tanh, Vjp(lambda g, z, x: g * (1 - z * z), "1 - {z}^2"), latex=r"\tanh {x}")


def _sigmoid(x):
    tail = np.exp(-np.abs(x))  # at most 1: exp(-x) itself overflows float32 below x = -88.7
    return np.where(x >= 0, 1, tail) / (1 + tail)


sigmoid = Primitive(
    "sigmoid", _sigmoid, Vjp(lambda g, z, x: g * (z * (1 - z)), r"{z} \cdot (1 - {z})"), latex=r"\sigma({x})"
)

relu = Primitive("relu", lambda x: np.maximum(x, 0), Vjp(lambda g, z, x: g * (x > 0), "[{x} > 0]"))

# Choosing ------------------------------------------------------------

where = Primitive(
    "where", np.where,
    None,
    Vjp(lambda g, z, x, y, w: np.where(x, g, 0), "[{x}]"),
    Vjp(lambda g, z, x, y, w: np.where(x, 0, g), "1 - [{x}]"),
)  # fmt: skip

# Matrices ------------------------------------------------------------


def _as_matrices(g, x, y):
    """A vector on the left is a row, on the right a column: then every product is (…, n, k) @ (…, k, m)."""
    if y.ndim == 1:
        y, g = np.expand_dims(y, 1), np.expand_dims(g, -1)
    if x.ndim == 1:
        x, g = np.expand_dims(x, 0), np.expand_dims(g, -2)
    return g, x, y


def _matmul_vjp_x(g, z, x, y):
    g, _, columns = _as_matrices(g, x, y)
    return g @ columns.mT  # (…, n, m) @ (…, m, k) -> (…, n, k); the engine sums a row's extra axis


def _matmul_vjp_y(g, z, x, y):
    g, rows, _ = _as_matrices(g, x, y)
    gradient = rows.mT @ g  # (…, k, n) @ (…, n, m) -> (…, k, m)
    return gradient.reshape(gradient.shape[:-1]) if y.ndim == 1 else gradient


matmul = Primitive(
    "@", np.matmul,
    Vjp(_matmul_vjp_x, r"{g}\,{y}^\top"),
    Vjp(_matmul_vjp_y, r"{x}^\top {g}"),
    latex=r"{x}\,{y}",
)  # fmt: skip

# Sums and shapes ------------------------------------------------------------


def _spread(g, x, axis, keepdims):
    """Give every entry of x the gradient of the sum that it went into."""
    if axis is not None and not keepdims and x.ndim:  # NumPy lets a 0-d array be summed over axis 0
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, x.shape)


sum = Primitive(
    "sum", np.sum,
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: _spread(g, x, axis, keepdims),
        r"\operatorname{spread} {g}",
    ),
    latex=r"\sum {x}",
)  # fmt: skip

mean = Primitive(
    "mean", np.mean,
    Vjp(
        lambda g, z, x, axis=None, keepdims=False: (
            _spread(g, x, axis, keepdims) * (np.size(z) / max(1, np.size(x)))
        ),
        r"\operatorname{spread} {g}/n",
    ),
)  # fmt: skip

reshape = Primitive(
    "reshape", lambda x, shape: x.reshape(shape),
    Vjp(lambda g, z, x, shape: g.reshape(x.shape), r"\operatorname{reshape} {g}"),
)  # fmt: skip


def _inverse(axes):
    """The order of axes that undoes another one."""
    return tuple(np.argsort([axis % len(axes) for axis in axes]).tolist())


transpose = Primitive(
    "transpose", np.transpose,
    Vjp(
        lambda g, z, x, axes=None: np.transpose(g, None if axes is None else _inverse(axes)),
        r"\operatorname{transpose} {g}",
    ),
)  # fmt: skip

broadcast_to = Primitive(
    "broadcast_to", np.broadcast_to,
    Vjp(lambda g, z, x, shape: g, r"\operatorname{unbroadcast} {g}"),  # the engine sums the stretched axes
)  # fmt: skip


TABLE: dict[str, Primitive] = {
    name: entry for name, entry in dict(globals()).items() if isinstance(entry, Primitive)
}
_BY_SYMBOL = {entry.symbol: entry for entry in TABLE.values()} | {"*": mul, "×": mul, "^": pow, "log": log}


def find(op: Primitive | str) -> Primitive:
    """The entry for an operation: itself, or looked up by symbol ("·", "*", "tanh") or by name ("mul").

    >>> find("*"), find("matmul")
    (Primitive('·'), Primitive('@'))

    Raises KeyError, listing the symbols, for one that the table does not hold.
    """
    if isinstance(op, Primitive):
        return op
    entry = _BY_SYMBOL.get(op) or TABLE.get(op)
    if entry is None:
        raise KeyError(
            f"the operation {op!r} is not in the table of derivatives, so its local derivative is unknown. "
            f"It knows: {'  '.join(_BY_SYMBOL)}"
        )
    return entry
