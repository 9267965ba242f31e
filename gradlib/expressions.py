"""A typed formula as a graph of Values.

The text is read as Python's grammar reads it, but it is never run: only numbers, letters, the operators + - * / ** and
a few functions are accepted, and each of them is one operation on `Value`.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Mapping

from .scalar import Value

LONGEST = 200  # characters; a longer formula makes a graph that nobody can read
FUNCTIONS = {
    name: getattr(Value, "log" if name == "ln" else name)
    for name in ("exp", "ln", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu")
}
NUMBERS = {"pi": math.pi, "e": math.e}
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_WRITTEN = str.maketrans({"^": "**", "·": "*", "×": "*", "−": "-", "÷": "/"})
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_START = {"x": 2.0, "y": 3.0}  # every other letter starts at 1


class FormulaError(ValueError):
    """A text that is not a formula, or a formula that has no value. The message is for the one who typed it."""


def expression(text: str, values: Mapping[str, float] | None = None) -> tuple[Value, dict[str, Value]]:
    """Return the result of a formula, and its letters and named parts by name.

    text : "x * y + sin(x)". A part may be named first, "t = x * y; t * t + t", and a letter set, "x = 5; x * x". `^` is
        read as `**`, and `ln`, `exp`, `sqrt`, `sin`, `cos`, `tanh`, `sigmoid` and `relu` are known, as are the numbers
        `pi` and `e`.
    values : {letter: number}; a letter without one starts at 1, x at 2 and y at 3.

    >>> result, names = expression("x * y + sin(x)")
    >>> result.backward()
    >>> result.data, names["y"].grad
    (6.909297426825682, 2.0)

    Raises FormulaError, with a sentence for the one who typed it. Nothing of the text is ever run:

    >>> expression("open('file')")
    Traceback (most recent call last):
    gradlib.expressions.FormulaError: open is not a function here. There are \
exp, ln, sqrt, sin, cos, tanh, sigmoid, relu.
    """
    reader = _Reader(_START | dict(values or {}))
    result = reader.read(text)
    if isinstance(result, float):
        raise FormulaError("There is nothing to nudge in this formula. Use a letter, such as x.")
    if not result._op:
        raise FormulaError(f"{text.strip()} is a single letter. Do something with it, such as 2 * x.")
    if not math.isfinite(result.data):
        raise FormulaError(reader.no_value())
    return result, reader.names


def _as_python(text: str) -> str:
    """The text with Python's signs; several superscripts are one exponent, and x²³ is x to the 23."""
    text = text.translate(_WRITTEN)
    return re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda digits: f"**{int(digits[0].translate(_SUPERSCRIPTS))}", text)


class _Reader:
    def __init__(self, start: Mapping[str, float]):
        self.start = start
        self.letters: dict[str, Value] = {}
        self.names: dict[str, Value] = {}  # the letters, and the parts that were named

    def read(self, text: str) -> Value | float:
        if len(text) > LONGEST:
            raise FormulaError(f"A formula may have {LONGEST} characters, and this one has {len(text)}.")
        try:
            *parts, last = ast.parse(_as_python(text).strip().strip(";")).body or [None]
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise FormulaError(
                "This is not a formula yet. Write products with a sign, as in 2 * x, and close every parenthesis."
            ) from None
        try:
            for part in parts:
                self._name(part)
            if not isinstance(last, ast.Expr):
                raise FormulaError("A formula is missing at the end. Type one, such as x * y + sin(x).")
            return self._value(last.value)
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, FormulaError):
                raise
            raise FormulaError(self.no_value()) from None

    def no_value(self) -> str:
        place = ", ".join(f"{name} = {value.data:g}" for name, value in self.letters.items())
        where = f"At {place} this" if place else "This"
        return f"{where} formula has no finite value. A letter is set before the formula, as in x = 1; x * x."

    def _name(self, part: ast.stmt) -> None:
        if not (isinstance(part, ast.Assign) and len(part.targets) == 1 and isinstance(part.targets[0], ast.Name)):
            raise FormulaError("Before the last part only names can be given, as in t = x * y; t * t + t.")
        name, value = part.targets[0].id, self._value(part.value)
        if name in self.names or name in NUMBERS or name in FUNCTIONS:
            raise FormulaError(f"{name} has a meaning already. Choose another name.")
        if isinstance(value, float):
            value = self.letters[name] = Value(value, name)
        self.names[name] = value

    def _value(self, node: ast.expr) -> Value | float:
        """Numbers are computed at once, so that a constant is one number in the graph."""
        match node:
            case ast.Constant(value=number) if type(number) in (int, float):
                return float(number)
            case ast.Name(id=name):
                return NUMBERS[name] if name in NUMBERS else self._letter(name)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -self._value(inner)
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self._value(inner)
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
                result = _OPERATORS[type(sign)](self._value(left), self._value(right))
                if isinstance(result, complex):
                    raise ValueError("a root of a negative number")
                return result
            case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in FUNCTIONS:
                argument = self._value(inner)
                return (
                    FUNCTIONS[name](argument) if isinstance(argument, Value) else FUNCTIONS[name](Value(argument)).data
                )
            case ast.Call(func=function):
                known = ", ".join(name for name in FUNCTIONS if name != "log")
                one = ast.unparse(function)
                problem = "takes one number" if one in FUNCTIONS else "is not a function here"
                raise FormulaError(f"{one} {problem}. There are {known}.")
        raise FormulaError(f"{ast.unparse(node)} cannot be read here. Use numbers, letters, + - * / ** and functions.")

    def _letter(self, name: str) -> Value:
        if name in FUNCTIONS:
            raise FormulaError(f"{name} needs its input in parentheses, as in {name}(x).")
        if name not in self.names:
            self.names[name] = self.letters[name] = Value(self.start.get(name, 1.0), name)
        return self.names[name]
