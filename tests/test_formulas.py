"""Formulas in a graph's names: as LaTeX and as plain text; numbers as they are shown."""

import numpy as np
import pytest

from gradlib.formulas import fill, gradient_text, latex_name, number, operation_text, plain, value_text
from gradlib.primitives import TABLE, Primitive


def texts(name):
    """The operation and its local derivatives as plain text, in the names u, v, w; z is the result."""
    entry = TABLE[name]
    names = ["u", "v", "w"][: len(entry.vjps)] or ["u", "v"]  # any number of inputs: two
    vjps = filter(None, entry.vjps or [entry.vjp(0)])
    return [operation_text(entry, names), *(plain(fill(vjp.latex, names, "z", "g")) for vjp in vjps)]


# How plain text comes out of LaTeX, by example. That the formulas are right is checked against the rules, for every
# operation, in test_primitives.py.
READS = {
    "add": ["u + v", "1", "1"],
    "sub": ["u - v", "1", "-1"],
    "mul": ["u · v", "v", "u"],
    "div": ["u / v", "1/v", "-u/v²"],
    "pow": ["u^v", "v · u^(v-1)", "z · ln u"],
    "neg": ["-u", "-1"],
    "exp": ["e^u", "z"],
    "log": ["ln u", "1/u"],
    "sqrt": ["√u", "1/(2 · z)"],
    "sin": ["sin u", "cos u"],
    "cos": ["cos u", "-sin u"],
    "tanh": ["tanh u", "1 - z²"],
    "sigmoid": ["σ(u)", "z · (1 - z)"],
    "relu": ["relu(u)", "[u > 0]"],
    "where": ["where(u, v, w)", "[u]", "1 - [u]"],
    "matmul": ["u v", "g vᵀ", "uᵀ g"],
    "sum": ["Σ u", "spread g"],
    "mean": ["mean(u)", "spread g/n"],
    "center": ["u - mean u", "g - mean g"],
    "reshape": ["reshape(u)", "reshape g"],
    "transpose": ["transpose(u)", "transpose g"],
    "broadcast_to": ["broadcast_to(u)", "unbroadcast g"],
    "remainder": ["u mod v", "1", "-⌊u/v⌋"],
    "reciprocal": ["1/u", "-z²"],
    "square": ["u²", "2 · u"],
    "abs": ["|u|", "sign u"],
    "sign": ["sign(u)", "0"],
    "floor": ["⌊u⌋", "0"],
    "ceil": ["⌈u⌉", "0"],
    "round": ["round(u)", "0"],
    "floor_divide": ["⌊u / v⌋", "0", "0"],
    "astype": ["astype(u)", "1"],
    "to": ["to(u)", "1"],
    "expm1": ["e^u - 1", "z + 1"],
    "log1p": ["ln (1 + u)", "1/(1 + u)"],
    "log2": ["log₂ u", "1/(u · ln 2)"],
    "logaddexp": ["ln (e^u + e^v)", "σ(u - v)", "σ(v - u)"],
    "tan": ["tan u", "1 + z²"],
    "arcsin": ["arcsin(u)", "1/√(1 - u²)"],
    "arccos": ["arccos(u)", "-1/√(1 - u²)"],
    "arctan": ["arctan(u)", "1/(1 + u²)"],
    "atan2": ["atan2(u, v)", "v/(u² + v²)", "-u/(u² + v²)"],
    "sinh": ["sinh u", "cosh u"],
    "cosh": ["cosh u", "sinh u"],
    "leaky_relu": ["leaky_relu(u)", "[u > 0] + a · [u ≤ 0]"],
    "erf": ["erf(u)", "2 · e^(-u²)/√π"],
    "silu": ["u · σ(u)", "σ(u) · (1 + u · σ(-u))"],
    "gelu": ["u · Φ(u)", "Φ(u) + u · Φ'(u)"],
    "maximum": ["max(u, v)", "[u > v] + [u = v]/2", "[v > u] + [v = u]/2"],
    "minimum": ["min(u, v)", "[u < v] + [u = v]/2", "[v < u] + [v = u]/2"],
    "clip": ["clip(u)", "[a ≤ u ≤ b]"],
    "norm": ["‖u‖", "g · sign(u) · (|u|/z)^(p-1)"],
    "max": ["max u", "[u = z] g/ties"],
    "min": ["min u", "[u = z] g/ties"],
    "logsumexp": ["ln Σ e^u", "g e^(u - z)"],
    "softmax": ["softmax(u)", "z (g - Σ g z)"],
    "log_softmax": ["log_softmax(u)", "g - e^z Σ g"],
    "cumsum": ["cumsum(u)", "Σ_(j ≥ i) g_j"],
    "prod": ["Π u", "g Π_(j ≠ i) u_j"],
    "cumprod": ["cumprod(u)", "Σ_(j ≥ i) g_j Π_(k ≤ j, k ≠ i) u_k"],
    "concatenate": ["concatenate(u, v)", "slice g"],
    "pad": ["pad(u)", "slice g"],
    "getitem": ["u[i]", "scatter g"],
    "scatter": ["scatter(u)", "g[i]"],
    "setitem": ["u[i] ← v", "g but 0 at i", "g[i]"],
    "einsum": ["einsum(u, v)", "einsum g"],
    "inv": ["u⁻¹", "-zᵀ g zᵀ"],
    "solve": ["u⁻¹ v", "-u⁻ᵀ g zᵀ", "u⁻ᵀ g"],
    "det": ["det u", "g · z u⁻ᵀ"],
    "cross_entropy": ["-ln softmax(u)_i", "g (softmax u - [i])"],
    "normalize": ["normalize(u)", "(g - mean g - z mean(g z))/s"],
    "linear": ["u v + w", "g vᵀ", "uᵀ g", "g"],
    "unfold": ["unfold(u)", "fold g"],
    "fold": ["fold(u)", "unfold g"],
    "rnn": ["rnn(u, v)", "BPTT g"],
    "lstm": ["lstm(u, v)", "BPTT g"],
    "gru": ["gru(u, v)", "BPTT g"],
}


@pytest.mark.parametrize("name", READS)
def test_it_reads(name):
    assert texts(name) == READS[name]


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("operands", [["t12", "weight_1", "w_2"], ["-2", "-0.5", "-1"], ["theta", "2", "x"]])
def test_no_latex_is_left_in_text_and_braces_are_closed(name, operands):
    entry = TABLE[name]
    count = len(entry.vjps)
    for latex in (entry.latex, *(vjp.latex for vjp in entry.vjps if vjp)):
        assert not set("\\{}") & set(plain(fill(latex, operands[:count], "t3", "g")))
        depth = 0
        for character in fill(latex, [latex_name(name) for name in operands[:count]], latex_name("t3"), "g"):
            depth += {"{": 1, "}": -1}.get(character, 0)
            assert depth >= 0
        assert depth == 0


@pytest.mark.parametrize(
    ("op", "operands", "text"),
    [
        ("+", ["x", "-2"], "x + (-2)"),
        ("-", ["x", "-2"], "x - (-2)"),
        ("*", ["-2", "x"], "(-2) · x"),
        ("/", ["1", "-2"], "1 / (-2)"),
        ("neg", ["-2"], "-(-2)"),
        ("**", ["x", "2"], "x²"),
        ("**", ["x", "-1"], "x⁻¹"),
        ("**", ["x", "0.5"], "x^(0.5)"),
        ("**", ["x", "12"], "x¹²"),
        ("**", ["x", "n"], "x^n"),
        ("**", ["-2", "3"], "(-2)³"),
        ("**", ["-2", "y"], "(-2)^y"),
        ("exp", ["t1"], "e^t1"),
        ("exp", ["-2"], "e⁻²"),
        ("sqrt", ["-2"], "√(-2)"),
        ("cube", ["x"], "cube(x)"),
        ("mix", ["x", "y"], "mix(x, y)"),
    ],
)
def test_an_operation_in_its_operands(op, operands, text):
    assert operation_text(op, operands) == text


def test_an_operation_that_a_learner_adds_is_written_as_a_call():
    assert operation_text(Primitive("soft_plus", np.exp, None), ["x"]) == "soft_plus(x)"


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"), ("t12", "t_{12}"), ("w_1", "w_{1}"), ("alpha", r"\alpha"), ("loss", r"\mathit{loss}"),
        ("weight_1", r"\mathit{weight\_1}"), ("-2", "-2"), ("0.5", "0.5"),
    ],
)  # fmt: skip
def test_a_name_in_latex(name, latex):
    assert latex_name(name) == latex


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (-1.0, "-1"), (0.1 + 0.2, "0.3"), (-0.123456, "-0.1235"),
        (123456.0, "1.235e+05"), (1e-9, "1e-09"), (-1e-9, "-1e-09"), (float("nan"), "nan"),
        (float("inf"), "inf"), (-0.00004, "-4e-05"),
    ],
)  # fmt: skip
def test_a_number(value, text):
    assert number(value) == text


def test_values_are_shown_when_they_are_few():
    assert value_text(np.array([[2.0]])) == "2"
    assert value_text(np.array([1.0, -0.5, 3.0])) == "[1, -0.5, 3]"
    assert value_text(np.arange(4.0)) == "shape (4,)"
    assert value_text(np.ones((2, 1))) == "shape (2, 1)"
    assert value_text(np.empty(0)) == "shape (0,)"
    assert gradient_text(np.array([[3.0, 0.0], [0.0, -4.0]])) == "norm 5"
    assert gradient_text(np.array([3.0, 4.0])) == "[3, 4]"
    assert gradient_text(np.empty((0, 3))) == "norm 0"
