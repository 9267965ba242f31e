"""How alike two vectors are."""

from __future__ import annotations

import numpy as np

from ..errors import cannot_broadcast, real
from ..tensor import Tensor, as_tensor
from .module import Module


def cosine_similarity(x1, x2, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x₁ · x₂/(max(‖x₁‖, ε) max(‖x₂‖, ε)) along the axis dim: the cosine of the angle between two vectors, -1 to 1.

    x1, x2 : shapes that broadcast; the result has their shape without the axis dim. With vectors of length 1,
    ∂z/∂x₁ = x₂ - z x₁. (Of a vector shorter than ε PyTorch differentiates the norm as if it were not cut off at ε.)

    >>> cosine_similarity([[1.0, 0.0], [3.0, 4.0]], [[0.0, 2.0], [6.0, 8.0]])
    Tensor([0., 1.])

    Raises ShapeError for shapes that do not broadcast and for an axis that is not there.
    """
    x1, x2 = as_tensor(x1), as_tensor(x2)
    real("cosine_similarity's eps is a number", eps)
    if x1.shape != x2.shape:
        try:
            shape = np.broadcast_shapes(x1.shape, x2.shape)
        except ValueError:
            raise cannot_broadcast(x1.shape, x2.shape) from None
        x1, x2 = x1.broadcast_to(shape), x2.broadcast_to(shape)
    halves = [x.dtype == np.float16 for x in (x1, x2)]
    if any(halves):  # in which squares above 65504 are infinite, and ε is 0
        wide = (x.float() if half else x for x, half in zip((x1, x2), halves, strict=True))
        cosine = cosine_similarity(*wide, dim, eps)
        return cosine.astype(np.float16) if all(halves) else cosine
    return (x1 * x2).sum(dim) / (x1.norm(axis=dim).clip(min=eps) * x2.norm(axis=dim).clip(min=eps))


class CosineSimilarity(Module):
    """The cosine of the angle between two vectors: `cosine_similarity`.

    >>> CosineSimilarity(dim=0)([1.0, 0.0], [1.0, 1.0])
    Tensor(0.70710677)
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8):
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1, x2) -> Tensor:
        return cosine_similarity(x1, x2, self.dim, self.eps)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, eps={self.eps}"
