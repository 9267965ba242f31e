"""Linear, embedding and dropout layers, and two that compute nothing: flatten and identity."""

from __future__ import annotations

import numpy as np

from .. import primitives as P
from ..errors import ShapeError, flag, real, whole
from ..operations import on_cpu
from ..random import generator
from ..tensor import Parameter, Tensor, apply, as_tensor
from . import init
from .module import Module


def linear(x, weight, bias=None) -> Tensor:
    """x W + b: x (…, in), weight (in, out), bias (out,) -> (…, out).

    ∂L/∂x = g Wᵀ, ∂L/∂W = xᵀ g, ∂L/∂b = Σ g over the rows. (PyTorch stores the weight as (out, in).)

    >>> linear([[1.0, 2.0]], weight=[[1.0, 0.0, 3.0], [0.0, 1.0, 0.0]], bias=[0.0, 10.0, 0.0])
    Tensor([[ 1., 12.,  3.]], shape=(1, 3))

    Raises ShapeError if the features do not fit.
    """
    x, weight = as_tensor(x), as_tensor(weight)
    if bias is None:
        return P.matmul(x, weight)
    bias = as_tensor(bias)
    if bias.shape != weight.shape[1:]:
        raise ShapeError(f"linear's bias must have shape {weight.shape[1:]}, got {bias.shape}.")
    return P.linear(x, weight, bias)


class Linear(Module):
    """y = x W + b, with `weight` W of shape (in_features, out_features) and `bias` b of shape (out_features,).

    x (…, in_features) -> y (…, out_features). W starts uniform in ±√(6/(in_features + out_features)), as Xavier has it,
    b at 0; bias=False leaves b out. (PyTorch stores the transpose of W, and starts both uniform in ±1/√in_features.)
    `W` and `b` are other names of `weight` and `bias`, to read and to assign.

    Raises ShapeError for an x with another number of features, ValueError for sizes below 1.

    >>> layer = Linear(3, 2, rng=np.random.default_rng(0))
    >>> layer(Tensor(np.ones((5, 3), dtype=np.float32))).shape
    (5, 2)
    """

    transposed = ("weight",)
    aliases = {"W": "weight", "b": "bias"}

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, rng: np.random.Generator | None = None
    ):
        super().__init__()
        self.in_features = whole("Linear's in_features must be an integer of at least 1", in_features, 1)
        self.out_features = whole("Linear's out_features must be an integer of at least 1", out_features, 1)
        self.weight = init.xavier_uniform_(Parameter(init.empty(in_features, out_features)), rng=rng)
        self.bias = Parameter(np.zeros(out_features, dtype=np.float32)) if flag("bias", bias) else None

    def forward(self, x) -> Tensor:
        if self.bias is None or not isinstance(x, Tensor):
            return linear(x, self.weight, self.bias)
        return apply(P.linear, x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def embedding(indices, weight, padding_idx: int | None = None) -> Tensor:
    """Rows of a table: indices (…) of integers, weight (n, d) -> (…, d). A row that is read twice collects twice:
    ∂L/∂W[r] = Σ g over all places where the index is r.

    padding_idx : a row that gets no gradient; a negative number counts from the end.

    >>> embedding([2, 0, 2], weight=[[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]])
    Tensor([[20., 21.],
            [ 0.,  1.],
            [20., 21.]], shape=(3, 2))

    Raises TypeError for indices that are not integers, IndexError for one out of range.
    """
    indices, weight = on_cpu(as_tensor(indices)), as_tensor(weight)
    if indices.dtype.kind not in "iu":
        raise TypeError(
            f"embedding takes integers, got {indices.dtype} of shape {indices.shape}. A summary takes dtype=int."
        )
    if weight.ndim != 2:
        raise ShapeError(f"embedding takes a table of shape (n, d), got {weight.shape}.")
    rows = weight.shape[0]
    _check_padding(padding_idx, rows)
    wrong = (indices < 0) | (indices >= rows)
    if wrong.any():
        raise IndexError(f"embedding has rows 0 to {rows - 1}, got index {indices[wrong][0]}.")
    looked_up = weight[indices]
    if padding_idx is None or not weight.requires_grad:
        return looked_up
    padding = np.expand_dims(indices == padding_idx % rows, -1)
    return P.where(padding, looked_up.detach(), looked_up)


def _check_padding(padding_idx: int | None, rows: int) -> None:
    if padding_idx is not None:
        whole("padding_idx is the number of a row", padding_idx)
        if not -rows <= padding_idx < rows:
            raise ValueError(f"padding_idx must be a row, 0 to {rows - 1}, got {padding_idx}.")


class Embedding(Module):
    """A table with a row of numbers for each of num_embeddings things: integers (…) -> (…, embedding_dim).

    The rows start normal, N(0, 1). padding_idx : a row that starts at 0 and is not learned; see `embedding`.

    >>> Embedding(10, 4)(np.array([[1, 2, 1]])).shape
    (1, 3, 4)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        rng: np.random.Generator | None = None,
    ):
        super().__init__()
        whole("Embedding's num_embeddings must be an integer of at least 1", num_embeddings, 1)
        whole("Embedding's embedding_dim must be an integer of at least 1", embedding_dim, 1)
        _check_padding(padding_idx, num_embeddings)
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.weight = init.normal_(Parameter(init.empty(num_embeddings, embedding_dim)), rng=rng)
        if padding_idx is not None:
            self.weight.data[padding_idx] = 0

    def forward(self, indices) -> Tensor:
        return embedding(indices, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"


def dropout(x, p: float = 0.5, training: bool = True, *, rng: np.random.Generator | None = None) -> Tensor:
    """Set each entry to 0 with probability p and multiply the others by 1/(1 - p): the mean stays what it was.

    The gradient is treated in the same way, with the same zeros. Outside training the result is x itself.

    >>> dropout(np.ones(4, dtype=np.float32), 0.25, rng=np.random.default_rng(0))
    Tensor([1.3333334, 1.3333334, 0.       , 0.       ])

    Raises ValueError for a p below 0 or above 1. Source: Srivastava and others, Dropout, 2014.
    """
    _check_probability(p)
    x = as_tensor(x)
    if not training or p == 0:
        return x
    kept = (generator(rng).random(x.shape) >= p).astype(x.dtype if x.dtype.kind == "f" else np.float32)
    return x * (kept / (1 - p) if p < 1 else kept)


def _check_probability(p: float) -> None:
    real("dropout's p is a probability, 0 to 1", p, 0, 1)


class Dropout(Module):
    """Sets entries to 0 with probability p in training and multiplies the others by 1/(1 - p), see `dropout`. In eval
    mode it does nothing. rng : draws the entries to drop.

    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer(Tensor([1.0, 1.0, 1.0, 1.0])), layer.eval()(Tensor([1.0]))
    (Tensor([2., 0., 0., 0.]), Tensor([1.]))
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator | None = None):
        super().__init__()
        _check_probability(p)
        self.p, self.rng = p, rng

    def forward(self, x) -> Tensor:
        return dropout(x, self.p, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Flatten(Module):
    """Joins the axes from start_dim to end_dim; by default all but the first, the batch: (N, …) -> (N, product of …).

    Raises ShapeError for an axis that is not there.

    >>> Flatten()(Tensor(np.ones((2, 3, 4)))).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x) -> Tensor:
        return as_tensor(x).flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Identity(Module):
    """Returns its input; takes any arguments, so that it can stand in for another layer.

    >>> Identity(3, 2, bias=False)(Tensor([1.0]))
    Tensor([1.])
    """

    def __init__(self, *args, **keywords):
        super().__init__()

    def forward(self, x):
        return x
