"""Convolutions: the same small kernel at every place of a signal or an image.

They are cross-correlations, as everywhere in deep learning: the kernel is not flipped. `gradlib/primitives/windows.py`
computes them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import primitives as P
from ..errors import ShapeError, flag, whole
from ..primitives.windows import output_sizes
from ..random import generator
from ..tensor import Parameter, Tensor, as_tensor
from . import init
from .module import Module


def conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups: int = 1) -> Tensor:
    """x (N, C, L), weight (out, C/groups, k), bias (out,) -> (N, out, L').

    z[n, o, i] = b[o] + Σ x[n, c, i·stride + j·dilation - padding] W[o, c, j] over c and j.
    L' = ⌊(L + 2 padding - dilation (k - 1) - 1)/stride⌋ + 1. Without a batch axis: (C, L) -> (out, L').

    padding : an integer, or "same" (L' = L, stride 1; an odd number of zeros has one more at the end), or "valid"
        (none). groups : the number of parts of the channels that do not see each other.

    Raises ShapeError if the shapes do not fit or the kernel is larger than the padded signal.

    >>> x = Tensor([[[1.0, 2.0, 4.0, 8.0]]])
    >>> conv1d(x, Tensor([[[-1.0, 1.0]]]))
    Tensor([[[1., 2., 4.]]], shape=(1, 1, 3))
    """
    return _convolution(1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups: int = 1) -> Tensor:
    """x (N, C, H, W), weight (out, C/groups, kh, kw), bias (out,) -> (N, out, H', W'); all else as in conv1d.

    z[n, o, i, j] = b[o] + Σ x[n, c, i·s + a·d - p, j·s + b·d - p] W[o, c, a, b] over c, a and b, with
    stride s, dilation d, padding p : a number for both axes, or a pair.

    >>> conv2d(Tensor([[[[1.0, 2.0], [4.0, 8.0]]]]), Tensor([[[[1.0, 0.0], [0.0, 1.0]]]])).item()  # 1 + 8
    9.0
    """
    return _convolution(2, x, weight, bias, stride, padding, dilation, groups)


def _convolution(axes: int, x, weight, bias, stride, padding, dilation, groups: int) -> Tensor:
    name = f"conv{axes}d"
    x, weight = as_tensor(x), as_tensor(weight)
    if weight.ndim != axes + 2:
        wanted = "(out, C/groups, k)" if axes == 1 else "(out, C/groups, kh, kw)"
        raise ShapeError(f"{name} takes a weight of shape {wanted}, got {weight.shape}.")
    if x.ndim == axes + 1:  # without a batch axis
        return _convolution(axes, x.expand_dims(0), weight, bias, stride, padding, dilation, groups)[0]
    out, channels, *kernel = weight.shape
    if whole(f"{name}'s groups must be an integer of at least 1", groups, 1) and out % groups:
        raise ShapeError(f"{name}'s groups must divide the {out} outputs of a weight {weight.shape}, got {groups}.")
    if x.ndim != axes + 2 or x.shape[1] != channels * groups:
        wanted = "(N, {c}, L)" if axes == 1 else "(N, {c}, H, W)"
        raise ShapeError(
            f"{name} with a weight of shape {weight.shape} and groups={groups} takes x of shape "
            f"{wanted.format(c=channels * groups)}, got {x.shape}."
        )
    stride, dilation = each("stride", stride, axes), each("dilation", dilation, axes)
    padding = _padding(name, padding, kernel, stride, dilation)
    sizes = fitting(name, x.shape[2:], kernel, stride, padding, dilation)
    columns = P.unfold(x, kernel=tuple(kernel), stride=stride, padding=padding, dilation=dilation)
    if groups == 1:
        z = weight.reshape(out, -1) @ columns  # (out, C·k) @ (C·k, o·N) -> (out, o·N)
    else:  # (G, out/G, C/G·k) @ (G, C/G·k, o·N) -> (out, o·N)
        rows = columns.shape[0] // groups
        parts = weight.reshape(groups, out // groups, rows) @ columns.reshape(groups, rows, columns.shape[1])
        z = parts.reshape(out, -1)
    if bias is not None:
        bias = as_tensor(bias)
        if bias.shape != (out,):
            raise ShapeError(f"{name}'s bias must have shape {(out,)}, a number for each output, got {bias.shape}.")
        z = z + bias.reshape(-1, 1)
    return z.reshape(out, *sizes, x.shape[0]).moveaxis(-1, 0)  # (out, …, N) -> (N, out, …)


def each(name: str, value: Any, axes: int) -> tuple[int, ...]:
    """An integer for each axis: the same for all, or as given."""
    least = 0 if name == "padding" else 1
    what = f"{name} is an integer of at least {least}, or {axes} of them"
    if not isinstance(value, (tuple, list)):
        return (whole(what, value, least),) * axes
    if len(value) != axes:
        raise ValueError(f"{what}, got {value!r}.")
    return tuple(whole(what, number, least) for number in value)


def fitting(name: str, sizes, kernel, stride, padding, dilation) -> tuple[int, ...]:
    """The sizes of the output. Raises ShapeError where the kernel is larger than the image."""
    out = output_sizes(sizes, kernel, stride, padding, dilation)
    for axis, size in enumerate(out):
        if size < 1:
            before, after = padding[axis]
            raise ShapeError(
                f"{name}: a kernel of {kernel[axis]} with dilation {dilation[axis]} reaches over "
                f"{dilation[axis] * (kernel[axis] - 1) + 1} entries, but axis {axis - len(sizes)} has {sizes[axis]}, "
                f"with padding {sizes[axis] + before + after}. Pad more, or take a smaller kernel."
            )
    return out


def _padding(name: str, padding: Any, kernel, stride, dilation) -> tuple[tuple[int, int], ...]:
    """(before, after) for each axis."""
    if isinstance(padding, str) and padding == "valid":
        return ((0, 0),) * len(kernel)
    if isinstance(padding, str) and padding == "same":
        if set(stride) != {1}:
            raise ValueError(f"{name}'s padding='same' keeps the size, which needs stride 1, got {stride}.")
        totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return tuple((total // 2, total - total // 2) for total in totals)
    if isinstance(padding, str):
        raise ValueError(f"{name}'s padding is an integer, 'same' or 'valid', got {padding!r}.")
    return tuple((p, p) for p in each("padding", padding, len(kernel)))


class _Convolution(Module):
    axes: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
    ):
        super().__init__()
        counts = {"groups": groups, "in_channels": in_channels, "out_channels": out_channels}
        for what, count in counts.items():
            whole(f"{type(self).__name__}'s {what} must be an integer of at least 1", count, 1)
            if count % groups:
                raise ValueError(f"groups must divide the channels, but {groups} does not divide {what}={count}.")
        rng, bias = generator(rng), flag("bias", bias)
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = each("kernel_size", kernel_size, self.axes)
        self.stride, self.dilation = each("stride", stride, self.axes), each("dilation", dilation, self.axes)
        self.padding, self.groups = padding, groups
        _padding(type(self).__name__, padding, self.kernel_size, self.stride, self.dilation)  # checks it
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = init.kaiming_uniform_(Parameter(init.empty(*shape)), a=math.sqrt(5), rng=rng)
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        self.bias = init.uniform_(Parameter(init.empty(out_channels)), -bound, bound, rng=rng) if bias else None

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        rest = {"padding": (self.padding, 0), "dilation": (self.dilation, (1,) * self.axes), "groups": (self.groups, 1)}
        text += "".join(f", {name}={value!r}" for name, (value, default) in rest.items() if value != default)
        return text + ("" if self.bias is not None else ", bias=False")


class Conv1d(_Convolution):
    """`conv1d` with a weight (out_channels, in_channels/groups, kernel_size) and a bias, started as in PyTorch.

    >>> Conv1d(3, 8, 5, padding="same")(Tensor(np.zeros((2, 3, 10), dtype=np.float32))).shape
    (2, 8, 10)
    """

    axes = 1

    def forward(self, x) -> Tensor:
        return conv1d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Conv2d(_Convolution):
    """`conv2d` with a weight (out_channels, in_channels/groups, kh, kw) and a bias, started as in PyTorch.

    >>> Conv2d(1, 16, 3, padding=1)(Tensor(np.zeros((2, 1, 8, 8), dtype=np.float32))).shape
    (2, 16, 8, 8)
    """

    axes = 2

    def forward(self, x) -> Tensor:
        return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
