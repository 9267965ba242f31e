"""Pooling: one number for each window, its largest entry or its mean.

Windows lie as in a convolution. PyTorch's options return_indices, count_include_pad (here always True) and
divisor_override are missing.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from .. import primitives as P
from ..errors import ShapeError, holdable
from ..tensor import Tensor, as_tensor
from .convolution import each, fitting
from .module import Module


def max_pool1d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode: bool = False) -> Tensor:
    """The largest entry of every window: (N, C, L) -> (N, C, L'), or without N.

    z[n, c, i] = max over j of x[n, c, i·stride + j·dilation - padding],
    L' = ⌊(L + 2 padding - dilation (k - 1) - 1)/stride⌋ + 1. stride is by default the kernel's size k.
    padding : entries that are never the largest, at both ends; at most k/2.
    ceil_mode : round L' up, so that a last window may reach beyond the end, where it meets more padding. It must start
        inside the signal or the padding before it.

    The gradient goes to the largest entry; entries that tie share it evenly. (PyTorch gives it to the first.)
    Raises ShapeError where the kernel is larger than the padded signal.

    >>> max_pool1d(Tensor([[[1.0, 3.0, 2.0, 5.0]]]), 2)
    Tensor([[[3., 5.]]], shape=(1, 1, 2))
    >>> max_pool1d(Tensor([[[1.0, 3.0, 2.0]]]), 2, ceil_mode=True)
    Tensor([[[3., 2.]]], shape=(1, 1, 2))
    """
    return _pool(1, "max_pool1d", x, kernel_size, stride, padding, dilation, ceil_mode, _largest)


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode: bool = False) -> Tensor:
    """The largest entry of every window: (N, C, H, W) -> (N, C, H', W'); as max_pool1d.

    kernel_size, stride, padding, dilation : a number for both axes, or a pair.

    >>> max_pool2d(Tensor([[[[1.0, 3.0, 2.0], [0.0, 1.0, 5.0]]]]), 2, stride=1)
    Tensor([[[[3., 5.]]]], shape=(1, 1, 1, 2))
    """
    return _pool(2, "max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode, _largest)


def avg_pool1d(x, kernel_size, stride=None, padding=0, ceil_mode: bool = False) -> Tensor:
    """The mean of every window, zeros of the padding counted: (N, C, L) -> (N, C, L'), or without N.

    z[n, c, i] = 1/k Σ x[n, c, i·stride + j - padding] over j; every entry of a window gets 1/k of its gradient. A
    window that reaches beyond the padding, with ceil_mode, is divided by the number of its entries before the end. For
    the rest see max_pool1d.

    >>> avg_pool1d(Tensor([[[1.0, 3.0, 2.0, 6.0]]]), 2)
    Tensor([[[2., 4.]]], shape=(1, 1, 2))
    """
    return _pool(1, "avg_pool1d", x, kernel_size, stride, padding, 1, ceil_mode, _mean)


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode: bool = False) -> Tensor:
    """The mean of every window, zeros of the padding counted: (N, C, H, W) -> (N, C, H', W'); as avg_pool1d.

    >>> avg_pool2d(Tensor([[[[1.0, 3.0], [2.0, 6.0]]]]), 2).item()
    3.0
    """
    return _pool(2, "avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode, _mean)


def _pool(axes: int, name: str, x, kernel_size, stride, padding, dilation, ceil_mode, reduce) -> Tensor:
    x = as_tensor(x)
    if x.ndim == axes + 1:  # without a batch axis
        return _pool(axes, name, x.expand_dims(0), kernel_size, stride, padding, dilation, ceil_mode, reduce)[0]
    if x.ndim != axes + 2:
        raise ShapeError(f"{name} takes x of shape (N, C, {'L' if axes == 1 else 'H, W'}), got {x.shape}.")
    kernel = each("kernel_size", kernel_size, axes)
    stride = kernel if stride is None else each("stride", stride, axes)
    dilation = each("dilation", dilation, axes)
    padding = each("padding", padding, axes)
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(
            f"{name}: padding {padding} is more than half of the kernel {kernel}, so a window would be empty."
        )
    pairs = tuple((p, p) for p in padding)
    if ceil_mode:
        pairs = _rounded_up(x.shape[2:], kernel, stride, padding, dilation)
    sizes = fitting(name, x.shape[2:], kernel, stride, pairs, dilation)
    where = {"kernel": kernel, "stride": stride, "padding": pairs, "dilation": dilation}
    count, channels = x.shape[:2]
    z = reduce(x, where, (channels, math.prod(kernel), math.prod(sizes) * count), padding)  # -> (C, o·N)
    return z.reshape(channels, *sizes, count).moveaxis(-1, 0)  # -> (N, C, …)


def _rounded_up(sizes, kernel, stride, padding, dilation) -> tuple[tuple[int, int], ...]:
    """Padding (before, after) of each axis, with as much more at the end as a last window needs that starts before."""
    pairs = []
    for size, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True):
        width = d * (k - 1) + 1
        last = -(-(size + 2 * p - width) // s) * s  # where the last window starts, counted from the padding
        last -= s if last >= size + p else 0
        pairs.append((p, max(p, last + width - size - p)))
    return tuple(pairs)


def _largest(x: Tensor, where: dict, shape: tuple[int, ...], padding) -> Tensor:
    least = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf if x.dtype.kind == "f" else False
    z = P.unfold(x, **where, fill=least).reshape(shape).max(axis=1)  # (C·k, o·N) -> (C, k, o·N) -> (C, o·N)
    if not isinstance(z, Tensor) or x.dtype.kind != "f" or not any(map(any, where["padding"])):
        return z  # without a gradient, as intervals and integers are, or without padding
    lowest = np.isneginf(z.data)
    if not lowest.any():
        return z
    if x.dtype == np.float16:  # which cannot count the entries of a window beyond 2048
        return _largest(x.float(), where, shape, padding).astype(x.dtype)
    # In a window of -∞ alone the padding ties with the entries, and must take no part of the gradient.
    inside = P.unfold(np.ones(x.shape, x.dtype), **where).reshape(shape)
    count = inside.sum(axis=1)  # 0 where a dilated window meets padding alone
    entries = P.where(inside > 0, P.unfold(x, **where).reshape(shape), 0.0).sum(axis=1) / np.maximum(count, 1)
    return P.where(lowest & (count > 0), entries, z)


def _mean(x: Tensor, where: dict, shape: tuple[int, ...], padding) -> Tensor:
    full = all(after == p for (_, after), p in zip(where["padding"], padding, strict=True))
    if x.dtype == np.float16 and not full:  # its sums may overflow, and it counts to 2048 only
        return _mean(x.float(), where, shape, padding).astype(x.dtype)
    windows = P.unfold(x, **where).reshape(shape)  # (C·k, o·N) -> (C, k, o·N)
    if full:
        return windows.mean(axis=1)
    # Only what ceil_mode added at the end does not count.
    counted = np.ones((*x.shape[:2], *(size + 2 * p for size, p in zip(x.shape[2:], padding, strict=True))), x.dtype)
    beyond = tuple((0, after - p) for (_, after), p in zip(where["padding"], padding, strict=True))
    return windows.sum(axis=1) / P.unfold(counted, **where | {"padding": beyond}).reshape(shape).sum(axis=1)


def adaptive_avg_pool1d(x, output_size) -> Tensor:
    """Means of output_size parts of nearly equal length: (N, C, L) -> (N, C, output_size), or without N.

    Part i of n along an axis of size s runs from ⌊i s/n⌋ to ⌈(i + 1) s/n⌉: neighbours share an entry where n does not
    divide s.

    >>> adaptive_avg_pool1d(Tensor([[[1.0, 3.0, 5.0]]]), 2)
    Tensor([[[2., 4.]]], shape=(1, 1, 2))
    """
    return _adaptive(1, "adaptive_avg_pool1d", x, output_size)


def adaptive_avg_pool2d(x, output_size) -> Tensor:
    """Means over a grid of parts: (N, C, H, W) -> (N, C, *output_size); the parts as in adaptive_avg_pool1d.

    output_size : a number for both axes, or a pair; None keeps an axis as it is.

    >>> adaptive_avg_pool2d(Tensor(np.ones((1, 2, 5, 7))), (None, 1)).shape
    (1, 2, 5, 1)
    """
    return _adaptive(2, "adaptive_avg_pool2d", x, output_size)


def _adaptive(axes: int, name: str, x, output_size) -> Tensor:
    x = as_tensor(x)
    if x.ndim not in (axes + 1, axes + 2):
        raise ShapeError(f"{name} takes x of shape (N, C, {'L' if axes == 1 else 'H, W'}), got {x.shape}.")
    sizes = x.shape[-axes:]
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * axes
    if len(given) == axes and any(n is None for n in given):
        output_size = [size if n is None else n for n, size in zip(given, sizes, strict=True)]
    wanted = each("output_size", output_size, axes)
    if all(size % n == 0 for size, n in zip(sizes, wanted, strict=True)):
        kernel = tuple(size // n for size, n in zip(sizes, wanted, strict=True))
        return (avg_pool1d if axes == 1 else avg_pool2d)(x, kernel)
    holdable(name, (*x.shape[:-axes], *wanted), x.dtype)
    parts = [
        [slice(i * size // n, -(-(i + 1) * size // n)) for i in range(n)] for size, n in zip(sizes, wanted, strict=True)
    ]
    last = tuple(range(-axes, 0))
    means = [x[(..., *part)].mean(last).expand_dims(-1) for part in product(*parts)]
    return P.concatenate(*means, axis=-1).reshape(*x.shape[:-axes], *wanted)


class _Pool(Module):
    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode: bool = False):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        rounded = ", ceil_mode=True" if self.ceil_mode else ""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}{rounded}"


class _MaxPool(_Pool):
    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, *, ceil_mode: bool = False):
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.dilation = dilation


class MaxPool1d(_MaxPool):
    """The largest entry of every window of a signal: `max_pool1d`.

    >>> MaxPool1d(2)(Tensor(np.ones((1, 3, 8)))).shape
    (1, 3, 4)
    """

    def forward(self, x) -> Tensor:
        return max_pool1d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class MaxPool2d(_MaxPool):
    """The largest entry of every window of an image: `max_pool2d`.

    >>> MaxPool2d(2)(Tensor(np.ones((1, 3, 8, 6)))).shape
    (1, 3, 4, 3)
    """

    def forward(self, x) -> Tensor:
        return max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class AvgPool1d(_Pool):
    """The mean of every window of a signal: `avg_pool1d`.

    >>> AvgPool1d(3, stride=1, padding=1)(Tensor(np.ones((1, 3, 8)))).shape
    (1, 3, 8)
    """

    def forward(self, x) -> Tensor:
        return avg_pool1d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode)


class AvgPool2d(_Pool):
    """The mean of every window of an image: `avg_pool2d`.

    >>> AvgPool2d((2, 3))(Tensor(np.ones((1, 3, 8, 6)))).shape
    (1, 3, 4, 2)
    """

    def forward(self, x) -> Tensor:
        return avg_pool2d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode)


class _AdaptivePool(Module):
    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    """Means of output_size parts of a signal: `adaptive_avg_pool1d`.

    >>> AdaptiveAvgPool1d(4)(Tensor(np.ones((1, 3, 9)))).shape
    (1, 3, 4)
    """

    def forward(self, x) -> Tensor:
        return adaptive_avg_pool1d(x, self.output_size)


class AdaptiveAvgPool2d(_AdaptivePool):
    """Means over a grid of parts of an image: `adaptive_avg_pool2d`.

    >>> AdaptiveAvgPool2d(1)(Tensor(np.ones((1, 3, 9, 7)))).shape
    (1, 3, 1, 1)
    """

    def forward(self, x) -> Tensor:
        return adaptive_avg_pool2d(x, self.output_size)
