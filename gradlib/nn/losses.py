r"""Losses: how wrong a prediction is, as one number.

Each takes the prediction first, then the target, and `reduction`: "mean" over all entries (over all rows, where a
row is one answer), "sum", or "none". Prediction and target must have the same shape: (N, 1) against (N,) would
broadcast to (N, N), and train to nonsense without an error.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import primitives as P
from ..errors import ShapeError
from ..operations import plain
from ..tensor import Tensor, apply, as_tensor, on
from .module import Module

# Numbers against numbers ------------------------------------------------------------


def mse_loss(input, target, reduction: str = "mean") -> Tensor:
    """The squared error (x - y)², by default its mean. ∂L/∂x = 2 (x - y)/n.

    >>> mse_loss(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    Tensor(2.)
    """
    x, y = _alike("mse_loss", input, target)
    return _reduced((x - y).square(), reduction)


def l1_loss(input, target, reduction: str = "mean") -> Tensor:
    """The absolute error |x - y|."""
    x, y = _alike("l1_loss", input, target)
    return _reduced((x - y).abs(), reduction)


def huber_loss(input, target, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """½ d² for |d| ≤ δ, δ (|d| - ½ δ) beyond, with d = x - y: squared near 0, straight far out.

    Source: Huber, Robust estimation of a location parameter, 1964.
    """
    x, y = _alike("huber_loss", input, target)
    _positive("delta", delta)
    distance = (x - y).abs()
    near = distance.clip(max=delta)  # ½ n² + δ (d - n) is both branches
    return _reduced(0.5 * near.square() + delta * (distance - near), reduction)


def smooth_l1_loss(input, target, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """½ d²/β for |d| < β, |d| - ½ β beyond: huber_loss/β. With β = 0 it is l1_loss."""
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, beta) / beta


# Yes or no ------------------------------------------------------------


def binary_cross_entropy(input, target, weight=None, reduction: str = "mean") -> Tensor:
    """-(y ln p + (1 - y) ln (1 - p)) of probabilities p. ∂L/∂p = (p - y)/(p (1 - p)).

    Logarithms are cut off at -100, as in PyTorch, so that p = 0 and p = 1 give a number. For the scores before a
    sigmoid use binary_cross_entropy_with_logits, which is exact.
    """
    p, y = _alike("binary_cross_entropy", input, target)
    if p.dtype == np.float16:
        raise TypeError(
            "binary_cross_entropy takes no float16: its slope, up to 1e12, is beyond that. Give the scores before the "
            "sigmoid to binary_cross_entropy_with_logits, which is safe."
        )
    _in_unit_interval("binary_cross_entropy takes probabilities", p, "for scores use ..._with_logits")
    _in_unit_interval("binary_cross_entropy takes targets", y, "0 for no, 1 for yes")
    losses = -(y * _log(p) + (1 - y) * _log(1 - p))
    return _reduced(losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input, target, weight=None, reduction: str = "mean", pos_weight=None
) -> Tensor:
    """The same of p = σ(x), without overflow: softplus(x) - x y. ∂L/∂x = σ(x) - y.

    pos_weight : how much a yes counts against a no: (1 - y) x + (1 + (w - 1) y) softplus(-x).
    """
    x, y = _alike("binary_cross_entropy_with_logits", input, target)
    _in_unit_interval("binary_cross_entropy_with_logits takes targets", y, "0 for no, 1 for yes")
    if pos_weight is None:
        losses = x.softplus() - x * y
    else:
        losses = (1 - y) * x + (1 + (pos_weight - 1) * y) * (-x).softplus()
    return _reduced(losses if weight is None else losses * weight, reduction)


# One of several ------------------------------------------------------------


def cross_entropy(
    input,
    target,
    weight=None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-Σ y ln softmax(x) of scores x. ∂L/∂x = (softmax(x) - y)/N.

    input : scores (N, C), or (C,), or (N, C, d₁, …). target : class indices (N, d₁, …), or probabilities of the
        shape of input.
    weight : (C,), how much each class counts; the mean is then weighted too. ignore_index : a label that counts
        nothing. label_smoothing : ε, the share that is spread evenly over all classes.

    >>> cross_entropy(Tensor([[0.0, 0.0], [0.0, 0.0]]), [0, 1])  # ln 2
    Tensor(0.6931472)

    Raises ShapeError, TypeError, or IndexError for a label out of range, which names it.
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing is a share, 0 to 1, got {label_smoothing}.")
    if not (isinstance(target, Tensor) and target.requires_grad):
        target = np.asarray(plain(target))
    x = _classes_last(as_tensor(input))
    if target.dtype.kind == "f":
        return _with_probabilities(input, x, target, weight, reduction, label_smoothing)
    labels, counted = _labels("cross_entropy", x, target, ignore_index)
    if counted is None and weight is None and not label_smoothing and reduction in ("mean", "none"):
        return apply(P.cross_entropy, x, index=labels, reduction=reduction)
    logs = x.log_softmax(-1)
    weights = np.ones(x.shape[-1], x.dtype) if weight is None else np.asarray(plain(weight), x.dtype)
    own = weights[labels] if counted is None else weights[labels] * counted
    losses = -_picked(logs, labels) * own
    if label_smoothing:
        even = -(logs * weights).sum(-1) * (1 if counted is None else counted)
        losses = (1 - label_smoothing) * losses + label_smoothing / x.shape[-1] * even
    return _weighted_mean(losses, own) if reduction == "mean" else _reduced(losses, reduction)


def nll_loss(input, target, weight=None, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    """-x[label] of log-probabilities x: what follows log_softmax in cross_entropy. Shapes as there."""
    x = _classes_last(as_tensor(input))
    labels, counted = _labels("nll_loss", x, np.asarray(plain(target)), ignore_index)
    weights = np.ones(x.shape[-1], x.dtype) if weight is None else np.asarray(plain(weight), x.dtype)
    own = weights[labels] if counted is None else weights[labels] * counted
    losses = -_picked(x, labels) * own
    return _weighted_mean(losses, own) if reduction == "mean" else _reduced(losses, reduction)


def kl_div(input, target, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """y (ln y - x) of log-probabilities x and probabilities y, entry by entry; log_target: y is given as ln y.

    "batchmean" sums and divides by the number of rows, which is the divergence by its definition.
    """
    x, y = _alike("kl_div", input, target)
    if log_target:
        losses = y.exp() * (y - x)
    else:
        positive = P.where(y > 0, y, 1.0)  # 0 ln 0 = 0
        losses = y * (positive.log() - x)
    if reduction == "batchmean":
        return losses.sum() / max(1, x.shape[0] if x.ndim else 1)
    return _reduced(losses, reduction, also="batchmean")


def hinge_loss(input, target, reduction: str = "mean", margin: float = 1.0) -> Tensor:
    """max(0, margin - y x) of scores x and labels y, which are -1 or 1: what a support vector machine minimizes."""
    x, y = _alike("hinge_loss", input, target)
    _plus_or_minus_one("hinge_loss", y)
    return _reduced((margin - x * y).relu(), reduction)


def hinge_embedding_loss(input, target, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """x where the label is 1, max(0, margin - x) where it is -1: of distances x."""
    x, y = _alike("hinge_embedding_loss", input, target)
    _plus_or_minus_one("hinge_embedding_loss", y)
    return _reduced(P.where(y > 0, x, (margin - x).relu()), reduction)


bce_loss, bce_with_logits_loss = binary_cross_entropy, binary_cross_entropy_with_logits
cross_entropy_loss = cross_entropy


# What they share ------------------------------------------------------------


def _alike(name: str, input, target) -> tuple[Tensor, Tensor]:
    """Both as tensors; ShapeError if their shapes differ, with the axis to add or drop."""
    x = as_tensor(input)
    y = target if isinstance(target, Tensor) else on(np.asarray(target))
    if y.dtype.kind != "f":
        y = on(y.data.astype(x.dtype))
    if x.shape == y.shape:
        return x, y
    message = f"{name} compares entry by entry, but the prediction has shape {x.shape} and the target {y.shape}."
    if x.shape == (*y.shape, 1):
        message += " Drop the last axis of the prediction, prediction.squeeze(-1), or add one to the target."
    elif y.shape == (*x.shape, 1):
        message += " Drop the last axis of the target, target.squeeze(-1), or add one to the prediction."
    elif x.numel() == y.numel():
        message += f" They hold equally many entries: did you mean target.reshape{x.shape}?"
    raise ShapeError(message)


def _reduced(losses: Tensor, reduction: str, also: str = "") -> Tensor:
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"reduction is 'mean', 'sum'{also and f', {also!r}'} or 'none', got {reduction!r}.")


def _positive(name: str, value: float) -> None:
    if value <= 0:
        raise ValueError(f"{name} must be above 0, got {value}.")


def _in_unit_interval(what: str, x: Tensor, hint: str) -> None:
    wrong = (x.data < 0) | (x.data > 1)
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        raise ValueError(f"{what} between 0 and 1, but entry {place} is {x.data[place]:.4g}; {hint}.")


def _plus_or_minus_one(name: str, y: Tensor) -> None:
    wrong = np.abs(y.data) != 1
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        raise ValueError(
            f"{name} takes labels -1 and 1, but entry {place} is {y.data[place]:g}. From 0 and 1: 2 y - 1."
        )


def _log(p: Tensor) -> Tensor:
    """ln p, not below -100 and with a slope of at most 1e12, as PyTorch has it: p = 0 is then wrong, not infinitely so,
    and still learns."""
    tiny = p.data < 1e-12
    if not tiny.any():
        return p.log()
    lowest = np.maximum(np.log(np.maximum(p.data, 1e-45)), -100).astype(p.dtype)
    return P.where(tiny, lowest + 1e12 * (p - p.detach()), P.where(tiny, 1.0, p).log())


def _classes_last(x: Tensor) -> Tensor:
    """(N, C, d₁, …) -> (N, d₁, …, C)."""
    if not x.ndim:
        raise ShapeError("cross_entropy takes scores of shape (N, C), a score for each class; got one number.")
    return x.moveaxis(1, -1) if x.ndim > 2 else x


def _labels(name: str, x: Tensor, labels: np.ndarray, ignore_index: int) -> tuple[np.ndarray, np.ndarray | None]:
    """The labels, checked, and 1 where one counts, 0 where it is ignored; None if all count."""
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"{name}'s target holds class indices, whole numbers, or probabilities, floating-point; got {labels.dtype}."
        )
    classes = x.shape[-1]
    if labels.shape != x.shape[:-1]:
        hint = ""
        if labels.shape == x.shape:
            hint = " For one-hot labels pass labels.argmax(axis=1)."
        elif labels.shape == (*x.shape[:-1], 1):
            hint = " Drop its last axis: labels.squeeze(-1)."
        raise ShapeError(
            f"{name}'s labels must be class indices of shape {x.shape[:-1]}, one for each row of scores, got "
            f"{labels.shape}.{hint}"
        )
    # The commonest in one pass: as unsigned numbers, negative ones are huge.
    if ignore_index < 0 and np.maximum.reduce(labels.astype(np.uint64), axis=None, initial=0) < classes:
        return labels, None
    ignored = labels == ignore_index
    wrong = ((labels < 0) | (labels >= classes)) & ~ignored
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        raise IndexError(
            f"{name}'s labels are class indices from 0 to {classes - 1}, for {classes} scores a row, but label {place} "
            f"is {labels[place]}." + (" Count classes from 0." if labels[place] == classes else "")
        )
    if not ignored.any():
        return labels, None
    return np.where(ignored, 0, labels), (~ignored).astype(x.dtype)


def _weighted_mean(losses: Tensor, weights: np.ndarray) -> Tensor:
    return losses.sum() / (float(weights.sum()) or math.nan)  # of nothing: NaN, as in PyTorch


def _picked(x: Tensor, labels: np.ndarray) -> Tensor:
    """The entry of each row at its label: (…, C) -> (…)."""
    rows = x.reshape(-1, x.shape[-1])
    return rows[np.arange(labels.size), labels.reshape(-1)].reshape(labels.shape)


def _with_probabilities(input, x: Tensor, target, weight, reduction: str, label_smoothing: float) -> Tensor:
    if target.shape != np.shape(input):
        raise ShapeError(
            f"cross_entropy's target holds probabilities, one for each score: shape {np.shape(input)}, got "
            f"{target.shape}. Class indices are whole numbers: target.astype(int)."
        )
    y = _classes_last(as_tensor(target).astype(x.dtype))
    if label_smoothing:
        y = y * (1 - label_smoothing) + label_smoothing / x.shape[-1]
    logs = x.log_softmax(-1) * y
    losses = -(logs if weight is None else logs * np.asarray(plain(weight), x.dtype)).sum(-1)
    return _reduced(losses, reduction)


# As modules ------------------------------------------------------------


class _Loss(Module):
    """A loss with its options kept."""

    function: Any = None

    def __init__(self, reduction: str = "mean", **options):
        super().__init__()
        _reduced(Tensor(0.0), "mean" if reduction == "batchmean" else reduction)  # checks it
        self.reduction, self.options = reduction, options

    def forward(self, input, target) -> Tensor:
        return type(self).function(input, target, reduction=self.reduction, **self.options)

    def extra_repr(self) -> str:
        kept = {"reduction": self.reduction, **self.options}
        return ", ".join(f"{name}={value!r}" for name, value in kept.items() if value is not None)


class MSELoss(_Loss):
    """The squared error: `mse_loss`."""

    function = staticmethod(mse_loss)


class L1Loss(_Loss):
    """The absolute error: `l1_loss`."""

    function = staticmethod(l1_loss)


class HuberLoss(_Loss):
    """Squared near 0, straight beyond delta: `huber_loss`."""

    function = staticmethod(huber_loss)

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        super().__init__(reduction, delta=delta)


class SmoothL1Loss(_Loss):
    """Huber's loss over beta: `smooth_l1_loss`."""

    function = staticmethod(smooth_l1_loss)

    def __init__(self, reduction: str = "mean", beta: float = 1.0):
        super().__init__(reduction, beta=beta)


class BCELoss(_Loss):
    """Of probabilities: `binary_cross_entropy`."""

    function = staticmethod(binary_cross_entropy)

    def __init__(self, weight=None, reduction: str = "mean"):
        super().__init__(reduction, weight=weight)


class BCEWithLogitsLoss(_Loss):
    """Of scores before a sigmoid: `binary_cross_entropy_with_logits`."""

    function = staticmethod(binary_cross_entropy_with_logits)

    def __init__(self, weight=None, reduction: str = "mean", pos_weight=None):
        super().__init__(reduction, weight=weight, pos_weight=pos_weight)


class CrossEntropyLoss(_Loss):
    """Of scores and class indices or probabilities: `cross_entropy`."""

    function = staticmethod(cross_entropy)

    def __init__(
        self, weight=None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ):
        super().__init__(reduction, weight=weight, ignore_index=ignore_index, label_smoothing=label_smoothing)


class NLLLoss(_Loss):
    """Of log-probabilities and class indices: `nll_loss`."""

    function = staticmethod(nll_loss)

    def __init__(self, weight=None, ignore_index: int = -100, reduction: str = "mean"):
        super().__init__(reduction, weight=weight, ignore_index=ignore_index)


class KLDivLoss(_Loss):
    """Of log-probabilities and probabilities: `kl_div`."""

    function = staticmethod(kl_div)

    def __init__(self, reduction: str = "mean", log_target: bool = False):
        super().__init__(reduction, log_target=log_target)


class HingeLoss(_Loss):
    """Of scores and labels ±1: `hinge_loss`."""

    function = staticmethod(hinge_loss)

    def __init__(self, reduction: str = "mean", margin: float = 1.0):
        super().__init__(reduction, margin=margin)


class HingeEmbeddingLoss(_Loss):
    """Of distances and labels ±1: `hinge_embedding_loss`."""

    function = staticmethod(hinge_embedding_loss)

    def __init__(self, margin: float = 1.0, reduction: str = "mean"):
        super().__init__(reduction, margin=margin)
