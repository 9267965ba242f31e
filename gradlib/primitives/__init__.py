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

The entries stand in one file a family: elementwise, reductions, shapes, linear, windows, recurrent.
"""

from __future__ import annotations

from . import elementwise, linear, recurrent, reductions, shapes, windows
from .table import Primitive, Vjp

__all__ = ["TABLE", "Primitive", "Vjp", "find"]

TABLE: dict[str, Primitive] = {
    name: entry
    for family in (elementwise, reductions, shapes, linear, windows, recurrent)
    for name, entry in vars(family).items()
    if isinstance(entry, Primitive) and not name.startswith("_")
}
globals().update(TABLE)  # primitives.tanh is TABLE["tanh"]

_BY_SYMBOL = {entry.symbol: entry for entry in TABLE.values()}
_BY_SYMBOL |= {"*": TABLE["mul"], "×": TABLE["mul"], "^": TABLE["pow"]}


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
