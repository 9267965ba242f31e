"""A typed formula: what it means, and what is refused without being run."""

import math

import numpy as np
import pytest

from gradlib import numerical_gradient
from gradlib.expressions import FUNCTIONS, FormulaError, expression


@pytest.mark.parametrize(
    "text",
    [
        "x * y + sin(x)",
        "exp(-x**2) / (1 + y)",
        "ln(x) - sqrt(y) + tanh(x - y)",
        "2**x - x**y + x**-1",
        "sigmoid(x) * relu(y) + cos(pi * x)",
        "e**(0.1 * x * y)",
        "t = x * y; t * t + t / x",
    ],
)
def test_its_value_and_gradients_are_those_of_the_formula(text):
    def plain(p):
        known = {name: getattr(math, name, None) for name in FUNCTIONS} | {"ln": math.log, "pi": math.pi, "e": math.e}
        known |= {"sigmoid": lambda x: 1 / (1 + math.exp(-x)), "relu": lambda x: max(x, 0.0), "x": p[0], "y": p[1]}
        *parts, last = text.split(";")
        for part in parts:
            exec(part, known)
        return eval(last, known)

    result, names = expression(text, {"x": 1.3, "y": 0.7})
    result.backward()
    assert result.data == pytest.approx(plain([1.3, 0.7]), rel=1e-14)
    numerical = numerical_gradient(plain, np.array([1.3, 0.7]))
    assert [names["x"].grad, names["y"].grad] == pytest.approx(numerical.tolist(), rel=1e-7)


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("x^2 + 2·y", "x**2 + 2*y"),
        ("x² − y³", "x**2 - y**3"),
        ("x¹² + x⁰", "x**12 + x**0"),
        (" x × y ÷ 4; ", "x * y / 4"),
        ("+x * y", "x*y"),
    ],
)
def test_signs_of_the_board_are_read(text, python):
    assert expression(text)[0].data == expression(python)[0].data


def test_a_letter_is_one_value_however_often_it_stands_there():
    result, names = expression("x * x + x")
    result.backward()
    assert names.keys() == {"x"} and names["x"].grad == 2 * 2 + 1


def test_a_named_part_is_one_value():
    result, names = expression("t = x * y; t * t + t")
    assert result._prev[0]._prev == (names["t"], names["t"]) and result._prev[1] is names["t"]


def test_constants_are_computed_at_once():
    result, _ = expression("2 * 3 * x + sin(0)")
    assert [value.data for value in result._prev] == [12.0, 0.0]


def test_values_are_given_by_the_caller_by_the_text_or_by_default():
    letters = expression("y = 5; x * y * z * w", {"w": 7.0, "y": 6.0})[1]
    assert {name: value.data for name, value in letters.items()} == {"x": 2.0, "y": 5.0, "z": 1.0, "w": 7.0}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "missing at the end"),
        ("x = 3", "missing at the end"),
        ("2x", "not a formula yet"),
        ("(x", "not a formula yet"),
        ("x; y", "only names can be given"),
        ("import os; x", "only names can be given"),
        ("x, y = 1, 2; x", "only names can be given"),
        ("t = x; t = y; t * t", "has a meaning already"),
        ("pi = 3; pi * x", "has a meaning already"),
        ("1 + 2", "nothing to nudge"),
        ("x", "a single letter"),
        ("sin + x", "in parentheses, as in sin(x)"),
        ("sin(x, y)", "sin takes one number"),
        ("f(x)", "f is not a function here"),
        ("open('file')", "open is not a function here"),
        ("x.__class__", "x.__class__ cannot be read here"),
        ("().__class__.__bases__[0]", "cannot be read here"),
        ("(lambda: x)()", "is not a function here"),
        ("[x for x in y]", "cannot be read here"),
        ("x if y else z", "cannot be read here"),
        ("x == y", "cannot be read here"),
        ("'a' * x", "cannot be read here"),
        ("True * x", "cannot be read here"),
        ("1j * x", "cannot be read here"),
        ("1 / (x - 2)", "At x = 2 this formula has no finite value"),
        ("ln(x - 2) + y", "At x = 2 this formula has no finite value"),
        ("(-2)**0.5 * x", "no finite value"),
        ("9**9**9 * x", "no finite value"),
        ("10**400 * x", "no finite value"),
        ("1e999 * x", "no finite value"),
        ("exp(1000 * x)", "no finite value"),
        ("x + " * 60 + "x", "A formula may have 200 characters"),
        ("(" * 99 + "x", "not a formula yet"),
    ],
)
def test_what_is_not_a_formula_is_refused_with_a_sentence(text, says):
    with pytest.raises(FormulaError, match=r"\.$") as refused:
        expression(text)
    assert says in str(refused.value)


def test_nothing_of_a_text_is_run(monkeypatch):
    called = []
    monkeypatch.setattr("builtins.print", lambda *words: called.append(words))
    for text in ("print(x)", "x + print(1)", "t = print(x); x * t"):
        with pytest.raises(FormulaError):
            expression(text)
    assert not called


@pytest.mark.parametrize("text", ["x = 1e200; 1 / x", "x = 1e-200; 1 / x", "x = 1e-300; x**-1"])
def test_a_finite_value_is_not_refused(text):
    result, _ = expression(text)
    assert math.isfinite(result.data)
