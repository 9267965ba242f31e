"""Arithmetic, elementary functions, activations, choosing: entry by entry."""

from __future__ import annotations

import numpy as np

from .sample import Draw, Sample

draw = Draw(20)

UNARY_SHAPES = [(), (1,), (3,), (2, 3), (1, 4), (2, 1, 3), (0,), (2, 0)]
BINARY_SHAPES = [
    ((), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((2, 3), ()), ((), (2, 2)),
    ((4, 1, 3), (2, 1)), ((2, 1, 2), (2, 3, 2)), ((1,), (3, 1)), ((0, 3), (3,)), ((1, 0), (2, 1)),
]  # fmt: skip
WHERE_SHAPES = [
    ((), (), ()), ((3,), (3,), (3,)), ((2, 3), (3,), ()), ((3,), (2, 3), (2, 1)), ((2, 1), (3,), (1, 3)),
    ((0,), (0,), (1,)), ((2, 3), (2, 3), (2, 3)), ((1,), (2, 1), (3,)), ((2, 1, 2), (2, 3, 1), (3, 2)),
]  # fmt: skip


def unary(name, drawn, **keywords):
    transposed = drawn((3, 2)).T  # not contiguous
    backwards = drawn((4,))[::-1]
    arrays = [*map(drawn, UNARY_SHAPES), transposed, backwards]
    return [Sample(name, (array,), keywords) for array in arrays]


def binary(name, drawn_left, drawn_right):
    pairs = [(drawn_left(left), drawn_right(right)) for left, right in BINARY_SHAPES]
    pairs.append((drawn_left((3, 2)).T, drawn_right((6,))[::2]))
    return [Sample(name, pair, {}) for pair in pairs]


def kink(name, *inputs, **keywords):
    return Sample(name, tuple(np.array(numbers, dtype=float) for numbers in inputs), keywords, smooth=False)


def between(low, high):
    return lambda shape: draw.between(shape, low, high)


UNARY = {
    draw.anywhere: [
        "neg", "square", "exp", "exp2", "expm1", "sin", "cos", "arctan", "arcsinh", "sinh", "cosh", "tanh", "sigmoid",
        "silu", "erf",
    ],
    draw.positive: ["log", "log2", "log10", "sqrt"],
    between(1.2, 3.0): ["arccosh"],
    draw.away_from_zero: ["abs", "sign", "reciprocal", "relu"],
    draw.away_from_steps: ["floor", "ceil"],
    between(-0.7, 2.0): ["log1p"],
    between(-1.2, 1.2): ["tan"],
    between(-0.9, 0.9): ["arcsin", "arccos", "arctanh"],
}  # fmt: skip
SAMPLES = [sample for drawn, names in UNARY.items() for name in names for sample in unary(name, drawn)]

# The functions of two numbers. Random x and y are no tie, and no x/y is whole.
for name in ("add", "sub", "mul", "maximum", "minimum", "logaddexp"):
    SAMPLES += binary(name, draw.anywhere, draw.anywhere)
for name in ("div", "remainder", "floor_divide", "atan2"):
    SAMPLES += binary(name, draw.away_from_zero, draw.away_from_zero)

SAMPLES += binary("pow", draw.positive, draw.anywhere)
whole = np.array([0, 1, 2, 3, -2], dtype=np.int16)
SAMPLES += [
    Sample("pow", (draw.positive(5), whole.astype(float)), {}),
    Sample("pow", (-draw.positive(5), whole), {}),  # a constant exponent
    Sample("pow", (np.zeros(4), whole[:4]), {}),
]

# With keywords.
for negative_slope in (0.01, 0.3):
    SAMPLES += unary("leaky_relu", draw.away_from_zero, negative_slope=negative_slope)
for approximate in ("none", "tanh"):
    SAMPLES += unary("gelu", draw.anywhere, approximate=approximate)
SAMPLES += unary("round", draw.away_from_steps, decimals=0)
SAMPLES += unary("round", lambda shape: np.asarray(draw.away_from_steps(shape) / 10), decimals=1)
SAMPLES.append(Sample("round", (np.array([12.3, -47.0, 3.0]),), {"decimals": -1}))
for low, high in ((-0.5, 0.5), (None, 0.2), (0.1, None), (-9.0, 9.0)):
    SAMPLES += unary("clip", draw.anywhere, min=low, max=high)
SAMPLES += unary("to", draw.anywhere, device="cpu")
SAMPLES += unary("astype", draw.anywhere, dtype=np.float64)
SAMPLES += [Sample("astype", (draw.anywhere(shape),), {"dtype": np.float32}, smooth=False) for shape in UNARY_SHAPES]

SAMPLES += [
    Sample("where", (draw.choices(condition), draw.anywhere(x), draw.anywhere(y)), {})
    for condition, x, y in WHERE_SHAPES
]

# Ties and kinks: no derivative there, and the gradient that PyTorch chose.
SAMPLES += [
    kink("maximum", [1, 2, 3], [1, 3, 3]), kink("maximum", 2, 2), kink("maximum", [[0], [1]], [0, 1]),
    kink("minimum", [1, 2, 3], [1, 3, 3]), kink("minimum", 2, 2), kink("minimum", [[0], [1]], [0, 1]),
    kink("abs", [0, 1, -1]), kink("sign", [0, 1, -1]), kink("relu", [0, 1, -1]),
    kink("leaky_relu", [0, 1, -1], negative_slope=0.1),
    kink("clip", [-1, 0, 1, 2], min=0, max=1), kink("clip", [1, 1.5], min=1, max=1),
    kink("clip", [0, 0.5, 1], min=1, max=0),  # bounds the wrong way round
    kink("floor", [0, 1, -2]), kink("ceil", [0, 1, -2]), kink("round", [0.5, 1.5, 2.5, -0.5], decimals=0),
    kink("remainder", [4, -4, 0], [2, 2, 3]), kink("floor_divide", [4, -4, 0], [2, 2, 3]),
    kink("sqrt", [0, 4]), kink("atan2", [0, 0, 1], [1, -1, 0]), kink("square", 0), kink("logaddexp", 1, 1),
]  # fmt: skip
