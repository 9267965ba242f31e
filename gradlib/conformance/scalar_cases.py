"""The cases for numbers: levels 1 to 6, 12 and 13, and the graph's memory."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from .cases import Expression, Wrong, case
from .engine import BackwardRaised, Engine, Unsupported

# --- 1 and 2: each operation alone, then with a gradient that arrives -----------------------------

NO_SEED = {(0, 0): "NO_SEED"}
K = 4.0  # what arrives in level 2


def _function(name: str) -> Callable:
    return lambda e, x: e.apply(name, x)


_LOCAL = [
    # operation, its name, mistake, inputs, formula, {gradients: mistake}
    ("add", "x + y", "ADD", [3, 5], lambda e, x, y: x + y, {**NO_SEED, (8, 8): "SEED_VALUE"}),
    ("mul", "x · y", "MUL", [3, 5], lambda e, x, y: x * y, {**NO_SEED, (3, 5): "MUL_SWAPPED", (75, 45): "SEED_VALUE"}),
    ("neg", "-x", "NEG", [3], lambda e, x: -x, {}),
    ("pow", "x ** 3", "POW", [2], lambda e, x: x**3, {4: "POW_FACTOR", 24: "POW_EXPONENT"}),
    ("sub", "x - y", "SUB", [3, 5], lambda e, x, y: x - y, {**NO_SEED, (1, 1): "SUB_SIGN", (-2, 2): "SEED_VALUE"}),
    ("div", "x / y", "DIV", [3, 4], lambda e, x, y: x / y, {**NO_SEED, (0.25, 0.1875): "DIV_SIGN"}),
    ("exp", "exp(x)", "EXP", [0.7], _function("exp"), {}),
    ("log", "log(x)", "LOG", [2.5], _function("log"), {}),
    ("tanh", "tanh(x)", "TANH", [0.8], _function("tanh"), {0.36: "TANH_INPUT"}),
    ("sigmoid", "sigmoid(x)", "SIGMOID", [0.8], _function("sigmoid"), {0.31: "SIGMOID_HALF", 0.69: "SIGMOID_HALF"}),
    ("sqrt", "sqrt(x)", "SQRT", [4], _function("sqrt"), {}),
    ("sin", "sin(x)", "SIN", [0.7], _function("sin"), {}),
    ("cos", "cos(x)", "COS", [0.7], _function("cos"), {}),
    ("abs", "|x|", "ABS", [-1.5], _function("abs"), {}),
    ("relu", "relu(x), x > 0", "RELU", [2], _function("relu"), {0: "RELU"}),
    ("relu", "relu(x), x < 0", "RELU", [-2], _function("relu"), {1: "RELU_OPEN"}),
]  # fmt: skip


def _times_k(formula: Callable) -> Callable:
    return lambda e, *inputs: formula(e, *inputs[:-1]) * inputs[-1]


def _local_and_arriving() -> None:
    for operation, name, mistake, inputs, formula, signs in _LOCAL:
        first = Expression(1, name, mistake, inputs, formula, signs, alone=operation)
        if inputs == [-2]:
            continue  # nothing passes through relu here, whatever arrives
        value = float(first._recorded[0])
        unchanged = tuple(float(slope) for slope in first.expected)
        signs = {
            (*unchanged, value): "ADD_UPSTREAM" if operation == "add" else "UPSTREAM",
            (*(0 for _ in inputs), value): "NOT_REVERSED",
        }
        Expression(2, f"({name.split(',')[0]}) · k", mistake, [*inputs, K], _times_k(formula), signs, alone=operation)


_local_and_arriving()
Expression(
    2, "five in a row", "UPSTREAM", [0.5, 2, 3, 4, 5, 1.5], lambda e, x, a, b, c, d, f: ((x * a + b) * c - d) / f
)  # fmt: skip

# --- 3: reuse and order --------------------------------------------------------------------------

Expression(3, "x + x", "SAME_TWICE", [3], lambda e, x: x + x)
Expression(3, "x · x", "SAME_TWICE", [3], lambda e, x: x * x)
Expression(3, "x - x", "SAME_TWICE", [3], lambda e, x: x - x, {-2: "PARENTS_DICT", -1: "PARENTS_DICT"})
Expression(3, "x / x", "SAME_TWICE", [4], lambda e, x: x / x, {-0.5: "PARENTS_DICT", -0.25: "PARENTS_DICT"})
Expression(3, "x·y + x·z", "ASSIGNS", [3, 5, 7], lambda e, x, y, z: x * y + x * z, {(35, 3, 3): "PATHS_MULTIPLIED"})
Expression(3, "x·a + x·b", "ASSIGNS", [3, 2, 5], lambda e, x, a, b: x * a + x * b, {(10, 3, 3): "PATHS_MULTIPLIED"})

SHARES: dict[str, Callable] = {
    "add": lambda e, x, y: x + y,
    "mul": lambda e, x, y: x * y,
    "sub": lambda e, x, y: x - y,
    "div": lambda e, x, y: x / y,
    "pow": lambda e, x, y: x**2,
    "exp": lambda e, x, y: e.apply("exp", x),
    "relu": lambda e, x, y: e.apply("relu", x),
    "tanh": lambda e, x, y: e.apply("tanh", x),
}
for operation, formula in SHARES.items():
    Expression(
        3, f"two shares through {operation}", "ASSIGNS", [1.5, 4],
        lambda e, x, y, f=formula: f(e, x, y) + f(e, x, y) * y,
    )  # fmt: skip
Expression(3, "shares of a denominator", "ASSIGNS", [3, 4], lambda e, x, y: (x - y) + (x / y) + (x - y) * x)
# Nothing is used twice here, so only equal numbers can be in the way.
Expression(
    3, "two leaves of equal value", "EQUAL_VALUES", [3, 3, 2, 5], lambda e, x, y, a, b: x * a + y * b
)  # fmt: skip
Expression(
    3, "two results of equal value", "EQUAL_VALUES", [1, 4, 2, 3, 7, 6],
    lambda e, x, y, z, w, a, b: (x + y) * a + (z + w) * b,
)  # fmt: skip


def _short_first(e: Any, x: Any, k: Any, m: Any) -> Any:
    a = x * k
    return a + a * m


def _long_first(e: Any, x: Any, k: Any, m: Any) -> Any:
    a = x * k
    return a * m * m + a


def _diamonds(e: Any, x: Any) -> Any:
    a = x * x + x
    b = a * a + a
    return b + a * b


# x = 2: with respect to x, k and m, right is (12, 8, 6) and (30, 20, 36).
Expression(
    3, "short path first", "ORDER", [2, 3, 3], _short_first,
    {(3, 2, 6): "ORDER", (15, 10, 6): "REDO", (9, 6, 6): "ASSIGNS", (0, 0, 0): "NOT_REVERSED"},
)  # fmt: skip
Expression(3, "long path first", "ORDER", [2, 3, 3], _long_first, {(0, 0, 0): "NOT_REVERSED"})
Expression(3, "a diamond of diamonds", "ORDER", [1.5], _diamonds)


@case(3, "a branch without use", "COUNTS_DEAD", uses=["mul"])
def _(e: Engine) -> None:
    x, k = e.variable(2.0), e.variable(3.0)
    a = x * k
    kept = [a * k, x * k]  # nothing of the result depends on them
    e.backward(a * k)
    if not e.close(e.slope(x), 9.0):
        raise Wrong(
            "COUNTS_DEAD" if not np.any(e.slope(x)) else "DEAD_LEAKS", f"the gradient is {e.slope(x):g}, right is 9"
        )
    del kept


@case(3, "an unused leaf", "UNUSED")
def _(e: Engine) -> None:
    x, y = e.variable(2.0), e.variable(3.0)
    e.backward(x * x)
    if np.any(e.slope(y)):
        raise Wrong("UNUSED", f"its gradient is {e.slope(y)}, right is 0 or none")


# --- 4: constants --------------------------------------------------------------------------------

Expression(4, "x + 2", "CONSTANT", [3], lambda e, x: x + 2)
Expression(4, "2 + x", "CONSTANT", [3], lambda e, x: 2 + x)
Expression(4, "x · 2", "CONSTANT", [3], lambda e, x: x * 2)
Expression(4, "2 · x", "CONSTANT", [3], lambda e, x: 2 * x)
Expression(4, "2.5 · x", "CONSTANT", [3], lambda e, x: 2.5 * x)
Expression(4, "x - 2", "CONSTANT", [3], lambda e, x: x - 2)
Expression(4, "2 - x", "RSUB", [3], lambda e, x: 2 - x)
Expression(4, "x / 2", "CONSTANT", [3], lambda e, x: x / 2)
Expression(4, "2 / x", "RDIV", [3], lambda e, x: 2 / x)
Expression(4, "x ** y", "POW_VALUE", [2, 3], lambda e, x, y: x**y, alone="rpow")
Expression(4, "2 ** x", "RPOW", [3], lambda e, x: 2**x)
Expression(4, "x ** 0.5", "POW_SPECIAL", [4], lambda e, x: x**0.5)
Expression(4, "x ** -1", "POW_SPECIAL", [4], lambda e, x: x**-1)
Expression(4, "x ** 0 + x", "POW_SPECIAL", [3], lambda e, x: x**0 + x)
Expression(4, "x ** 1 at 0", "POW_SPECIAL", [0], lambda e, x: x**1, expected=[1])
Expression(4, "sum([x, y, z])", "CONSTANT", [1, 2, 3], lambda e, x, y, z: sum([x, y, z]))
Expression(4, "np.float64(2) · x", "ARRAY_LEFT", [3], lambda e, x: np.float64(2) * x)


@case(4, "an integer as data", "INTEGERS", uses=["div"])
def _(e: Engine) -> None:
    x = e.raw(3)
    y = x / 2
    if not e.close(e.number(y), 1.5):
        raise Wrong("INTEGERS", f"3 / 2 is {e.number(y):g}, right is 1.5", "value")
    e.backward(y)
    if e.gradient(x) is None:
        raise Wrong("INTEGERS_CONSTANT", "a value of an integer gets no gradient", differs=True)
    if not e.close(e.slope(x), 0.5):
        raise Wrong("INTEGERS", f"the gradient of x / 2 at 3 is {e.slope(x):g}, right is 0.5")


# --- 5: accumulation and zeroing -----------------------------------------------------------------


@case(5, "two graphs, one leaf", "ASSIGNS", uses=["mul"])
def _(e: Engine) -> None:
    x = e.variable(2.0)
    e.backward(x * e.constant(3.0))
    e.backward(x * e.constant(5.0))
    if e.close(e.slope(x), 5.0):
        raise Wrong("OVERWRITES", "the gradient is 5 after 3 and 5, PyTorch's is 8", differs=True)
    if not e.close(e.slope(x), 8.0):
        raise Wrong("ASSIGNS", f"the gradient is {e.slope(x):g} after 3 and 5, right is 8")


@case(5, "backward twice", "TWICE", uses=["mul"])
def _(e: Engine) -> None:
    x = e.variable(2.0)
    y = x * x * x
    e.backward(y)
    if not e.close(e.slope(x), 12.0):
        raise Wrong("TWICE", f"the first gradient is {e.slope(x):g}, right is 12")
    _again(e, x, y)
    if not (e.close(e.slope(x), 24.0) or e.close(e.slope(x), 12.0)):
        mistake = "STALE" if e.slope(x) > 24 else "TWICE"  # more than once too much
        raise Wrong(mistake, f"the gradient is 12, then {e.slope(x):g}: right is 24 (adding) or 12 (replacing)")


@case(5, "two losses, one trunk", "STALE", uses=["mul"])
def _(e: Engine) -> None:
    x = e.variable(2.0)
    trunk = x * e.constant(2.0)
    first, second = trunk * e.constant(3.0), trunk * e.constant(5.0)
    e.backward(first)
    _again(e, x, second)
    slope = e.slope(x)
    if e.close(slope, 10.0):
        raise Wrong("OVERWRITES", "the gradient is 10 after 6 and 10, PyTorch's is 16", differs=True)
    if e.close(slope, 6.0):
        raise Wrong("FREED", "the second loss adds nothing: the graph of the first is gone", differs=True)
    if not e.close(slope, 16.0):
        raise Wrong("STALE" if slope > 16 else "TWICE", f"the gradient is {slope:g}, right is 6 + 10 = 16")


def _again(e: Engine, x: Any, y: Any) -> None:
    """Go backward a second time, which some engines refuse on purpose, or answer with nothing."""
    try:
        e.backward(y)
    except BackwardRaised as raised:
        said = f"the second backward() raises {type(raised.__cause__).__name__}"
        raise Wrong("FREED", said, differs=True) from None
    if not np.any(e.slope(x)):
        raise Wrong("FREED", "after the second backward() the gradient is 0: the graph is gone", differs=True)


@case(5, "zeroed in between", "ZERO", uses=["mul"])
def _(e: Engine) -> None:
    x = e.variable(2.0)
    e.backward(x * x)
    e.zero(x)
    if np.any(e.slope(x)):
        raise Wrong("ZERO", f"after zeroing the gradient is {e.slope(x):g}")
    e.backward(x * x)
    if not e.close(e.slope(x), 4.0):
        raise Wrong("ZERO", f"after zeroing, backward gives {e.slope(x):g}, right is 4")


@case(5, "three steps of descent", "ZERO", uses=["mul", "sub"])
def _(e: Engine) -> None:
    at = 3.0
    for _ in range(3):
        x = e.variable(at)
        e.backward((x - 1.0) * (x - 1.0))
        at -= 0.25 * e.slope(x)
    if not e.close(at, 1.25):
        raise Wrong("ZERO", f"three steps from 3 lead to {at:g}, right is 1.25")


# --- 6: depth and cost ---------------------------------------------------------------------------


@case(6, "25 doublings", "COST", uses=["add"])
def _(e: Engine) -> None:
    x = y = e.variable(1.0)
    for _ in range(25):
        y = y + y
    e.backward(y)
    if not e.close(e.slope(x), 2.0**25):
        raise Wrong("REDO" if e.slope(x) > 2**25 else "SAME_TWICE", f"the gradient is {e.slope(x):g}, right is {2**25}")


def _deep(e: Engine, depth: int) -> None:
    x, one = e.variable(1.0), e.constant(1.0)
    y = x
    for _ in range(depth):
        y = y + one
    e.backward(y)
    if not e.close(e.slope(x), 1.0):
        raise Wrong("DEEP", f"the gradient is {e.slope(x):g}, right is 1")


@case(6, "400 operations deep", "RECURSION", uses=["add"])
def _(e: Engine) -> None:
    _deep(e, 400)


@case(6, "5,000 operations deep", "RECURSION", uses=["add"])
def _(e: Engine) -> None:
    _deep(e, 5000)


@case(6, "eight times the nodes", "QUADRATIC", uses=["add", "mul"])
def _(e: Engine) -> None:
    few, many = _operations(e, 100), _operations(e, 800)
    if many > 20 * few:
        raise Wrong("QUADRATIC", f"8 times the nodes take {many / few:.0f} times the operations")


def _operations(e: Engine, products: int) -> int:
    """The calls and comparisons of backward on a sum of products, in a tree of little depth.

    A count is the same on every machine, which a time is not. `node in a_list` compares the node with each entry, and
    so the comparison is replaced by one that counts.
    """
    x = e.variable(1.0)
    row = [x * x for _ in range(products)]
    while len(row) > 1:
        row = [row[i] + row[i + 1] if i + 1 < len(row) else row[i] for i in range(0, len(row), 2)]
    count, equal = 0, e.cls.__eq__
    own = vars(e.cls).get("__eq__")

    def counting_equal(a: Any, b: Any) -> Any:
        nonlocal count
        count += 1
        return equal(a, b)

    def note(*_: Any) -> None:
        nonlocal count
        count += 1

    profile = sys.getprofile()
    try:
        e.cls.__eq__ = counting_equal
    except TypeError:
        raise Unsupported("the class cannot be changed to count its comparisons") from None
    try:
        sys.setprofile(note)
        e.backward(row[0])
    finally:
        sys.setprofile(profile)
        if own is None:
            del e.cls.__eq__
        else:
            e.cls.__eq__ = own
    return count


# --- 12: extreme inputs --------------------------------------------------------------------------


def extreme(name: str, input: Any, formula: Callable[[Engine, Any], Any], tensors: bool = False) -> None:
    """A case that fails where the value or the gradient is not finite."""

    def judge(e: Engine) -> None:
        x = e.variable(np.array(input) if np.ndim(input) else input)
        try:
            y = formula(e, x)
            value = e.value(y)
            if not np.all(np.isfinite(value)):
                raise Wrong("UNSTABLE", f"the value is {value.reshape(-1)}", "value")
            e.backward(y) if value.size == 1 else e.backward_from_total(y, np.arange(1.0, 3).reshape(value.shape))
        except (OverflowError, FloatingPointError, ZeroDivisionError) as error:
            raise Wrong("UNSTABLE", f"{type(error).__name__}: {error}", "value") from None
        except BackwardRaised as raised:
            if not isinstance(raised.__cause__, ArithmeticError):
                raise
            raise Wrong("UNSTABLE", f"backward raises {type(raised.__cause__).__name__}") from None
        gradient = e.gradient(x)
        if gradient is not None and not np.all(np.isfinite(gradient)):
            raise Wrong("UNSTABLE", f"the gradient is {gradient.reshape(-1)}")

    case(12, name, "UNSTABLE", tensors)(judge)


extreme("sigmoid at -1000", -1000.0, _function("sigmoid"))
extreme("sigmoid at 1000", 1000.0, _function("sigmoid"))
extreme("tanh at -1000", -1000.0, _function("tanh"))
extreme("tanh at 1000", 1000.0, _function("tanh"))

# --- 13: no_grad and detach ----------------------------------------------------------------------


def _slope_if_any(e: Engine, x: Any, y: Any) -> float | np.ndarray:
    """The gradient of x after backward from y, 0 if y refuses."""
    try:
        e.backward(y)
    except BackwardRaised:
        return 0.0
    return e.slope(x)


@case(13, "nothing flows out of no_grad", "NO_GRAD")
def _(e: Engine) -> None:
    x = e.variable(2.0)
    with e.no_grad():
        y = x * x
    if np.any(slope := _slope_if_any(e, x, y)):
        raise Wrong("NO_GRAD", f"the gradient is {slope:g}, right is 0")


def _after_no_grad(slope: float) -> Wrong:
    """The verdict on a gradient of x · x at 2 that is not 4."""
    return Wrong("SAME_TWICE" if slope else "NO_GRAD_STUCK", f"the gradient is {slope:g} afterwards, right is 4")


@case(13, "gradients come back after no_grad", "NO_GRAD_STUCK", uses=["mul"])
def _(e: Engine) -> None:
    x = e.variable(2.0)
    with e.no_grad():
        x * x
    if not e.close(slope := _slope_if_any(e, x, x * x), 4.0):
        raise _after_no_grad(slope)


@case(13, "gradients come back after an error in no_grad", "NO_GRAD_STUCK", uses=["mul"])
def _(e: Engine) -> None:
    try:
        with e.no_grad():
            raise KeyError("on purpose")
    except KeyError:
        pass
    x = e.variable(2.0)
    if not e.close(slope := _slope_if_any(e, x, x * x), 4.0):
        raise _after_no_grad(slope)


@case(13, "no_grad within no_grad", "NO_GRAD_NESTED")
def _(e: Engine) -> None:
    x = e.variable(2.0)
    with e.no_grad():
        with e.no_grad():
            pass
        y = x * x
    if np.any(slope := _slope_if_any(e, x, y)):
        raise Wrong("NO_GRAD_NESTED", f"the gradient is {slope:g} after an inner no_grad, right is 0")


@case(13, "detach cuts", "DETACH", uses=["mul"])
def _(e: Engine) -> None:
    x = e.variable(2.0)
    cut = e.apply("detach", x * e.constant(3.0))
    e.backward(cut * x)
    if not e.close(e.slope(x), 6.0):
        raise Wrong("DETACH", f"the gradient is {e.slope(x):g}, right is 6")


@case(13, "detach leaves the original", "DETACH", uses=["mul"])
def _(e: Engine) -> None:
    x = e.variable(2.0)
    a = x * e.constant(3.0)
    e.apply("detach", a)
    e.backward(a * e.constant(2.0))
    if not e.close(e.slope(x), 6.0):
        raise Wrong("DETACH", f"the gradient is {e.slope(x):g}, right is 6: detach() has cut the original")


@case(13, "a constant gets no gradient", "CONSTANT_GRADIENT")
def _(e: Engine) -> None:
    if not e.takes_requires_grad:
        raise Unsupported("no requires_grad")
    x, c = e.variable(2.0), e.constant(3.0)
    e.backward(x * c)
    if np.any(e.slope(c)):
        raise Wrong("CONSTANT_GRADIENT", f"its gradient is {e.slope(c):g}")


# --- 14: memory ----------------------------------------------------------------------------------


@case(14, "the graph dies with its result", "LEAK")
def _(e: Engine) -> None:
    x = e.variable(2.0)
    a = x * x
    try:
        watched = weakref.ref(a)
    except TypeError:
        raise Unsupported("its values take no weak reference") from None
    b = a * x
    e.backward(b)
    was_on = gc.isenabled()
    gc.disable()
    try:
        del a, b
        if watched() is None:
            return
        gc.collect()
        if watched() is None:
            raise Wrong("CYCLE", "it is freed by the garbage collector only", differs=True)
        raise Wrong("LEAK", "an intermediate value is alive after the result is gone and the collector has run")
    finally:
        if was_on:
            gc.enable()
