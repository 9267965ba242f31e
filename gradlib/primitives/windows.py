r"""The table of derivatives: sliding windows, from which convolution and pooling are built.

`unfold` writes every window of an image as a column, `fold` adds columns back into the image. They are each
other's transpose, so each is the other's rule. A convolution is then one matrix product,

    z = W · unfold(x)          (out, C·k) @ (C·k, o·N) -> (out, o·N)

with k places in a kernel, o places where it is applied, and its gradients are those of a product:
∂L/∂W = g · unfold(x)ᵀ, ∂L/∂x = fold(Wᵀ g): a pixel that stands in several windows collects from each.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from .table import Primitive, Vjp, in_single


def output_sizes(sizes, kernel, stride, padding, dilation) -> tuple[int, ...]:
    """Count the places where a kernel fits, along each axis."""
    return tuple(
        (size + before + after - d * (k - 1) - 1) // s + 1
        for size, k, s, (before, after), d in zip(sizes, kernel, stride, padding, dilation, strict=True)
    )


def _places(kernel, stride, dilation, out):
    """Yield (place in the kernel, the pixels that it meets) for every place: slices along the image's axes."""
    for place in product(*map(range, kernel)):
        yield (
            place,
            tuple(
                slice(i * d, i * d + s * (n - 1) + 1, s)
                for i, d, s, n in zip(place, dilation, stride, out, strict=True)
            ),
        )


def _inner(sizes, padding):
    """Index the image within its padded form."""
    return (slice(None), *(slice(before, before + size) for size, (before, _) in zip(sizes, padding, strict=True)))


def _padded(sizes, padding):
    return [size + before + after for size, (before, after) in zip(sizes, padding, strict=True)]


# Inside, channels come first and the images of the batch last: a loop over the kernel's places, 9 for a 3x3 kernel,
# then moves whole rows of the batch. With the batch in front of small images it takes twice as long.


def _unfold(x, kernel, stride, padding, dilation, fill=0.0):
    count, channels, *sizes = x.shape
    out = output_sizes(sizes, kernel, stride, padding, dilation)
    image = np.moveaxis(x, 0, -1)  # (N, C, …) -> (C, …, N)
    if any(before or after for before, after in padding):
        image = np.full_like(x, fill, order="C", shape=(channels, *_padded(sizes, padding), count))
        image[_inner(sizes, padding)] = np.moveaxis(x, 0, -1)
    columns = np.empty_like(x, order="C", shape=(channels, *kernel, *out, count))
    for place, pixels in _places(kernel, stride, dilation, out):
        columns[(slice(None), *place)] = image[(slice(None), *pixels)]
    return columns.reshape(channels * math.prod(kernel), math.prod(out) * count)


@in_single  # a pixel may stand in thousands of windows
def _fold(g, shape, kernel, stride, padding, dilation):
    count, channels, *sizes = shape
    out = output_sizes(sizes, kernel, stride, padding, dilation)
    columns = g.reshape(channels, *kernel, *out, count)
    image = np.zeros_like(g, order="C", shape=(channels, *_padded(sizes, padding), count))
    for place, pixels in _places(kernel, stride, dilation, out):
        image[(slice(None), *pixels)] += columns[(slice(None), *place)]
    return np.moveaxis(image[_inner(sizes, padding)], -1, 0)  # (C, …, N) -> (N, C, …)


unfold = Primitive(
    "unfold", _unfold,
    Vjp(
        lambda g, z, x, kernel, stride, padding, dilation, fill=0.0: fold(
            g, shape=x.shape, kernel=kernel, stride=stride, padding=padding, dilation=dilation
        ),
        r"\operatorname{fold} {g}",
    ),
)  # fmt: skip

fold = Primitive(
    "fold", _fold,
    Vjp(
        lambda g, z, x, shape, kernel, stride, padding, dilation: unfold(
            g, kernel=kernel, stride=stride, padding=padding, dilation=dilation
        ),
        r"\operatorname{unfold} {g}",
    ),
)  # fmt: skip
