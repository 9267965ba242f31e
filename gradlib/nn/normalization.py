"""Normalization: features to mean 0 and variance 1, over the batch or within each example, then scaled and shifted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .. import primitives as P
from ..errors import ShapeError, flag, real, whole
from ..tensor import Parameter, Tensor, as_tensor
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

    In training μ and σ² come from the batch, over all axes but 1, σ² with divisor n. The running ones, if given, move
    towards them by `momentum`, in place, σ² with divisor n - 1. In eval mode the running ones are μ and σ².

    >>> x = Tensor([[1.0, 10.0], [3.0, 20.0]])
    >>> batch_norm(x, None, None, training=True, eps=0.0)
    Tensor([[-1., -1.],
            [ 1.,  1.]], shape=(2, 2))

    Raises ShapeError for shapes that do not fit and for a batch of one in training, TypeError for running statistics
    that are not tensors or, in eval mode, are missing. Source: Ioffe and Szegedy, Batch Normalization, 2015.
    """
    x = as_tensor(x)
    real("batch_norm's momentum is a number", momentum)
    real("batch_norm's eps is a number", eps)
    if x.ndim < 2:
        raise ShapeError(f"batch_norm takes x of shape (N, C) or (N, C, …), got {x.shape}.")
    own, shape = (x.shape[1],), (1, -1) + (1,) * (x.ndim - 2)
    for name, running in (("running_mean", running_mean), ("running_var", running_var)):
        if not isinstance(running, Tensor) and not (training and running is None):
            use = "is overwritten in training" if training else "replaces the batch's in eval mode"
            raise TypeError(f"batch_norm's {name} {use}, so it must be a Tensor, got {type(running).__name__}.")
        if running is not None:
            _fitting(f"batch_norm's {name}", running, own, own)
    if not training:
        mean, var = running_mean.reshape(shape), running_var.data.reshape(shape)
        if x.dtype == mean.dtype == np.float16:  # a deviation may be above 65504
            z = ((x.float() - mean.float()) * (1 / np.sqrt(var.astype(np.float32) + eps))).astype(x.dtype)
        else:
            z = (x - mean) * (1 / np.sqrt(var + eps))
    else:
        axes = (0, *range(2, x.ndim))
        if math.prod(x.shape[axis] for axis in axes) < 2:
            raise ShapeError(
                f"batch_norm in training needs more than one value a feature, got shape {x.shape}: with one, the "
                "variance is 0. Take a larger batch, or model.eval()."
            )
        batch = x.detach().float() if x.dtype == np.float16 else x.detach()  # a variance may be above 65504
        for running, now in ((running_mean, batch.mean(axes)), (running_var, batch.var(axes))):
            if running is not None:
                running.copy_(running.data + momentum * (now.data - running.data))
        z = P.normalize(x, axis=axes, eps=eps)
    return _scaled("batch_norm", z, weight, bias, own, shape)


def layer_norm(x, normalized_shape, weight=None, bias=None, eps: float = 1e-5) -> Tensor:
    """γ (x - μ)/√(σ² + ε) + β over the last axes of x, whose sizes are normalized_shape, for every example alone.

    normalized_shape : an integer or several; γ = weight and β = bias have this shape. σ² has the divisor n.

    >>> layer_norm([[1.0, 3.0], [10.0, 20.0]], 2, eps=0.0)
    Tensor([[-1.,  1.],
            [-1.,  1.]], shape=(2, 2))

    Raises ShapeError for shapes that do not fit. Source: Ba, Kiros, Hinton, Layer Normalization, 2016.
    """
    x, axes, own = _last_axes("layer_norm", x, normalized_shape)
    real("layer_norm's eps is a number", eps)
    return _scaled("layer_norm", P.normalize(x, axis=axes, eps=eps), weight, bias, own, own)


def rms_norm(x, normalized_shape, weight=None, eps: float | None = None) -> Tensor:
    """γ x/√(mean x² + ε) over the last axes: only the length is normalized.

    eps : by default that of the dtype; float16 is computed in float32, and takes float32's.

    >>> rms_norm([3.0, 4.0], 2, eps=0.0)  # mean x² = 12.5
    Tensor([0.84852815, 1.1313709 ])

    Raises ShapeError for shapes that do not fit.
    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.
    """
    x, axes, own = _last_axes("rms_norm", x, normalized_shape)
    if x.dtype.kind != "f":
        x = x.float()
    wide = x.float() if x.dtype == np.float16 else x  # squares above 65504 are infinite in float16
    eps = float(np.finfo(wide.dtype).eps) if eps is None else real("rms_norm's eps is a number", eps)
    z = (wide / (wide.square().mean(axes, keepdims=True) + eps).sqrt()).astype(x.dtype)
    return _scaled("rms_norm", z, weight, None, own, own)


def group_norm(x, num_groups: int, weight=None, bias=None, eps: float = 1e-5) -> Tensor:
    """Normalized within each group of channels, for every example alone: x (N, C, …), weight and bias (C,).

    The C channels are num_groups groups of neighbours; μ and σ² are over a group's channels and all later axes. A group
    of a single value becomes 0.

    >>> group_norm([[1.0, 3.0, 10.0, 20.0]], 2, eps=0.0)
    Tensor([[-1.,  1., -1.,  1.]], shape=(1, 4))

    Raises ShapeError for shapes that do not fit. Source: Wu and He, Group Normalization, 2018.
    """
    x = as_tensor(x)
    whole("group_norm's num_groups must be an integer of at least 1", num_groups, 1)
    real("group_norm's eps is a number", eps)
    if x.ndim < 2 or x.shape[1] % num_groups:
        raise ShapeError(
            f"group_norm with {num_groups} groups takes x (N, C, …) with C a multiple of it, got {x.shape}."
        )
    groups = x.reshape(x.shape[0], num_groups, math.prod(x.shape[1:]) // num_groups)
    z = P.normalize(groups, axis=(2,), eps=eps).reshape(x.shape)
    return _scaled("group_norm", z, weight, bias, (x.shape[1],), (1, -1) + (1,) * (x.ndim - 2))


def normalize(x, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """x/max(‖x‖ₚ, ε) along the axis dim: vectors of length 1 in the same directions. A vector of zeros stays.

    p : the order of the norm, above 0 or math.inf. For p = 2, ∂L/∂x = (g - (g · z) z)/‖x‖.

    >>> normalize([[3.0, 4.0], [0.0, 0.0]])
    Tensor([[0.6, 0.8],
            [0. , 0. ]], shape=(2, 2))

    Raises ShapeError for an axis that is not there, ValueError for another p.
    """
    x = as_tensor(x)
    real("normalize's eps is a number", eps)
    if x.dtype == np.float16:  # in which ε is 0
        return normalize(x.float(), p, dim, eps).astype(x.dtype)
    return x / x.norm(p, axis=dim, keepdims=True).clip(min=eps)


def _shape(normalized_shape) -> tuple[int, ...]:
    sizes = tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (normalized_shape,)
    if not sizes:
        raise ValueError("normalized_shape names at least one axis, got none.")
    return tuple(whole("normalized_shape is an integer of at least 1, or several", size, 1) for size in sizes)


def _last_axes(name: str, x, normalized_shape) -> tuple[Tensor, tuple[int, ...], tuple[int, ...]]:
    """x as a tensor, the axes to normalize, and their sizes."""
    x, own = as_tensor(x), _shape(normalized_shape)
    if tuple(x.shape[-len(own) :]) != own:
        raise ShapeError(f"{name} over {own} takes x with last axes of these sizes, got shape {x.shape}.")
    return x, tuple(range(-len(own), 0)), own


def _scaled(name: str, z: Tensor, weight, bias, own: tuple[int, ...], shape: tuple[int, ...]) -> Tensor:
    """γ z + β, with γ and β of their own shape, laid along the axes of z as `shape` says."""
    if weight is not None:
        z = z * _fitting(f"{name}'s weight", weight, own, shape)
    if bias is not None:
        z = z + _fitting(f"{name}'s bias", bias, own, shape)
    return z


def _fitting(what: str, value, own: tuple[int, ...], shape: tuple[int, ...]) -> Tensor:
    value = as_tensor(value)
    if value.shape != own:
        raise ShapeError(f"{what} must have shape {own}, got {value.shape}.")
    return value if shape == own else value.reshape(shape)


def _ones(*shape: int) -> np.ndarray:
    return np.ones(shape, dtype=np.float32)


class _BatchNorm(Module):
    ndims: tuple[int, ...]
    wanted: str
    aliases = {"gamma": "weight", "beta": "bias"}

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ):
        super().__init__()
        whole(f"{type(self).__name__}'s num_features must be an integer of at least 1", num_features, 1)
        if momentum is not None:
            real(f"{type(self).__name__}'s momentum is a number, or None for the mean of all batches", momentum)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = flag("affine", affine), track_running_stats
        self.weight = Parameter(_ones(num_features)) if affine else None
        self.bias = Parameter(0 * _ones(num_features)) if affine else None
        self.register_buffer("running_mean", 0 * _ones(num_features) if track_running_stats else None)
        self.register_buffer("running_var", _ones(num_features) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", np.zeros((), dtype=np.int64) if track_running_stats else None)

    def forward(self, x) -> Tensor:
        x = as_tensor(x)
        if x.ndim not in self.ndims or x.shape[1] != self.num_features:
            raise ShapeError(
                f"{type(self).__name__}({self.num_features}) takes x of shape "
                f"{self.wanted.format(c=self.num_features)}, got {x.shape}."
            )
        tracking = self.training and self.track_running_stats
        momentum = self.momentum or 0.0
        if self.momentum is None and tracking:  # the plain mean of all batches so far
            momentum = 1 / (self.num_batches_tracked.item() + 1)
        training = self.training or not self.track_running_stats
        z = batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, training, momentum, self.eps)
        if tracking:
            self.num_batches_tracked.data += 1
        return z

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """`batch_norm` of (N, C) or (N, C, L), with γ, β and running statistics.

    In training, each batch is normalized by its own mean and variance, and moves `running_mean` and `running_var`
    towards them by `momentum`; momentum=None makes them the mean over all batches so far. In eval mode the running
    statistics replace the batch's. affine=False leaves γ and β out, which are also readable as `gamma` and `beta`. With
    track_running_stats=False there are no running statistics, and the batch's own are always used.

    >>> layer = BatchNorm1d(3)
    >>> z = layer(Tensor(np.arange(6.0).reshape(2, 3)))
    >>> z.data.round(2).tolist(), layer.running_mean.data.round(2)
    ([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]], array([0.15, 0.25, 0.35], dtype=float32))

    Raises ShapeError for another shape, and for a single value a feature in training.
    """

    ndims, wanted = (2, 3), "(N, {c}) or (N, {c}, L)"


BatchNorm1D = BatchNorm1d  # as some small engines call it


class BatchNorm2d(_BatchNorm):
    """`batch_norm` of (N, C, H, W), each channel over the batch and the image. Options and errors as in BatchNorm1d.

    >>> layer = BatchNorm2d(3)
    >>> layer(np.zeros((2, 3, 5, 4))).shape, layer.num_batches_tracked.item()
    ((2, 3, 5, 4), 1)
    """

    ndims, wanted = (4,), "(N, {c}, H, W)"


class LayerNorm(Module):
    """`layer_norm` over the last axes, with γ and β of their shape. elementwise_affine=False leaves both out,
    bias=False only β.

    >>> LayerNorm(4)(Tensor([[1.0, 2.0, 3.0, 4.0]])).data.round(2)
    array([[-1.34, -0.45,  0.45,  1.34]], dtype=float32)

    Raises ShapeError for an x with other last axes.
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
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """`rms_norm` over the last axes, with γ of their shape; elementwise_affine=False leaves it out.

    >>> RMSNorm(2)(Tensor([[3.0, 4.0]])).data.round(2)
    array([[0.85, 1.13]], dtype=float32)

    Raises ShapeError for an x with other last axes.
    """

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
    """`group_norm` in num_groups groups of num_channels channels, with γ and β for each channel, or affine=False
    without.

    >>> GroupNorm(2, 4)(Tensor([[1.0, 3.0, 10.0, 20.0]])).data.round(2)
    array([[-1.,  1., -1.,  1.]], dtype=float32)

    Raises ValueError for groups that do not divide the channels, ShapeError for another number of channels.
    """

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True):
        super().__init__()
        whole("GroupNorm's num_groups must be an integer of at least 1", num_groups, 1)
        whole("GroupNorm's num_channels must be an integer of at least 1", num_channels, 1)
        if num_channels % num_groups:
            raise ValueError(f"num_groups must divide num_channels, but {num_groups} does not divide {num_channels}.")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.weight = Parameter(_ones(num_channels)) if affine else None
        self.bias = Parameter(0 * _ones(num_channels)) if affine else None

    def forward(self, x) -> Tensor:
        x = as_tensor(x)
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ShapeError(
                f"GroupNorm({self.num_groups}, {self.num_channels}) takes x of shape (N, {self.num_channels}, …), got "
                f"{x.shape}."
            )
        return group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"
