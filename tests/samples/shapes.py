"""Entries moved, repeated, joined, picked out and put in, without arithmetic."""

from __future__ import annotations

import numpy as np

from .sample import Draw, Sample

draw = Draw(22)

SAMPLES = []
SAMPLES += [
    Sample("reshape", (draw.anywhere(shape),), {"shape": new})
    for shape, new in [
        ((2, 3), (6,)), ((6,), (3, 2)), ((), (1, 1)), ((1,), ()), ((2, 3), (-1,)), ((4, 3), (2, -1, 3)),
        ((0, 3), (3, 0)), ((2, 3), (2, 3)),
    ]
]  # fmt: skip
SAMPLES += [
    Sample("transpose", (draw.anywhere(shape),), {"axes": axes})
    for shape, axes in [
        ((2, 3), None), ((2, 3), (1, 0)), ((2, 3, 4), (2, 0, 1)), ((2, 3, 4), (-1, 0, 1)), ((3,), None),
        ((), None), ((2, 3, 4), None), ((1, 0, 2), (1, 2, 0)), ((2, 2, 2), (0, -1, 1)),
    ]
]  # fmt: skip
SAMPLES += [
    Sample("broadcast_to", (draw.anywhere(shape),), {"shape": new})
    for shape, new in [
        ((3,), (2, 3)), ((), (2, 2)), ((2, 1), (2, 3)), ((1, 3), (4, 2, 3)), ((2, 3), (2, 3)), ((1,), (0,)),
        ((1, 1), (3, 2)), ((3,), (3,)), ((2, 1, 2), (2, 3, 2)), ((0, 1), (0, 2)),
    ]
]  # fmt: skip
for name, keywords in (("reshape", {"shape": (6,)}), ("transpose", {"axes": (1, 0)})):
    SAMPLES.append(Sample(name, (draw.anywhere((3, 2)).T,), keywords))  # not contiguous
SAMPLES.append(Sample("broadcast_to", (draw.anywhere((6, 1))[::-2],), {"shape": (3, 2)}))

SAMPLES += [
    Sample("concatenate", tuple(map(draw.anywhere, shapes)), {"axis": axis})
    for axis, *shapes in [
        (0, (3,)), (0, (2,), (3,)), (1, (2, 1), (2, 3)), (-1, (2, 2), (2, 1), (2, 3)), (0, (0,), (2,)),
        (-2, (1, 2), (0, 2), (3, 2)), (1, (2, 1, 2), (2, 3, 2)), (0, (0, 2), (0, 2)), (0, (1,), (1,), (1,)),
    ]
]  # fmt: skip
SAMPLES.append(Sample("concatenate", (draw.anywhere((3, 2)).T, draw.anywhere((2, 6))[:, ::3]), {"axis": 1}))
SAMPLES += [
    Sample("pad", (draw.anywhere(shape),), {"pad_width": pad_width})
    for shape, pad_width in [
        ((3,), ((1, 2),)), ((3,), ((0, 0),)), ((), ()), ((1,), ((0, 3),)), ((0,), ((2, 1),)),
        ((2, 3), ((1, 0), (0, 2))), ((2, 0), ((1, 1), (0, 0))), ((2, 1, 2), ((0, 1), (2, 0), (1, 1))),
    ]
]  # fmt: skip
SAMPLES.append(Sample("pad", (draw.anywhere((3, 2)).T,), {"pad_width": ((1, 0), (0, 1))}))

# Every kind of index that NumPy has: (the shape of the array, the index).
mask = np.array([[True, False, True], [False, False, True]])
INDICES = [
    ((3,), 1), ((3,), -1), ((3,), slice(None, None, -1)), ((2, 3), 1), ((2, 3), (1, 2)), ((2, 3), (0, -1)),
    ((2, 3), (slice(None), 1)), ((2, 3), (slice(1, None), slice(None, None, 2))), ((5,), slice(4, 0, -2)),
    ((3,), slice(1, 1)), ((3,), None), ((2, 3), (None, 1, None)), ((2, 3), Ellipsis), ((2, 3), (..., 0)),
    ((2, 3, 2), (1, ..., 0)), ((), ()), ((), Ellipsis), ((), None), ((2, 3), ()),
    # whole arrays as indices
    ((2, 3), mask), ((3,), np.array([True, False, True])), ((2, 3), (np.array([False, True]), slice(1, 3))),
    ((3,), np.array([False] * 3)), ((3,), np.array([0, 2, 0, 0])), ((3,), np.array([-1, 2, 1])),
    ((3,), np.array([[0, 1], [1, 2]])), ((3, 2), np.array([2, 0, 2])), ((3,), np.array([], dtype=int)),
    ((3, 4), (np.array([0, 2, 0]), np.array([1, 3, 1]))),
    ((3, 4), (np.array([[0], [2]]), np.array([1, 3, 3]))),
    ((3, 4), (slice(None), np.array([1, 1, 0]))), ((3, 4), (np.array([1, 1]), slice(None, None, -1))),
    ((2, 3, 4), (0, slice(None), np.array([1, 1, 3]))),  # the indices apart: their axis goes first
    ((2, 3, 4), (np.array([1, 0]), slice(None), np.array([3, 0]))),
    ((2, 3, 4), (slice(None), np.array([2, 0]), np.array([3, 3]))),
    ((2, 3, 2), (..., np.array([1, 1, 0]), None)), ((2, 3), (np.array(1), slice(None))),
    ((2, 3), [1, 1, 0]), ((0, 3), (slice(None), np.array([0, 0]))), ((1, 3), (0, np.array([2, 2]))),
]  # fmt: skip

for shape, index in INDICES:
    picked = np.zeros(shape)[index].shape
    SAMPLES += [
        Sample("getitem", (draw.anywhere(shape),), {"index": index}),
        Sample("scatter", (draw.anywhere(picked),), {"index": index, "shape": shape}),
        # Of an entry that is assigned twice the last value stays: PyTorch promises no order.
        Sample("setitem", (draw.anywhere(shape), draw.anywhere(picked)), {"index": index}, pytorch=False),
    ]
SAMPLES += [
    Sample("getitem", (draw.anywhere((3, 2)).T,), {"index": (slice(None), np.array([0, 0, 2]))}),
    Sample("scatter", (draw.anywhere((3, 2)).T,), {"index": np.array([1, 1]), "shape": (2, 3)}),
    Sample("setitem", (draw.anywhere((3, 2)).T, draw.anywhere(6)[::2]), {"index": (0, slice(None))}),
]
# A value that is spread over the places, as in x[:, 1:] = 5.
SAMPLES += [
    Sample("setitem", (draw.anywhere(shape), draw.anywhere(value)), {"index": index})
    for shape, index, value in [
        ((3,), slice(None), ()), ((2, 3), 1, (1,)), ((2, 3), (slice(None), slice(1, None)), (2, 1)),
        ((2, 3), mask, ()), ((2, 3), np.array([1, 0]), (3,)), ((4,), slice(None, None, -2), (1,)),
        ((2, 3), (..., 0), (1, 2)), ((3,), slice(2, 2), ()), ((2, 3, 2), (slice(None), 1), (2,)),
    ]
]  # fmt: skip
