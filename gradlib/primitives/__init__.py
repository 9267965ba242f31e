r"""The table of derivatives: one entry an operation, on arrays.

An entry holds the forward function and, for each input, a *vector-Jacobian product*: the rule that turns the
gradient of the output into the gradient of that input. A rule is called as

    rule(g, z, x, y, ..., **keywords)

with g the gradient that arrives at the output z, then the inputs. For an elementwise operation it returns g
times the local derivative, ∂L/∂x = g · ∂z/∂x, and the formula beside it is that derivative. Where the
operation mixes entries (a sum, a matrix product) there is no single factor: the formula is the whole product,
and {g} stands in it.

Rules use only operators, methods, NumPy functions and other entries, and never write in place. So the same line runs
on arrays (the fast path) and on tensors (gradients of gradients). Two things are left to the engine: it sums a gradient
over the axes that broadcasting stretched, and it skips inputs that need no gradient.

The entries stand in one file a family: elementwise, reductions, shapes, matrices, windows, recurrent. There the name of
an entry ends in an underscore if Python has a built-in function of that name, as `sum_`.
"""

from __future__ import annotations

from .table import Primitive, Vjp

# The table lists the entries in the order of these lines, family after family, as their files do.
# isort: off
from .elementwise import add, sub, mul, div, pow_ as pow, neg, remainder, reciprocal, square, sqrt, abs_ as abs
from .elementwise import sign, floor, ceil, round_ as round, floor_divide, astype, to
from .elementwise import exp, expm1, log, log1p, log2, log10, exp2, logaddexp
from .elementwise import sin, cos, tan, arcsin, arccos, arctan, arcsinh, arccosh, arctanh, atan2, sinh, cosh, tanh
from .elementwise import sigmoid, relu, leaky_relu, erf, gelu, silu, where, maximum, minimum, clip
from .reductions import sum_ as sum, mean, center, norm, max_ as max, min_ as min
from .reductions import logsumexp, softmax, log_softmax, cross_entropy, normalize, cumsum, prod, cumprod
from .shapes import reshape, transpose, broadcast_to, concatenate, pad, getitem, scatter, setitem
from .matrices import matmul, linear, einsum, inv, solve, det
from .windows import unfold, fold
from .recurrent import rnn, lstm, gru
# isort: on

__all__ = ["TABLE", "Primitive", "Vjp", "find"]

TABLE: dict[str, Primitive] = {name: entry for name, entry in vars().items() if isinstance(entry, Primitive)}

_BY_SYMBOL = {entry.symbol: entry for entry in TABLE.values()}
_BY_SYMBOL |= {"*": mul, "×": mul, "^": pow}


def find(op: Primitive | str) -> Primitive:
    """Find the entry for an operation by its symbol ("·", "*", "tanh") or its name ("mul"); an entry is its own.

    >>> find("*"), find("matmul")
    (Primitive('·'), Primitive('@'))

    Raises KeyError, listing the symbols, for one that the table does not hold.
    """
    if isinstance(op, Primitive):
        return op
    entry = _BY_SYMBOL.get(op) or TABLE.get(op)
    if entry is None:
        raise KeyError(
            f"the operation {op!r} is not in the table of derivatives, so its local derivative is unknown. It knows: "
            f"{'  '.join(_BY_SYMBOL)}"
        )
    return entry
