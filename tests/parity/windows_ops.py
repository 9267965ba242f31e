"""PyTorch's unfold and fold, whose columns are ordered otherwise, and its layer norm without weights."""

from __future__ import annotations

from torch.nn import functional as F


def unfold(x, kernel, stride, padding, dilation, fill=0.0):
    pads = [width for pair in reversed(padding) for width in pair]
    x = F.pad(x, pads, value=fill)
    if x.ndim == 3:  # a signal is an image of height 1
        x, kernel, stride, dilation = x.unsqueeze(2), (1, *kernel), (1, *stride), (1, *dilation)
    columns = F.unfold(x, kernel, dilation=dilation, stride=stride)  # (N, C·k, o)
    return columns.permute(1, 2, 0).reshape(columns.shape[1], -1)  # (C·k, o·N)


def fold(x, shape, kernel, stride, padding, dilation):
    count, channels, *sizes = shape
    padded = [size + before + after for size, (before, after) in zip(sizes, padding, strict=True)]
    inner = (..., *(slice(b, b + size) for size, (b, _) in zip(sizes, padding, strict=True)))
    flat = len(sizes) == 1
    if flat:
        padded, kernel, stride, dilation = [1, *padded], (1, *kernel), (1, *stride), (1, *dilation)
    columns = x.reshape(x.shape[0], -1, count).permute(2, 0, 1)  # (C·k, o·N) -> (N, C·k, o)
    image = F.fold(columns, padded, kernel, dilation=dilation, stride=stride)
    return (image.squeeze(2) if flat else image)[inner]


def normalize(x, axis, eps):
    axes = [a % x.ndim for a in axis]
    rest = [a for a in range(x.ndim) if a not in axes]
    moved = x.permute(*rest, *axes)
    z = F.layer_norm(moved, moved.shape[len(rest) :], eps=eps)
    return z.permute(*[(rest + axes).index(a) for a in range(x.ndim)])


PYTORCH = {"unfold": unfold, "fold": fold, "normalize": normalize}
