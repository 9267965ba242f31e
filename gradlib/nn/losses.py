r"""Losses: how wrong a prediction is, as one number.

Each takes the prediction first, then the target, as tensors, arrays or lists, and `reduction`: "mean" over all entries
(over all rows, where a row is one answer), "sum", or "none". Integers and bools become floating-point numbers. The mean
of an empty array is NaN, its sum 0.

Prediction and target must have the same shape: (N, 1) against (N,) would broadcast to (N, N), and train to nonsense
without an error. So each raises ShapeError for shapes that differ, and ValueError for another reduction.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import primitives as P
from ..autograd import recording
from ..errors import ShapeError, flag, real, whole
from ..operations import on_cpu
from ..tensor import Tensor, apply, as_tensor, on
from .module import Module

# Numbers against numbers ------------------------------------------------------------


def mse_loss(input, target, reduction: str = "mean") -> Tensor:
    """The squared error (x - y)², by default its mean. Of the mean, ∂L/∂x = 2 (x - y)/n = -∂L/∂y.

    >>> mse_loss(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    Tensor(2.)
    """
    x, y = _alike("mse_loss", input, target)
    return _reduced((x - y).square(), reduction)


def l1_loss(input, target, reduction: str = "mean") -> Tensor:
    """The absolute error |x - y|, by default its mean. Of the mean, ∂L/∂x = sign(x - y)/n, which is 0 at x = y.

    >>> l1_loss(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    Tensor(1.)
    """
    x, y = _alike("l1_loss", input, target)
    return _reduced((x - y).abs(), reduction)


def huber_loss(input, target, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """½ d² for |d| ≤ δ, δ (|d| - ½ δ) beyond, with d = x - y: squared near 0, straight far out.

    Its slope is d, cut off at ±δ. Raises ValueError for a delta of 0 or below.

    >>> huber_loss(Tensor([1.0, 10.0]), Tensor([0.0, 0.0]), reduction="none")
    Tensor([0.5, 9.5])

    Source: Huber, Robust estimation of a location parameter, 1964.
    """
    x, y = _alike("huber_loss", input, target)
    _positive("delta", delta)
    d = x - y
    near, far = 0.5 * d.clip(-delta, delta).square(), delta * (d.abs() - 0.5 * delta)  # clipped: no overflow unseen
    return _reduced(P.where(d.abs() < delta, near, far), reduction)


def smooth_l1_loss(input, target, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """½ d²/β for |d| < β, |d| - ½ β beyond, with d = x - y: huber_loss/β. With β = 0 it is l1_loss.

    Its slope is d/β, cut off at ±1. Raises ValueError for a beta below 0.

    >>> smooth_l1_loss(Tensor([1.0, 10.0]), Tensor([0.0, 0.0]), reduction="none", beta=2.0)
    Tensor([0.25, 9.  ])

    Source: Girshick, Fast R-CNN, 2015.
    """
    x, y = _alike("smooth_l1_loss", input, target)
    real("beta must be at least 0", beta, 0)
    if beta == 0:
        return l1_loss(x, y, reduction)
    d = x - y
    close = d.clip(-beta, beta)  # no overflow unseen
    return _reduced(P.where(d.abs() < beta, 0.5 * close * (close / beta), d.abs() - 0.5 * beta), reduction)


# Yes or no ------------------------------------------------------------


def binary_cross_entropy(input, target, weight=None, reduction: str = "mean") -> Tensor:
    """-(y ln p + (1 - y) ln (1 - p)) of probabilities p. Of the sum, ∂L/∂p = (p - y)/(p (1 - p)).

    target : y, from 0 for no to 1 for yes. weight : how much each loss counts, of a shape that broadcasts to theirs.

    Logarithms are cut off at -100 and their slope at 1e12, as in PyTorch, so that p = 0 and p = 1 give numbers. (There
    PyTorch has slope 0 where p is right, here it is the formula's, ±1; and an infinite slope in y, here ±100.) For the
    scores before a sigmoid use binary_cross_entropy_with_logits, which is exact.

    >>> binary_cross_entropy(Tensor([0.5, 0.5]), [0, 1])  # ln 2
    Tensor(0.6931472)

    Raises ValueError for p or y outside 0 to 1, TypeError for float16.
    """
    if getattr(input, "dtype", None) == np.float16:
        raise TypeError(
            "binary_cross_entropy takes no float16: its slope, up to 1e12, is beyond that. Give the scores before the "
            "sigmoid to binary_cross_entropy_with_logits, which is safe."
        )
    p, y = _alike("binary_cross_entropy", input, target)
    _in_unit_interval("binary_cross_entropy takes probabilities", p, "for scores use ..._with_logits")
    _in_unit_interval("binary_cross_entropy takes targets", y, "0 for no, 1 for yes")
    yes, no = _capped(Tensor.log, p, p, 1.0), _capped(Tensor.log1p, -p, 1 - p, 0.0)
    return _reduced(_weighed("binary_cross_entropy", -(y * yes + (1 - y) * no), weight), reduction)


def binary_cross_entropy_with_logits(input, target, weight=None, reduction: str = "mean", pos_weight=None) -> Tensor:
    """-(y ln p + (1 - y) ln (1 - p)) of p = σ(x), without overflow: softplus(x) - x y. Of the sum, ∂L/∂x = σ(x) - y.

    target : y, from 0 for no to 1 for yes. weight : how much each loss counts. pos_weight : how much a yes counts
        compared with a no, w in (1 - y) x + (1 + (w - 1) y) softplus(-x). Both broadcast to the shape of the losses.

    >>> binary_cross_entropy_with_logits(Tensor([0.0, 1000.0]), [1, 1], reduction="none")  # ln 2, 0
    Tensor([0.6931472, 0.       ])

    Raises ValueError for y outside 0 to 1, which PyTorch accepts.
    """
    x, y = _alike("binary_cross_entropy_with_logits", input, target)
    _in_unit_interval("binary_cross_entropy_with_logits takes targets", y, "0 for no, 1 for yes")
    if pos_weight is not None:
        pos_weight = _stretching("binary_cross_entropy_with_logits's pos_weight", pos_weight, x)
    if isinstance(x, Tensor) and np.isinf(x.data).any():
        # Takes longer, but has no ∞ - ∞ and no 0 · ∞ where the loss is infinite.
        losses = (y if pos_weight is None else pos_weight * y) * (-x).softplus() + (1 - y) * x.softplus()
    elif pos_weight is None:
        losses = x.softplus() - x * y
    else:
        losses = (1 - y) * x + (1 + (pos_weight - 1) * y) * (-x).softplus()
    return _reduced(_weighed("binary_cross_entropy_with_logits", losses, weight), reduction)


# One of several ------------------------------------------------------------


def cross_entropy(
    input,
    target,
    weight=None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-Σ y ln softmax(x) of scores x. Of the mean over N rows, ∂L/∂x = (softmax(x) - y)/N.

    input : scores (N, C), or (C,), or (N, C, d₁, …). target : class indices (N, d₁, …), or probabilities y of the
        shape of input.
    weight : (C,), how much each class counts. As in PyTorch it weights the mean over labels, but not the mean over
        probabilities. ignore_index : a label to skip; if all labels are skipped, the mean is NaN and its gradient 0.
        label_smoothing : ε, the share that is spread evenly over all classes.

    >>> cross_entropy(Tensor([[0.0, 0.0], [0.0, 0.0]]), [0, 1])  # ln 2
    Tensor(0.6931472)

    Raises ShapeError for shapes that do not fit, TypeError for labels that are bools, IndexError for a label out of
    range, which it names, ValueError for probabilities outside 0 to 1, which PyTorch accepts.
    """
    _known(reduction)
    real("label_smoothing is a share, 0 to 1", label_smoothing, 0, 1)
    scores, target = _floating(input), _target(target)
    x = _classes_last("cross_entropy", scores)
    if target.dtype.kind == "f":
        return _of_probabilities(scores.shape, x, target, weight, ignore_index, reduction, label_smoothing)
    labels, counted = _labels("cross_entropy", x, target, ignore_index)
    if counted is None and weight is None and not label_smoothing:
        mean = reduction == "mean"
        losses = apply(P.cross_entropy, x, index=labels, reduction="mean" if mean else "none")
        return losses if mean else _reduced(losses, reduction)
    return _of_labels("cross_entropy", x.log_softmax(-1), labels, counted, weight, reduction, label_smoothing)


def nll_loss(input, target, weight=None, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    """-x[label] of log-probabilities x: the part of cross_entropy after log_softmax. Of the sum, ∂L/∂x is -1 at labels.

    Shapes, weight, ignore_index and errors as in `cross_entropy`; target : class indices.

    >>> nll_loss(Tensor([[-1.0, -2.0], [-3.0, -4.0]]), [0, 1], reduction="none")
    Tensor([1., 4.])
    """
    _known(reduction)
    x = _classes_last("nll_loss", _floating(input))
    labels, counted = _labels("nll_loss", x, _target(target), ignore_index)
    return _of_labels("nll_loss", x, labels, counted, weight, reduction)


def kl_div(input, target, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """y (ln y - x) of log-probabilities x and probabilities y, entry by entry; log_target: y is given as ln y.

    "batchmean" sums and divides by the number of rows: the divergence by its definition. Of the sum,
    ∂L/∂x = -y and ∂L/∂y = ln y + 1 - x, with 0 for ln y + 1 at y = 0.

    >>> kl_div(Tensor([0.5, 0.5]).log(), Tensor([1.0, 0.0]), reduction="sum")  # ln 2
    Tensor(0.6931472)

    Raises ValueError for probabilities y outside 0 to 1.
    Source: Kullback and Leibler, On Information and Sufficiency, 1951.
    """
    x, y = _alike("kl_div", input, target)
    if flag("log_target", log_target):
        losses = y.exp() * (y - x)
    else:
        hint = "for logarithms pass log_target=True"
        _in_unit_interval("kl_div takes targets that are probabilities", y, hint)
        losses = _y_ln_y(y) - y * x
    _known(reduction, "batchmean")
    if reduction == "batchmean":
        return (_sum_in_single(losses) / (x.shape[0] or math.nan)).astype(losses.dtype) if x.ndim else losses
    return _reduced(losses, reduction)


def hinge_loss(input, target, reduction: str = "mean", margin: float = 1.0) -> Tensor:
    """max(0, margin - y x) of scores x and labels y, which are -1 or 1: the loss of a support vector machine.

    Its slope in x is -y below the margin, 0 at it and above. Raises ValueError for other labels. (PyTorch only has the
    form for several classes.)

    >>> hinge_loss(Tensor([2.0, 0.5, -1.0]), [1, 1, 1], reduction="none")
    Tensor([0. , 0.5, 2. ])

    Source: Cortes and Vapnik, Support-Vector Networks, 1995.
    """
    x, y = _alike("hinge_loss", input, target)
    _plus_or_minus_one("hinge_loss", y)
    return _reduced((margin - x * y).relu(), reduction)


def hinge_embedding_loss(input, target, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """x where the label is 1, max(0, margin - x) where it is -1, with x the distance of a pair: 1 marks a like pair.

    Raises ValueError for other labels.

    >>> hinge_embedding_loss(Tensor([0.2, 0.2, 3.0]), [1, -1, -1], reduction="none")
    Tensor([0.2, 0.8, 0. ])
    """
    x, y = _alike("hinge_embedding_loss", input, target)
    _plus_or_minus_one("hinge_embedding_loss", y)
    return _reduced(P.where(y > 0, x, (margin - x).clip(min=0.0)), reduction)


bce_loss, bce_with_logits_loss = binary_cross_entropy, binary_cross_entropy_with_logits
cross_entropy_loss = cross_entropy


# ln y, and 0 for y = 0; y ln y, whose slope ln y + 1 is 0 there. The slope of that is 1/y at y = 0, too: infinite.
_ln = P.Primitive("ln", lambda y: np.log(np.where(y > 0, y, 1)), P.Vjp(lambda g, z, y: g / y, "1/{x}"))
_y_ln_y = P.Primitive(
    "y ln y", lambda y: y * _ln(y), P.Vjp(lambda g, z, y: g * (_ln(y) + (y > 0)), r"\ln {x} + 1"), precision="single"
)

# Shared parts ------------------------------------------------------------


def _floating(value: Any, dtype: Any = np.float32) -> Tensor:
    """A tensor of floating-point numbers. Lists and integers, in which 1 - 2 may be 255, take `dtype`; float16 becomes
    float32 under autocast."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        value = on(value)
    elif not hasattr(type(value), "_call_primitive"):
        value = Tensor(value, dtype=dtype)
    if value.dtype.kind != "f":
        value = value.astype(dtype)
    return value.float() if recording.products_in is not None and value.dtype == np.float16 else value


def _target(target: Any) -> np.ndarray | Tensor:
    """Labels or probabilities as an array; as a tensor only where they need a gradient."""
    if type(target) is np.ndarray:
        return target
    target = as_tensor(target)
    return target if target.requires_grad else on_cpu(target)


def _alike(name: str, input, target) -> tuple[Tensor, Tensor]:
    """Both as tensors. Raises ShapeError if their shapes differ, with the axis to add or drop."""
    x = _floating(input)
    y = _floating(target, x.dtype)
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


def _known(reduction: str, *also: str) -> None:
    """Raise ValueError for an unknown reduction."""
    if not isinstance(reduction, str) or reduction not in ("mean", "sum", *also, "none"):
        names = ", ".join(map(repr, ("mean", "sum", *also)))
        raise ValueError(f"reduction is {names} or 'none', got {reduction!r}.")


def _reduced(losses: Tensor, reduction: str) -> Tensor:
    _known(reduction)
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


def _sum_in_single(losses: Tensor) -> Tensor:
    """The sum, for a mean: of float16 in float32, since it may be above 65504 where the mean is not."""
    return (losses.float() if losses.dtype == np.float16 else losses).sum()


def _weighed(name: str, losses: Tensor, weight) -> Tensor:
    return losses if weight is None else losses * _stretching(f"{name}'s weight", weight, losses)


def _stretching(what: str, weight, losses: Tensor) -> Tensor:
    """The weight in the losses' dtype. Raises ShapeError where it is larger than they are, or does not fit."""
    weight = _floating(weight, losses.dtype).astype(losses.dtype)
    sizes = zip(reversed(weight.shape), reversed(losses.shape), strict=False)
    if weight.ndim > losses.ndim or any(size not in (1, wanted) for size, wanted in sizes):
        raise ShapeError(f"{what} must broadcast to the shape of the losses, {losses.shape}, got {weight.shape}.")
    return weight


def _positive(name: str, value: float) -> None:
    real(f"{name} must be above 0", value, above=0)


def _in_unit_interval(what: str, x: Tensor, hint: str) -> None:
    wrong = (x.data < -1e-6) | (x.data > 1 + 1e-6)  # sums of shares may be rounded to a little above 1
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        raise ValueError(f"{what} between 0 and 1, but entry {place} is {x.data[place]:.7g}; {hint}.")


def _plus_or_minus_one(name: str, y: Tensor) -> None:
    wrong = np.abs(y.data) != 1
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        raise ValueError(
            f"{name} takes labels -1 and 1, but entry {place} is {y.data[place]:g}. From 0 and 1: 2 y - 1."
        )


def _capped(log, x: Tensor, p: Tensor, safe: float) -> Tensor:
    """log(x), which is ln p, but not below -100 and with a slope of at most 1e12, as in PyTorch: the loss of p = 0 is
    then finite, and p still learns. safe : an x at which log is defined."""
    tiny = p.data < 1e-12
    if not tiny.any():
        return log(x)
    lowest = np.maximum(np.log(np.maximum(p.data, 1e-45)), -100).astype(p.dtype)
    return P.where(tiny, lowest + (1e12 * (p - p.detach())).log1p(), log(P.where(tiny, safe, x)))


def _classes_last(name: str, x: Tensor) -> Tensor:
    """(N, C, d₁, …) -> (N, d₁, …, C)."""
    if not x.ndim:
        raise ShapeError(f"{name} takes scores of shape (N, C), a score for each class; got one number.")
    return x.moveaxis(1, -1) if x.ndim > 2 else x


def _labels(name: str, x: Tensor, labels: np.ndarray, ignore_index: int) -> tuple[np.ndarray, np.ndarray | None]:
    """The labels, checked, and which of them count; None if all do."""
    whole("ignore_index is a label, an integer", ignore_index)
    if labels.dtype.kind not in "iu":
        kinds = "class indices, integers" + ", or probabilities, floating-point" * (name == "cross_entropy")
        raise TypeError(f"{name}'s target holds {kinds}; got {labels.dtype}.")
    classes = x.shape[-1]
    if labels.shape != x.shape[:-1]:
        hint = ""
        if labels.shape == x.shape:
            hint = " For one-hot labels pass labels.argmax(axis=1)."
        elif labels.shape == (*x.shape[:-1], 1):
            hint = " Drop its last axis: labels.squeeze(-1)."
        elif x.ndim > 2 and labels.shape == (x.shape[0], x.shape[-1], *x.shape[1:-2]):
            hint = " The classes are axis 1 of the scores: scores.moveaxis(-1, 1), if they are the last."
        raise ShapeError(
            f"{name}'s labels must be class indices of shape {x.shape[:-1]}, one for each row of scores, got "
            f"{labels.shape}.{hint}"
        )
    # The most common case in one pass: as unsigned numbers, negative ones are huge.
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
    return np.where(ignored, 0, labels), ~ignored


def _of_labels(
    name: str,
    logs: Tensor,
    labels: np.ndarray,
    counted: np.ndarray | None,
    weight,
    reduction: str,
    label_smoothing: float = 0.0,
) -> Tensor:
    """-ln p[label] of rows of log-probabilities (…, C), weighted by class."""
    weights = _class_weights(name, weight, logs)
    own = weights[labels]
    losses = -_picked(logs, labels) * own
    if label_smoothing:
        even = -(logs * weights).mean(-1) * label_smoothing  # a sum over many classes may leave float16's range
        losses = (1 - label_smoothing) * losses + even
    if counted is not None:  # chosen, not multiplied by 0: a row that is ignored may hold -∞
        losses, own = P.where(counted, losses, 0.0), own * counted
    if reduction != "mean":
        return _reduced(losses, reduction)
    total = float(own.sum(dtype=np.float64))
    summed = _sum_in_single(losses)
    return (summed / total if total else summed + math.nan).astype(losses.dtype)  # NaN of nothing, as in PyTorch


def _class_weights(name: str, weight, x: Tensor) -> np.ndarray:
    """The weight of each class as an array of x's dtype: one number a class, 1 by default."""
    classes = x.shape[-1:]
    if weight is None:
        return np.ones(classes, x.dtype)
    weights = Tensor(weight, dtype=x.dtype).data
    if weights.shape != classes:
        raise ShapeError(f"{name}'s weight has one number for each class, shape {classes}, got {weights.shape}.")
    return weights


def _picked(x: Tensor, labels: np.ndarray) -> Tensor:
    """The entry of each row at its label: (…, C) -> (…)."""
    rows = x.reshape(-1, x.shape[-1])
    return rows[np.arange(labels.size), labels.reshape(-1)].reshape(labels.shape)


def _of_probabilities(
    shape, x: Tensor, target, weight, ignore_index: int, reduction: str, label_smoothing: float
) -> Tensor:
    if target.shape != shape:
        raise ShapeError(
            f"cross_entropy's target holds probabilities, one for each score: shape {shape}, got {target.shape}. Class "
            "indices are integers: target.astype(int)."
        )
    if whole("ignore_index is a label, an integer", ignore_index) >= 0:
        raise ValueError(f"ignore_index={ignore_index} is a label, and this target holds probabilities: leave it out.")
    y = _floating(target).astype(x.dtype)
    _in_unit_interval("cross_entropy takes probabilities", y, "class indices are integers")
    y = _classes_last("cross_entropy", y)
    if label_smoothing:
        y = y * (1 - label_smoothing) + label_smoothing / x.shape[-1]
    logs = x.log_softmax(-1) * y
    losses = -(logs if weight is None else logs * _class_weights("cross_entropy", weight, x)).sum(-1)
    return _reduced(losses, reduction)


# As modules ------------------------------------------------------------


class _Loss(Module):
    """A loss with its options kept."""

    function: Any = None
    reductions: tuple[str, ...] = ()  # besides "mean", "sum" and "none"

    def __init__(self, reduction: str = "mean", *unnamed):
        super().__init__()
        if unnamed or isinstance(reduction, (Tensor, np.ndarray)):
            raise self._not_called()
        _known(reduction, *self.reductions)
        self.reduction, self.options = reduction, {}

    def _not_called(self) -> TypeError:
        name = type(self).__name__
        return TypeError(
            f"{name}(…) takes options only. A loss is made first and then called: {name}()(input, target)."
        )

    def forward(self, input, target) -> Tensor:
        return type(self).function(input, target, reduction=self.reduction, **self.options)

    def extra_repr(self) -> str:
        kept = {"reduction": self.reduction, **self.options}
        return ", ".join(f"{name}={value!r}" for name, value in kept.items() if value is not None)


class MSELoss(_Loss):
    """The squared error: `mse_loss`.

    >>> MSELoss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    Tensor(2.)
    """

    function = staticmethod(mse_loss)


class L1Loss(_Loss):
    """The absolute error: `l1_loss`.

    >>> L1Loss("sum")(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    Tensor(2.)
    """

    function = staticmethod(l1_loss)


class HuberLoss(_Loss):
    """Squared near 0, straight beyond delta: `huber_loss`.

    >>> HuberLoss(delta=2.0)(Tensor([1.0, 10.0]), Tensor([0.0, 0.0]))  # the mean of ½ and 2 · 9
    Tensor(9.25)
    """

    function = staticmethod(huber_loss)

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        super().__init__(reduction)
        _positive("delta", delta)
        self.options = {"delta": delta}


class SmoothL1Loss(_Loss):
    """Huber's loss over beta: `smooth_l1_loss`.

    >>> SmoothL1Loss(beta=2.0)(Tensor([1.0, 10.0]), Tensor([0.0, 0.0]))
    Tensor(4.625)
    """

    function = staticmethod(smooth_l1_loss)

    def __init__(self, reduction: str = "mean", beta: float = 1.0):
        super().__init__(reduction)
        real("beta must be at least 0", beta, 0)
        self.options = {"beta": beta}


class BCELoss(_Loss):
    """Cross-entropy of probabilities, yes or no: `binary_cross_entropy`.

    >>> BCELoss()(Tensor([0.5, 0.5]), [0, 1])
    Tensor(0.6931472)
    """

    function = staticmethod(binary_cross_entropy)

    def __init__(self, weight=None, reduction: str = "mean"):
        super().__init__(reduction)
        self.options = {"weight": weight}


class BCEWithLogitsLoss(_Loss):
    """Cross-entropy of scores before a sigmoid, yes or no: `binary_cross_entropy_with_logits`.

    >>> BCEWithLogitsLoss(pos_weight=3.0)(Tensor([0.0, 0.0]), [0, 1])  # the mean of ln 2 and 3 ln 2
    Tensor(1.3862944)
    """

    function = staticmethod(binary_cross_entropy_with_logits)

    def __init__(self, weight=None, reduction: str = "mean", pos_weight=None):
        super().__init__(reduction)
        self.options = {"weight": weight, "pos_weight": pos_weight}


class CrossEntropyLoss(_Loss):
    """Cross-entropy of scores and class indices or probabilities: `cross_entropy`.

    >>> CrossEntropyLoss()(Tensor([[0.0, 0.0], [0.0, 0.0]]), [0, 1])
    Tensor(0.6931472)
    """

    function = staticmethod(cross_entropy)

    def __init__(self, weight=None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0):
        super().__init__(reduction)
        if isinstance(ignore_index, (Tensor, np.ndarray, list)):
            raise self._not_called()
        self.options = {"weight": weight, "ignore_index": ignore_index, "label_smoothing": label_smoothing}


class NLLLoss(_Loss):
    """Cross-entropy of log-probabilities and class indices: `nll_loss`.

    >>> NLLLoss(ignore_index=0)(Tensor([[-1.0, -2.0], [-3.0, -4.0]]), [0, 1])
    Tensor(4.)
    """

    function = staticmethod(nll_loss)

    def __init__(self, weight=None, ignore_index: int = -100, reduction: str = "mean"):
        super().__init__(reduction)
        if isinstance(ignore_index, (Tensor, np.ndarray, list)):
            raise self._not_called()
        self.options = {"weight": weight, "ignore_index": ignore_index}


class KLDivLoss(_Loss):
    """Divergence of log-probabilities and probabilities: `kl_div`. reduction="batchmean" is its definition.

    >>> KLDivLoss("batchmean")(Tensor([[0.5, 0.5]]).log(), Tensor([[1.0, 0.0]]))
    Tensor(0.6931472)
    """

    function = staticmethod(kl_div)
    reductions = ("batchmean",)

    def __init__(self, reduction: str = "mean", log_target: bool = False):
        super().__init__(reduction)
        self.options = {"log_target": log_target}


class HingeLoss(_Loss):
    """Hinge loss of scores and labels ±1: `hinge_loss`.

    >>> HingeLoss("none")(Tensor([2.0, 0.5]), [1, 1])
    Tensor([0. , 0.5])
    """

    function = staticmethod(hinge_loss)

    def __init__(self, reduction: str = "mean", margin: float = 1.0):
        super().__init__(reduction)
        self.options = {"margin": margin}


class HingeEmbeddingLoss(_Loss):
    """Hinge loss of distances and labels ±1: `hinge_embedding_loss`.

    >>> HingeEmbeddingLoss(margin=2.0)(Tensor([0.5, 0.5]), [1, -1])  # the mean of ½ and 1½
    Tensor(1.)
    """

    function = staticmethod(hinge_embedding_loss)

    def __init__(self, margin: float = 1.0, reduction: str = "mean"):
        super().__init__(reduction)
        self.options = {"margin": margin}
