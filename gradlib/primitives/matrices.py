"""The table of derivatives: matrix products, inverses, linear systems and determinants.

All work on stacks of matrices: the last two axes are the matrix, those in front broadcast.
"""

from __future__ import annotations

import math

import numpy as np

from .reductions import _MANY, sum_
from .table import Primitive, Vjp, in_single


def as_matrices(g, x, y):
    """Make a vector on the left a row, on the right a column: then every product is (…, n, k) @ (…, k, m)."""
    if y.ndim == 1:
        y, g = np.expand_dims(y, 1), np.expand_dims(g, -1)
    if x.ndim == 1:
        x, g = np.expand_dims(x, 0), np.expand_dims(g, -2)
    return g, x, y


def matmul_vjp_x(g, z, x, y):
    if x.ndim > 1 < y.ndim:
        if g.shape[-1] > 8 * g.shape[-2]:  # a convolution's few, long rows: transposed, OpenBLAS takes half of the time
            return (y @ g.mT).mT
        return g @ y.mT  # (…, n, m) @ (…, m, k) -> (…, n, k)
    g, _, columns = as_matrices(g, x, y)
    return g @ columns.mT  # the engine sums a row's extra axis


def matmul_vjp_y(g, z, x, y):
    if y.ndim == 2 < x.ndim:  # one matrix for a whole stack: its gradient is one product over all rows
        g, x = (a.reshape(math.prod(a.shape[:-1]), a.shape[-1]) for a in (g, x))
    if x.ndim > 1 < y.ndim:
        return _over_rows(x, g)  # (…, k, n) @ (…, n, m) -> (…, k, m)
    g, rows, _ = as_matrices(g, x, y)
    gradient = _over_rows(rows, g)
    return gradient.reshape(gradient.shape[:-1]) if y.ndim == 1 else gradient


def _over_rows(x, g):
    """Compute xᵀ g. One column of very many rows is added in blocks: in one go, float32 is off by 1 % at 10⁶."""
    if g.shape[-1] > 1 or x.ndim > 2 or x.shape[-2] <= _MANY or x.dtype != np.float32:
        return x.mT @ g
    end = len(x) - len(x) % 64
    blocks = x[:end].reshape(-1, 64, x.shape[1]).mT @ g[:end].reshape(-1, 64, 1)
    return sum_(blocks, axis=0) + x[end:].mT @ g[end:]


matmul = Primitive(
    "@", np.matmul,
    Vjp(matmul_vjp_x, r"{g}\,{y}^\top"),
    Vjp(matmul_vjp_y, r"{x}^\top {g}"),
    latex=r"{x}\,{y}",
    precision="product",
)  # fmt: skip


def _linear(x, y, w):
    z = np.matmul(x, y)  # (…, in) @ (in, out) -> (…, out)
    return np.add(z, w, out=z) if z.ndim and z.dtype == w.dtype and w.ndim == 1 else z + w


def _linear_back(rule, g, z, x, y):
    """Apply the rule of a product to all rows at once, which takes half of the time for a stack of matrices."""
    if x.ndim <= 2:
        return rule(g, z, x, y)
    g, rows = (a.reshape(math.prod(a.shape[:-1]), a.shape[-1]) for a in (g, x))
    gradient = rule(g, None, rows, y)  # (…·n, m), (…·n, k) -> (…·n, k) or (k, m)
    return gradient.reshape(x.shape) if rule is matmul_vjp_x else gradient


# A layer, x W + b, as one entry: a product and a sum recorded apart cost a small layer half as much time again.
linear = Primitive(
    "linear", _linear,
    Vjp(lambda g, z, x, y, w: _linear_back(matmul_vjp_x, g, z, x, y), r"{g}\,{y}^\top"),
    Vjp(lambda g, z, x, y, w: _linear_back(matmul_vjp_y, g, z, x, y), r"{x}^\top {g}"),
    Vjp(lambda g, z, x, y, w: g, "{g}"),
    latex=r"{x}\,{y} + {w}",
    precision="product",
)  # fmt: skip

# Einstein's sums ------------------------------------------------------------


@in_single
def _einsum(*inputs, subscripts):
    if len(inputs) == 1:
        (letters,), result = _spelled(subscripts, [inputs[0].ndim])
        spelled_right = letters.isalpha() and len(letters) == inputs[0].ndim and set(result) <= set(letters)
        if spelled_right and len(set(result)) == len(result):
            # The diagonals, a sum, and the axes that stay in another order. Without a sum it is a view, as in NumPy.
            once = "".join(dict.fromkeys(letters))
            x = inputs[0] if once == letters else np.einsum(f"{letters}->{once}", inputs[0])
            kept = [letter for letter in once if letter in result]
            gone = tuple(axis for axis, letter in enumerate(once) if letter not in result)
            x = sum_(x, axis=gone) if gone else x
            return np.transpose(x, [kept.index(letter) for letter in result])
    # From three operands on the order matters; with two, `optimize` hands the product to BLAS.
    z = np.einsum(subscripts, *inputs, optimize=len(inputs) > 1)
    if z.dtype == np.float32 and len(inputs) > 1 and max(x.size for x in inputs) > _MANY * z.size:
        # Few results of many rows, as "n,ni->i": in float32 10⁶ rows would be off by 1e-3.
        wide = (x.astype(np.float64) for x in inputs)
        return np.einsum(subscripts, *wide, optimize=True).astype(np.float32)
    return z


def _einsum_vjp(position, g, z, *inputs, subscripts):
    """Swap the input for the output: ∂L/∂xᵢ is the einsum of g and of the other inputs, with the letters of xᵢ
    as the result. Letters that only xᵢ has were summed away: its gradient is the same along them."""
    letters, result = _spelled(subscripts, [x.ndim for x in inputs])
    operands = [g, *inputs[:position], *inputs[position + 1 :]]
    names = [result, *letters[:position], *letters[position + 1 :]]
    sizes = {}  # of each letter elsewhere; an axis of size 1 may meet a longer one
    for name, x in zip(names, operands, strict=True):
        sizes |= {letter: max(size, sizes.get(letter, 0)) for letter, size in zip(name, x.shape, strict=True)}
    fresh = iter(sorted(set(_ALPHABET) - set("".join(letters))))
    wanted = ""
    for letter, size in zip(letters[position], inputs[position].shape, strict=True):
        if letter in wanted:  # a diagonal: entries off it were not read
            letter = letter + next(fresh)
            names.append(letter)
            operands.append(np.eye(size, dtype=g.dtype))
        elif sizes.get(letter, -1) < size:
            names.append(letter)
            operands.append(np.ones(size, dtype=g.dtype))
        wanted += letter[-1]
    return einsum(*operands, subscripts=",".join(names) + "->" + wanted)


_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _spelled(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """Spell out the letters of each input and of the result, with "..." and an implicit result written out."""
    inputs, arrow, result = subscripts.replace(" ", "").partition("->")
    letters = inputs.split(",")
    free = [letter for letter in _ALPHABET if letter not in subscripts]
    dots = max((ndim - len(part) + 3 for part, ndim in zip(letters, ndims, strict=True) if "..." in part), default=0)
    spread = "".join(free[:dots])
    if not arrow:  # NumPy's rule: the letters that stand once, in alphabetical order
        result = "..." * ("..." in inputs) + "".join(sorted(c for c in set(inputs) - set(",.") if inputs.count(c) == 1))
    letters = [
        part.replace("...", spread[dots - (ndim - len(part) + 3) :]) for part, ndim in zip(letters, ndims, strict=True)
    ]
    return letters, result.replace("...", spread)


einsum = Primitive("einsum", _einsum, variadic=Vjp(_einsum_vjp, r"\operatorname{einsum} {g}"), precision="product")

# Solving ------------------------------------------------------------

# From z x = 1: dz x + z dx = 0, so dz = -z dx z.
inv = Primitive(
    "inv", np.linalg.inv,
    Vjp(lambda g, z, x: -z.mT @ g @ z.mT, r"-{z}^\top {g}\,{z}^\top"),
    latex="{x}^{-1}",
    precision="single",
)  # fmt: skip


def _solve_back(g, x, y):
    """Compute ∂L/∂y, with an axis for the right-hand sides also where y is a single one, a vector."""
    return solve(x.mT, np.expand_dims(g, -1) if y.ndim == 1 else g)


def _solve_vjp_x(g, z, x, y):
    return -_solve_back(g, x, y) @ (np.expand_dims(z, -1) if y.ndim == 1 else z).mT


def _solve_vjp_y(g, z, x, y):
    back = _solve_back(g, x, y)
    return back[..., 0] if y.ndim == 1 else back


# From x z = y: dx z + x dz = dy, so dz = x⁻¹ (dy - dx z).
solve = Primitive(
    "solve", np.linalg.solve,
    Vjp(_solve_vjp_x, r"-{x}^{-\top} {g}\,{z}^\top"),
    Vjp(_solve_vjp_y, r"{x}^{-\top} {g}"),
    latex="{x}^{-1} {y}",
    precision="single",
)  # fmt: skip


def _cofactors(x):
    """Compute ∂det(x)/∂x: entry ij is ± the determinant of x without row i and column j."""
    n = x.shape[-1]
    if n == 0:
        return x
    rest = [np.delete(np.arange(n), i) for i in range(n)]
    rows = [
        np.stack([det(x[..., rest[i][:, None], rest[j]]) * (-1) ** (i + j) for j in range(n)], axis=-1)
        for i in range(n)
    ]
    return np.stack(rows, axis=-2)


def _det_vjp(g, z, x):
    g, z = np.expand_dims(g, (-2, -1)), np.expand_dims(z, (-2, -1))
    if np.all(z != 0):  # then the cofactors are det(x) x⁻ᵀ, in n³ steps instead of n⁵
        return g * z * inv(x).mT
    return g * _cofactors(x)


det = Primitive(
    "det", np.linalg.det, Vjp(_det_vjp, r"{g} \cdot {z}\,{x}^{-\top}"), latex=r"\det {x}", precision="single"
)
