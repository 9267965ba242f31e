"""For every operation of the table, inputs to try it on. The tests run over them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradlib.primitives import TABLE


class Sample(NamedTuple):
    """One call of an operation: apply(TABLE[name], *inputs, **keywords)."""

    name: str
    inputs: tuple[np.ndarray, ...]
    keywords: dict[str, Any]

    def __str__(self) -> str:
        shapes = "-".join("x".join(map(str, array.shape)) or "0d" for array in self.inputs)
        keywords = "-".join(f"{key}={value}" for key, value in self.keywords.items())
        return f"{self.name}-{shapes}" + (f"-{keywords}" if keywords else "")


rng = np.random.default_rng(20)

UNARY_SHAPES = [(), (1,), (3,), (2, 3), (1, 4), (2, 1, 3), (0,), (2, 0)]
BINARY_SHAPES = [
    ((), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((2, 3), ()), ((), (2, 2)),
    ((4, 1, 3), (2, 1)), ((1,), (3, 1)), ((0, 3), (3,)), ((1, 0), (2, 1)),
]  # fmt: skip
AXES = [
    ((2, 3), {}), ((2, 3), {"axis": 0}), ((2, 3), {"axis": -1}), ((2, 3), {"axis": (0, 1)}),
    ((2, 3), {"axis": 1, "keepdims": True}), ((4, 2, 3), {"axis": (-1, 0)}),
    ((4, 2, 3), {"axis": (0, 2), "keepdims": True}), ((2, 3), {"keepdims": True}), ((), {}),
    ((1, 3), {"axis": 0}), ((0, 3), {"axis": 1}),
]  # fmt: skip


def anywhere(shape):
    return rng.normal(size=shape)


def positive(shape):
    return rng.uniform(0.3, 2.0, size=shape)


def away_from_zero(shape):
    return positive(shape) * rng.choice([-1.0, 1.0], size=shape)


def unary(name, draw):
    transposed = draw((3, 2)).T  # not contiguous
    return [Sample(name, (array,), {}) for array in [*map(draw, UNARY_SHAPES), transposed]]


def binary(name, draw_left, draw_right):
    pairs = [(draw_left(left), draw_right(right)) for left, right in BINARY_SHAPES]
    pairs.append((draw_left((3, 2)).T, draw_right((6,))[::2]))
    return [Sample(name, pair, {}) for pair in pairs]


def _samples() -> list[Sample]:
    samples = []
    for name in ("neg", "exp", "sin", "cos", "tanh", "sigmoid"):
        samples += unary(name, anywhere)
    for name in ("log", "sqrt"):
        samples += unary(name, positive)
    samples += unary("relu", away_from_zero)
    for name in ("add", "sub", "mul"):
        samples += binary(name, anywhere, anywhere)
    samples += binary("div", anywhere, away_from_zero)
    samples += binary("pow", positive, anywhere)
    whole = np.array([0, 1, 2, 3, -2], dtype=np.int16)
    samples.append(Sample("pow", (positive(5), whole.astype(float)), {}))
    samples.append(Sample("pow", (-positive(5), whole), {}))  # a constant exponent
    samples.append(Sample("pow", (np.zeros(4), whole[:4]), {}))
    samples += [Sample("where", (rng.random(s) < 0.5, anywhere(t), anywhere(u)), {}) for s, t, u in [
        ((), (), ()), ((3,), (3,), (3,)), ((2, 3), (3,), ()), ((3,), (2, 3), (2, 1)), ((2, 1), (3,), (1, 3)),
        ((0,), (0,), (1,)), ((2, 3), (2, 3), (2, 3)), ((1,), (2, 1), (3,)),
    ]]  # fmt: skip
    samples += [Sample("matmul", (anywhere(left), anywhere(right)), {}) for left, right in [
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((1, 3), (3, 1)),
        ((5, 2, 3), (5, 3, 4)),
        ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)),
        ((5, 2, 3), (3,)),
        ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((1, 2, 3), (5, 3, 2)),
    ]]  # fmt: skip
    samples.append(Sample("matmul", (anywhere((3, 2)).T, anywhere((4, 3)).T), {}))
    for name in ("sum", "mean"):
        samples += [Sample(name, (anywhere(shape),), keywords) for shape, keywords in AXES]
        samples.append(Sample(name, (anywhere((3, 2)).T,), {"axis": 0}))
    samples += [Sample("sum", (anywhere((2, 0, 3)),), {"axis": 1}), Sample("sum", (anywhere((0,)),), {})]
    samples += [Sample("reshape", (anywhere(shape),), {"shape": new}) for shape, new in [
        ((2, 3), (6,)), ((6,), (3, 2)), ((), (1, 1)), ((1,), ()), ((2, 3), (-1,)), ((4, 3), (2, -1, 3)),
        ((0, 3), (3, 0)),
        ((2, 3), (2, 3)),
    ]]  # fmt: skip
    samples += [Sample("transpose", (anywhere(shape),), {"axes": axes}) for shape, axes in [
        ((2, 3), None), ((2, 3), (1, 0)), ((2, 3, 4), (2, 0, 1)), ((2, 3, 4), (-1, 0, 1)), ((3,), None),
        ((), None),
        ((2, 3, 4), None), ((1, 0, 2), (1, 2, 0)),
    ]]  # fmt: skip
    samples += [Sample("broadcast_to", (anywhere(shape),), {"shape": new}) for shape, new in [
        ((3,), (2, 3)), ((), (2, 2)), ((2, 1), (2, 3)), ((1, 3), (4, 2, 3)), ((2, 3), (2, 3)), ((1,), (0,)),
        ((1, 1), (3, 2)),
        ((3,), (3,)),
    ]]  # fmt: skip
    return samples


SAMPLES = _samples()
COUNTS = {name: sum(sample.name == name for sample in SAMPLES) for name in TABLE}


STEPS = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - b,
    lambda a, b: a.tanh(),
    lambda a, b: (a * 0.5).sin(),
    lambda a, b: -a,
]


def random_values(leaves: list, rng: np.random.Generator, rounds: int) -> list:
    """The leaves, and then a value a round, made of two earlier ones."""
    values = list(leaves)
    for _ in range(rounds):
        a, b = (values[i] for i in rng.integers(len(values), size=2))
        values.append(STEPS[rng.integers(len(STEPS))](a, b))
    return values
