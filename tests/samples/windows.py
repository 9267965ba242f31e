"""Sliding windows: images and signals, kernels, strides, paddings, dilations; and what is normalized over axes."""

from __future__ import annotations

from gradlib.primitives.windows import output_sizes

from .sample import Draw, Sample

draw = Draw(26)

# shape, kernel, stride, padding, dilation
CASES = [
    ((1, 1, 3), (2,), (1,), ((0, 0),), (1,)),
    ((2, 2, 5), (3,), (2,), ((1, 1),), (1,)),
    ((2, 1, 6), (2,), (2,), ((0, 1),), (2,)),
    ((1, 3, 4), (1,), (1,), ((0, 0),), (1,)),
    ((2, 1, 3, 3), (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    ((1, 2, 4, 3), (3, 2), (2, 1), ((1, 1), (0, 1)), (1, 1)),
    ((1, 1, 4, 4), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1)),
    ((1, 1, 5, 4), (2, 2), (1, 1), ((1, 0), (0, 0)), (2, 3)),
    ((0, 1, 3, 3), (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    ((2, 1, 5), (2,), (3,), ((0, 0),), (1,)),  # entries between the windows are never read
]

SAMPLES = []
for shape, kernel, stride, padding, dilation in CASES:
    keywords = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    columns = 1
    for size in (shape[0], *output_sizes(shape[2:], kernel, stride, padding, dilation)):
        columns *= size
    rows = shape[1]
    for size in kernel:
        rows *= size
    SAMPLES.append(Sample("unfold", (draw.anywhere(shape),), keywords))
    fold = Sample("fold", (draw.anywhere((rows, columns)),), {"shape": shape, **keywords}, pytorch=columns > 0)
    SAMPLES.append(fold)
transposed = draw.anywhere((3, 4, 2, 1)).T  # not contiguous, (1, 2, 4, 3)
SAMPLES.append(Sample("unfold", (transposed,), {**keywords, "kernel": (2, 2), "stride": (1, 1),
               "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "fill": -2.0}))  # fmt: skip

SAMPLES += [
    Sample("normalize", (draw.anywhere(shape),), {"axis": axis, "eps": eps})
    for shape, axis, eps in [
        ((3,), (0,), 1e-5), ((2, 3), (-1,), 1e-5), ((4, 2), (0,), 0.1), ((2, 3, 2), (1, 2), 1e-3),
        ((2, 3, 2), (0, -1), 1e-5), ((1, 4), (1,), 1e-5), ((3, 1), (1,), 0.5), ((0, 3), (1,), 1e-5),
        ((5, 2), (0, 1), 0.0),
    ]
]  # fmt: skip
SAMPLES.append(Sample("normalize", (draw.anywhere((3, 4)).T,), {"axis": (0,), "eps": 1e-5}))
