r"""Formulas of the table of derivatives, written out in the names of a graph: as LaTeX, and as plain text.

The table's formulas are LaTeX with {x}, {y}, {w} where the inputs go, {z} for the output and {g} for the
gradient that arrives.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import primitives

_GREEK = """alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi
omega""".split()
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def latex_name(name: str) -> str:
    r"""Write a variable's name in LaTeX.

    >>> [latex_name(name) for name in ("x", "t12", "theta", "weight_1", "-2", "0.5")]
    ['x', 't_{12}', '\\theta', '\\mathit{weight\\_1}', '-2', '0.5']
    """
    if name in _GREEK:
        return "\\" + name
    if match := re.fullmatch(r"([A-Za-z])_?(\d+)", name):
        return f"{match[1]}_{{{match[2]}}}"
    if len(name) > 1 and name[0].isalpha():
        return r"\mathit{" + name.replace("_", r"\_") + "}"
    return name.replace("_", r"\_")


def fill(latex: str, inputs: Sequence[str], output: str = "", gradient: str = "") -> str:
    """Insert the operands into a formula of the table, a negative number in brackets where it needs them.

    >>> fill("-{x}/{y}^2", ["u", "v"]), fill("{x}^{{y}}", ["-2", "-1"]), fill("{y}", ["x", "-3"])
    ('-u/v^2', '(-2)^{-1}', '-3')
    """
    operands = dict(zip("xyw", inputs, strict=False)) | {"z": output, "g": gradient}

    def put_in(match: re.Match) -> str:
        name = operands.get(match[1], match[0])
        alone = match[0] == latex or latex[: match.start()].endswith("^{") and latex[match.end() :].startswith("}")
        return f"({name})" if name.startswith("-") and not alone else name

    return re.sub(r"\{([xywzg])\}", put_in, latex)


def plain(latex: str) -> str:
    r"""Write a filled formula as plain text.

    >>> plain(r"1 - \tanh^2 u"), plain(r"2 \cdot x^{2-1}"), plain(r"3 \cdot x^{3-1}"), plain(r"g\,w^\top")
    ('1 - tanh² u', '2 · x', '3 · x²', 'g wᵀ')
    >>> plain(r"\frac{1}{x}"), plain(r"\frac{u + v}{2 \sqrt{x}}"), plain(r"\frac{1}{1 + \frac{1}{x}}")
    ('1/x', '(u + v)/(2 √x)', '1/(1 + 1/x)')
    """
    latex = re.sub(r"\^\{(\d+)-1\}", lambda match: _power(int(match[1]) - 1), latex)
    while match := re.search(_FRACTION, latex):  # from the inside out
        over, under = (part if re.fullmatch(_ALONE, part) else f"({part})" for part in match.groups())
        latex = f"{latex[: match.start()]}{over}/{under}{latex[match.end() :]}"
    text = re.sub(r"\\(?:operatorname|text)\{(.*?)\}", r"\1", latex).replace(r"\_", "_")
    for command, sign in _SIGNS.items():
        text = text.replace(command, sign)
    text = re.sub(r"\\sqrt\{(.*)\}", lambda match: f"√{_bracketed(match[1])}", text)
    text = re.sub(r"\^(\d)(?![\d.])", r"^{\1}", text)
    text = re.sub(r"\^\{(-?\d+)\}", lambda match: match[1].translate(_SUPERSCRIPTS), text)
    text = re.sub(r"([\^_])\{(.*?)\}", lambda match: match[1] + _bracketed(match[2]), text)
    return re.sub(r"[\\{}]", "", text)


_ALONE = r"\\?[\w.]+|\([^()]*\)"  # what needs no brackets in a fraction
_INSIDE = r"((?:[^{}]|\{[^{}]*\})*)"  # what stands in braces, with at most one more pair in it
_FRACTION = rf"\\frac\{{(?!.*\\frac){_INSIDE}\}}\{{{_INSIDE}\}}"


def _power(exponent: int) -> str:
    return "" if exponent == 1 else f"^{{{exponent}}}"


_SIGNS = {
    r"^{-\top}": "⁻ᵀ", r"^\top": "ᵀ", r"\cdot": "·", r"\,": " ", r"\ ": " ",
    r"\sigma": "σ", r"\Phi": "Φ", r"\varphi": "φ", r"\pi": "π",
    r"\sum": "Σ", r"\prod": "Π", r"\bmod": "mod", r"\lfloor ": "⌊", r" \rfloor": "⌋", r"\lceil ": "⌈", r" \rceil": "⌉",
    r"\leftarrow": "←", r"\leq": "≤", r"\geq": "≥", r"\neq": "≠", r"\lVert ": "‖", r" \rVert": "‖", r"\log_2": "log₂",
}  # fmt: skip


def _bracketed(text: str) -> str:
    """Put brackets around anything but a single name or number."""
    return text if re.fullmatch(r"\w+|\([^()]*\)", text) else f"({text})"


def operation_text(op: Any, inputs: Sequence[str]) -> str:
    """Write an operation in the names of its inputs; as `op(inputs)` if it is not in the table.

    >>> operation_text("*", ["x", "y"]), operation_text("**", ["x", "2"]), operation_text("cube", ["x"])
    ('x · y', 'x²', 'cube(x)')
    """
    try:
        entry = primitives.find(op)
    except KeyError:
        return f"{op}({', '.join(inputs)})"
    if not entry.vjps:  # any number of inputs
        return f"{entry.symbol}({', '.join(inputs)})"
    return plain(fill(entry.latex, inputs))


def rules_text(entry: primitives.Primitive, count: int) -> str:
    """List the derivatives of an entry with respect to each input: local ones, or as products with the gradient g.

    >>> rules_text(primitives.mul, 2), rules_text(primitives.matmul, 2)
    ('z = x · y: ∂z/∂x = y, ∂z/∂y = x', 'z = x y: ∂L/∂x = g yᵀ, ∂L/∂y = xᵀ g')
    """
    names = ["x", "y", "w"][:count] if count <= 3 else [f"x{i}" for i in range(1, count + 1)]
    of = "z" if entry.elementwise else "L"
    rules = [
        f"∂{of}/∂{name} = {plain(fill(vjp.latex, names, 'z', 'g'))}"
        for position, name in enumerate(names)
        if (vjp := entry.vjp(position)) is not None
    ]
    return f"z = {operation_text(entry, names)}: {', '.join(rules)}"


def number(value: float) -> str:
    """Write a number with four significant digits, without trailing zeros.

    >>> number(2.0), number(-0.123456), number(1234567.0), number(1e-9)
    ('2', '-0.1235', '1.235e+06', '1e-09')
    """
    return f"{float(value):.4g}".replace("-0", "0") if value == 0 else f"{float(value):.4g}"


def value_text(value: np.ndarray) -> str:
    """Write a value: up to three numbers, or the shape of more.

    >>> value_text(np.array([2.0])), value_text(np.array([1.0, 0.5])), value_text(np.ones((2, 3)))
    ('2', '[1, 0.5]', 'shape (2, 3)')
    """
    value = np.asarray(value)
    if value.size == 1:
        return number(value.item())
    if value.ndim == 1 and 0 < value.size <= 3:
        return f"[{', '.join(map(number, value))}]"
    return f"shape {value.shape}"


def gradient_text(gradient: np.ndarray) -> str:
    """Write a gradient: its entries if they are few, else its norm, the root of the sum of their squares.

    >>> gradient_text(np.array(7.0)), gradient_text(np.array([[3.0, 0.0], [0.0, 4.0]]))
    ('7', 'norm 5')
    """
    gradient = np.asarray(gradient)
    text = value_text(gradient)
    return f"norm {number(np.linalg.norm(gradient))}" if text.startswith("shape") else text
