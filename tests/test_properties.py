"""Random expression graphs: gradients of the first and the second order against finite differences.

A program is a list of steps on random tensors: each applies one operation to earlier values. Every operation is
scaled so that entries stay within about ±2 and slopes near 1: then thirty of them in a row neither overflow nor
bend so much that a difference could not measure their slope. Where an operation has a kink, a step is taken only
if no entry is near it.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import gradlib
from gradlib import Tensor, gradcheck, no_grad
from gradlib import primitives as P
from gradlib.functional import gradgradcheck, hvp, jvp, vjp

BOUND = 2.5  # no entry is larger
SIZE = 24  # no value has more entries
MARGIN = 1e-2  # how far entries stay from a kink: a difference moves them by some 1e-5

# Keywords ------------------------------------------------------------
# Each function lists the keywords with which an operation may be called on values of these shapes; an empty list
# says that it does not apply.


def anything(*shapes):
    return [{}]


def broadcasting(*shapes):
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return []
    return [{}]


def one_axis(shape, *_):
    return [{"dim": dim} for dim in range(-len(shape), len(shape))]


def some_axes(shape):
    """One axis or two, kept or not."""
    axes = range(-len(shape), len(shape))
    pairs = [(a, b) for a, b in itertools.combinations(axes, 2) if (a - b) % len(shape)]
    return [{"dim": dim, "keepdim": keep} for dim in (*axes, *pairs) for keep in (False, True)]


def all_or_some_axes(shape):
    return [{}, *some_axes(shape)]


def two_axes(shape):
    axes = range(-len(shape), len(shape))
    return [{"dim0": a, "dim1": b} for a, b in itertools.product(axes, repeat=2)]


def orders(shape):
    return [{"dims": dims} for dims in itertools.permutations(range(len(shape)))]


def factored(shape):
    """Other shapes of as many entries."""
    size = math.prod(shape)
    divisors = [n for n in range(1, size + 1) if size % n == 0]
    return [{"shape": (-1,)}, *({"shape": (n, size // n)} for n in divisors)] + [
        {"shape": (n, -1, 2)} for n in divisors if size % (2 * n) == 0
    ]


def indices(shape):
    """Indices that NumPy and PyTorch both take between brackets."""
    if not shape:
        return [{"index": None}, {"index": ...}]
    n, last = shape[0], shape[-1]
    whole = [0, -1, slice(1, None), slice(None, None, 2), (..., 0), (..., None), (None, ..., -1)]
    arrays = [np.array([0, n - 1, 0]), np.array([[0], [-1]]), (..., np.array([last - 1, 0, 0]))]
    mask = np.arange(math.prod(shape)).reshape(shape) % 3 == 0
    both = [(np.array([0, 0, -1]), np.array([-1, 0, 0])), (slice(0, 1), ..., np.array([0, 0]))]
    return [{"index": index} for index in whole + arrays + [mask] + both * (len(shape) > 1)]


def assignments(shape, value):
    """Where a value of this shape can be assigned to."""
    return [each for each in indices(shape) if shape and _holds(np.empty(shape)[each["index"]].shape, value)]


def _holds(shape, value):
    try:
        return np.broadcast_shapes(shape, value) == shape
    except ValueError:
        return False


def pieces(shape):
    return [{"dim": d, "start": s, "length": 1 + (n > 1)} for d, n in enumerate(shape) for s in range(max(1, n - 1))]


def rows_again(shape):
    return [{"dim": dim, "index": np.array([0, n - 1, 0])} for dim, n in enumerate(shape)]


def entries_along(shape, *_):
    grid = np.arange(math.prod(shape)).reshape(shape)
    return [{"dim": dim, "index": grid % n} for dim, n in enumerate(shape)]


def entries_into(shape, source):
    return entries_along(shape) if shape == source else []


def copies(shape):
    ones = (1,) * len(shape)
    return [{"repeats": (2, *ones)}] + [{"repeats": ones[:a] + (2,) + ones[a + 1 :]} for a in range(len(shape))]


def borders(shape):
    none = [(0, 0)] * len(shape)
    return [{"pad_width": (*none[:axis], (1, 2), *none[axis + 1 :])} for axis in range(len(shape))]


def wider(shape):
    stretched = tuple(3 if n == 1 else n for n in shape)
    return [{"sizes": (2, *shape)}, {"sizes": stretched}]


def joined(shape, *others):
    """Axes along which values can be joined: all others agree."""
    return [
        {"dim": dim}
        for dim in range(len(shape))
        if all(other[:dim] + other[dim + 1 :] == shape[:dim] + shape[dim + 1 :] for other in others)
        and all(len(other) == len(shape) for other in others)
    ]


def stacked(shape, *others):
    return [{"dim": dim} for dim in range(len(shape) + 1)] if all(other == shape for other in others) else []


def matrices(shape):
    return [{}] if len(shape) >= 2 else []


def one_matrix(shape):
    return [{}] if len(shape) == 2 else []


def square_matrices(shape):
    return [{}] if len(shape) >= 2 and shape[-1] == shape[-2] else []


def products(shape, other):
    try:
        np.empty(shape) @ np.empty(other)
    except ValueError:
        return []
    return [{}]


def layers(shape, weight):
    return products(shape, weight) if shape and len(weight) == 2 else []


def classes(shape):
    """A right class for every row of scores."""
    return [{"index": np.arange(math.prod(shape[:-1])).reshape(shape[:-1]) % shape[-1]}] if shape else []


def systems(shape, other):
    return [{}] if square_matrices(shape) and len(other) >= 2 and products(shape, other) else []


def vectors(shape, other):
    return [{}] if len(shape) == len(other) == 1 else []


def vectors_of_one_size(shape, other):
    return vectors(shape, other) if shape == other else []


def contractions(shape, other):
    letters, others = "abcd"[: len(shape)], "wxyz"[: len(other)]
    if len(shape) > 3 or len(other) > 3:
        return []
    outer = [{"subscripts": f"{letters},{others}->{others}{letters}"}]
    if shape and other and shape[-1] == other[0]:
        meeting = letters[-1] + others[1:]
        outer += [{"subscripts": f"{letters},{meeting}->{letters[:-1]}{others[1:]}"},
                  {"subscripts": f"{letters},{meeting}->{meeting}"}]  # fmt: skip
    return outer


# Kinks ------------------------------------------------------------


def away_from(*places):
    return lambda a, *_, **keywords: all((np.abs(a - place) > MARGIN).all() for place in places)


def away_from_multiples(of, offset=0.0):
    def safe(a):
        steps = (a - offset) / of
        return (np.abs(steps - np.round(steps)) * of > MARGIN).all()

    return safe


def apart(a, b):
    return (np.abs(a - b) > MARGIN).all()


def without_ties(a, dim=None, **keywords):
    """No two entries that compete are close."""
    axes = tuple(range(a.ndim)) if dim is None else dim
    ordered = np.sort(np.moveaxis(a, axes, range(-np.size(axes), 0)).reshape(-1, _count(a, axes)), axis=-1)
    return (np.diff(ordered, axis=-1) > MARGIN).all()


def _count(a, axes):
    return math.prod(a.shape[axis] for axis in np.atleast_1d(np.array(axes, dtype=int)))


def spread_out(a, dim=None, **keywords):
    """More than one entry, and they differ."""
    axes = tuple(range(a.ndim)) if dim is None else dim
    return _count(a, axes) > 1 and (a.std(axis=axes) > 0.1).all()


def not_zero(a, dim=None, **keywords):
    return (np.square(a).sum(axis=dim) > 0.1).all()


# Operations ------------------------------------------------------------


class Operation(NamedTuple):
    """`call` runs on tensors of gradlib, and where the methods have the same names on PyTorch's too."""

    call: Callable
    choices: Callable = anything  # the shapes -> the keywords to choose from
    safe: Callable = lambda *arrays, **keywords: True  # whether arrays are far from every kink
    arity: int = 1


def binary(call, choices=broadcasting, safe=lambda *arrays, **keywords: True):
    return Operation(call, choices, safe, 2)


def assign(a, b, index):
    changed = a.clone()
    changed[index] = b
    return changed


def dominant(a):
    """A matrix far from singular: the diagonal outweighs the rest of its row."""
    return a * 0.2 + 3 * np.eye(a.shape[-1])


OPERATIONS = {
    # arithmetic
    "add": binary(lambda a, b: (a + b) * 0.5),
    "sub": binary(lambda a, b: (a - b) * 0.5),
    "mul": binary(lambda a, b: a * b * 0.5),
    "div": binary(lambda a, b: a / (b * b + 1.0)),
    "pow": binary(lambda a, b: (a * a + 0.5) ** (b * 0.25)),
    "neg": Operation(lambda a: -a),
    "from a number": Operation(lambda a: 0.6 * (1 - a)),
    "over": Operation(lambda a: 1 / (a * a + 1)),
    "a power": Operation(lambda a: a**3 * 0.2),
    "a power of a number": Operation(lambda a: 0.5**a * 0.4),
    "abs": Operation(lambda a: abs(a), safe=away_from(0)),
    "square": Operation(lambda a: a.square() * 0.4),
    "reciprocal": Operation(lambda a: (a * a + 1).reciprocal()),
    "remainder": Operation(lambda a: a % 0.75, safe=away_from_multiples(0.75)),
    "floor_divide": Operation(lambda a: a // 0.75, safe=away_from_multiples(0.75)),
    "sign": Operation(lambda a: a.sign(), safe=away_from(0)),
    "floor": Operation(lambda a: a.floor() * 0.5, safe=away_from_multiples(1)),
    "ceil": Operation(lambda a: a.ceil() * 0.5, safe=away_from_multiples(1)),
    "round": Operation(lambda a: a.round(), safe=away_from_multiples(1, 0.5)),
    "lerp": binary(lambda a, b: a.lerp(b, 0.3)),
    # elementary functions
    "exp": Operation(lambda a: (a * 0.5).exp() * 0.5),
    "expm1": Operation(lambda a: a.expm1() * 0.2),
    "log": Operation(lambda a: (a * a + 0.5).log()),
    "log1p": Operation(lambda a: (a * a).log1p()),
    "log2": Operation(lambda a: (a * a + 1).log2() * 0.5),
    "logaddexp": binary(lambda a, b: a.logaddexp(b) * 0.5),
    "sqrt": Operation(lambda a: (a * a + 0.5).sqrt() * 0.9),
    "sin": Operation(lambda a: a.sin()),
    "cos": Operation(lambda a: a.cos()),
    "tan": Operation(lambda a: (a * 0.4).tan()),
    "arcsin": Operation(lambda a: (a * 0.3).arcsin()),
    "arccos": Operation(lambda a: (a * 0.3).arccos() * 0.5),
    "arctan": Operation(lambda a: a.arctan()),
    "atan2": binary(lambda a, b: a.atan2(b * b + 0.5) * 0.8),
    "sinh": Operation(lambda a: (a * 0.5).sinh()),
    "cosh": Operation(lambda a: (a * 0.5).cosh()),
    "tanh": Operation(lambda a: a.tanh()),
    "sigmoid": Operation(lambda a: a.sigmoid()),
    "erf": Operation(lambda a: a.erf()),
    "relu": Operation(lambda a: a.relu(), safe=away_from(0)),
    "leaky_relu": Operation(lambda a: a.leaky_relu(0.1), safe=away_from(0)),
    "elu": Operation(lambda a: a.elu(), safe=away_from(0)),  # its second derivative jumps at 0
    "gelu": Operation(lambda a: a.gelu()),
    "gelu by tanh": Operation(lambda a: a.gelu(approximate="tanh")),
    "silu": Operation(lambda a: a.silu()),
    "softplus": Operation(lambda a: a.softplus()),
    # choosing
    "maximum": binary(lambda a, b: a.maximum(b), safe=apart),
    "minimum": binary(lambda a, b: a.minimum(b), safe=apart),
    "clip": Operation(lambda a: a.clip(-0.5, 0.8), safe=away_from(-0.5, 0.8)),
    "where": binary(lambda a, b: a.where(a > 0.1, b), safe=away_from(0.1)),
    "masked_fill": Operation(lambda a: a.masked_fill(a > 0.1, 0.3), safe=away_from(0.1)),
    # reductions
    "sum": Operation(lambda a, **axes: (a.sum(**axes) * 0.25).sin(), all_or_some_axes),
    "mean": Operation(lambda a, **axes: a.mean(**axes), all_or_some_axes),
    "prod": Operation(lambda a, **axes: a.tanh().prod(**axes), lambda shape: [{}, *one_axis(shape)]),
    "amax": Operation(lambda a, **axes: a.amax(**axes), all_or_some_axes, without_ties),
    "amin": Operation(lambda a, **axes: a.amin(**axes), all_or_some_axes, without_ties),
    "var": Operation(lambda a, **axes: a.var(**axes) * 0.5, all_or_some_axes, spread_out),
    "std": Operation(lambda a, **axes: a.std(correction=0, **axes), all_or_some_axes, spread_out),
    "norm": Operation(lambda a, **axes: a.norm(**axes) * 0.3, all_or_some_axes, not_zero),
    "logsumexp": Operation(lambda a, **axes: a.logsumexp(**axes) * 0.4, some_axes),
    "softmax": Operation(lambda a, dim: a.softmax(dim=dim), one_axis),
    "log_softmax": Operation(lambda a, dim: a.log_softmax(dim=dim) * 0.4, one_axis),
    "cross_entropy": Operation(lambda a, index: P.cross_entropy(a, index=index) * 0.4, classes),
    "cumsum": Operation(lambda a, dim: (a.cumsum(dim=dim) * 0.4).sin(), one_axis),
    "cumprod": Operation(lambda a, dim: a.tanh().cumprod(dim=dim), one_axis),
    "sort": Operation(lambda a, dim: a.sort(dim=dim)[0], one_axis, without_ties),
    "topk": Operation(lambda a, dim: a.topk(1, dim=dim)[0], one_axis, without_ties),
    # shapes
    "reshape": Operation(lambda a, shape: a.reshape(shape), factored),
    "flatten": Operation(lambda a: a.flatten()),
    "permute": Operation(lambda a, dims: a.permute(dims), orders),
    "transpose": Operation(lambda a, dim0, dim1: a.transpose(dim0, dim1), two_axes),
    "mT": Operation(lambda a: a.mT, matrices),
    "movedim": Operation(lambda a, dim0, dim1: a.movedim(dim0, dim1), two_axes),
    "unsqueeze": Operation(lambda a, dim: a.unsqueeze(dim), one_axis),
    "squeeze": Operation(lambda a: a.squeeze()),
    "expand": Operation(lambda a, sizes: a.expand(sizes), wider),
    "tile": Operation(lambda a, repeats: a.tile(repeats), copies),
    "repeat": Operation(lambda a, repeats: a.repeat(repeats), copies),
    "repeat_interleave": Operation(lambda a, dim: a.repeat_interleave(2, dim=dim), one_axis),
    "flip": Operation(lambda a, dim: a.flip((dim,)), one_axis),
    "roll": Operation(lambda a, dim: a.roll(1, dim), one_axis),
    "pad": Operation(lambda a, pad_width: a.pad(pad_width), borders),
    "concatenate": binary(lambda a, b, dim: gradlib.cat([a, b, a], dim), joined),
    "stack": binary(lambda a, b, dim: gradlib.stack([a, b], dim), stacked),
    "chunk": Operation(lambda a, dim: a.chunk(2, dim=dim)[-1], one_axis),
    "unbind": Operation(lambda a, dim: a.unbind(dim=dim)[0], one_axis),
    "narrow": Operation(lambda a, dim, start, length: a.narrow(dim, start, length), pieces),
    "getitem": Operation(lambda a, index: a[index], indices),
    "setitem": binary(assign, assignments),
    "index_select": Operation(lambda a, dim, index: a.index_select(dim, index), rows_again),
    "gather": Operation(lambda a, dim, index: a.gather(dim, index), entries_along),
    "scatter_add": binary(lambda a, b, dim, index: a.scatter_add(dim, index, b) * 0.4, entries_into),
    "diagonal": Operation(lambda a: a.diagonal(0, -2, -1), matrices),
    "trace": Operation(lambda a: a.trace() * 0.3, one_matrix),
    "tril": Operation(lambda a: a.tril(), matrices),
    "triu": Operation(lambda a: a.triu(1), matrices),
    # matrices
    "matmul": binary(lambda a, b: a @ b * 0.3, products),
    "linear": binary(lambda a, b: P.linear(a, b, b[0]) * 0.3, layers),
    "dot": binary(lambda a, b: a.dot(b) * 0.3, vectors_of_one_size),
    "outer": binary(lambda a, b: a.outer(b) * 0.5, vectors),
    "einsum": binary(lambda a, b, subscripts: gradlib.einsum(subscripts, a, b) * 0.3, contractions),
    "inv": Operation(lambda a: dominant(a).inv(), square_matrices),
    "det": Operation(lambda a: dominant(a).det() / 3.0 ** a.shape[-1], square_matrices),
    "solve": binary(lambda a, b: dominant(a).solve(b), systems),
}


# Programs ------------------------------------------------------------


class Step(NamedTuple):
    name: str
    operands: tuple[int, ...]
    keywords: dict[str, Any]

    def __str__(self) -> str:
        arguments = [f"v{i}" for i in self.operands] + [f"{key}={value!r}" for key, value in self.keywords.items()]
        return f"{self.name}({', '.join(arguments)})"


class Program:
    """Leaves v0, v1, … and steps, each of which makes the next value."""

    def __init__(self, leaves: list[np.ndarray], steps: list[Step]):
        self.leaves, self.steps = leaves, steps

    def __repr__(self) -> str:
        lines = [f"v{i} = {leaf!r}" for i, leaf in enumerate(self.leaves)]
        return "\n".join(lines + [f"v{i} = {step}" for i, step in enumerate(self.steps, len(lines))])

    def __call__(self, *leaves, calls: dict[str, Callable] | None = None) -> tuple:
        """Every value that no step used. `calls` may hold other functions for some operations."""
        values = list(leaves)
        for name, operands, keywords in self.steps:
            call = (calls or {}).get(name, OPERATIONS[name].call)
            values.append(call(*(values[i] for i in operands), **keywords))
        used = {i for step in self.steps for i in step.operands}
        return tuple(value for i, value in enumerate(values) if i not in used)


def tried(step: Step, values: list[Tensor]) -> Tensor | None:
    """The result of a step, if it is far from every kink, not too large, and bounded."""
    operands = [values[i] for i in step.operands]
    if not OPERATIONS[step.name].safe(*(value.data for value in operands), **step.keywords):
        return None
    with no_grad():
        result = OPERATIONS[step.name].call(*operands, **step.keywords)
    fits = 0 < result.numel() <= SIZE and result.ndim <= 4 and np.abs(result.data).max() <= BOUND
    return result if fits else None


@functools.cache
def applicable(*shapes):
    """The operations that take values of these shapes, with the keywords to choose from."""
    found = {name: each.choices(*shapes) for name, each in OPERATIONS.items() if each.arity == len(shapes)}
    return [(name, choices) for name, choices in found.items() if choices]


@st.composite
def programs(draw, most=30):
    n = draw(st.integers(1, 3))
    shapes = [*draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)).input_shapes, (n, n)]
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    leaves = [rng.uniform(-2, 2, size=shape) for shape in shapes]
    values, steps = list(map(Tensor, leaves)), []
    for _ in range(draw(st.integers(1, most))):
        last = len(values) - 1
        late = last - draw(st.integers(0, min(last, 2)))  # graphs grow deep
        either = last - draw(st.integers(0, last))  # and values are used again
        operands = (late, either) if draw(st.booleans()) else (late,)
        fitting = applicable(*(values[i].shape for i in operands))
        if not fitting:
            continue
        name, choices = draw(st.sampled_from(fitting))
        step = Step(name, operands, draw(st.sampled_from(choices)))
        if (result := tried(step, values)) is not None:
            values.append(result)
            steps.append(step)
    return Program(leaves, steps)


def repeatable(examples):
    """The same programs in every run."""
    return settings(
        derandomize=True, deadline=None, database=None, max_examples=examples,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip


# A leaf that no step used, or that only a floor or a sign sees: zeros are compared, which is right.
only_zeros = pytest.mark.filterwarnings("ignore:input . does not change the result")


def test_every_operation_can_be_drawn():
    shapes = [(3,), (2, 2), (2, 3)]
    groups = [(shape,) for shape in shapes] + list(itertools.product(shapes, repeat=2))
    assert {name for group in groups for name, _ in applicable(*group)} == OPERATIONS.keys()


@only_zeros
@repeatable(200)
@given(programs())
def test_the_gradient_of_a_random_graph_agrees_with_finite_differences(program):
    assert gradcheck(program, program.leaves)


@repeatable(125)
@given(programs(most=12))
def test_the_second_derivative_of_a_random_graph_agrees_with_finite_differences(program):
    assert gradgradcheck(program, program.leaves)


def total(parts, vectors):
    """Σ vᵀ part: every entry counts differently."""
    return sum((part * v).sum() for part, v in zip(parts, vectors, strict=True))


@repeatable(150)
@given(programs(), st.integers(0, 2**16))
def test_the_products_on_a_random_graph_agree_to_the_last_digits(program, seed):
    """vᵀ(J u) = (vᵀJ) u, and H is symmetric: uᵀ(H w) = wᵀ(H u). No step is taken, so nothing is blurred."""
    rng = np.random.default_rng(seed)
    u, w = ([rng.normal(size=leaf.shape) for leaf in program.leaves] for _ in range(2))
    v = [rng.normal(size=out.shape) for out in program(*map(Tensor, program.leaves))]
    pushed, pulled = jvp(program, program.leaves, u)[1], vjp(program, program.leaves, v)[1]
    assert total(pushed, v).item() == pytest.approx(total(pulled, u).item(), rel=1e-9, abs=1e-9)

    def weighted(*leaves):
        return total(program(*leaves), v)

    bent_by_w, bent_by_u = (hvp(weighted, program.leaves, vector)[1] for vector in (w, u))
    assert total(bent_by_w, u).item() == pytest.approx(total(bent_by_u, w).item(), rel=1e-8, abs=1e-8)
