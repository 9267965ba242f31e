"""Normalization: features to mean 0 and variance 1, over the batch or within each example, then scaled and shifted."""

from __future__ import annotations

import math

import numpy as np

from .. import primitives as P
from ..errors import ShapeError
from ..tensor import Parameter, Tensor
from .module import Module


def batch_norm(
    x,
    running_mean,
    running_var,
    weight=None,
    bias=None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """γ (x - μ)/√(σ² + ε) + β for every feature: x (N, C) or (N, C, …), all others (C,).

    In training μ and σ² are those of the batch, over all axes but 1, σ² with divisor n; the running ones, if given,
    move by `momentum` towards them in place, σ² with divisor n - 1. In use the running ones take their place.

    Source: Ioffe and Szegedy, Batch Normalization, 2015.
    """
    if x.ndim < 2:
        raise ShapeError(f"batch_norm takes x of shape (N, C) or (N, C, …), got {x.shape}.")
    axes = (0, *range(2, x.ndim))
    shape = (1, -1) + (1,) * (x.ndim - 2)
    if not training and running_mean is not None:
        mean, variance = running_mean.reshape(shape), running_var.reshape(shape)
        z = (x - mean) * (1 / np.sqrt(variance.data + eps))
    else:
        count = math.prod(x.shape[axis] for axis in axes)
        if training and count == 1:
            raise ShapeError(
                f"batch_norm in training needs more than one value a feature, got shape {x.shape}: with one, the "
                "variance is 0. Take a larger batch, or model.eval()."
            )
        if training and running_mean is not None:
            mean, variance = x.data.mean(axis=axes), x.data.var(axis=axes, ddof=1)
            for running, now in ((running_mean, mean), (running_var, variance)):
                running.data[...] += momentum * (now - running.data)
                running.data = running.data  # tells the engine that it was overwritten
        z = P.normalize(x, axis=axes, eps=eps)
    return _scaled(z, weight, bias, shape)


def layer_norm(x, normalized_shape, weight=None, bias=None, eps: float = 1e-5) -> Tensor:
    """γ (x - μ)/√(σ² + ε) + β over the last axes of x, whose sizes are normalized_shape, for every example alone.

    Source: Ba, Kiros, Hinton, Layer Normalization, 2016.
    """
    normalized_shape = _shape(normalized_shape)
    if tuple(x.shape[-len(normalized_shape) :]) != normalized_shape:
        raise ShapeError(f"layer_norm over {normalized_shape} takes x whose last axes are so, got shape {x.shape}.")
    z = P.normalize(x, axis=tuple(range(-len(normalized_shape), 0)), eps=eps)
    return _scaled(z, weight, bias, normalized_shape)


def rms_norm(x, normalized_shape, weight=None, eps: float | None = None) -> Tensor:
    """γ x/√(mean x² + ε) over the last axes: only the size is normalized. eps : by default that of the dtype.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.
    """
    normalized_shape = _shape(normalized_shape)
    if tuple(x.shape[-len(normalized_shape) :]) != normalized_shape:
        raise ShapeError(f"rms_norm over {normalized_shape} takes x whose last axes are so, got shape {x.shape}.")
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    size = x.square().mean(tuple(range(-len(normalized_shape), 0)), keepdims=True)
    z = x / (size + eps).sqrt()
    return z if weight is None else z * weight


def group_norm(x, num_groups: int, weight=None, bias=None, eps: float = 1e-5) -> Tensor:
    """Normalized within each group of channels, for every example alone: x (N, C, …), weight and bias (C,).

    Source: Wu and He, Group Normalization, 2018.
    """
    channels = x.shape[1] if x.ndim > 1 else 0
    if not channels or channels % num_groups:
        raise ShapeError(
            f"group_norm with {num_groups} groups takes x (N, C, …) with C a multiple of it, got {x.shape}."
        )
    z = P.normalize(x.reshape(x.shape[0], num_groups, -1), axis=(2,), eps=eps).reshape(x.shape)
    return _scaled(z, weight, bias, (1, -1) + (1,) * (x.ndim - 2))


def _shape(normalized_shape) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


def _scaled(z: Tensor, weight, bias, shape: tuple[int, ...]) -> Tensor:
    if weight is not None:
        z = z * (weight if weight.shape == shape else weight.reshape(shape))
    if bias is not None:
        z = z + (bias if bias.shape == shape else bias.reshape(shape))
    return z


def _ones(*shape: int) -> np.ndarray:
    return np.ones(shape, dtype=np.float32)


class _BatchNorm(Module):
    ndims: tuple[int, ...]
    wanted: str

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter(_ones(num_features)) if affine else None
        self.bias = Parameter(0 * _ones(num_features)) if affine else None
        self.register_buffer("running_mean", 0 * _ones(num_features) if track_running_stats else None)
        self.register_buffer("running_var", _ones(num_features) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", np.zeros((), dtype=np.int64) if track_running_stats else None)

    def forward(self, x) -> Tensor:
        if x.ndim not in self.ndims or x.shape[1] != self.num_features:
            raise ShapeError(
                f"{type(self).__name__}({self.num_features}) takes x of shape "
                f"{self.wanted.format(c=self.num_features)}, got {x.shape}."
            )
        training = self.training or not self.track_running_stats
        momentum = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.data += 1
            if momentum is None:  # the plain mean of all batches so far
                momentum = 1 / self.num_batches_tracked.item()
        return batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, training, momentum or 0.0, self.eps
        )

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}"


class BatchNorm1d(_BatchNorm):
    """`batch_norm` of (N, C) or (N, C, L), with γ, β and running statistics.

    >>> layer = BatchNorm1d(3)
    >>> z = layer(Tensor(np.arange(6.0).reshape(2, 3)))
    >>> z.data.round(2).tolist(), layer.running_mean.data.round(2)
    ([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]], array([0.15, 0.25, 0.35], dtype=float32))
    """

    ndims, wanted = (2, 3), "(N, {c}) or (N, {c}, L)"


class BatchNorm2d(_BatchNorm):
    """`batch_norm` of (N, C, H, W), with γ, β and running statistics."""

    ndims, wanted = (4,), "(N, {c}, H, W)"


class LayerNorm(Module):
    """`layer_norm` over the last axes, with γ and β of their shape.

    >>> LayerNorm(4)(Tensor([[1.0, 2.0, 3.0, 4.0]])).data.round(2)
    array([[-1.34, -0.45,  0.45,  1.34]], dtype=float32)
    """

    def __init__(self, normalized_shape, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True):
        super().__init__()
        self.normalized_shape, self.eps = _shape(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(_ones(*self.normalized_shape)) if elementwise_affine else None
        self.bias = Parameter(0 * _ones(*self.normalized_shape)) if elementwise_affine and bias else None

    def forward(self, x) -> Tensor:
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class RMSNorm(Module):
    """`rms_norm` over the last axes, with γ of their shape."""

    def __init__(self, normalized_shape, eps: float | None = None, elementwise_affine: bool = True):
        super().__init__()
        self.normalized_shape, self.eps = _shape(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(_ones(*self.normalized_shape)) if elementwise_affine else None

    def forward(self, x) -> Tensor:
        return rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """`group_norm` in num_groups groups of num_channels channels, with γ and β for each channel."""

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True):
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_groups must divide num_channels, but {num_groups} does not divide {num_channels}.")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.weight = Parameter(_ones(num_channels)) if affine else None
        self.bias = Parameter(0 * _ones(num_channels)) if affine else None

    def forward(self, x) -> Tensor:
        return group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"
