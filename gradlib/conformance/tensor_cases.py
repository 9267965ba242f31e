"""The cases for arrays: levels 7 to 12, and the memory of gradients."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .cases import Expression, Wrong, case, shown
from .engine import Engine, Unsupported
from .scalar_cases import extreme

# Unequal sizes, except where a square shape is the point: with equal sizes wrong axes have the right shape.
A23 = np.array([[1.0, 2, -3], [4, -0.5, 6]])
B23 = np.array([[2.0, -1, 0.5], [3, 4, -2]])
POSITIVE = np.abs(A23) + 0.5
V3 = np.array([1.0, -2, 3])
COLUMN, ROW = np.array([[2.0], [-3]]), np.array([[1.0, 2, 4]])
S33 = np.array([[1.0, 2, 3], [4, 5, 7], [-1, 0.5, 2]])
T234 = np.arange(24.0).reshape(2, 3, 4) / 7 - 1.3

# --- 7: elementwise ------------------------------------------------------------------------------

Expression(7, "X + Y", "ADD", [A23, B23], lambda e, x, y: x + y)
Expression(7, "X · Y", "MUL", [A23, B23], lambda e, x, y: x * y)
Expression(7, "X - Y", "SUB", [A23, B23], lambda e, x, y: x - y)
Expression(7, "X / Y", "DIV", [A23, B23], lambda e, x, y: x / y)
Expression(7, "X ** 3", "POW", [A23], lambda e, x: x**3)
Expression(7, "X + X", "SAME_TWICE", [A23], lambda e, x: x + x)
Expression(7, "X · 2 + 1", "CONSTANT", [A23], lambda e, x: x * 2 + 1)
Expression(7, "1 - X", "RSUB", [A23], lambda e, x: 1 - x)
Expression(7, "1 / X", "RDIV", [A23], lambda e, x: 1 / x)
for _name, _mistake, _input in [
    ("exp", "EXP", B23 / 2), ("log", "LOG", POSITIVE), ("tanh", "TANH", B23 / 2), ("sigmoid", "SIGMOID", B23 / 2),
    ("relu", "RELU_OPEN", A23), ("sqrt", "SQRT", POSITIVE), ("abs", "ABS", A23),
]:  # fmt: skip
    Expression(7, f"{_name}(X)", _mistake, [_input], lambda e, x, name=_name: e.apply(name, x), alone=_name)
Expression(7, "(X + Y) + X", "ALIAS", [A23, B23], lambda e, x, y: (x + y) + x)

# --- 8: broadcasting -----------------------------------------------------------------------------

_OPERATORS = {"+": operator.add, "-": operator.sub, "·": operator.mul, "/": operator.truediv}


def _averaged(right: np.ndarray, input: np.ndarray, output: np.ndarray) -> list[tuple[str, np.ndarray]]:
    return [("UNB_MEAN", right * np.size(input) / output.size)]


def _broadcast(shapes: str, mistake: str, a: np.ndarray, b: np.ndarray, symbols: str) -> None:
    for symbol in symbols:
        use = _OPERATORS[symbol]
        name = shapes.replace("∘", symbol)
        Expression(8, name, mistake, [a, b], lambda e, x, y, use=use: use(x, y), wrong=_averaged)


_broadcast("(2, 3) ∘ (3,)", "UNB_LEAD", A23, V3, "+-·/")
_broadcast("(3,) ∘ (2, 3)", "UNB_LEAD", V3, B23, "+·")
_broadcast("(2, 3) ∘ (2, 1)", "UNB_ONE", A23, COLUMN, "+·/")
_broadcast("(1, 3) ∘ (2, 3)", "UNB_ONE", ROW, B23, "+·")
_broadcast("(2, 1) ∘ (1, 3)", "UNB_ONE", COLUMN, ROW, "+·")
_broadcast("(1, 1) ∘ (2, 3)", "UNB_ONE", np.array([[2.0]]), B23, "·")
_broadcast("(3, 3) ∘ (3,)", "UNB_AXIS", S33, V3, "+·")
_broadcast("(2, 3, 4) ∘ (3, 1)", "UNBROADCAST", T234, np.array([[1.0], [2], [-1]]), "+·")
_broadcast("(2, 3) ∘ ()", "UNB_SCALAR", A23, np.array(2.0), "+·")
_broadcast("(1, 3) ∘ (1, 3)", "UNBROADCAST", ROW, ROW + 1, "·")
Expression(8, "array · X", "ARRAY_LEFT", [V3], lambda e, x: np.array([2.0, 3, 4]) * x)
Expression(8, "X · array", "CONSTANT", [V3], lambda e, x: x * np.array([2.0, 3, 4]))

# --- 9: reductions -------------------------------------------------------------------------------


def _wrong_count(right: np.ndarray, input: np.ndarray, output: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Gradients of a mean that is divided by nothing, by the number of all entries, by the length of an axis."""
    count = input.size // output.size
    others = {input.size, *input.shape} - {count}
    return [("MEAN", right * count), *(("MEAN_AXIS", right * count / other) for other in others)]


Expression(9, "sum()", "SUM", [A23], lambda e, x: e.sum(x), alone="sum")
Expression(9, "sum() · sum()", "SUM", [A23], lambda e, x: e.sum(x) * e.sum(x))
Expression(9, "sum(0)", "SUM_AXIS", [A23], lambda e, x: e.sum(x, 0), alone="sum")
Expression(9, "sum(1)", "SUM_AXIS", [A23], lambda e, x: e.sum(x, 1), alone="sum")
Expression(9, "sum(-1)", "SUM_AXIS", [A23], lambda e, x: e.sum(x, -1), alone="sum")
Expression(9, "sum(1), square", "SUM_AXIS", [S33], lambda e, x: e.sum(x, 1), alone="sum")
Expression(9, "sum(1, keepdims)", "SUM_AXIS", [A23], lambda e, x: e.sum(x, 1, True))
Expression(9, "sum((0, 2))", "SUM_AXIS", [T234], lambda e, x: e.sum(x, (0, 2)))
Expression(9, "sum(1), three axes", "SUM_AXIS", [T234], lambda e, x: e.sum(x, 1))
for _name, _input, _axis in [
    ("mean()", A23, None), ("mean(0)", A23, 0), ("mean(-1)", A23, -1), ("mean((0, 2))", T234, (0, 2))
]:  # fmt: skip
    Expression(
        9, _name, "MEAN_AXIS", [_input], lambda e, x, axis=_axis: e.mean(x, axis), wrong=_wrong_count, alone="mean"
    )
Expression(9, "max()", "MAX", [A23], lambda e, x: e.max(x), alone="max")
Expression(9, "max(0)", "MAX_AXIS", [A23], lambda e, x: e.max(x, 0), alone="max")
Expression(9, "max(1)", "MAX_AXIS", [A23], lambda e, x: e.max(x, 1), alone="max")
Expression(9, "max(1), square", "MAX_AXIS", [S33], lambda e, x: e.max(x, 1), alone="max")
Expression(9, "softmax(-1)", "SOFTMAX", [A23], lambda e, x: e.softmax(x), alone="softmax")
Expression(9, "softmax(0)", "SOFTMAX", [A23], lambda e, x: e.softmax(x, 0), alone="softmax")
Expression(9, "log_softmax(-1)", "LOG_SOFTMAX", [A23], lambda e, x: e.log_softmax(x), alone="log_softmax")
Expression(9, "logsumexp(-1)", "LOGSUMEXP", [A23], lambda e, x: e.logsumexp(x), alone="logsumexp")


def _tie(e: Engine, input: np.ndarray, axis: int | None) -> None:
    x = e.variable(input.copy())
    largest = e.max(x, axis)
    e.backward_from_total(largest, np.ones(e.value(largest).shape))
    gradient = e.gradient(x)
    if gradient is None or gradient.shape != input.shape:
        raise Wrong("MAX", "there is no gradient of the input's shape")
    if np.any(gradient[input < input.max(axis, keepdims=True)]):
        raise Wrong("MAX_AXIS", f"an entry that is not the largest gets a gradient: {shown(gradient)}")
    shares = gradient.sum(axis)
    if not e.close(shares, 1.0):
        mistake = "MAX_TIES" if np.max(shares) > 1 else "MAX"
        raise Wrong(mistake, f"the shares of the tied entries sum to {np.max(shares):g}, right is 1")


@case(9, "max() at a tie", "MAX_TIES", tensors=True)
def _(e: Engine) -> None:
    _tie(e, np.array([1.0, 5, 5, 2]), None)


@case(9, "max(1) at a tie", "MAX_TIES", tensors=True)
def _(e: Engine) -> None:
    _tie(e, np.array([[1.0, 5, 5], [3, 2, 0]]), 1)


# --- 10: products and shapes ---------------------------------------------------------------------

_STACK = np.stack([A23, B23])
for _name, _mistake, _a, _b in [
    ("(2, 3) @ (3, 4)", "MATMUL", A23, T234[0]),
    ("(3, 3) @ (3, 3)", "MATMUL", S33, S33.T[::-1] + 1),
    ("(3,) @ (3,)", "MATMUL_VECTOR", V3, V3 + 2),
    ("(2, 3) @ (3,)", "MATMUL_VECTOR", A23, V3),
    ("(3,) @ (3, 4)", "MATMUL_VECTOR", V3, T234[0]),
    ("(2, 2, 3) @ (2, 3, 4)", "MATMUL_BATCH", _STACK, T234),
    ("(2, 2, 3) @ (3, 4)", "MATMUL_BROADCAST", _STACK, T234[0]),
    ("(2, 3) @ (2, 3, 4)", "MATMUL_BROADCAST", A23, T234),
    ("(2, 1, 2, 3) @ (3, 3, 2)", "MATMUL_BROADCAST", _STACK[:, None], np.arange(18.0).reshape(3, 3, 2) / 5),
]:
    _alone = {"MATMUL": "matmul", "MATMUL_BATCH": "matmul of stacks"}.get(_mistake, "")
    Expression(10, _name, _mistake, [_a, _b], lambda e, x, y: e.matmul(x, y), alone=_alone)
Expression(10, "A @ A", "SAME_TWICE", [S33], lambda e, x: e.matmul(x, x))
Expression(10, "transpose", "TRANSPOSE", [A23], lambda e, x: e.transpose(x), alone="transpose")
Expression(10, "transpose(2, 0, 1)", "PERMUTE", [T234], lambda e, x: e.transpose(x, (2, 0, 1)))
Expression(10, "reshape", "RESHAPE", [A23], lambda e, x: e.reshape(x, 3, 2), alone="reshape")
Expression(10, "reshape of a transpose", "RESHAPE", [A23], lambda e, x: e.reshape(e.transpose(x), 2, 3))
Expression(10, "X @ Xᵀ", "MATMUL", [A23], lambda e, x: e.matmul(x, e.transpose(x)))


def _squares(e: Any, x: Any, w: Any, b: Any) -> Any:
    rest = e.matmul(x, w) + b
    return e.mean(rest * rest)


Expression(10, "mean of (X @ W + b)²", "UNB_LEAD", [A23, T234[0], np.array([1.0, 2, 3, 4])], _squares)

# Each operation whose input already has a share.
_SHARES: dict[str, tuple[int, Callable]] = {
    "matmul": (10, lambda e, x: e.matmul(x, e.transpose(x))),
    "reshape": (10, lambda e, x: e.reshape(x, 3, 2)),
    "sum": (9, lambda e, x: e.sum(x, 0)),
    "mean": (9, lambda e, x: e.mean(x, 0)),
    "max": (9, lambda e, x: e.max(x, 0)),
    "exp": (9, lambda e, x: e.apply("exp", x)),
    "softmax": (9, lambda e, x: e.softmax(x)),
}
for _operation, (_level, _formula) in _SHARES.items():
    _name = f"two shares through {_operation} of X"
    Expression(_level, _name, "ASSIGNS", [A23 / 3], lambda e, x, f=_formula: f(e, x) * f(e, x))
Expression(
    10, "(X @ A) · (X @ B)", "ASSIGNS", [S33, S33 + 1, S33 - 2], lambda e, x, a, b: e.matmul(x, a) * e.matmul(x, b)
)  # fmt: skip

# --- 11: indexing --------------------------------------------------------------------------------

for _name, _mistake, _input, _key in [
    ("x[1]", "INDEX", A23, 1),
    ("x[0:1]", "INDEX", A23, slice(0, 1)),
    ("x[:, 1]", "INDEX", A23, (slice(None), 1)),
    ("x[::-1]", "INDEX", V3, slice(None, None, -1)),
    ("x[[2, 1]]", "INDEX", V3, np.array([2, 1])),
    ("x[[0, 2, 0, 0]]", "INDEX_REPEATS", V3, np.array([0, 2, 0, 0])),
    ("x[[0, 1, 0]], rows", "INDEX_REPEATS", A23, np.array([0, 1, 0])),
    ("x[rows, labels]", "INDEX", A23, (np.array([0, 1]), np.array([2, 0]))),
    ("x[mask]", "INDEX", A23, A23 > 1),
]:
    _alone = "index" if _name in ("x[1]", "x[0:1]") else ""
    Expression(11, _name, _mistake, [_input], lambda e, x, key=_key: e.index(x, key), alone=_alone)
Expression(11, "x[0] · x[1]", "ASSIGNS", [A23], lambda e, x: e.index(x, 0) * e.index(x, 1))
Expression(11, "two shares through an index", "ASSIGNS", [A23], lambda e, x: e.index(x, 0) * e.index(x, 0))

# --- 12: extreme inputs --------------------------------------------------------------------------

extreme("softmax of (1000, 0)", [1000.0, 0.0], lambda e, x: e.softmax(x), tensors=True)
extreme("log_softmax of (1000, 0)", [1000.0, 0.0], lambda e, x: e.log_softmax(x), tensors=True)
extreme("logsumexp of (1000, 0)", [1000.0, 0.0], lambda e, x: e.logsumexp(x), tensors=True)

# --- 14: memory ----------------------------------------------------------------------------------


@case(14, "gradients do not share memory", "ALIAS", tensors=True)
def _(e: Engine) -> None:
    x, y = e.variable(A23.copy()), e.variable(B23.copy())
    e.backward_from_total(x + y, np.ones((2, 3)))
    how = e.adapter.grad
    held = how(x) if callable(how) else getattr(x, how)
    held = held if isinstance(held, np.ndarray) else getattr(held, "data", None)
    if not isinstance(held, np.ndarray):
        raise Unsupported("the gradient is not a NumPy array")
    try:
        held *= 10
    except ValueError:
        raise Unsupported("the gradient is read-only") from None
    if not e.close(e.gradient(y), 1.0):
        raise Wrong("ALIAS", "after `x.grad *= 10` the gradient of y is 10, too")


@case(14, "an array of integers", "INTEGERS", tensors=True, uses=["mul"])
def _(e: Engine) -> None:
    x = e.raw(np.array([1, 2, 4]))
    y = x * e.constant(np.array([0.5, 0.25, 0.5]))
    e.backward_from_total(y, np.ones(3))
    gradient = e.gradient(x)
    if gradient is None:
        raise Wrong("INTEGERS_CONSTANT", "a tensor of integers gets no gradient", differs=True)
    if not e.close(gradient, np.array([0.5, 0.25, 0.5])):
        raise Wrong("INTEGERS", f"the gradient is {shown(gradient)}, right is [0.5, 0.25, 0.5]")
