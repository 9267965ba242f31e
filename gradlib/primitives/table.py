"""An entry of the table of derivatives: an operation, its rules and its formulas."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, NamedTuple

import numpy as np

HALF = np.dtype(np.float16)


class Vjp(NamedTuple):
    """The rule for one input and its formula in LaTeX, where {x}, {y}, {w} are the inputs in order."""

    rule: Callable
    latex: str


class Primitive:
    r"""One operation: its symbol, its forward function, one Vjp for each input (None: never differentiable).

    `latex` is the operation itself as a formula; by default `{x} symbol {y}` for a sign, `symbol({x})` for a
    word. An operation on any number of inputs has one rule for all of them. `variadic` takes the position of the input
    first, rule(position, g, z, *inputs). `joint` returns a tuple of all gradients, where one sweep finds them all.

    `precision` says how `amp.autocast` computes it: "product" in float16 (of a single input: in float32), "single" in
    float32, "" in the dtype of its inputs. "single" are sums of many entries, and what leaves float16's range: e¹²
    does. So is what LAPACK computes, which has no float16.

    Called, it computes: on arrays at once; among tensors by way of the tensors, which record it.

    >>> cube = Primitive("cube", lambda x: x**3, Vjp(lambda g, z, x: g * 3 * x**2, r"3\,{x}^2"))
    >>> z = cube(2.0)
    >>> z, cube.rules[0](1.0, z, 2.0)
    (8.0, 12.0)
    """

    __slots__ = ("symbol", "forward", "vjps", "rules", "variadic", "joint", "latex", "precision")

    def __init__(
        self,
        symbol: str,
        forward: Callable,
        *vjps: Vjp | None,
        variadic: Vjp | None = None,
        joint: Vjp | None = None,
        latex: str = "",
        precision: str = "",
    ):
        for vjp in vjps:
            if not (vjp is None or isinstance(vjp, Vjp)):
                raise TypeError(
                    f"Primitive takes a Vjp for each input, got a {type(vjp).__name__}. Put the rule together "
                    'with its formula in LaTeX: Vjp(rule, "formula").'
                )
        if precision not in ("", "product", "single"):
            raise ValueError(f"Primitive's precision is 'product', 'single' or '', got {precision!r}.")
        inputs = ["{x}", "{y}", "{w}"][: len(vjps)]
        word = r"\operatorname{" + symbol.replace("_", r"\_") + "}(" + ", ".join(inputs) + ")"
        self.symbol = symbol
        self.forward = forward
        self.vjps = vjps
        self.rules = tuple(vjp and vjp.rule for vjp in vjps)  # what the engine loops over
        self.variadic = variadic
        self.joint = joint
        self.precision = precision
        self.latex = latex or (word if symbol[0].isalpha() else f" {symbol} ".join(inputs))

    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        for value in inputs:
            call = getattr(type(value), "_call_primitive", None)
            if call is not None:
                return call(self, inputs, keywords)
        return self.forward(*inputs, **keywords)

    def rules_for(self, count: int) -> tuple[Callable | None, ...]:
        """Return one rule for each of `count` inputs."""
        if self.joint is not None:
            return (self.joint.rule,) * count
        if self.variadic is None:
            return self.rules
        return tuple(partial(self.variadic.rule, position) for position in range(count))

    def vjp(self, position: int) -> Vjp | None:
        """Return the rule for one input, with its formula."""
        return self.variadic or self.joint or self.vjps[position]

    @property
    def elementwise(self) -> bool:
        """True if every gradient is g times a local derivative: then no formula mentions g."""
        return bool(self.vjps) and not any("{g}" in vjp.latex for vjp in self.vjps if vjp)

    def __repr__(self) -> str:
        return f"Primitive({self.symbol!r})"


def in_single(function: Callable) -> Callable:
    """Compute a function in float32 where its first array is float16, and cast its result back.

    float16 holds 11 bits: 2048 + 1 is 2048, and 300² is infinite. So every forward function and every rule that adds
    up many entries is wrapped in this.

    >>> root = in_single(lambda x: np.sqrt((x * x).sum()))
    >>> float(root(np.full(10_000, 300, np.float16)))
    30000.0
    """

    @wraps(function)
    def computed(first, *others, **keywords):
        if first.dtype != HALF:
            return function(first, *others, **keywords)
        result = function(*map(_widened, (first, *others)), **keywords)
        return result.astype(HALF)

    return computed


def _widened(value: Any) -> Any:
    return value.astype(np.float32) if getattr(value, "dtype", None) == HALF else value
