"""Sums, means, extremes, products, norms, and what runs along an axis."""

from __future__ import annotations

import numpy as np

from .sample import Draw, Sample

draw = Draw(21)

AXES = [
    ((2, 3), {}), ((2, 3), {"axis": 0}), ((2, 3), {"axis": -1}), ((2, 3), {"axis": (0, 1)}),
    ((2, 3), {"axis": 1, "keepdims": True}), ((4, 2, 3), {"axis": (-1, 0)}), ((2, 3, 2), {"axis": 1}),
    ((4, 2, 3), {"axis": (0, 2), "keepdims": True}), ((2, 3), {"keepdims": True}), ((), {}), ((1,), {}),
    ((1, 3), {"axis": 0}), ((2, 1, 3), {"axis": -2, "keepdims": True}), ((0, 3), {"axis": 1}),
]  # fmt: skip
ALONG = [
    ((3,), 0), ((1,), 0), ((2, 3), 0), ((2, 3), 1), ((2, 3), -1), ((2, 3, 2), -2), ((2, 1, 3), 1),
    ((0, 3), 1), ((3, 0), 0),
]  # fmt: skip
NOTHING = [((2, 0, 3), {"axis": 1}), ((0,), {}), ((0, 2), {"axis": 0, "keepdims": True})]


def array(*numbers):
    return np.array(numbers, dtype=float)


def reduction(name):
    samples = [Sample(name, (draw.anywhere(shape),), keywords) for shape, keywords in AXES]
    transposed = Sample(name, (draw.anywhere((3, 2)).T,), {"axis": 0})
    every_other = Sample(name, (draw.anywhere((4, 6))[::-2, ::3],), {"axis": -1})
    return [*samples, transposed, every_other]


def along(name):
    samples = [Sample(name, (draw.anywhere(shape),), {"axis": axis}) for shape, axis in ALONG]
    return [*samples, Sample(name, (draw.anywhere((3, 2)).T,), {"axis": 0})]


SAMPLES = []
for name in ("sum", "mean", "max", "min", "prod", "norm", "logsumexp"):
    SAMPLES += reduction(name)
for name in ("cumsum", "cumprod", "softmax", "log_softmax", "center"):
    SAMPLES += along(name)
for name in ("sum", "prod"):
    SAMPLES += [Sample(name, (np.empty(shape),), keywords) for shape, keywords in NOTHING]

SAMPLES += [
    Sample("cross_entropy", (draw.anywhere(shape),), {"index": draw.rng.integers(shape[-1], size=shape[:-1])})
    for shape in [(4, 3), (1, 3), (3, 1), (0, 3), (2, 3, 4), (2, 1, 3), (5, 2)]
]
SAMPLES += [
    Sample("cross_entropy", (draw.anywhere(3),), {"index": np.array(1)}),
    Sample("cross_entropy", (draw.anywhere((3, 4)).T,), {"index": np.array([0, 2, 2, 1])}),
    Sample("cross_entropy", (array([50, 50, 50], [0, -50, 50]),), {"index": np.array([0, 1])}),
]

# A product with zeros in it is as smooth as any other: its slope is the product of the others.
one_zero, two_zeros = array(2, 0, -3), array(0, 2, 0)
for zeros in (one_zero, two_zeros, array(0, 0, 0), array(0)):
    SAMPLES += [Sample("prod", (zeros,), {}), Sample("cumprod", (zeros,), {"axis": 0})]
rows = np.stack([one_zero, two_zeros, array(1, 2, 3)])
SAMPLES += [
    Sample("prod", (rows,), {"axis": 1}), Sample("prod", (rows,), {"axis": 0, "keepdims": True}),
    Sample("prod", (rows,), {}), Sample("prod", (rows,), {"axis": (0, 1)}),
    Sample("cumprod", (rows,), {"axis": 1}), Sample("cumprod", (rows,), {"axis": 0}),
]  # fmt: skip

SAMPLES += [Sample("center", (draw.anywhere((2, 3)),), {"axis": axis}) for axis in (None, (1, 0))]

# Ties share the gradient evenly, as PyTorch's amax and amin do; a norm has no slope at 0.
for name in ("max", "min"):
    SAMPLES += [
        Sample(name, (array([1, 3, 3], [2, 2, 2]),), keywords, smooth=False)
        for keywords in ({}, {"axis": 1}, {"axis": 0}, {"axis": (0, 1), "keepdims": True})
    ]
SAMPLES += [
    Sample("norm", (np.zeros(3),), {}, smooth=False),
    Sample("norm", (array([3, 4], [0, 0]),), {"axis": 1}, smooth=False),
]
